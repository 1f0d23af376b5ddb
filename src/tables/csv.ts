import { CsvError, parse } from "csv-parse/sync";
import { StudyError } from "../workbench/errors.ts";
import type { TableRecord } from "./table-record.ts";

/**
 * Rows of a CSV text by the names in its first line. Names are trimmed; empty columns and rows are dropped. Excel's
 * first line `sep=;` sets the separator. Throws StudyError that names file and line if a row is malformed (a bare
 * quote, an unclosed one, too many or too few cells), if two columns have the same name, or if two columns with cells
 * have no name.
 */
export function readCsv(text: string, file: string): TableRecord[] {
  const declared = /^\uFEFF?sep=([^\r\n])\r?\n/i.exec(text);
  const body = declared ? text.slice(declared[0].length) : text;
  const [header, ...rows] = parsed(body, declared?.[1] ?? separatorOf(body, file), file, declared ? 1 : 0);
  if (!header) throw new StudyError(`${file} is empty`, { hint: "its first line names the columns" });
  const columns = columnsOf(header.record, rows, file);
  return rows.map(({ record, line }) => new CsvRecord(file, line, record, columns));
}

/** A row that names its line only for a message, because a table may have hundreds of thousands of rows. */
class CsvRecord implements TableRecord {
  readonly cells: Readonly<Record<string, string>>;
  readonly #file: string;
  readonly #line: number;

  constructor(file: string, line: number, record: readonly string[], columns: Columns) {
    const cells: Record<string, string> = {};
    for (const [name, at] of columns) cells[name] = record[at]!;
    this.cells = cells;
    this.#file = file;
    this.#line = line;
  }

  get where(): string {
    return `${this.#file}, line ${this.#line}`;
  }
}

/** The columns that are read: name and position. */
type Columns = readonly (readonly [name: string, at: number])[];

interface ParsedRow {
  readonly record: readonly string[];
  /** The line of the file in which the row begins. */
  readonly line: number;
}

function parsed(text: string, delimiter: string, file: string, before: number): ParsedRow[] {
  const rows: ParsedRow[] = [];
  let end = 0;
  const repeated = repeatedCells();
  const on_record = (record: string[], { lines }: { lines: number }) => {
    // Lines between two rows are line breaks inside a cell, or empty lines.
    const breaks = lines === end + 1 ? 0 : record.reduce((sum, cell) => sum + breaksIn(cell), 0);
    rows.push({ record: record.map(repeated), line: before + lines - breaks });
    end = lines;
    return null;
  };
  try {
    parse(text, {
      delimiter,
      bom: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      on_record,
    });
    return rows;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    // An open quote is noticed at the end of the file; the row where it was opened is more helpful.
    const line = before + (cause.code === "CSV_QUOTE_NOT_CLOSED" ? end + 1 : Number(cause["lines"]));
    throw new StudyError(`${file}, line ${line}: ${reasonOf(cause)}`, {
      hint: "put text with separators, quotes or line breaks in double quotes, and double the quotes inside it",
      // The library's own error contains the whole cell, which can be the whole file.
      cause: cause.code,
    });
  }
}

/**
 * Makes equal cells of a column one string, since the same readers and stories occur again and again. A column with
 * too many different cells, such as one of times or reasons, is left as it is.
 */
function repeatedCells(): (cell: string, column: number) => string {
  const known: (Map<string, string> | undefined)[] = [];
  return (cell, column) => {
    if (column >= known.length) known.push(new Map());
    const cells = known[column];
    const same = cells?.get(cell);
    if (same !== undefined || cells === undefined) return same ?? cell;
    if (cells.size < mostKept) cells.set(cell, cell);
    else known[column] = undefined;
    return cell;
  };
}

const mostKept = 20_000;

const breaksIn = (cell: string): number => cell.match(/\r\n|\n|\r/g)?.length ?? 0;

const reasons: Partial<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: "a bare quote inside a quoted cell",
  INVALID_OPENING_QUOTE: "a bare quote inside an unquoted cell",
  CSV_QUOTE_NOT_CLOSED: "a quote that is never closed",
};

function reasonOf(error: CsvError): string {
  if (error.code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH" && Array.isArray(error["record"])) {
    const cells = error["record"].length;
    const expected = /expect (\d+)/.exec(error.message)?.[1] ?? "another number";
    return `${cells} ${cells === 1 ? "cell" : "cells"} where the first line has ${expected}`;
  }
  return reasons[error.code] ?? error.message.slice(0, 120);
}

function columnsOf(header: readonly string[], rows: readonly ParsedRow[], file: string): Columns {
  const named = header.map((name, at) => [name.trim(), at] as const);
  const kept = named.filter(([name, at]) => name !== "" || rows.some(({ record }) => record[at] !== ""));
  assertUniqueColumns(
    kept.map(([name]) => name),
    file,
  );
  return kept;
}

/** Throws StudyError if two columns have the same name, since either could be meant. */
export function assertUniqueColumns(names: readonly string[], file: string): void {
  const double = names.find((name, at) => names.indexOf(name) !== at);
  if (double === undefined) return;
  throw new StudyError(
    double === "" ? `${file} has two columns without a name` : `${file} has two columns called ${double}`,
    { hint: double === "" ? "name them in the first line" : "rename or remove one" },
  );
}

/**
 * The separator: comma, semicolon, tab or bar, whichever is most frequent in the first line (Excel writes semicolons
 * into a .csv where the decimal mark is a comma). The file's extension decides a tie.
 */
function separatorOf(text: string, file: string): string {
  const usual = /\.tsv$/i.test(file) ? "\t" : ",";
  const header = (/\S.*/.exec(text)?.[0] ?? "").replace(/"[^"]*"/g, "");
  const times = (separator: string) => header.split(separator).length;
  return [usual, ",", ";", "\t", "|"].reduce((best, each) => (times(each) > times(best) ? each : best));
}
