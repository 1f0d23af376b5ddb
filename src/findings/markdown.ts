import type { Table } from "../study/finding.ts";
import { idsIn, shownTable } from "../study/print.ts";
import type { Block, Contents } from "./contents.ts";
import type { Names } from "./names.ts";
import { exampleStories, judgedText, type ReportStory } from "./stories.ts";

/** The report as Markdown, with figures as `figures/<name>.svg`. */
export function markdown(contents: Contents): string {
  const { title, notices, headline, summary, headlineFigures, plain, facts, warnings } = contents;
  const { body, appendix, stories, names, methods, results, provenance, cite } = contents;
  const synthetic = notices.filter((mark) => mark.synthetic).map(({ name }) => name);
  const tag = synthetic.length > 0 ? `*${synthetic.join(" · ")}*` : "";
  const block = (each: Block) => blockText(each, names);
  const examples = exampleStories(stories);
  const parts = [
    `# ${title}: report`,
    noticesText(notices.filter((mark) => mark.synthetic)),
    `**${headline}**`,
    ...headlineFigures.map(block),
    ...summary,
    ...(plain.length > 0 ? ["**In plain words.**", ...plain] : []),
    warnings.map(({ line }) => `- ${line}`).join("\n"),
    facts.map(({ name, value }) => `- ${name}: ${value}`).join("\n"),
    noticesText(notices.filter((mark) => !mark.synthetic)),
    `Cite: ${cite}`,
    ...body.flatMap((section) => [
      `## ${section.title}`,
      tag,
      ...section.blocks.map(block),
      ...(section.id === "in-stimuli" && examples ? examples.map(storyText) : []),
    ]),
    "## Appendix",
    ...(methods.length + results.length > 0
      ? ["### Methods and results, ready for a paper", tag, ...methods, ...results]
      : []),
    ...appendix.flatMap(({ question, blocks }) => [`### ${question}`, tag, ...blocks.map(block)]),
    ...(stories.length > 0 ? ["### The stories, with their judgments", tag, ...stories.map(storyText)] : []),
    "### Versions, seed and files",
    tag,
    ...(provenance.facts.length > 0 ? [pairs(provenance.facts)] : []),
    ...(provenance.hashes.length > 0
      ? [pairs(provenance.hashes.map(([path, hash]) => [`\`${path}\``, `\`${hash}\``]))]
      : []),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

const noticesText = (notices: Contents["notices"]): string =>
  notices.map(({ name, text }) => `> ${name}: ${text}`).join("\n>\n");

function blockText({ name, finding, label }: Block, names: Names): string {
  if (finding.kind === "sentence") return finding.text;
  if (finding.kind === "table") return `${label}. ${finding.caption}.\n\n${tableText(finding.table, names)}`;
  return `![${finding.caption}](figures/${name}.svg)\n\n${label}. ${finding.caption}.`;
}

function tableText(table: Table, names: Names): string {
  const { columns, rows } = shownTable(table);
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(" | ")} |`;
  const named = (id: string) => {
    const text = names.texts.get(id);
    return text ? `${text.title} (${text.by})` : id;
  };
  const shown = (cell: string, at: number, place: number) => {
    const { key, marked, ids } = columns[at]!;
    if (ids) return idsIn(table.rows[place]![key]).slice(0, 3).map(named).join("; ");
    return marked ? bold(cell) : key === "stimulus" ? named(cell) : cell;
  };
  return [
    line(columns.map(({ label }) => label)),
    line(columns.map(({ number }) => (number ? "---:" : "---"))),
    ...rows.map((row, place) => line(row.map((cell, at) => shown(cell, at, place)))),
  ].join("\n");
}

/** Sets words between » and « in bold. */
const bold = (text: string): string => text.replace(/«(\s+)»/g, "$1").replace(/[»«]/g, "**");

const cellText = (cell: string): string => cell.replace(/\|/g, "\\|").replace(/\s*\n\s*/g, " ");

function storyText(story: ReportStory): string {
  const { title, text, by, reasons } = story;
  const quoted = text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
  const reasonList = reasons
    .map(({ answer, reason }) => `- said “${answer}”: ${cellText(reason)}`)
    .join("\n");
  return [`#### ${title}`, `By ${by}; ${judgedText(story)}.`, quoted, reasonList]
    .filter(Boolean)
    .join("\n\n");
}

const pairs = (rows: readonly (readonly [string, string])[]): string =>
  [
    "| What | Value |",
    "| --- | --- |",
    ...rows.map(([name, value]) => `| ${cellText(name)} | ${cellText(value)} |`),
  ].join("\n");
