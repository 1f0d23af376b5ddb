import { readFile } from "node:fs/promises";
import Database from "libsql";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { recordOf } from "./json.ts";
import type { TableRecord } from "./table-record.ts";

/**
 * Which table of a database to read: one by name, or the only one whose columns `fits` accepts. `needs` describes
 * these columns in messages.
 */
export interface TableChoice {
  readonly table?: string | undefined;
  readonly fits?: (columns: readonly string[]) => boolean;
  readonly needs?: string;
}

/**
 * Rows of a table of an SQLite file, opened for reading only. Throws StudyError that lists the tables if none fits or
 * more than one does.
 */
export async function readSqlite(path: string, file: string, choice: TableChoice): Promise<TableRecord[]> {
  const head = (await readFile(path)).subarray(0, 15).toString("latin1");
  if (head !== "SQLite format 3") {
    throw new StudyError(`${file} is not an SQLite database`, {
      hint: "give an SQLite file, or export a CSV",
    });
  }
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    const name = choice.table ?? onlyTable(database, file, choice);
    if (!tablesOf(database).includes(name)) throw noSuchTable(database, file, name);
    return database
      .prepare(`SELECT * FROM ${quoted(name)}`)
      .all()
      .map((row, at) => recordOf(row, `${file}, ${name}, row ${at + 1}`));
  } catch (cause) {
    if (cause instanceof StudyError) throw cause;
    throw new StudyError(`cannot read ${file}: ${messageOf(cause)}`, { hint: "export a CSV instead", cause });
  } finally {
    database?.close();
  }
}

function onlyTable(
  database: Database.Database,
  file: string,
  { fits = () => true, needs }: TableChoice,
): string {
  const fitting = tablesOf(database).filter((name) => {
    const columns = database.prepare(`PRAGMA table_info(${quoted(name)})`).all() as { name: string }[];
    return fits(columns.map((column) => column.name));
  });
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  throw new StudyError(
    `${file} has ${fitting.length === 0 ? "no table" : "more than one table"}${needs ? ` with ${needs}` : ""}`,
    {
      hint: needs
        ? `name one with corpus.table in study.yaml: ${tablesOf(database).join(", ")}`
        : `it has ${tablesOf(database).join(", ") || "none"}; export the right one as CSV`,
    },
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
