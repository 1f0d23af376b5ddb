import { stringify } from "csv-stringify/sync";
import { readRecords } from "./records.ts";

export type Row = Record<string, string>;

/** Rows of a table, of every kind of file that `readRecords` reads. */
export async function readTable(path: string, hint?: string): Promise<Row[]> {
  return (await readRecords(path, { hint })).map(({ cells }) => ({ ...cells }));
}

/**
 * Writes a CSV table. A cell that a spreadsheet would run as a formula (=, +, -, @, tab) gets a leading apostrophe
 * unless it is a number. `header: false` writes rows to append.
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
