import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { codeOf, fileErrorOf, StudyError } from "../workbench/errors.ts";
import { readJson, readJsonLines } from "./json.ts";
import type { TableChoice } from "./sqlite.ts";
import type { TableRecord } from "./table-record.ts";
import { readTextOf } from "./text.ts";

export interface ReadOptions extends TableChoice {
  /** The hint if there is no such file. */
  readonly hint?: string | undefined;
  /** What messages call a row of JSON. */
  readonly itemName?: string;
}

type Reader = (path: string, file: string, options: ReadOptions) => Promise<TableRecord[]>;

// The parser is loaded only if it is used: `status` loads this module.
const csv: Reader = async (path, file) => csvOf(await readTextOf(path, file), file);
const csvOf = async (content: string, file: string) => (await import("./csv.ts")).readCsv(content, file);
const json: Reader = async (path, file, { itemName }) =>
  readJson(await readTextOf(path, file), file, itemName);
const jsonLines: Reader = async (path, file) => readJsonLines(await readTextOf(path, file), file);
const sqlite: Reader = async (path, file, options) =>
  (await import("./sqlite.ts")).readSqlite(path, file, options);
const parquet: Reader = async (path, file) => (await import("./parquet.ts")).readParquet(path, file);

/** A .txt file may be JATOS results (one list per line) or a CSV. */
const text: Reader = async (path, file) => {
  const content = await readTextOf(path, file);
  return /^\s*[[{]/.test(content) ? readJsonLines(content, file) : csvOf(content, file);
};

const readers: Readonly<Record<string, Reader>> = {
  ".csv": csv,
  ".tsv": csv,
  ".txt": text,
  ".json": json,
  ".jsonl": jsonLines,
  ".ndjson": jsonLines,
  ".parquet": parquet,
  ".sqlite": sqlite,
  ".sqlite3": sqlite,
  ".db": sqlite,
};

/** The file extensions of readable tables. */
const tableEndings: readonly string[] = Object.keys(readers);

/**
 * The rows of a table file; the extension decides the format. Every table is read here. Throws StudyError if the file
 * is missing, malformed or of another kind.
 */
export async function readRecords(path: string, options: ReadOptions = {}): Promise<TableRecord[]> {
  const found = await stat(path).catch((cause: unknown) => {
    const missing = codeOf(cause) === "ENOENT";
    const reason = fileErrorOf(cause) ?? codeOf(cause) ?? "unknown error";
    throw new StudyError(missing ? `no such file: ${path}` : `cannot read ${path}: ${reason}`, {
      ...(options.hint && { hint: options.hint }),
      cause,
    });
  });
  const reader = found.isFile() ? readers[extname(path).toLowerCase()] : undefined;
  if (reader) return reader(path, basename(path), options);
  throw new StudyError(
    found.isFile() ? `${path} is not a table that can be read` : `${path} is a folder, not a table`,
    {
      hint: `save it as one of ${tableEndings.join(", ")}; from Excel or Numbers export “CSV UTF-8”`,
    },
  );
}

/** The columns of a table, in order of first appearance. */
export function columnsOf(records: readonly TableRecord[]): string[] {
  const columns = new Set<string>();
  for (const { cells } of records) for (const column in cells) columns.add(column);
  return [...columns];
}
