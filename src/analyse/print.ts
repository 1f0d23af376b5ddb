import type { Finding, Findings, Table } from "../study/finding.ts";
import { shownTable } from "../study/print.ts";

/** Findings as a page of plain text: the verdict first, then each question with its sentences and tables. */
export function printedFindings(found: readonly Findings[]): string {
  return [headlineOf(found), ...found.map(printedAnalysis)].join("\n\n");
}

/** The verdict in one sentence, or the first result where there is no verdict. */
export function headlineOf(found: readonly Findings[]): string {
  const sentences = found.flatMap(({ findings }) => findings).filter((one) => one.kind === "sentence");
  const headline =
    sentences.find(({ weight }) => weight === "verdict") ??
    sentences.find(({ weight }) => weight === "result");
  return headline?.text ?? "nothing to analyse: the forms ask no question about a story";
}

function printedAnalysis({ asks, findings }: Findings): string {
  const parts = findings
    .filter(({ weight }) => weight !== "verdict" && weight !== "method")
    .map(printedFinding);
  return [`${asks}\n${"-".repeat(asks.length)}`, ...parts].join("\n\n");
}

function printedFinding(finding: Finding): string {
  if (finding.kind === "sentence") {
    return wrapped(finding.weight === "warning" ? `! ${finding.text}` : finding.text);
  }
  const table = finding.kind === "table" ? finding.table : finding.figure.table;
  if (table.rows.length > longest)
    return wrapped(`${finding.caption}: ${table.rows.length} rows, in the report`);
  return `${wrapped(finding.caption)}\n${printedTable(table)}`;
}

/** A longer table is for the report. */
const longest = 40;

/** Columns that line up: numbers to the right, words to the left. */
export function printedTable(table: Table): string {
  const { columns, rows: cells } = shownTable(table);
  const rows = [columns.map(({ label }) => label), ...cells];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (columns[at]!.number ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `  ${line(row)}`).join("\n");
}

/** Lines of at most 100 letters, parted between words. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 100) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}
