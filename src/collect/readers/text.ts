import { readFile } from "node:fs/promises";
import { StudyError } from "../../workbench/errors.ts";
import { saveAsUtf8 } from "../../workbench/files.ts";

/** A text file as UTF-8. Throws StudyError that names the first line that is none, or the encoding that it seems to have. */
export async function readUtf8(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (looksUtf16(bytes)) {
    throw new StudyError(`${path} is UTF-16 text`, {
      hint: saveAsUtf8,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new StudyError(`${path}, line ${firstBrokenLine(bytes)}: bytes that are not UTF-8`, {
      hint: saveAsUtf8,
      cause,
    });
  }
}

const looksUtf16 = (bytes: Uint8Array) =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);

function firstBrokenLine(bytes: Uint8Array): number {
  const strict = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found + 1;
    try {
      strict.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  return line;
}
