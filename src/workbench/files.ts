import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { z } from "zod";
import { codeOf, fileErrorOf, StudyError } from "./errors.ts";
import { hashFile } from "./hash-file.ts";
import { wrongValue } from "./wrong-value.ts";

/**
 * Writes a file whole or not at all: to a temporary name in the same folder, synced, then renamed over the old one.
 * Creates folders as needed. Readers see the old content or the new, never a part. Content that comes in parts is
 * never held in memory as a whole.
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array | AsyncIterable<string>,
  mode = 0o666,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString("hex")}.partial`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      if (typeof content === "string" || content instanceof Uint8Array) await file.writeFile(content);
      else for await (const part of content) await file.appendFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw writeFailed(path, thrown);
  }
}

/** The hint for a file in another encoding. */
export const saveAsUtf8 = "save it as UTF-8 (in Excel: “CSV UTF-8”) and try again";

/** Reads a text file as UTF-8; throws StudyError if it is missing or is not UTF-8. */
export async function readText(path: string, hint?: string): Promise<string> {
  const bytes = await readBytes(path, hint);
  try {
    // A byte order mark is dropped: spreadsheets put one before the first column's name.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new StudyError(`${path} is not UTF-8 text`, { hint: saveAsUtf8, cause });
  }
}

async function readBytes(path: string, hint?: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT")
      throw new StudyError(`no such file: ${path}`, { ...(hint && { hint }), cause });
    throw new StudyError(`cannot read ${path}: ${fileErrorOf(cause) ?? codeOf(cause) ?? "unknown error"}`, {
      hint: hint ?? "choose a file that you can read",
      cause,
    });
  }
}

/** Reads one JSON value per line and checks each; the error names the line. `hint` says how the file is made. */
export async function readJsonLines<T>(path: string, schema: z.ZodType<T>, hint?: string): Promise<T[]> {
  const lines = (await readText(path, hint)).split("\n");
  return lines.flatMap((line, index) =>
    line.trim() === "" ? [] : [parseJson(line, schema, `${path}, line ${index + 1}`, hint)],
  );
}

/** Reads and checks a JSON file. `hint` says how it is made. */
export async function readJson<T>(path: string, schema: z.ZodType<T>, hint?: string): Promise<T> {
  return parseJson(await readText(path, hint), schema, path, hint);
}

export const jsonLines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** Parses and checks JSON; throws StudyError that names the file and the first problem. */
export function parseJson<T>(
  text: string,
  schema: z.ZodType<T>,
  where: string,
  hint = "fix or remove it",
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StudyError(`${where}: not JSON`, { hint, cause });
  }
  return checked(value, schema, where, hint);
}

/** The value, checked against the schema; throws StudyError with the first problem. */
export function checked<T>(
  value: unknown,
  schema: z.ZodType<T>,
  where: string,
  hint = "fix it, or make the file again",
): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const at = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  throw new StudyError(`${where}: ${at}${wrongValue(issue)}`, {
    hint,
    cause: result.error,
  });
}

/** SHA-256 of a file, or of a folder's files in order of name; undefined if there is no file. */
export async function hashOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.isFile()) return hashFile(path);
  const files = await filesUnder(path);
  if (files.length === 0) return undefined;
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${relative(path, file)}\0${await hashFile(file)}\n`);
  return hash.digest("hex");
}

/** Every file in a folder and its subfolders, sorted by path, without temporary ones. Empty if there is no folder. */
export async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".partial"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((one, other) => (one.split(sep).join("/") < other.split(sep).join("/") ? -1 : 1));
}

export const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined;

function writeFailed(path: string, cause: unknown): unknown {
  const reason = fileErrorOf(cause);
  return reason
    ? new StudyError(`cannot write ${path}: ${reason}`, {
        hint: "free some space or choose another folder",
        cause,
      })
    : cause;
}
