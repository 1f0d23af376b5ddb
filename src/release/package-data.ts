import { type Codebook, readCodebook } from "../coding/codebook.ts";
import { readCoders } from "../coding/codings.ts";
import { readTextSet } from "../coding/text-sets.ts";
import { declaredAnalysis } from "../registration/registration.ts";
import type { Coder } from "../study/coding.ts";
import type { Form } from "../study/form.ts";
import { formerParticipant, withCurrentNames } from "../study/former-names.ts";
import type { Generation } from "../study/generation.ts";
import type { Judgment } from "../study/judgment.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import type { Story } from "../study/story.ts";
import { type Row, readTable } from "../tables/tables.ts";
import {
  codesFile,
  factorialFile,
  participantsFile,
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

/** What the package includes: see the flags of `tinylove package`. */
export interface PackageOptions {
  readonly texts: TextChoice;
  /** Which demographic answers: those from fixed choices, none, or all. */
  readonly demographics: "closed" | "none" | "all";
  /** Whether to include what participants wrote in their own words. */
  readonly ownWords: boolean;
}

/** The data of the study from which the package is made. */
export interface PackageData {
  readonly stories: readonly Story[];
  readonly generations: readonly Generation[];
  /** The generations of the factorial; none if the study has no factorial. */
  readonly factorial: readonly Generation[];
  readonly stimuli: readonly Stimulus[];
  readonly key: ReadonlyMap<string, Key>;
  readonly forms: readonly Form[];
  readonly judgments: readonly Judgment[];
  /** Rows of participants.csv; without that file, the participants in the judgments. */
  readonly participants: readonly Row[];
  /** Rows of codes.csv; none if the texts were not measured. */
  readonly measured: readonly Row[];
  readonly coders: readonly Coder[];
  readonly codebook: Codebook;
  /** The content of `preregistration.json`; undefined if nothing was registered. */
  readonly registration: string | undefined;
  /** The settings of the analysis, with its method written out. */
  readonly analyse: Awaited<ReturnType<typeof declaredAnalysis>>;
  /** Undefined if the findings are not up to date or have no verdict on single stories. */
  readonly verdict: StudyVerdict | undefined;
}

/** Reads the study. Throws StudyError if it has no forms, or judgments of other forms. */
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
      ? (await readTable(study.path(participantsFile))).map(
          (row) => withCurrentNames(row, formerParticipant) as Row,
        )
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

/** Removes the apostrophe that the study's CSV puts before formulas to protect spreadsheets. */
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

/** Throws StudyError for references to rows that do not exist; validation and SQLite would fail on them. */
function checkReferences({ judgments, participants, forms, stimuli, key }: PackageData): void {
  const questions = new Set(forms.flatMap((form) => form.questions.map(({ id }) => id)));
  const people = new Set(participants.map(({ participant }) => participant));
  for (const [at, { question, participant }] of judgments.entries()) {
    const missing = !questions.has(question)
      ? `question ${question}`
      : !people.has(participant) && participant;
    if (!missing) continue;
    throw new StudyError(`judgments/judgments.csv, row ${at + 1}: there is no ${missing}`, {
      hint: "restore the forms that people answered, or run `tinylove judgments`",
    });
  }
  const unknown = stimuli.find(({ id }) => !key.has(id));
  if (unknown) {
    throw new StudyError(`stimulus ${unknown.id} is not in the key`, {
      hint: "run `tinylove compose` again",
    });
  }
}
