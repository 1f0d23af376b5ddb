import type { Finding, Findings, Table } from "../study/finding.ts";
import { shownTable } from "../study/print.ts";
import { inColumns } from "../workbench/columns.ts";
import { wrapped as wrappedAt } from "../workbench/wrapped.ts";

/** Findings as plain text: the headline first, then each question with its sentences and tables. */
export function findingsText(found: readonly Findings[]): string {
  return [wrapped(headlineOf(found)), ...found.map(analysisText)].join("\n\n");
}

/** The headline of the verdict, or the first result without one. */
export function headlineOf(found: readonly Findings[]): string {
  const sentences = found.flatMap(({ findings }) => findings).filter((one) => one.kind === "sentence");
  const headline =
    sentences.find(({ weight }) => weight === "verdict") ??
    sentences.find(({ weight }) => weight === "result");
  return headline?.text ?? "nothing to analyse: the forms ask no question about a story";
}

function analysisText({ asks, findings }: Findings): string {
  const parts = findings.filter(({ weight }) => weight !== "verdict" && weight !== "method").map(findingText);
  return [`${asks}\n${"-".repeat(asks.length)}`, ...parts].join("\n\n");
}

function findingText(finding: Finding): string {
  if (finding.kind === "sentence") {
    return wrapped(finding.weight === "warning" ? `! ${finding.text}` : finding.text);
  }
  const table = finding.kind === "table" ? finding.table : finding.figure.table;
  if (table.rows.length > maxRows)
    return wrapped(`${finding.caption}: ${table.rows.length} rows, see the report`);
  return `${wrapped(finding.caption)}\n${tableText(table)}`;
}

/** Longer tables are only in the report. */
const maxRows = 40;

/** A table in aligned columns: numbers to the right, words to the left. */
export function tableText(table: Table): string {
  const { columns, rows } = shownTable(table);
  const shown = columns.map(({ label, number }) => ({ head: label, number }));
  const lines = inColumns(shown, rows, width - indent.length);
  return lines.map((line) => `${indent}${line}`).join("\n");
}

const indent = "  ";
const width = 80;

const wrapped = (text: string): string => wrappedAt(text, width, 0);
