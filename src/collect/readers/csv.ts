import { basename } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { StudyError } from "../../workbench/errors.ts";
import { separatorOf } from "../../workbench/tables.ts";
import type { Reader, TableRecord } from "./records.ts";
import { readUtf8 } from "./text.ts";

/**
 * Rows of a CSV or TSV file by the names of its first line. Throws StudyError that names file and line when a row
 * is malformed: a bare quote, an unclosed one, a cell too many or too few.
 */
export const readCsv: Reader = async (path) => {
  const file = basename(path);
  const text = await readUtf8(path);
  const [header, ...rows] = parsed(text, separatorOf(text, file), file);
  if (!header) throw new StudyError(`${file} is empty`, { hint: "its first line names the columns" });
  refuseDoubleColumns(header.record, file);
  return rows.map((row) => recordOf(row, header.record, file));
};

interface ParsedRow {
  readonly record: readonly string[];
  /** The file's lines up to the row's end. */
  readonly lines: number;
}

function parsed(text: string, delimiter: string, file: string): ParsedRow[] {
  const rows: ParsedRow[] = [];
  const on_record = (record: string[], { lines }: { lines: number }) => {
    rows.push({ record, lines });
    return null;
  };
  try {
    parse(text, { delimiter, skip_empty_lines: true, on_record });
    return rows;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    // An open quote is noticed at the end of the file; what helps is the row in which it was opened.
    const line =
      cause.code === "CSV_QUOTE_NOT_CLOSED" ? (rows.at(-1)?.lines ?? 0) + 1 : Number(cause["lines"]);
    throw new StudyError(`${file}, line ${line}: ${reasonOf(cause)}`, {
      hint: "put text that holds separators, quotes or line breaks in double quotes, and double the quotes inside it",
      // The library's own error holds the whole cell, which can be the whole file.
      cause: cause.code,
    });
  }
}

function recordOf({ record, lines }: ParsedRow, header: readonly string[], file: string): TableRecord {
  const breaks = record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
  return {
    where: `${file}, line ${lines - breaks}`,
    cells: Object.fromEntries(header.map((column, at) => [column, record[at] ?? ""])),
  };
}

const reasons: Partial<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: "a bare quote inside a quoted cell",
  INVALID_OPENING_QUOTE: "a bare quote inside an unquoted cell",
  CSV_QUOTE_NOT_CLOSED: "a quote that is never closed",
};

function reasonOf(error: CsvError): string {
  if (error.code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH" && Array.isArray(error["record"])) {
    const cells = error["record"].length;
    const wanted = /expect (\d+)/.exec(error.message)?.[1] ?? "another number";
    return `${cells} ${cells === 1 ? "cell" : "cells"} where the first line has ${wanted}`;
  }
  return reasons[error.code] ?? error.message.slice(0, 120);
}

function refuseDoubleColumns(header: readonly string[], file: string): void {
  const double = header.find((name, at) => name !== "" && header.indexOf(name) !== at);
  if (double !== undefined) {
    throw new StudyError(`${file} has two columns called ${double}`, { hint: "rename or remove one" });
  }
}
