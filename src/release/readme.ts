import { listed } from "../study/print.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { version } from "../workbench/version.ts";
import type { PackageInfo } from "./descriptor.ts";
import type { PackageOptions } from "./package-data.ts";
import type { Table } from "./table.ts";

/** README.md: what the package contains, what is left out, and how to read it. */
export function readmeOf(
  info: PackageInfo,
  tables: readonly Table[],
  choices: PackageOptions,
  documents: ReadonlySet<string>,
): string {
  const people = tables.find(({ name }) => name === "participants")!.rows;
  const simulated = people.filter((row) => row["simulated"]).length;
  return `# ${info.title}

${info.description}
${
  simulated > 0
    ? `\n**${simulated === people.length ? "All" : `${simulated} of the`} ${people.length} participants are simulated: a program drew their answers. They are not evidence about people.** The column \`simulated\` marks them.\n`
    : ""
}
| table | rows | content |
|---|---|---|
${tables.map(({ name, title, rows }) => `| \`${name}\` | ${rows.length} | ${title} |`).join("\n")}

Each table comes in four formats: \`csv/\` for R and spreadsheets, \`parquet/\` with typed columns, \`jsonl/\` for programs, and all tables in \`study.sqlite\`. The table \`codebook\` explains every column; \`datapackage.json\` (Data Package, version 2) describes them for programs, with types, levels, keys and references. \`settings.json\` has the settings of the study${documents.has("preregistration.json") ? ", `preregistration.json` those that were registered before data collection" : ""}, \`SHA256SUMS\` a checksum of every file.

In CSV an empty cell is a missing value, and booleans are TRUE or FALSE. A cell that a spreadsheet would run as a formula (it begins with =, +, -, @ or a tab and is not a number) begins with an apostrophe; the other formats have it unchanged.

${examplesFor(tables)}
## Checking

\`sha256sum -c SHA256SUMS\` checks the files; \`frictionless validate datapackage.json\` (\`pip install "frictionless[json,parquet]"\`) checks the tables with all types, levels and references.${
    documents.has("check.R")
      ? " `Rscript check.R` recomputes the main figures of the study's verdict from `csv/judgments.csv`, independently of the program that made them: clustered standard errors and both tests in base R, the mixed model with lme4. It names every figure that differs and then fails. The verdict is based on the judgments whose `in_verdict` is TRUE."
      : ""
  } \`tinylove analyse --judgments csv/judgments.csv\` repeats the study's analyses on these tables with the study's own settings.

## People

Participants have random names, made for this package and sorted by name. The package leaves out ids of recruiting services, times of day, participants who withdrew${choices.ownWords ? "" : ", what participants wrote in their own words"}${
    {
      closed: ", and demographic answers without fixed choices",
      none: ", and all demographic answers",
      all: "",
    }[choices.demographics]
  }. Network addresses and browsers were never stored.

## Texts

${
  choices.texts === "licensed"
    ? "A human text is included if its licence allows everybody to share a shortened copy, a machine text unless it quotes a text that is left out. For the others there are title, length and SHA-256; the column `withheld` gives the reason."
    : choices.texts === "all"
      ? "All texts are included. Check their licences (table `stories`) before you share them."
      : "The texts are left out; their titles, lengths and SHA-256 are included."
} ${withheldIn(tables)}

${codesIn(tables)}## Licence and citation

${info.licence ? `The data are under ${info.licence}` : "No licence has been chosen yet, and without one nobody may use the data (CC-BY-4.0 and CC0-1.0 are common)"}; each story has its own, in the column \`licence\`. \`CITATION.cff\` says how to cite the data${info.authors.length > 0 ? "" : "; add the authors"}. Made with Tiny Love ${version}.
`;
}

/** Examples in R, Python and SQL: accuracy by origin, for the first task whose answers are right or wrong. */
function examplesFor(tables: readonly Table[]): string {
  const rows = tables.find(({ name }) => name === "judgments")!.rows;
  const asked = [...new Set(rows.map((row) => row["task"]))].flatMap((name) => taskNamed(String(name)) ?? []);
  const asking = asked.filter(({ asksOrigin }) => asksOrigin);
  const first = asking.find(({ kind }) => kind === "choice") ?? asking[0];
  if (!first) return "";
  const task = first.name;
  const by = first.kind === "choice" ? "origin" : "human_side";
  return `The share of correct answers to \`${task}\`, by \`${by}\`. Other tasks have other answers, so the examples select one task:

\`\`\`r
judgments <- read.csv("csv/judgments.csv", na.strings = "", encoding = "UTF-8")
answers <- subset(judgments, task == "${task}")
print(aggregate(correct ~ ${by}, data = answers, FUN = mean))
\`\`\`

\`\`\`python
import pandas  # with pyarrow
judgments = pandas.read_parquet("parquet/judgments.parquet")
answers = judgments[judgments["task"] == "${task}"]
print(answers.groupby("${by}")["correct"].mean())
\`\`\`

\`\`\`sql
-- sqlite3 study.sqlite
SELECT ${by}, avg(correct) AS accuracy FROM judgments WHERE task = '${task}' GROUP BY ${by};
\`\`\`

Each reader judged several stories and each story had several readers, so simple standard errors of these means are wrong: cluster by \`participant\` and \`stimulus\`. Join \`stimuli\` by \`stimulus\` for the model, length and story of a text.
`;
}

function withheldIn(tables: readonly Table[]): string {
  const counts = tables
    .filter(({ columns }) => columns.some(({ name }) => name === "withheld"))
    .map(({ name, rows }) => `${rows.filter((row) => row["withheld"]).length} of ${rows.length} ${name}`);
  return `Left out: ${counts.join(", ")}.`;
}

/** What users of the codings need to know; empty if there are none. */
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

Kind of love, tone, cultural setting and other variables of the codebook, coded by ${listed(by)}; the table \`codes\` explains the codes. ${
    people > 0
      ? "People saw title and text in a uniform typography, without the origin; their names are random and made for this package. "
      : ""
  }Codes refer to the whole text, not to the shortened one that readers saw, and are included even if the text is left out.${
    rows.some(({ text_set }) => text_set === "factorial")
      ? " A coder who coded a story both as one of the study's texts and as one of the factorial's has two rows for it (`text_set`)."
      : ""
  }

`;
}
