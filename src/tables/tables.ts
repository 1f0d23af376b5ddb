import { stringify } from "csv-stringify/sync";
import { readRecords } from "./records.ts";

export type Row = Record<string, string>;

/** Rows of a table by the names of its first line; every kind of file that `readRecords` knows. */
export async function readTable(path: string, hint?: string): Promise<Row[]> {
  return (await readRecords(path, { hint })).map(({ cells }) => ({ ...cells }));
}

/**
 * A CSV table; a cell that a spreadsheet would run as a formula (=, +, -, @, tab) gets a leading apostrophe unless it is
 * a number. Without its header it goes on with a table that has one.
 */
export function csv(
  columns: readonly string[],
  rows: readonly Record<string, unknown>[],
  { header = true }: { readonly header?: boolean } = {},
): string {
  return stringify(
    rows.map((row) => columns.map((column) => cell(row[column]))),
    { header, columns: [...columns] },
  );
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = String(value);
  const formula = /^[=+\-@\t\r]/.test(text) && !(typeof value === "number" || /^-?\d+(\.\d+)?$/.test(text));
  return formula ? `'${text}` : text;
}
