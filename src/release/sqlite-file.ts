import Libsql from "libsql";
import type { Cell, Column, Table } from "./table.ts";

/** Writes the tables as one SQLite file with types, keys, references and levels. The same tables give the same bytes. */
export function writeSqlite(path: string, tables: readonly Table[]): void {
  const file = new Libsql(path);
  try {
    file.exec("PRAGMA page_size = 4096; PRAGMA journal_mode = MEMORY; PRAGMA foreign_keys = OFF; BEGIN");
    for (const table of tables) file.exec(createStatement(table, tables));
    for (const table of tables) {
      const names = table.columns.map(({ name }) => quoted(name));
      const insert = file.prepare(
        `INSERT INTO ${quoted(table.name)} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
      );
      for (const row of table.rows) insert.run(...table.columns.map(({ name }) => stored(row[name])));
    }
    file.exec("COMMIT");
    const [broken] = file.prepare("PRAGMA foreign_key_check").all() as { table: string; parent: string }[];
    if (broken) throw new Error(`table ${broken.table} refers to a row that ${broken.parent} does not have`);
  } finally {
    file.close();
  }
}

function createStatement({ name, key, columns }: Table, tables: readonly Table[]): string {
  const lines = columns.map((column) => {
    const parent = tables.find((table) => table.name === column.refersTo);
    return [
      quoted(column.name),
      types[column.type],
      column.required && "NOT NULL",
      column.name === key && "PRIMARY KEY",
      column.type === "boolean" && `CHECK (${quoted(column.name)} IN (0, 1))`,
      column.levels &&
        `CHECK (${quoted(column.name)} IN (${column.levels.map((level) => literal(level, column)).join(", ")}))`,
      parent && `REFERENCES ${quoted(parent.name)} (${quoted(parent.key!)})`,
    ]
      .filter(Boolean)
      .join(" ");
  });
  return `CREATE TABLE ${quoted(name)} (\n  ${lines.join(",\n  ")}\n)`;
}

const types: Record<Column["type"], string> = {
  string: "TEXT",
  date: "TEXT",
  integer: "INTEGER",
  boolean: "INTEGER",
  number: "REAL",
};

const literal = (level: string, { type }: Column): string =>
  type === "integer" ? level : `'${level.replaceAll("'", "''")}'`;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const stored = (cell: Cell): string | number | null =>
  typeof cell === "boolean" ? Number(cell) : (cell ?? null);
