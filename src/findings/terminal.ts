import type { Finding, Findings, Table } from "../study/finding.ts";
import { shownTable } from "../study/print.ts";
import { inColumns } from "../workbench/columns.ts";
import { plainStyle, type TextStyle } from "../workbench/terminal-style.ts";
import { wrapped as wrappedAt } from "../workbench/wrapped.ts";

/**
 * Findings as plain text: the verdict with its figures and warnings; with `full` also each question with its sentences and
 * tables.
 */
export function findingsText(
  found: readonly Findings[],
  { full = false, style = plainStyle }: { readonly full?: boolean; readonly style?: TextStyle } = {},
): string {
  const headline = headlineOf(found);
  const all = found.flatMap(({ findings }) => findings);
  const first = all.filter(
    (finding) => onFirstPage.has(finding.role) && !(finding.kind === "sentence" && finding.text === headline),
  );
  return [
    style.bold(wrapped(headline)),
    ...first.map((finding) => findingText(finding, style)),
    ...(full ? found.flatMap((one) => analysisText(one, style)) : []),
  ].join("\n\n");
}

const onFirstPage: ReadonlySet<Finding["role"]> = new Set(["verdict", "warning"]);

/** Shown on the first page, or only in the report. */
const elsewhere: ReadonlySet<Finding["role"]> = new Set([
  "verdict",
  "warning",
  "plain",
  "fact",
  "method",
  "apa",
]);

/** The headline of the verdict, or the first result without one. */
export function headlineOf(found: readonly Findings[]): string {
  const sentences = found.flatMap(({ findings }) => findings).filter((one) => one.kind === "sentence");
  const headline =
    sentences.find(({ role }) => role === "verdict") ?? sentences.find(({ role }) => role === "result");
  return headline?.text ?? "nothing to analyse: the forms ask no question about a story";
}

function analysisText({ question, findings }: Findings, style: TextStyle): string[] {
  const parts = findings.filter(({ role }) => !elsewhere.has(role)).map((one) => findingText(one, style));
  return parts.length === 0
    ? []
    : [[`${style.bold(question)}\n${"-".repeat(question.length)}`, ...parts].join("\n\n")];
}

function findingText(finding: Finding, style: TextStyle): string {
  if (finding.kind === "sentence") {
    return finding.role === "warning" ? style.warn(wrapped(`! ${finding.text}`)) : wrapped(finding.text);
  }
  const table = finding.kind === "table" ? finding.table : finding.figure.table;
  if (table.rows.length > maxRows)
    return wrapped(`${finding.caption}: ${table.rows.length} rows, see the report`);
  return `${style.faint(wrapped(finding.caption))}\n${tableText(table)}`;
}

/** Longer tables are only in the report. */
const maxRows = 40;

/** A table in aligned columns: numbers to the right, words to the left. A table that is too wide has a line for each cell. */
export function tableText(table: Table): string {
  const { columns, rows } = shownTable(table);
  const shown = columns.map(({ label, number }) => ({ head: label, number }));
  const lines = inColumns(shown, rows, width - indent.length);
  if (lines.every((line) => line.length <= width - indent.length))
    return lines.map((line) => `${indent}${line}`).join("\n");
  const longest = Math.max(...columns.map(({ label }) => label.length));
  return rows
    .map((row) =>
      row
        .map((cell, at) => `${indent}${columns[at]!.label.padEnd(longest)}  ${cell}`.trimEnd())
        .map((line) => wrappedAt(line, width, indent.length + longest + 2))
        .join("\n"),
    )
    .join("\n\n");
}

const indent = "  ";
const width = 80;

const wrapped = (text: string): string => wrappedAt(text, width, 0);
