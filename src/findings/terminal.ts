import type { Finding, Findings, Table } from "../study/finding.ts";
import { shownTable } from "../study/print.ts";
import { inColumns } from "../workbench/columns.ts";
import { wrapped as wrappedAt } from "../workbench/wrapped.ts";

/** Findings as a page of plain text: the verdict first, then each question with its sentences and tables. */
export function printedFindings(found: readonly Findings[]): string {
  return [wrapped(headlineOf(found)), ...found.map(printedAnalysis)].join("\n\n");
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
  const { columns, rows } = shownTable(table);
  const shown = columns.map(({ label, number }) => ({ head: label, number }));
  const lines = inColumns(shown, rows, width - indent.length);
  return lines.map((line) => `${indent}${line}`).join("\n");
}

const indent = "  ";
const width = 80;

const wrapped = (text: string): string => wrappedAt(text, width, 0);
