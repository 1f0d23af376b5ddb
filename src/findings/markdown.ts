import type { Table } from "../study/finding.ts";
import { percent, shownTable } from "../study/print.ts";
import type { Contents, NamedFinding } from "./contents.ts";
import type { ReportStory } from "./stories.ts";

/** The report as Markdown, with figures as `figures/<name>.svg`. */
export function markdown(contents: Contents): string {
  const {
    title,
    notices,
    headline,
    summary,
    headlineFigures,
    firstPage,
    warnings,
    chapters,
    stories,
    methods,
    provenance,
  } = contents;
  const noticeText = notices.map(({ name, text }) => `> ${name}: ${text}`).join("\n>\n");
  const synthetic = notices.filter((mark) => mark.synthetic).map(({ name }) => name);
  const tag = synthetic.length > 0 ? `*${synthetic.join(" · ")}*` : "";
  const parts = [
    `# ${title}: report`,
    noticeText,
    ...(warnings.length > 0 ? ["## Before you read on", ...warnings] : []),
    `**${headline}**`,
    ...summary,
    ...headlineFigures.map(block),
    ...firstPage.map(block),
    ...chapters.flatMap(({ asks, findings }) => [`## ${asks}`, tag, ...findings.map(block)]),
    ...(stories.length > 0 ? ["## The stories and their judgments", tag, ...stories.map(story)] : []),
    "## Methods and provenance",
    tag,
    ...methods,
    ...(provenance.facts.length > 0 ? [pairs(provenance.facts)] : []),
    ...(provenance.hashes.length > 0
      ? [pairs(provenance.hashes.map(([path, hash]) => [`\`${path}\``, `\`${hash}\``]))]
      : []),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

function block({ name, finding }: NamedFinding): string {
  if (finding.kind === "sentence") return finding.text;
  if (finding.kind === "table") return `${finding.caption}.\n\n${tableText(finding.table)}`;
  return `![${finding.caption}](figures/${name}.svg)\n\n${finding.caption}.\n\n${tableText(finding.figure.table)}`;
}

function tableText(table: Table): string {
  const { columns, rows } = shownTable(table);
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(" | ")} |`;
  return [
    line(columns.map(({ label }) => label)),
    line(columns.map(({ number }) => (number ? "---:" : "---"))),
    ...rows.map((row) => line(row.map((cell, at) => (columns[at]!.marked ? bold(cell) : cell)))),
  ].join("\n");
}

/** Sets words between » and « in bold. */
const bold = (text: string): string => text.replace(/«(\s+)»/g, "$1").replace(/[»«]/g, "**");

const cellText = (cell: string): string => cell.replace(/\|/g, "\\|").replace(/\s*\n\s*/g, " ");

function story({ title, text, origin, model, judgments, right, reasons }: ReportStory): string {
  const judged =
    judgments > 0
      ? `${right} of ${judgments} readers were right (${percent(right / judgments)})`
      : "not judged yet";
  const quoted = text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
  const reasonList = reasons
    .map(({ answer, reason }) => `- said “${answer}”: ${cellText(reason)}`)
    .join("\n");
  return [
    `### ${title}`,
    `${origin === "human" ? "A person" : model || "A machine"}; ${judged}.`,
    quoted,
    reasonList,
  ]
    .filter(Boolean)
    .join("\n\n");
}

const pairs = (rows: readonly (readonly [string, string])[]): string =>
  [
    "| What | Value |",
    "| --- | --- |",
    ...rows.map(([name, value]) => `| ${cellText(name)} | ${cellText(value)} |`),
  ].join("\n");
