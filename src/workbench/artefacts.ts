import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { ClipSummary } from "../study/clip-summary.ts";
import { CorpusSummary } from "../study/corpus.ts";
import { Findings } from "../study/finding.ts";
import { Form } from "../study/form.ts";
import { Generation } from "../study/generation.ts";
import { Judgment } from "../study/judgment.ts";
import { Key, Stimulus } from "../study/stimulus.ts";
import { Story } from "../study/story.ts";
import { type Row, readTable } from "../tables/tables.ts";
import { checked, exists, filesUnder, readJson, readJsonLines } from "./files.ts";
import type { Study } from "./study.ts";

/** Where each part of a study is, and how it is read. Stages share these paths: what one writes, another reads. */

export const storiesFile = "corpus/stories.jsonl";
export const corpusSummaryFile = "corpus/summary.json";
export const rejectedFile = "corpus/rejected.csv";
/** Measures and codes of every text. */
export const codesFile = "corpus/codes.csv";
/** The description of the corpus, as findings. It is in `corpus/`, because `findings/` belongs to the analyses. */
export const descriptionFile = "corpus/description.json";
export const generationsFolder = "generations";
/** Titles crossed with examples, for the analysis of influence; `influenceFile` has its findings. */
export const factorialFile = "influence/generations.jsonl";
export const influenceFile = "influence/influence.json";
export const stimuliFile = "stimuli/stimuli.jsonl";
export const clipSummaryFile = "stimuli/summary.json";
export const keyFile = "stimuli/key.csv";
export const formsFolder = "forms";
export const judgmentsFile = "judgments/judgments.csv";
/** Who took part: when they started and completed, and signs of carelessness. */
export const participantsFile = "judgments/participants.csv";
/** How often an unknown browser opened the survey. */
export const visitsFile = "judgments/visits.csv";
/** Themes of free answers, by people: a row for each answer, with `field`, `answer` and `theme`. */
export const themesFile = "themes.csv";
export const findingsFolder = "findings";
export const registrationFile = "preregistration.json";
/** Tuned models, one folder each, with `model/`, how it was made, and the findings of its diagnosis. */
export const tunedFolder = "tuned";
/** In the folder of a model that learnt from readers: the pairs of texts, by title. */
export const preferencesFile = "preferences.jsonl";
export const tuningFindingsFile = (name: string): string => `${tunedFolder}/${name}/findings.json`;

/** Titles of which a tuned model learnt what readers preferred, from the run's folder; empty for other models. */
export async function titlesLearntFrom(run: string): Promise<string[]> {
  const file = join(run, preferencesFile);
  if (!(await exists(file))) return [];
  const pairs = await readJsonLines(file, z.looseObject({ title: z.string(), held_out: z.boolean() }));
  return [...new Set(pairs.filter((pair) => !pair.held_out).map(({ title }) => title))];
}

export const readStories = (study: Study): Promise<Story[]> =>
  readJsonLines(study.path(storiesFile), Story, "run `tinylove collect` first");

export const readCorpusSummary = (study: Study): Promise<CorpusSummary> =>
  readJson(study.path(corpusSummaryFile), CorpusSummary, "run `tinylove collect` first");

/** Every generation of every model and prompt, in order of file and line. */
export async function readGenerations(study: Study): Promise<Generation[]> {
  const files = (await filesUnder(study.path(generationsFolder))).filter((file) => file.endsWith(".jsonl"));
  return (await Promise.all(files.map((file) => readJsonLines(file, Generation)))).flat();
}

export const readStimuli = (study: Study): Promise<Stimulus[]> =>
  readJsonLines(study.path(stimuliFile), Stimulus, "run `tinylove compose` first");

/** The effect of the clip on each side; undefined if the stories were clipped by another program. */
export async function readClipSummary(study: Study): Promise<ClipSummary | undefined> {
  const path = study.path(clipSummaryFile);
  return (await exists(path)) ? readJson(path, ClipSummary, "run `tinylove compose` again") : undefined;
}

/** The answer key by stimulus. */
export async function readKey(study: Study): Promise<Map<string, Key>> {
  const rows = await readTable(study.path(keyFile), "run `tinylove compose` first");
  return new Map(
    rows.map((row, at) => [row["stimulus"] ?? "", checked(row, Key, `${keyFile}, row ${at + 1}`)]),
  );
}

/** The forms in order of name. */
export async function readForms(study: Study): Promise<Form[]> {
  const files = (await filesUnder(study.path(formsFolder))).filter((file) => file.endsWith(".json"));
  const forms = [];
  // One after the other: a process may open only a few hundred files at once.
  for (const file of files) forms.push(await readJson(file, Form));
  return forms;
}

/** Paths of all findings in the study: the analyses, the corpus, influence and each tuned model. */
export async function findingFiles(study: Study): Promise<string[]> {
  const analyses = await filesUnder(study.path(findingsFolder));
  const tuned = await readdir(study.path(tunedFolder)).catch(() => []);
  const files = [
    descriptionFile,
    influenceFile,
    ...tuned.sort().map(tuningFindingsFile),
    ...analyses.filter((file) => file.endsWith(".json")).map((file) => `${findingsFolder}/${basename(file)}`),
  ];
  const existing = await Promise.all(
    files.map(async (file) => ((await exists(study.path(file))) ? [file] : [])),
  );
  return existing.flat();
}

/** All findings: those of the analyses first, in the order of the report, then the corpus and each tuned model. */
export async function readFindings(study: Study): Promise<Findings[]> {
  const files = (await findingFiles(study)).map((file) => study.path(file));
  const found = await Promise.all(files.map((file) => readJson(file, Findings, hintFor(file))));
  const last = Number.MAX_SAFE_INTEGER;
  return found.sort((one, other) => (one.position ?? last) - (other.position ?? last));
}

function hintFor(file: string): string {
  const name = basename(file);
  const verbs: Record<string, string> = {
    [basename(descriptionFile)]: "describe",
    [basename(influenceFile)]: "influence",
    "findings.json": "tune diagnose",
  };
  const verb = verbs[name] ?? "analyse";
  return `run \`tinylove ${verb}\` again (${name})`;
}

/** Judgments; an empty list if nobody has answered yet. */
export async function readJudgments(study: Study): Promise<Judgment[]> {
  const path = study.path(judgmentsFile);
  if (!(await exists(path))) return [];
  return (await readTable(path)).map((row, at) => judgmentOf(row, `${judgmentsFile}, row ${at + 1}`));
}

const fixedColumns = [
  "participant",
  "form",
  "question",
  "task",
  "stimulus",
  "second_stimulus",
  "order",
  "side",
  "response",
  "ms",
  "at",
  "simulated",
] as const;

/** Columns of a study with conditions only. */
const conditionColumns = ["condition", "told"] as const;

/**
 * The columns of `judgments.csv`, one row per judgment: `response` is the answer, and each of the other `fields` of a
 * response has its own column. A study with conditions has two more.
 */
export function judgmentColumns(
  fields: Iterable<string>,
  { conditions = false }: { readonly conditions?: boolean } = {},
): string[] {
  const extra = new Set(fields);
  extra.delete("answer");
  return [...fixedColumns, ...(conditions ? conditionColumns : []), ...[...extra].sort()];
}

/** A judgment as a row of that table. */
export const judgmentRow = ({
  response: { answer, ...details },
  stimuli,
  ...judgment
}: Judgment): Record<string, unknown> => ({
  ...judgment,
  ...details,
  stimulus: stimuli[0],
  second_stimulus: stimuli[1],
  response: answer,
  simulated: judgment.simulated ? "yes" : "no",
});

/** A row of that table as a judgment; throws StudyError that names `where`, the file and row. */
export function judgmentOf(row: Row, where: string): Judgment {
  const own = new Set<string>([...fixedColumns, ...conditionColumns]);
  const details = Object.entries(row).filter(([column, value]) => !own.has(column) && value !== "");
  const judgment = {
    participant: row["participant"],
    form: row["form"],
    question: row["question"],
    task: row["task"],
    stimuli: [row["stimulus"], row["second_stimulus"]].filter(Boolean),
    order: Number(row["order"]),
    ...(row["side"] && { side: row["side"] }),
    ...(row["condition"] && { condition: row["condition"] }),
    ...(row["told"] && { told: row["told"] }),
    ...(row["ms"] && { ms: Number(row["ms"]) }),
    at: row["at"],
    simulated: row["simulated"] === "yes",
    response: { ...Object.fromEntries(details), answer: row["response"] },
  };
  return checked(judgment, Judgment, where);
}
