import { createHash } from "node:crypto";
import { basename } from "node:path";
import { z } from "zod";
import { counted } from "../study/print.ts";
import { base32, randomId } from "../survey/ids.ts";
import { openDatabase } from "../survey/store/database.ts";
import { exportAnswers } from "../survey/store/exporting.ts";
import { Store } from "../survey/store/store.ts";
import { readStudyMaterials } from "../survey/study-materials.ts";
import type { PlannedQuestion } from "../survey/survey-plan.ts";
import { asJspsych, byParticipant, type Trial } from "../tables/jspsych.ts";
import { asQualtrics } from "../tables/qualtrics.ts";
import { columnsOf, readRecords } from "../tables/records.ts";
import type { TableRecord } from "../tables/table-record.ts";
import type { Item } from "../tasks/items.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { portableForms } from "./export-forms.ts";
import type { PortableForm, PortableQuestion } from "./format.ts";
import { itemTitle } from "./formats/google-forms.ts";

/** `tinylove import-responses`: answers that were given in another form system, taken into the survey's store. */
export const importResponses = command({
  name: "import-responses",
  summary: "Take in the responses to forms that export-forms made: Google Forms, Qualtrics, jsPsych",
  examples: [
    "tinylove import-responses responses.csv --form form-1 --study my-study",
    "tinylove import-responses qualtrics.csv --study my-study",
    "tinylove import-responses jspsych/*.csv --study my-study",
  ],
  parameters: [["<files...>", "the responses as the system exports them"]],
  flags: [["--form <id>", "for Google Forms: which of the study's forms it is"]],
  options: z.object({ files: z.array(z.string()).min(1), form: z.string().optional() }),
  async run(folder, { files, form: id }, effects) {
    const study = await openStudy(folder);
    const material = await readStudyMaterials(study);
    const forms = portableForms(study, material);
    const form = forms.find((one) => one.id === id);
    if (id !== undefined && !form)
      throw new StudyError(`no form ${id}`, { hint: `try ${forms.map((one) => one.id).join(", ")}` });
    // Everything is read and checked before anything is stored.
    const read: Imported[] = [];
    for (const file of files)
      read.push(responsesIn(await readRecords(file), basename(file), { forms, form, study }));
    const responses = read.flatMap((one) => one.responses);
    const store = new Store(await openDatabase(study, effects.env));
    try {
      await store.facts.keep("material", () => material.hash);
      let taken = 0;
      for (const response of responses) if (await take(store, response, effects)) taken++;
      await exportAnswers(study, store, effects.warn);
      const known = responses.length - taken;
      const partial = responses.filter(({ form, answers }) => answers.length < form.questions.length).length;
      const previews = read.reduce((sum, one) => sum + one.previews, 0);
      effects.log(
        [
          `${taken} responses taken in`,
          ...(known > 0 ? [`${known} were there already`] : []),
          ...(partial > 0 ? [`${partial} without an answer to every question`] : []),
          ...(previews > 0 ? [`${counted(previews, "preview")} left out`] : []),
        ].join(", "),
      );
    } finally {
      await store.close();
    }
  },
});

interface Response {
  /** From what tells the response from others: the same response is the same participant, however often it is imported. */
  readonly participant: string;
  readonly form: PortableForm;
  /** In the order in which the questions were shown, as far as it is known; questions that were left out are not there. */
  readonly answers: readonly Given[];
}

interface Given {
  readonly question: PortableQuestion;
  readonly answer: Record<string, unknown>;
  readonly ms?: number;
  /** Where the second story of a pair was. */
  readonly side?: "left" | "right";
}

interface Imported {
  readonly responses: readonly Response[];
  readonly previews: number;
}

interface Expected {
  readonly forms: readonly PortableForm[];
  /** The form that the command names. */
  readonly form: PortableForm | undefined;
  readonly study: Study;
}

function responsesIn(records: readonly TableRecord[], file: string, expected: Expected): Imported {
  const trials = asJspsych(records);
  if (trials) return { responses: fromJspsych(trials, file, expected), previews: 0 };
  const columns = columnsOf(records);
  const qualtrics = columns.some((column) => ofQualtrics.test(column)) ? asQualtrics(records) : undefined;
  if (qualtrics)
    return { responses: fromQualtrics(qualtrics.records, expected), previews: qualtrics.previews };
  const { form } = expected;
  if (form) return { responses: fromGoogle(records, form, expected.study), previews: 0 };
  throw new StudyError(`${file}: which form is it?`, {
    hint: "name it with --form; an export of Qualtrics has columns such as f1_q1_answer, one of jsPsych has trial_type and trial_index",
  });
}

/** Google gives no name to a response: it is told by its row, and equal rows of one file by their place among each other. */
function fromGoogle(records: readonly TableRecord[], form: PortableForm, study: Study): Response[] {
  const again = counter();
  return records.map(({ where, cells }) => ({
    participant: identity(again, [form.id, cells]),
    form,
    answers: form.questions.flatMap((question, at) => {
      const fields = question.items.map((item) => {
        const title = itemTitle(at + 1, item);
        const column = Object.keys(cells).find((name) => name.trim() === title);
        if (column === undefined) {
          throw new StudyError(`${where}: there is no column "${title}"`, {
            hint: "is it the right form, and have its questions kept their numbers?",
          });
        }
        return [item, cells[column]!] as const;
      });
      return givenTo(question, fields, `${where}: question ${at + 1}`, study);
    }),
  }));
}

const ofQualtrics = /^f(\d+)_q(\d+)_(\w+)$/;

/** Qualtrics names a response; its columns name form, question and field. */
function fromQualtrics(records: readonly TableRecord[], { forms, study }: Expected): Response[] {
  const again = counter();
  return records.flatMap(({ where, cells }) => {
    const filled = Object.entries(cells).filter(
      ([column, cell]) => cell.trim() !== "" && ofQualtrics.test(column),
    );
    const numbers = [...new Set(filled.map(([column]) => Number(ofQualtrics.exec(column)![1])))];
    if (numbers.length === 0) return [];
    const form = forms[numbers[0]! - 1];
    if (numbers.length > 1 || !form) {
      throw new StudyError(
        `${where}: answers to ${numbers.map((number) => `form ${number}`).join(" and ")}`,
        {
          hint: form
            ? "each person gets one form; remove the row"
            : `this study has ${counted(forms.length, "form")}`,
        },
      );
    }
    const id = cells["ResponseId"] ?? "";
    return [
      {
        participant: id ? identityOf(["qualtrics", id]) : identity(again, [form.id, cells]),
        form,
        answers: form.questions.flatMap((question, at) =>
          givenTo(
            question,
            question.items.map((item) => [item, cells[`f${numbers[0]}_q${at + 1}_${item.name}`] ?? ""]),
            `${where}: f${numbers[0]}_q${at + 1}`,
            study,
          ),
        ),
      },
    ];
  });
}

/** Each trial of jsPsych names its form and question; whose it is follows from a column, or from where the trials start over. */
function fromJspsych(trials: readonly Trial[], file: string, { forms, study }: Expected): Response[] {
  const again = counter();
  const named = [
    "participant",
    "subject",
    "subject_id",
    "participant_id",
    "PROLIFIC_PID",
    "workerId",
    "run_id",
  ].find((column) => trials.some(({ cells }) => (cells[column] ?? "") !== ""));
  const people = byParticipant(trials, ({ cells }) => (named === undefined ? undefined : cells[named]));
  const responses = people.flatMap(([name, own]): Response[] => {
    const asked = own.filter(({ cells }) => (cells["question"] ?? "") !== "");
    const [first] = asked;
    if (!first) return [];
    const form = forms.find(({ id }) => id === first.cells["form"]);
    if (!form)
      throw new StudyError(`${first.where}: no form ${first.cells["form"] || "(empty)"} in this study`, {
        hint: `its forms are ${forms.map(({ id }) => id).join(", ")}; is it the right study?`,
      });
    const { rt, time_elapsed, question } = first.cells;
    return [
      {
        participant:
          named === undefined
            ? identity(again, ["jspsych", form.id, question, rt, time_elapsed, first.response])
            : identityOf(["jspsych", form.id, name]),
        form,
        answers: asked.flatMap((trial) => givenInTrial(trial, form, study)),
      },
    ];
  });
  if (responses.length > 0) return responses;
  throw new StudyError(`${file} has no trial of this study's questions`, {
    hint: "export the data of the page that `tinylove export-forms jspsych` wrote, with the column question",
  });
}

function givenInTrial({ where, cells, response }: Trial, form: PortableForm, study: Study): Given[] {
  const question = form.questions.find(({ id }) => id === cells["question"]);
  if (!question)
    throw new StudyError(`${where}: ${form.id} has no question ${cells["question"]}`, {
      hint: "is it the right study, and are its forms as they were exported?",
    });
  const rt = Number(cells["rt"]);
  const { side } = cells;
  return givenTo(
    question,
    question.items.map((item) => [item, response[item.name] ?? ""]),
    where,
    study,
  ).map((given) => ({
    ...given,
    ...(cells["rt"] && Number.isFinite(rt) && { ms: Math.round(rt) }),
    ...((side === "left" || side === "right") && { side }),
  }));
}

/** The answer that the fields make; none where all are empty and the question asks for something. */
function givenTo(
  question: PortableQuestion,
  fields: readonly (readonly [Item, string])[],
  where: string,
  study: Study,
): Given[] {
  const given = fields.flatMap(([item, text]) => {
    const value = fieldValue(item, text.trim(), where);
    return value === "" ? [] : [[item.name, value] as const];
  });
  const task = taskNamed(question.task)!;
  const result = task.response(study.config.survey.demographics).safeParse(Object.fromEntries(given));
  if (result.success) return [{ question, answer: result.data }];
  if (given.length === 0) return [];
  const [issue] = result.error.issues;
  throw new StudyError(`${where}: ${issue!.path.join(".")}: ${issue!.message}`, {
    hint: "correct or remove the row",
  });
}

/** The field's value of what the system wrote: the value itself, the words of a choice, or its number. */
function fieldValue(item: Item, text: string, where: string): string {
  if (text === "" || (item.kind !== "choice" && item.kind !== "scale")) return text;
  if (item.kind === "scale") {
    const level = item.levels.find(
      (one) => one === text || text.startsWith(`${one} (`) || Number(text) === Number(one),
    );
    if (level !== undefined) return level;
    throw noAnswer(where, text, item.ask, item.levels);
  }
  const option =
    item.options.find(([value, label]) => value === text || label === text) ??
    (item.options.every(([value]) => Number.isNaN(Number(value)))
      ? item.options[Number(text) - 1]
      : undefined);
  if (option) return option[0];
  throw noAnswer(
    where,
    text,
    item.ask,
    item.options.map(([, label]) => label),
  );
}

const noAnswer = (where: string, text: string, ask: string, accepted: readonly string[]): StudyError =>
  new StudyError(`${where}: "${text}" is no answer to "${ask}"`, { hint: `try ${accepted.join(", ")}` });

/** How often something was there before. */
function counter(): (content: string) => number {
  const times = new Map<string, number>();
  return (content) => {
    const before = times.get(content) ?? 0;
    times.set(content, before + 1);
    return before;
  };
}

/** Of a response without a name: its content, and where the file holds it several times, which of these it is. */
function identity(again: (content: string) => number, content: readonly unknown[]): string {
  const before = again(JSON.stringify(content));
  return identityOf(before === 0 ? content : [...content, before]);
}

const identityOf = (content: readonly unknown[]): string =>
  base32(createHash("sha256").update(JSON.stringify(content)).digest().subarray(0, 16));

/**
 * Stores a response as a participant who saw the questions in that order; false where all of it was there already. One that
 * was cut off in the middle gets the answers that it lacks.
 */
async function take(store: Store, response: Response, effects: Effects): Promise<boolean> {
  const { participant: id, form, answers } = response;
  const known = await store.byId(id);
  if (known?.completed || known?.withdrawn) return false;
  // One time for all: nobody knows when each was answered.
  const now = effects.now();
  if (!known) await store.admit({ id, secret: randomId(), form: form.id, plan: planOf(response), now });
  const outcomes = await Promise.all(
    answers.map(({ question, answer, ms }) =>
      store.answer({
        participant: id,
        question: question.id,
        key: randomId(),
        response: answer,
        ms,
        now,
        reserve: 0,
        change: false,
      }),
    ),
  );
  const lost = outcomes.filter((outcome) => outcome === "ahead" || outcome === "unknown").length;
  if (lost > 0)
    effects.warn(
      `${counted(lost, "answer")} of a response that was imported before ${lost === 1 ? "is" : "are"} not stored: an earlier question of it is still open`,
    );
  return !known || outcomes.includes("stored");
}

/** What was answered in its order, then what was not. */
function planOf({ form, answers }: Response): PlannedQuestion[] {
  const answered = new Set(answers.map(({ question }) => question));
  const others = form.questions
    .filter((question) => !answered.has(question))
    .map((question): Given => ({ question, answer: {} }));
  return [...answers, ...others].map(({ question: { id, task, stimuli }, side = "right" }) => {
    const ids = stimuli.map((stimulus) => stimulus.id);
    return {
      question: id,
      task,
      stimuli: side === "left" ? ids.reverse() : ids,
      ...(stimuli.length === 2 && { side }),
    };
  });
}
