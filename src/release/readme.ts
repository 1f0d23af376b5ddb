import { listed } from "../study/print.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { version } from "../workbench/version.ts";
import type { About } from "./descriptor.ts";
import type { Choices } from "./published.ts";
import type { Table } from "./table.ts";

/** README.md: what the package holds, what was left out of it, how it is opened. */
export function readmeOf(
  about: About,
  tables: readonly Table[],
  choices: Choices,
  papers: ReadonlySet<string>,
): string {
  const people = tables.find(({ name }) => name === "participants")!.rows;
  const simulated = people.filter((row) => row["simulated"]).length;
  return `# ${about.title}

${about.description}
${
  simulated > 0
    ? `\n**${simulated === people.length ? "All" : `${simulated} of the`} ${people.length} participants are simulated: a program drew their answers. They are no evidence about people.** The column \`simulated\` marks them.\n`
    : ""
}
| table | rows | what |
|---|---|---|
${tables.map(({ name, title, rows }) => `| \`${name}\` | ${rows.length} | ${title} |`).join("\n")}

Each table lies here four times: \`csv/\` for R and spreadsheets, \`parquet/\` with every column's type, \`jsonl/\` for programs, and all of them in \`study.sqlite\`. The table \`codebook\` says what each column means; \`datapackage.json\` says it to programs (Data Package, version 2), with types, levels, keys and references. \`settings.json\` holds the settings of the study${papers.has("preregistration.json") ? ", `preregistration.json` what was frozen of them before the data" : ""}, \`SHA256SUMS\` a checksum of every file.

In CSV an empty cell is a missing value and a boolean is TRUE or FALSE. A cell that a spreadsheet would run as a formula (it begins with =, +, -, @ or a tab, and is no number) begins with an apostrophe there; the other forms hold it as it is.

${examplesFor(tables)}
## Checking

\`sha256sum -c SHA256SUMS\` checks the files; \`frictionless validate datapackage.json\` (\`pip install "frictionless[json,parquet]"\`) the tables, with every type, level and reference.${
    papers.has("check.R")
      ? " `Rscript check.R` computes the main figures of the study's verdict anew from `csv/judgments.csv`, without the program that made them: the clustered errors and both tests in base R, the mixed model with lme4. It names each figure that differs, and fails then. The verdict stands on the judgments whose `in_verdict` is TRUE."
      : ""
  } \`tinylove analyse --judgments csv/judgments.csv\` puts the study's questions to these tables again, under the study's own settings.

## People

Participants have random names that were made for this package and stand nowhere else, in an order that says nothing. Left out are the ids of recruiting services, hours and minutes, addresses and browsers (which were never kept), who withdrew${choices.ownWords ? "" : ", what participants wrote in their own words"}${
    {
      closed: ", and answers about themselves that had no fixed choices",
      none: ", and all they told about themselves",
      all: "",
    }[choices.demographics]
  }.

## Texts

${
  choices.texts === "licensed"
    ? "A person's text is here where its licence lets everybody pass on a shortened copy, a machine's where it quotes no text that is left out. Of the others there are title, length and SHA-256, and the column `withheld` says why."
    : choices.texts === "all"
      ? "All texts are here. Whether each may be passed on, its licence says; see the table `stories`."
      : "Of the texts there are titles, lengths and SHA-256 alone."
} ${withheldIn(tables)}

${codesIn(tables)}## Licence and citation

${about.licence ? `The data are under ${about.licence}` : "No licence has been chosen yet: without one nobody may use the data (CC-BY-4.0 and CC0-1.0 are usual)"}; each story keeps its own, in the column \`licence\`. \`CITATION.cff\` says how to cite the data${about.authors.length > 0 ? "" : ": put the authors in"}. Made with Tiny Love ${version}.
`;
}

/** Accuracy by who wrote what was judged, in three languages, of the first task asked whose answers are right or wrong. */
function examplesFor(tables: readonly Table[]): string {
  const rows = tables.find(({ name }) => name === "judgments")!.rows;
  const asked = [...new Set(rows.map((row) => row["task"]))].flatMap((name) => taskNamed(String(name)) ?? []);
  const asking = asked.filter(({ asksOrigin }) => asksOrigin);
  const first = asking.find(({ kind }) => kind === "choice") ?? asking[0];
  if (!first) return "";
  const task = first.name;
  const by = first.kind === "choice" ? "origin" : "human_side";
  return `How often the answers to \`${task}\` are right, by \`${by}\`. Other tasks have other answers, so one is chosen first:

\`\`\`r
judgments <- read.csv("csv/judgments.csv", na.strings = "", encoding = "UTF-8")
told <- subset(judgments, task == "${task}")
print(aggregate(right ~ ${by}, data = told, FUN = mean))
\`\`\`

\`\`\`python
import pandas  # with pyarrow
judgments = pandas.read_parquet("parquet/judgments.parquet")
told = judgments[judgments["task"] == "${task}"]
print(told.groupby("${by}")["right"].mean())
\`\`\`

\`\`\`sql
-- sqlite3 study.sqlite
SELECT ${by}, avg("right") AS accuracy FROM judgments WHERE task = '${task}' GROUP BY ${by};
\`\`\`

Readers and stories both repeat, so that these means have no simple standard errors: see \`participant\` and \`stimulus\`. More of a text (its model, length, story) stands in \`stimuli\`, joined by \`stimulus\`.
`;
}

function withheldIn(tables: readonly Table[]): string {
  const counts = tables
    .filter(({ columns }) => columns.some(({ name }) => name === "withheld"))
    .map(({ name, rows }) => `${rows.filter((row) => row["withheld"]).length} of ${rows.length} ${name}`);
  return `Left out: ${counts.join(", ")}.`;
}

/** What has to be known to use the codings; nothing where there are none. */
function codesIn(tables: readonly Table[]): string {
  const rows = tables.find(({ name }) => name === "codings")?.rows;
  if (!rows) return "";
  const coders = (kind: string) =>
    new Set(rows.filter((row) => row["kind"] === kind).map(({ coder }) => coder)).size;
  const [people, models] = [coders("people"), coders("model")];
  const by = [
    ...(people > 0 ? [`people (${people})`] : []),
    ...(models > 0 ? [`language models (${models})`] : []),
    ...(coders("cues") > 0 ? ["lists of cue words"] : []),
  ];
  return `## Codes

Kind of love, tone, cultural setting, or what else the codebook asks, as ${listed(by)} coded them; what each code means stands in the table \`codes\`. ${
    people > 0
      ? "People were shown title and text in one typography and not who wrote it; their names are random and were made for this package. "
      : ""
  }A code is of the whole text, not of the shortened one that readers saw, and it is here also where the text itself is left out.${
    rows.some(({ text_set }) => text_set === "factorial")
      ? " Who coded a story among the study's texts and again among the factorial's is one coder and has two rows of it (`text_set`)."
      : ""
  }

`;
}
