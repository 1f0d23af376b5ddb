import { readFile } from "node:fs/promises";
import { StudyError } from "../workbench/errors.ts";
import { saveAsUtf8 } from "../workbench/files.ts";

/**
 * Reads a text file as UTF-8, or as UTF-16 if its byte order mark says so (Excel's "Unicode text", Qualtrics's TSV).
 * Throws StudyError that names the first invalid line.
 */
export async function readTextOf(path: string, file: string): Promise<string> {
  const bytes = await readFile(path);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    // A byte order mark is dropped: spreadsheets put one before the first column's name.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new StudyError(`${file}, line ${firstBrokenLine(bytes)}: bytes that are not UTF-8`, {
      hint: saveAsUtf8,
      cause,
    });
  }
}

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
