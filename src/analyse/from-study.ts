import { readCodebook } from "../coding/codebook.ts";
import { codersOf } from "../coding/codings.ts";
import { declaredAnalysis, frozenOf, readRegistration } from "../registration/registration.ts";
import type { Form } from "../study/form.ts";
import type { Judgment } from "../study/judgment.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { methodOf } from "../study/settings/analyse.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import { readTable } from "../tables/tables.ts";
import { taskNamed } from "../tasks/tasks.ts";
import {
  codesFile,
  corpusSummaryFile,
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
import type { Choice, Data, FormFacts, Kind, Pair, Rating, Shown, StudyFacts } from "./data.ts";
import { numericColumns } from "./from-table.ts";

/** The data of a study's folder. Judgments may be missing, forms may not. */
export async function dataOfStudy(study: Study): Promise<Data> {
  const key = await readKey(study);
  const forms = await readForms(study);
  const stimuli = new Map((await readStimuli(study)).map((stimulus) => [stimulus.id, stimulus]));
  const shown = (id: string, where: string) => shownOf(id, key, stimuli, where);
  const judgments = await readJudgments(study);
  const settings = await settingsOf(study);
  return {
    settings,
    ...labelled(judgedOn(judgments, forms, shown), peopleIn(judgments), settings),
    measures: await measuresOf(study, key),
    study: {
      title: study.config.title,
      registration: await registrationOf(study),
      corpus: (await exists(study.path(corpusSummaryFile))) ? await readCorpusSummary(study) : undefined,
      clip: await readClipSummary(study),
      ...(await generationsOf(study)),
      stimuli: [...stimuli.values()].map((stimulus) => ({
        ...stimulus,
        ...shown(stimulus.id, "stimuli/stimuli.jsonl"),
      })),
      behind: new Map([...key.values()].map(({ stimulus, generation }) => [stimulus, generation])),
    },
  };
}

/** Generations, with the coders of those whose prompt asked for more than the title. */
async function generationsOf(study: Study): Promise<Pick<StudyFacts, "generations" | "coders">> {
  const generations = await readGenerations(study);
  const asked = generations.filter(({ control, text }) => control !== undefined && text !== "");
  if (asked.length === 0) return { generations };
  return { generations, coders: await codersOf(study, "study", asked, await readCodebook(study)) };
}

/** Judgments and forms with the origins of their stories. */
export const judgedOn = (
  judgments: readonly Judgment[],
  forms: readonly Form[],
  shown: StimulusLookup,
): Omit<Data, "settings" | "measures" | "study"> => ({
  ...answersOf(judgments, shown),
  asks: new Set([
    ...forms.flatMap(({ questions }) => questions.flatMap((question) => kindAsked(question) ?? [])),
    ...judgments.flatMap((judgment) => kindOf(judgment) ?? []),
  ]),
  forms: forms.map((form) => formFacts(form, shown)),
  checks: checksIn(judgments),
  leftOut: {},
  simulated: judgments.some(({ simulated }) => simulated),
});

/** The declared settings, with the survey's quota as the default planned end. */
async function settingsOf(study: Study): Promise<Data["settings"]> {
  const readers = plannedEnd(study.config);
  const analyse = await declaredAnalysis(study);
  return readers === undefined ? analyse : { ...analyse, stop: { ...analyse.stop, readers } };
}

/** Adds demographic labels to choices if the settings cluster by them. */
export function labelled<Judged extends Pick<Data, "choices">>(
  judged: Judged,
  people: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  settings: Data["settings"],
): Judged {
  const names = methodOf(settings).clusters.filter((name) => !ofStories.has(name));
  if (names.length === 0) return judged;
  const choices = judged.choices.map((choice) => {
    const said = people.get(choice.participant) ?? {};
    return { ...choice, labels: Object.fromEntries(names.map((name) => [name, String(said[name] ?? "")])) };
  });
  return { ...judged, choices };
}

/** The demographics of each participant. */
const peopleIn = (judgments: readonly Judgment[]) =>
  new Map(
    judgments
      .filter(({ task }) => task === "demographics")
      .map(({ participant, response }) => [participant, response]),
  );

/** Clusters that need no demographic question. */
export const ofStories: ReadonlySet<string> = new Set(["title", "form"]);

/** Attention checks; the task itself decides which answer passes. */
const checksIn = (judgments: readonly Judgment[]): Data["checks"] =>
  judgments
    .filter(({ task }) => task === "attention-check")
    .map(({ participant, task, response }) => ({
      participant,
      passed: taskNamed(task)?.score(response, []) === 1,
    }));

/** Looks up a stimulus. Throws StudyError with `where` it was shown if it is unknown. */
export type StimulusLookup = (stimulus: string, where: string) => Shown;

/** Sorts answers by kind of question, without those that are not about a story. */
function answersOf(
  judgments: readonly Judgment[],
  shown: StimulusLookup,
): Pick<Data, "choices" | "pairs" | "ratings"> {
  const choices: Choice[] = [];
  const pairs: Pair[] = [];
  const ratings: Rating[] = [];
  for (const judgment of judgments) {
    const kind = kindOf(judgment);
    if (kind === "choices") choices.push(choiceOf(judgment, shown));
    if (kind === "pairs") pairs.push(pairOf(judgment, shown));
    if (kind === "ratings") ratings.push(ratingOf(judgment, shown));
  }
  return { choices, pairs, ratings };
}

/** An answer says by its own shape what was asked, so that a new task of a known kind needs no line here. */
function kindOf({ task, stimuli, response: { answer } }: Judgment): Kind | undefined {
  if (task === "free-text") return undefined;
  if (stimuli.length === 1 && (answer === "human" || answer === "machine")) return "choices";
  if (stimuli.length === 2 && (answer === "left" || answer === "right")) return "pairs";
  if (stimuli.length === 1 && answer !== "" && Number.isFinite(Number(answer))) return "ratings";
  return undefined;
}

/** What an unanswered question will give: two stories are a pair; of one story the task's name tells. */
function kindAsked({ task, stimuli }: Form["questions"][number]): Kind | undefined {
  if (stimuli.length === 2) return "pairs";
  if (stimuli.length === 0 || task === "free-text") return undefined;
  return task === "human-or-machine" ? "choices" : "ratings";
}

function choiceOf(judgment: Judgment, shown: StimulusLookup): Choice {
  const { answer, confidence, reason } = judgment.response;
  const story = shown(judgment.stimuli[0]!, "judgments/judgments.csv");
  const sure = Number(confidence);
  return {
    ...answerOf(judgment),
    ...story,
    answer: answer === "human" ? "human" : "machine",
    right: answer === story.origin,
    ...(confidence !== undefined && Number.isFinite(sure) && { confidence: sure }),
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
    chosenSide: judgment.response.answer === "left" ? "left" : "right",
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

const answerOf = ({ participant, form, order, ms }: Judgment) => ({
  participant,
  form,
  order,
  ...(ms !== undefined && { ms }),
});

const writerOf = ({ origin, model }: Shown): string => (origin === "human" ? "human" : model || "machine");

function formFacts({ id, questions }: Form, shown: StimulusLookup): FormFacts {
  const asked = questions.filter((question) => kindAsked(question) === "choices");
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
): Shown {
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
    aboutTexts,
  );
}

/** Columns of its table that are not measures. */
const aboutTexts: ReadonlySet<string> = new Set(["id", "origin", "model", "story", "title"]);

/** The measures of the full text of each stimulus; none if `tinylove describe` has not run. */
async function measuresOf(study: Study, key: ReadonlyMap<string, Key>): Promise<Data["measures"]> {
  const path = study.path(codesFile);
  if (!(await exists(path))) return new Map();
  const rows = new Map((await readTable(path)).map((row) => [row["id"] ?? "", row]));
  const behind = [...key.values()].flatMap(({ stimulus, story, generation }) => {
    const row = rows.get(generation || story);
    return row ? [{ stimulus, row }] : [];
  });
  return numericColumns(behind, aboutTexts);
}
