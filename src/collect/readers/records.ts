import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { codeOf, StudyError } from "../../workbench/errors.ts";
import { readCsv } from "./csv.ts";
import { readJsonFile, readJsonLinesFile } from "./json.ts";
import { readMarkdown } from "./markdown.ts";
import { readSqlite } from "./sqlite.ts";

/** A row of a table: cells by column, and where it stands for messages (`stories.csv, line 12`). */
export interface TableRecord {
  readonly where: string;
  readonly cells: Readonly<Record<string, string>>;
}

/** Reads the rows of one file; `table` names the table of a database that holds several. */
export type Reader = (path: string, table?: string) => Promise<TableRecord[]>;

const readers: Readonly<Record<string, Reader>> = {
  ".csv": readCsv,
  ".tsv": readCsv,
  ".json": readJsonFile,
  ".jsonl": readJsonLinesFile,
  ".ndjson": readJsonLinesFile,
  ".sqlite": readSqlite,
  ".sqlite3": readSqlite,
  ".db": readSqlite,
  ".md": readMarkdown,
};

/** The rows of a table file, by its ending, or of a folder of Markdown files, one story a file. */
export async function readRecords(path: string, table?: string): Promise<TableRecord[]> {
  const found = await stat(path).catch((cause: unknown) => {
    const missing = codeOf(cause) === "ENOENT";
    throw new StudyError(missing ? `no such file: ${path}` : `cannot read ${path} (${codeOf(cause)})`, {
      hint: "name a table with corpus.file in study.yaml, `collect --file` or `init --corpus`",
      cause,
    });
  });
  if (found.isDirectory()) return readMarkdown(path);
  const reader = readers[extname(path).toLowerCase()];
  if (reader) return reader(path, table);
  throw new StudyError(`${path} is no table that is understood`, {
    hint: `save it as one of ${Object.keys(readers).join(", ")}, or name a folder of Markdown files`,
  });
}
