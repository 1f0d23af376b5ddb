import { basename } from "node:path";
import { z } from "zod";
import { counted } from "../study/print.ts";
import { randomId } from "../survey/ids.ts";
import { openDatabase } from "../survey/store/database.ts";
import { exportAnswers } from "../survey/store/export-answers.ts";
import { Store } from "../survey/store/store.ts";
import { readStudyMaterials } from "../survey/study-materials.ts";
import type { PlannedQuestion } from "../survey/survey-plan.ts";
import { readRecords } from "../tables/records.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { command } from "../workbench/stage.ts";
import { openStudy } from "../workbench/study.ts";
import { portableForms } from "./export-forms.ts";
import { formats } from "./formats.ts";
import type { GivenAnswer, ImportedFile, ImportedResponse, ImportRequest } from "./responses.ts";

/** `tinylove import-responses`: stores answers that were given in another form system. */
export const importResponses = command({
  name: "import-responses",
  examples: [
    "tinylove import-responses responses.csv --form form-1 --study my-study",
    "tinylove import-responses qualtrics.csv --study my-study",
    "tinylove import-responses jspsych/*.csv --study my-study",
  ],
  parameters: [["<files...>", "the responses as the system exports them"]],
  flags: [["--form <id>", "for Google Forms: the form of the study that was answered"]],
  options: z.object({ files: z.array(z.string()).min(1), form: z.string().optional() }),
  async run(folder, { files, form: id }, effects) {
    const study = await openStudy(folder);
    const materials = await readStudyMaterials(study);
    const forms = portableForms(study, materials);
    const form = forms.find((one) => one.id === id);
    if (id !== undefined && !form)
      throw new StudyError(`no form ${id}`, { hint: `try ${forms.map((one) => one.id).join(", ")}` });
    // All files are read and checked before anything is stored.
    const read: ImportedFile[] = [];
    for (const file of files)
      read.push(responsesIn({ records: await readRecords(file), file: basename(file), forms, form, study }));
    const responses = read.flatMap((one) => one.responses);
    const store = new Store(await openDatabase(study, effects.env));
    try {
      await store.metadata.getOrCreate("material", () => materials.hash);
      let imported = 0;
      for (const response of responses) if (await storeResponse(store, response, effects)) imported++;
      await exportAnswers(study, store, effects.warn);
      const known = responses.length - imported;
      const partial = responses.filter(({ form, answers }) => answers.length < form.questions.length).length;
      const previews = read.reduce((sum, one) => sum + one.previews, 0);
      effects.log(
        [
          `${counted(imported, "response")} imported`,
          ...(known > 0 ? [`${known} imported before`] : []),
          ...(partial > 0 ? [`${partial} without an answer to every question`] : []),
          ...(previews > 0 ? [`${counted(previews, "preview")} left out`] : []),
        ].join(", "),
      );
    } finally {
      await store.close();
    }
  },
});

function responsesIn(request: ImportRequest): ImportedFile {
  for (const format of formats) {
    const read = format.importResponses(request);
    if (read) return read;
  }
  throw new StudyError(`${request.file}: unknown kind of table`, {
    hint: formats.map(({ recognisedBy }) => recognisedBy).join("; "),
  });
}

/**
 * Stores a response as a participant who saw the questions in its order; a partial response that was imported before gets
 * its missing answers. False if everything was there already.
 */
async function storeResponse(store: Store, response: ImportedResponse, effects: Effects): Promise<boolean> {
  const { participant: id, form, answers } = response;
  const known = await store.byId(id);
  if (known?.completed || known?.withdrawn) return false;
  // The same time for all answers, because the times of answering are not known.
  const now = effects.now();
  if (!known) await store.addImported({ id, secret: randomId(), form: form.id, plan: planOf(response), now });
  const outcomes = await Promise.all(
    answers.map(({ question, answer, ms }) =>
      store.submitAnswer({
        participant: id,
        question: question.id,
        key: randomId(),
        response: answer,
        ms,
        now,
        reserve: 0,
        mayChange: false,
      }),
    ),
  );
  const lost = outcomes.filter((outcome) => outcome === "ahead" || outcome === "unknown").length;
  if (lost > 0)
    effects.warn(
      `${counted(lost, "answer")} of a response that was imported before ${lost === 1 ? "is" : "are"} not stored: an earlier question has no answer yet`,
    );
  return !known || outcomes.includes("stored");
}

/** The answered questions in their order, then the others. */
function planOf({ form, answers }: ImportedResponse): PlannedQuestion[] {
  const answered = new Set(answers.map(({ question }) => question));
  const others = form.questions
    .filter((question) => !answered.has(question))
    .map((question): GivenAnswer => ({ question, answer: {} }));
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
