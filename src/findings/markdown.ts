import type { Table } from "../study/finding.ts";
import { percent, shownTable } from "../study/print.ts";
import type { Contents, Named } from "./contents.ts";
import type { StoryRead } from "./stories.ts";

/** The report as Markdown; figures are files beside it, as `figures/<name>.svg`. */
export function markdown(contents: Contents): string {
  const {
    title,
    marks,
    headline,
    deck,
    carriers,
    firstPage,
    warnings,
    chapters,
    stories,
    methods,
    provenance,
  } = contents;
  const marked = marks.map(({ name, text }) => `> ${name}: ${text}`).join("\n>\n");
  const unreal = marks.filter((mark) => mark.unreal).map(({ name }) => name);
  const tag = unreal.length > 0 ? `*${unreal.join(" · ")}*` : "";
  const parts = [
    `# ${title}: report`,
    marked,
    ...(warnings.length > 0 ? ["## Before you read on", ...warnings] : []),
    `**${headline}**`,
    ...deck,
    ...carriers.map(block),
    ...firstPage.map(block),
    ...chapters.flatMap(({ asks, findings }) => [`## ${asks}`, tag, ...findings.map(block)]),
    ...(stories.length > 0
      ? ["## The stories, and how readers judged them", tag, ...stories.map(story)]
      : []),
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

function block({ name, finding }: Named): string {
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

/** What stands between » and « in bold. */
const bold = (text: string): string => text.replace(/«(\s+)»/g, "$1").replace(/[»«]/g, "**");

const cellText = (cell: string): string => cell.replace(/\|/g, "\\|").replace(/\s*\n\s*/g, " ");

function story({ title, text, origin, model, judgments, right, reasons }: StoryRead): string {
  const judged =
    judgments > 0
      ? `judged rightly by ${right} of ${judgments} (${percent(right / judgments)})`
      : "not judged yet";
  const quoted = text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
  const said = reasons.map(({ answer, reason }) => `- said “${answer}”: ${cellText(reason)}`).join("\n");
  return [
    `### ${title}`,
    `${origin === "human" ? "A person" : model || "A machine"}; ${judged}.`,
    quoted,
    said,
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
