import { type Codebook, readCodebook } from "../coding/codebook.ts";
import { readCoders } from "../coding/codings.ts";
import { readTextSet } from "../coding/text-sets.ts";
import { declaredAnalysis } from "../registration/registration.ts";
import type { Coder } from "../study/coding.ts";
import type { Form } from "../study/form.ts";
import type { Generation } from "../study/generation.ts";
import type { Judgment } from "../study/judgment.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import type { Story } from "../study/story.ts";
import { participantsFile } from "../survey/store/export-answers.ts";
import { type Row, readTable } from "../tables/tables.ts";
import {
  codesFile,
  factorialFile,
  readForms,
  readGenerations,
  readJudgments,
  readKey,
  readStimuli,
  readStories,
  registrationFile,
  storiesFile,
} from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { StudyVerdict } from "./in-verdict.ts";
import type { TextChoice } from "./text-licences.ts";

/** What is published of what people told: see the flags of `tinylove package`. */
export interface PackageOptions {
  readonly texts: TextChoice;
  /** Of the researcher's own questions: those with fixed answers, none, or all. */
  readonly demographics: "closed" | "none" | "all";
  /** Whether what participants wrote in their own words goes out. */
  readonly ownWords: boolean;
}

/** All that a package is made of, as it lies in the study. */
export interface PackageData {
  readonly stories: readonly Story[];
  readonly generations: readonly Generation[];
  /** The factorial's; none where it was not asked for. */
  readonly factorial: readonly Generation[];
  readonly stimuli: readonly Stimulus[];
  readonly key: ReadonlyMap<string, Key>;
  readonly forms: readonly Form[];
  readonly judgments: readonly Judgment[];
  /** Rows of participants.csv; the judgments' own participants where there is none. */
  readonly participants: readonly Row[];
  /** Rows of codes.csv; none where the texts were not described. */
  readonly measured: readonly Row[];
  readonly coders: readonly Coder[];
  readonly codebook: Codebook;
  /** `preregistration.json` as it was made; undefined where nothing was registered. */
  readonly registration: string | undefined;
  /** The settings of the analysis, with its method written out. */
  readonly analyse: Awaited<ReturnType<typeof declaredAnalysis>>;
  /** Undefined where the study was not analysed since, or has no verdict on single stories. */
  readonly verdict: StudyVerdict | undefined;
}

/** Reads the study; throws StudyError where it has no forms, or judgments that are of other forms. */
export async function readPackageData(study: Study, verdict: StudyVerdict | undefined): Promise<PackageData> {
  const judgments = (await readJudgments(study)).map(withoutFormulaMark);
  const published: PackageData = {
    stories: (await exists(study.path(storiesFile))) ? await readStories(study) : [],
    generations: await readGenerations(study),
    factorial: (await exists(study.path(factorialFile)))
      ? (await readTextSet(study, "factorial")).generations
      : [],
    stimuli: await readStimuli(study),
    key: await readKey(study),
    forms: await readForms(study),
    judgments,
    participants: (await exists(study.path(participantsFile)))
      ? await readTable(study.path(participantsFile))
      : participantsOf(judgments),
    measured: (await exists(study.path(codesFile))) ? await readTable(study.path(codesFile)) : [],
    coders: await readCoders(study),
    codebook: await readCodebook(study),
    registration: (await exists(study.path(registrationFile)))
      ? await readText(study.path(registrationFile))
      : undefined,
    verdict,
    analyse: await declaredAnalysis(study),
  };
  checkReferences(published);
  return published;
}

/** The study's own table is safe for spreadsheets; here the mark before a formula comes off again. */
const withoutFormulaMark = (judgment: Judgment): Judgment => ({
  ...judgment,
  response: Object.fromEntries(
    Object.entries(judgment.response).map(([name, value]) => [
      name,
      typeof value === "string" ? value.replace(/^'(?=[=+\-@\t\r])/, "") : value,
    ]),
  ) as Judgment["response"],
});

const participantsOf = (judgments: readonly Judgment[]): Row[] => [
  ...new Map(
    judgments.map(({ participant, form, simulated }) => [
      participant,
      { participant, form, simulated: simulated ? "yes" : "no" },
    ]),
  ).values(),
];

/** A table that names what another lacks could be opened by nobody. */
function checkReferences({ judgments, participants, forms, stimuli, key }: PackageData): void {
  const questions = new Set(forms.flatMap((form) => form.questions.map(({ id }) => id)));
  const people = new Set(participants.map(({ participant }) => participant));
  for (const [at, { question, participant }] of judgments.entries()) {
    const missing = !questions.has(question)
      ? `question ${question}`
      : !people.has(participant) && participant;
    if (!missing) continue;
    throw new StudyError(`judgments/judgments.csv, row ${at + 1}: there is no ${missing}`, {
      hint: "bring back the forms that were asked, or run `tinylove judgments`",
    });
  }
  const unknown = stimuli.find(({ id }) => !key.has(id));
  if (unknown) {
    throw new StudyError(`stimulus ${unknown.id} is not in the key`, {
      hint: "run `tinylove compose` again",
    });
  }
}
