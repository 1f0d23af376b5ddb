import { stringify } from "yaml";
import type { Study } from "../../workbench/study.ts";
import { version } from "../../workbench/version.ts";
import type { About } from "./descriptor.ts";
import type { Choices } from "./published.ts";
import type { Table } from "./table.ts";

/** README.md: what the package holds, what was left out of it, how it is opened. */
export function readmeOf(about: About, tables: readonly Table[], choices: Choices): string {
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

Each table lies here three times: \`csv/\` for spreadsheets, \`jsonl/\` for programs, and all of them in \`study.sqlite\`. The codebook says what each column means; \`datapackage.json\` says it to programs (Data Package, version 2), with types, levels, keys and references. \`settings.json\` holds the settings of the study, \`SHA256SUMS\` a checksum of every file.

A cell of a CSV table that a spreadsheet would run as a formula (it begins with =, +, -, @ or a tab, and is no number) begins with an apostrophe; JSONL and SQLite hold it as it is. Empty cells are missing values.

\`\`\`r
judgments <- read.csv("csv/judgments.csv", na.strings = "", encoding = "UTF-8")
\`\`\`

\`\`\`python
import pandas
judgments = pandas.read_json("jsonl/judgments.jsonl", lines=True)
\`\`\`

\`\`\`sql
-- sqlite3 study.sqlite
SELECT origin, avg("right") FROM judgments JOIN stimuli USING (stimulus) GROUP BY origin;
\`\`\`

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
  return `## Codes

Kind of love, tone, cultural setting, or what else the codebook asks, as people (${coders("people")}), language models (${coders("model")}) and lists of cue words (${coders("cues")}) coded them; what each code means stands in the table \`codes\`. People were shown title and text in one typography and not who wrote it; their names are random and were made for this package. A code is of the whole text, not of the shortened one that readers saw, and it is here also where the text itself is left out. Who coded a story among the study's texts and again among the factorial's has two rows of it (\`lot\`).

`;
}

/** CITATION.cff, version 1.2.0. */
export const citationOf = ({ title, description, licence, authors }: About): string =>
  stringify({
    "cff-version": "1.2.0",
    message: "Please cite these data as below; add the DOI that the archive gives them.",
    type: "dataset",
    title,
    abstract: description,
    authors: authors.length > 0 ? authors.map((name) => ({ name })) : [{ name: `The authors of “${title}”` }],
    ...(licence && { license: licence }),
    keywords: ["very short stories", "language models", "readers"],
  });

/** settings.json: what the study asked and how, without whom to write to, codes of recruiting, files and servers. */
export function settingsOf({ config }: Study): string {
  const { name, title, seed, compose, analyse, corpus, generate, survey } = config;
  const { language, consent, instructions, example, demographics, quota, back, feedback } = survey;
  const { prompts, examples, titles, attempts, tokens, temperature, topP, topK, minP, repeatPenalty } =
    generate;
  // The model's address may be a path of somebody's machine; the generations name it without.
  const factorial = generate.factorial && { ...generate.factorial, model: undefined };
  const settings = {
    name,
    title,
    seed,
    corpus: { licence: corpus.licence, note: corpus.note, words: corpus.words, split: corpus.split },
    generate: {
      factorial,
      prompts: prompts.map((prompt) => prompt.replace(/^.*[/\\]/, "")),
      ...{ examples, titles, attempts, tokens, temperature, topP, topK, minP, repeatPenalty },
    },
    compose,
    survey: {
      title: survey.title,
      language,
      consent,
      instructions,
      example,
      demographics,
      quota,
      back,
      feedback,
    },
    analyse,
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}
