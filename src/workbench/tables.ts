import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { messageOf, StudyError } from "./errors.ts";
import { readText } from "./files.ts";

export type Row = Record<string, string>;

/** Rows of a CSV or TSV file by the names of its first line. */
export async function readTable(path: string, hint?: string): Promise<Row[]> {
  return parseTable(await readText(path, hint), path);
}

/** Rows of a table's text; throws StudyError that names `where` and the line when a row is malformed. */
export function parseTable(text: string, where: string): Row[] {
  const delimiter = separatorOf(text, where);
  try {
    return parse(text, { columns: true, delimiter, bom: true, skip_empty_lines: true }) as Row[];
  } catch (cause) {
    throw new StudyError(`${where}: ${messageOf(cause)}`, {
      hint: "put text that holds commas, quotes or line breaks in double quotes, and double the quotes inside it",
      cause,
    });
  }
}

/**
 * What parts the cells: of comma, semicolon and tab the one that stands most often between the names of the first line,
 * for where a comma parts decimals, Excel writes semicolons into a .csv. The file's ending decides where that tells
 * nothing.
 */
export function separatorOf(text: string, file: string): string {
  const usual = /\.tsv$/i.test(file) ? "\t" : ",";
  const header = (/\S.*/.exec(text)?.[0] ?? "").replace(/"[^"]*"/g, "");
  const times = (separator: string) => header.split(separator).length;
  return [usual, ",", ";", "\t"].reduce((best, each) => (times(each) > times(best) ? each : best));
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
