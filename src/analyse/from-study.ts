import { readCodebook } from "../coding/codebook.ts";
import { codersOf } from "../coding/codings.ts";
import { declaredAnalysis, frozenOf, readRegistration } from "../registration/registration.ts";
import type { Form } from "../study/form.ts";
import { shortConditions } from "../study/generation.ts";
import type { Judgment } from "../study/judgment.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { methodOf, storyClusters } from "../study/settings/analyse.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import { type Row, readTable } from "../tables/tables.ts";
import { severalSeparator } from "../tasks/items.ts";
import type { TaskProperties } from "../tasks/kinds.ts";
import { allAboutItems, checkOneVerdict } from "../tasks/task-settings.ts";
import { requireTask } from "../tasks/tasks.ts";
import {
  codesFile,
  corpusSummaryFile,
  participantsFile,
  readClipSummary,
  readCorpusSummary,
  readForms,
  readGenerations,
  readJudgments,
  readKey,
  readStimuli,
} from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type {
  Choice,
  Data,
  FormFacts,
  Pair,
  PickedOptions,
  Preference,
  QuestionKind,
  Rating,
  StoryFacts,
  StoryText,
  StudyFacts,
} from "./data.ts";
import { numericColumns } from "./from-table.ts";
import { peopleOf } from "./people.ts";
import { aboutReaders, readerGroupings, recruitedColumn } from "./reader-groups.ts";

/** The data of a study's folder. Judgments may be missing, forms may not. */
export async function dataOfStudy(study: Study): Promise<Data> {
  const conditions = await readKey(study);
  const short = shortConditions([...conditions.values()].map(({ model }) => model));
  const key = new Map([...conditions].map(([id, entry]) => [id, { ...entry, model: short(entry.model) }]));
  const forms = await readForms(study);
  const stimuli = new Map((await readStimuli(study)).map((stimulus) => [stimulus.id, stimulus]));
  const shown = (id: string, where: string) => shownOf(id, key, stimuli, where);
  const judgments = await readJudgments(study);
  const settings = await settingsOf(study);
  const people = demographicsOf(judgments);
  return {
    settings,
    ...withClusterLabels(answersOnForms(judgments, forms, shown), people, settings),
    measures: await measuresOf(study, key),
    ...conditionsOf(study.config.compose.conditions),
    ...(await groupsOf(study, settings, people)),
    botSignals: botSignalsIn(await participantRows(study)),
    study: {
      title: study.config.title,
      registration: await registrationOf(study),
      corpus: (await exists(study.path(corpusSummaryFile))) ? await readCorpusSummary(study) : undefined,
      clip: await readClipSummary(study),
      ...(await generationsOf(study)),
      people: await peopleOf(study, judgments),
      stimuli: [...stimuli.values()].map((stimulus) => ({
        ...stimulus,
        ...shown(stimulus.id, "stimuli/stimuli.jsonl"),
      })),
      generationOf: new Map([...key.values()].map(({ stimulus, generation }) => [stimulus, generation])),
    },
  };
}

/** The rows of participants.csv; none before the first participant. */
const participantRows = async (study: Study): Promise<Row[]> =>
  (await exists(study.path(participantsFile))) ? readTable(study.path(participantsFile)) : [];

/** The signs of programs in a table of participants. */
export const botSignalsIn = (rows: readonly Row[]): NonNullable<Data["botSignals"]> =>
  new Map(
    rows.map(({ participant = "", filled_traps, pasted_answers }) => [
      participant,
      { filledTraps: Number(filled_traps ?? 0), pastedAnswers: Number(pasted_answers ?? 0) },
    ]),
  );

/** The declared groups of readers, by their answers about themselves and where they came from. */
async function groupsOf(
  study: Study,
  { groups }: Data["settings"],
  people: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Promise<Pick<Data, "groups">> {
  if (!groups || groups.length === 0) return {};
  const known = new Map(people);
  for (const { participant = "", [recruitedColumn]: recruited } of await participantRows(study))
    known.set(participant, { ...known.get(participant), [recruitedColumn]: recruited });
  const questions = aboutReaders(allAboutItems(study.config));
  const registered = (await readRegistration(study))?.frozen.analyse;
  return { groups: readerGroupings(groups, known, questions, registered && (registered.groups ?? [])) };
}

/** The names of the declared conditions, in their order. */
export const conditionsOf = (
  conditions: { readonly of: readonly { readonly name: string }[] } | undefined,
): Pick<Data, "conditions"> => (conditions ? { conditions: conditions.of.map(({ name }) => name) } : {});

/** Generations, with the coders of those whose prompt asked for more than the title. */
async function generationsOf(study: Study): Promise<Pick<StudyFacts, "generations" | "coders">> {
  const generations = await readGenerations(study);
  const asked = generations.filter(({ control, text }) => control !== undefined && text !== "");
  if (asked.length === 0) return { generations };
  return { generations, coders: await codersOf(study, "study", asked, await readCodebook(study)) };
}

/** Looks up the facts of a task. Throws StudyError if the task is unknown. */
export type TaskLookup = (task: string) => TaskProperties;

const taskOfStudy: TaskLookup = (task) => requireTask("forms or judgments/judgments.csv", task);

/**
 * The answers and forms, joined with who wrote each stimulus and what each task asks. Throws StudyError if two tasks
 * ask the same question of origin.
 */
export function answersOnForms(
  judgments: readonly Judgment[],
  forms: readonly Form[],
  shown: StimulusLookup,
  factsOf: TaskLookup = taskOfStudy,
): Omit<Data, "settings" | "measures" | "study" | "conditions"> {
  const questions = forms.flatMap((form) => form.questions);
  const names = new Set([...questions, ...judgments].map(({ task }) => task));
  checkOneVerdict("judgments/judgments.csv", [...names], factsOf);
  const aboutStories = new Set(
    [...questions, ...judgments].filter(({ stimuli }) => stimuli.length > 0).map(({ task }) => task),
  );
  const kinds = new Map([...names].map((name) => [name, kindOf(factsOf(name), aboutStories.has(name))]));
  const optionalTasks = new Set([...names].filter((name) => factsOf(name).optional));
  const kindAsked = ({ task }: { readonly task: string }) => kinds.get(task);
  return {
    ...answersOf(judgments, shown, kindAsked),
    questionKinds: new Set([...kinds.values()].filter((kind) => kind !== undefined)),
    ...(optionalTasks.size > 0 && { optionalTasks }),
    forms: forms.map((form) => formFacts(form, shown, kindAsked)),
    checks: checksIn(judgments, factsOf),
    leftOut: {},
    simulated: judgments.some(({ simulated }) => simulated),
  };
}

/** The declared settings, with the survey's quota as the default planned end. */
async function settingsOf(study: Study): Promise<Data["settings"]> {
  const readers = plannedEnd(study.config);
  const analyse = await declaredAnalysis(study);
  return readers === undefined ? analyse : { ...analyse, stop: { ...analyse.stop, readers } };
}

/** Adds demographic labels to choices if the settings cluster by them. */
export function withClusterLabels<Judged extends Pick<Data, "choices">>(
  judged: Judged,
  people: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  settings: Data["settings"],
): Judged {
  const names = methodOf(settings).clusters.filter((name) => !storyClusters.has(name));
  if (names.length === 0) return judged;
  const choices = judged.choices.map((choice) => {
    const answers = people.get(choice.participant) ?? {};
    return {
      ...choice,
      labels: Object.fromEntries(names.map((name) => [name, String(answers[name] ?? "")])),
    };
  });
  return { ...judged, choices };
}

/** The demographics of each participant. */
function demographicsOf(judgments: readonly Judgment[]): Map<string, Record<string, unknown>> {
  const answers = new Map<string, Record<string, unknown>>();
  for (const { participant, task, response } of judgments) {
    if (taskOfStudy(task).kind === "about")
      answers.set(participant, { ...answers.get(participant), ...response });
  }
  return answers;
}

/** Attention checks; the task itself decides which answer passes. */
const checksIn = (judgments: readonly Judgment[], factsOf: TaskLookup): Data["checks"] =>
  judgments
    .filter(({ task }) => factsOf(task).kind === "check")
    .map(({ participant, task, response }) => ({
      participant,
      passed: response.answer === factsOf(task).rightAnswer,
    }));

/** Looks up a stimulus. Throws StudyError with `where` it was shown if it is unknown. */
export type StimulusLookup = (stimulus: string, where: string) => StoryFacts;

type KindLookup = (asked: { readonly task: string }) => QuestionKind | undefined;

/** Sorts answers by kind of question, without those that are not about a story. */
function answersOf(
  judgments: readonly Judgment[],
  shown: StimulusLookup,
  kindAsked: KindLookup,
): Omit<
  Data,
  | "settings"
  | "measures"
  | "study"
  | "conditions"
  | "questionKinds"
  | "forms"
  | "checks"
  | "leftOut"
  | "simulated"
> {
  const choices: Choice[] = [];
  const toldChoices: Choice[] = [];
  const pairs: Pair[] = [];
  const ratings: Rating[] = [];
  const picks: PickedOptions[] = [];
  const preferences: Preference[] = [];
  const texts: StoryText[] = [];
  for (const judgment of judgments) {
    const kind = kindAsked(judgment);
    if (!kind || !isValidAnswer[kind](judgment.response.answer)) continue;
    if (kind === "choices")
      (judgment.told === undefined ? choices : toldChoices).push(choiceOf(judgment, shown));
    if (kind === "pairs") pairs.push(pairOf(judgment, shown));
    if (kind === "ratings") ratings.push(ratingOf(judgment, shown));
    if (kind === "picks") picks.push(pickOf(judgment, shown));
    if (kind === "preferences") preferences.push({ ...pairOf(judgment, shown), task: judgment.task });
    if (kind === "texts") texts.push(storyTextOf(judgment, shown));
  }
  return {
    ...{ choices, pairs, ratings },
    ...(toldChoices.length > 0 && { toldChoices }),
    ...(picks.length > 0 && { picks }),
    ...(preferences.length > 0 && { preferences }),
    ...(texts.length > 0 && { texts }),
  };
}

/** The kind of a task's answers, by which the analyses find them. Undefined for answers not about a story. */
function kindOf({ kind, asksOrigin }: TaskProperties, isAboutStories: boolean): QuestionKind | undefined {
  if (kind === "rating") return "ratings";
  if (kind === "pair") return asksOrigin ? "pairs" : "preferences";
  if (kind === "choice") return asksOrigin ? "choices" : "picks";
  return kind === "text" && isAboutStories ? "texts" : undefined;
}

/** Whether an answer is valid. Tables edited by hand may contain others. */
const isValidAnswer: Readonly<Record<QuestionKind, (answer: string | number) => boolean>> = {
  choices: (answer) => answer === "human" || answer === "machine",
  pairs: (answer) => answer === "left" || answer === "right",
  ratings: (answer) => answer !== "" && Number.isFinite(Number(answer)),
  picks: (answer) => answer !== "",
  preferences: (answer) => answer === "left" || answer === "right" || answer === "tie",
  texts: (answer) => String(answer).trim() !== "",
};

function choiceOf(judgment: Judgment, shown: StimulusLookup): Choice {
  const { answer, confidence, reason } = judgment.response;
  const story = shown(judgment.stimuli[0]!, "judgments/judgments.csv");
  const confidenceValue = Number(confidence);
  return {
    ...answerOf(judgment),
    ...story,
    answer: answer === "human" ? "human" : "machine",
    right: answer === story.origin,
    ...(confidence !== undefined && Number.isFinite(confidenceValue) && { confidence: confidenceValue }),
    reason: typeof reason === "string" ? reason : "",
  };
}

function pairOf(judgment: Judgment, shown: StimulusLookup): Pair {
  const [first, second] = judgment.stimuli.map((id) => shown(id, "judgments/judgments.csv"));
  // `side` is the side of the form's second stimulus; without it the sides are as in the form.
  const [left, right] = judgment.side === "left" ? [second!, first!] : [first!, second!];
  return {
    ...answerOf(judgment),
    stimulus: judgment.stimuli.join(" "),
    humanSide: left.origin === "human" ? "left" : "right",
    chosenSide: String(judgment.response.answer),
    left: writerOf(left),
    right: writerOf(right),
    leftStory: left.stimulus,
    rightStory: right.stimulus,
    title: (left.origin === "human" ? left : right).title,
  };
}

function ratingOf(judgment: Judgment, shown: StimulusLookup): Rating {
  const { answer, emotion } = judgment.response;
  return {
    ...answerOf(judgment),
    ...shown(judgment.stimuli[0]!, "judgments/judgments.csv"),
    task: judgment.task,
    rating: Number(answer),
    ...(typeof emotion === "string" && emotion !== "" && { emotion }),
  };
}

function pickOf(judgment: Judgment, shown: StimulusLookup): PickedOptions {
  return {
    ...answerOf(judgment),
    ...shown(judgment.stimuli[0]!, "judgments/judgments.csv"),
    task: judgment.task,
    chosen: String(judgment.response.answer).split(severalSeparator),
  };
}

const storyTextOf = (judgment: Judgment, shown: StimulusLookup): StoryText => ({
  ...answerOf(judgment),
  task: judgment.task,
  stimulus: judgment.stimuli.join(" "),
  stories: judgment.stimuli.map((id) => shown(id, "judgments/judgments.csv")),
  text: String(judgment.response.answer).trim(),
});

const answerOf = ({ participant, form, order, ms, condition, told }: Judgment) => ({
  participant,
  form,
  order,
  ...(condition !== undefined && { condition }),
  ...(told !== undefined && { told }),
  ...(ms !== undefined && { ms }),
});

const writerOf = ({ origin, model }: StoryFacts): string =>
  origin === "human" ? "human" : model || "machine";

function formFacts({ id, questions }: Form, shown: StimulusLookup, kindAsked: KindLookup): FormFacts {
  const asked = questions.filter(
    (question) => kindAsked(question) === "choices" && question.told === undefined,
  );
  const human = asked.filter(({ stimuli }) => shown(stimuli[0]!, `forms/${id}.json`).origin === "human");
  return {
    id,
    choices: asked.length,
    stories: { human: human.length, machine: asked.length - human.length },
  };
}

function shownOf(
  id: string,
  key: ReadonlyMap<string, Key>,
  stimuli: ReadonlyMap<string, Stimulus>,
  where: string,
): StoryFacts {
  const entry = key.get(id);
  if (!entry) {
    throw new StudyError(`${where}: stimulus ${id} is not in stimuli/key.csv`, {
      hint: "the judgments are from other forms; restore the key of those forms",
    });
  }
  const { origin, model, example } = entry;
  return { stimulus: id, origin, model, example, title: stimuli.get(id)?.title ?? "" };
}

async function registrationOf(study: Study) {
  const frozen = await readRegistration(study);
  return frozen && { frozen, now: await frozenOf(study) };
}

/** The measures of each text from `tinylove describe`, by its id. */
export async function measuredTexts(study: Study): Promise<Data["measures"]> {
  const rows = await readTable(study.path(codesFile));
  return numericColumns(
    rows.map((row) => ({ stimulus: row["id"] ?? "", row })),
    textColumns,
  );
}

/** Columns of its table that are not measures. */
const textColumns: ReadonlySet<string> = new Set(["id", "origin", "model", "story", "title"]);

/** The measures of the full text of each stimulus; none if `tinylove describe` has not run. */
async function measuresOf(study: Study, key: ReadonlyMap<string, Key>): Promise<Data["measures"]> {
  const path = study.path(codesFile);
  if (!(await exists(path))) return new Map();
  const rows = new Map((await readTable(path)).map((row) => [row["id"] ?? "", row]));
  const rowsByStimulus = [...key.values()].flatMap(({ stimulus, story, generation }) => {
    const row = rows.get(generation || story);
    return row ? [{ stimulus, row }] : [];
  });
  return numericColumns(rowsByStimulus, textColumns);
}
