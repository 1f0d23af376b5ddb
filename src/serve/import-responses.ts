import { createHash } from "node:crypto";
import { z } from "zod";
import type { Item } from "../tasks/items.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { type Row, readTable } from "../workbench/tables.ts";
import { openDatabase } from "./database.ts";
import { portableForms } from "./export-forms.ts";
import { exportAnswers } from "./exporting.ts";
import type { PortableForm, PortableQuestion } from "./formats/format.ts";
import { itemTitle } from "./formats/google-forms.ts";
import { base32, randomId } from "./ids.ts";
import { readMaterial } from "./material.ts";
import { Store } from "./store.ts";

/** `tinylove import-responses`: answers that were given in Google Forms, taken into the survey's store. */
export const importResponses = command({
  name: "import-responses",
  summary: "Take in the responses of a Google form that export-forms made",
  examples: ["tinylove import-responses responses.csv --form form-1 --study my-study"],
  parameters: [["<file>", "the CSV of the form's responses"]],
  flags: [["--form <id>", "which of the study's forms it is"]],
  options: z.object({ file: z.string(), form: z.string({ error: "which form is it? name it with --form" }) }),
  async run(folder, { file, form: id }, effects) {
    const study = await openStudy(folder);
    const material = await readMaterial(study);
    const forms = portableForms(study, material);
    const form = forms.find((one) => one.id === id);
    if (!form)
      throw new StudyError(`no form ${id}`, { hint: `try ${forms.map((one) => one.id).join(", ")}` });
    // Everything is read and checked before anything is stored.
    const responses = (await readTable(file)).map((row, at) =>
      responseOf(row, form, study, `${file}, row ${at + 1}`),
    );
    const store = new Store(await openDatabase(study, effects.env));
    try {
      await store.facts.keep("material", () => material.hash);
      let taken = 0;
      for (const response of responses) if (await take(store, form, response, effects)) taken++;
      await exportAnswers(study, store, effects.warn);
      const known = responses.length - taken;
      effects.log(`${taken} responses taken in${known > 0 ? `, ${known} were there already` : ""}`);
    } finally {
      await store.close();
    }
  },
});

interface Response {
  /** From the row's whole content: the same row is the same participant, however often it is imported. */
  readonly participant: string;
  readonly answers: readonly (readonly [question: string, answer: Record<string, unknown>])[];
}

function responseOf(row: Row, form: PortableForm, study: Study, where: string): Response {
  const content = createHash("sha256")
    .update(JSON.stringify([form.id, row]))
    .digest();
  return {
    participant: base32(content.subarray(0, 16)),
    answers: form.questions.map(
      (question, at) => [question.id, answerOf(row, question, at + 1, study, where)] as const,
    ),
  };
}

function answerOf(row: Row, question: PortableQuestion, position: number, study: Study, where: string) {
  const given = question.items.flatMap((item) => {
    const title = itemTitle(position, item);
    const column = Object.keys(row).find((name) => name.trim() === title);
    if (column === undefined) {
      throw new StudyError(`${where}: there is no column "${title}"`, {
        hint: "is it the right form, and have its questions kept their numbers?",
      });
    }
    const value = fieldValue(item, row[column]!.trim(), where);
    return value === "" ? [] : [[item.name, value] as const];
  });
  const task = taskNamed(question.task)!;
  const schema = task.responseTo?.(study.config.survey.demographics) ?? task.response;
  const result = schema.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new StudyError(`${where}: question ${position}: ${issue!.path.join(".")}: ${issue!.message}`, {
    hint: "mend or remove the row",
  });
}

/** The field's value of what Google wrote: the words of a choice, the number of a scale. */
function fieldValue(item: Item, text: string, where: string): string {
  if (item.kind !== "choice" || text === "") return text;
  const option = item.options.find(([, label]) => label === text);
  if (option) return option[0];
  throw new StudyError(`${where}: "${text}" is no answer to "${item.ask}"`, {
    hint: `try ${item.options.map(([, label]) => label).join(", ")}`,
  });
}

/**
 * Stores a response as a participant who saw the form in its own order; false where it was there already. One that was cut
 * off in the middle gets the answers that it lacks.
 */
async function take(
  store: Store,
  form: PortableForm,
  response: Response,
  effects: Effects,
): Promise<boolean> {
  const known = await store.byId(response.participant);
  if (known?.completed || known?.withdrawn) return false;
  const plan = form.questions.map(({ id, task, stimuli }) => ({
    question: id,
    task,
    stimuli: stimuli.map((stimulus) => stimulus.id),
    ...(stimuli.length === 2 && { side: "right" as const }),
  }));
  // One time for all: nobody knows when each was answered.
  const now = effects.now();
  const { participant: id } = response;
  if (!known) await store.admit({ id, secret: randomId(), form: form.id, plan, now });
  await Promise.all(
    response.answers.map(([question, answer]) =>
      store.answer({
        participant: id,
        question,
        key: randomId(),
        response: answer,
        ms: undefined,
        now,
        reserve: 0,
        change: false,
      }),
    ),
  );
  return true;
}
