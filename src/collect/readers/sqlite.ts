import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import Database from "libsql";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { storyColumns } from "../columns.ts";
import type { TableRecord } from "./records.ts";

/**
 * Rows of a table of an SQLite file, which is only read. With several tables the one that has a title and a text
 * column is taken; throws StudyError that lists the tables where none or more than one has.
 */
export async function readSqlite(path: string, table?: string): Promise<TableRecord[]> {
  const file = basename(path);
  const head = (await readFile(path)).subarray(0, 15).toString("latin1");
  if (head !== "SQLite format 3") {
    throw new StudyError(`${file} is no SQLite database`, { hint: "name an SQLite file, or export a CSV" });
  }
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    const name = table ?? tableOfStories(database, file);
    if (!tablesOf(database).includes(name)) throw noSuchTable(database, file, name);
    return database
      .prepare(`SELECT * FROM ${quoted(name)}`)
      .all()
      .map((row, at) => ({
        where: `${file}, ${name}, row ${at + 1}`,
        cells: cellsOf(row as Record<string, unknown>),
      }));
  } catch (cause) {
    if (cause instanceof StudyError) throw cause;
    throw new StudyError(`cannot read ${file}: ${messageOf(cause)}`, { hint: "export a CSV instead", cause });
  } finally {
    database?.close();
  }
}

function tableOfStories(database: Database.Database, file: string): string {
  const fitting = tablesOf(database).filter((name) => {
    const columns = database.prepare(`PRAGMA table_info(${quoted(name)})`).all() as { name: string }[];
    const found = storyColumns(columns.map((column) => column.name));
    return found.title !== undefined && found.text !== undefined;
  });
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  throw new StudyError(
    `${file} has ${fitting.length === 0 ? "no table" : "more than one table"} with a title and a text column`,
    { hint: `name one with corpus.table in study.yaml: ${tablesOf(database).join(", ")}` },
  );
}

const tablesOf = (database: Database.Database): string[] =>
  database
    .prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
    .all()
    .map((row) => (row as { name: string }).name);

function noSuchTable(database: Database.Database, file: string, name: string): StudyError {
  return new StudyError(`${file} has no table ${name}`, {
    hint: `it has ${tablesOf(database).join(", ") || "none"}`,
  });
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

const cellsOf = (row: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      value === null || value === undefined ? "" : String(value),
    ]),
  );
