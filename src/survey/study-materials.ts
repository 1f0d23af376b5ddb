import type { Form } from "../study/form.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { taskNamed, tasks } from "../tasks/tasks.ts";
import { sha256 } from "../text/hash.ts";
import { readForms, readStimuli } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";

/** The forms and the texts that they show, without origins. */
export interface StudyMaterials {
  readonly forms: ReadonlyMap<string, Form>;
  readonly stimuli: ReadonlyMap<string, Stimulus>;
  /** Changes with any form or text. */
  readonly hash: string;
}

/** Reads forms and stimuli. Throws StudyError for an unknown task, a missing text or an empty page. */
export async function readStudyMaterials(study: Study): Promise<StudyMaterials> {
  const [forms, stimuli] = [await readForms(study), await readStimuli(study)];
  if (forms.length === 0)
    throw new StudyError("there are no forms yet", { hint: "run `tinylove compose` first" });
  const byId = new Map(stimuli.map((stimulus) => [stimulus.id, stimulus]));
  for (const form of forms) {
    checkForm(form, byId);
    checkDemographics(form, study);
  }
  return {
    forms: new Map(forms.map((form) => [form.id, form])),
    stimuli: byId,
    hash: sha256(JSON.stringify([forms, stimuli])),
  };
}

function checkForm(form: Form, stimuli: ReadonlyMap<string, Stimulus>): void {
  for (const question of form.questions) {
    const task = taskNamed(question.task);
    if (!task) {
      throw new StudyError(`form ${form.id}: unknown task ${question.task}`, {
        hint: `try ${tasks.map(({ name }) => name).join(", ")}`,
      });
    }
    if (task.stimuli !== question.stimuli.length) {
      throw new StudyError(
        `form ${form.id}: task ${task.name} shows ${task.stimuli} texts, but question ${question.id} has ${question.stimuli.length}`,
        { hint: "run `tinylove compose` again" },
      );
    }
    const missing = question.stimuli.find((id) => !stimuli.has(id));
    if (missing) {
      throw new StudyError(`form ${form.id}: there is no stimulus ${missing}`, {
        hint: "run `tinylove compose` again",
      });
    }
  }
}

/** The demographic fields are settings, which may have changed since the forms were made. */
function checkDemographics({ id, questions }: Form, { config }: Study): void {
  if (config.survey.demographics.length > 0 || !questions.some(({ task }) => task === "demographics")) return;
  throw new StudyError(`form ${id} asks for demographics, but survey.demographics is empty`, {
    hint: "list the questions (name, ask) in survey.demographics, or remove the task from compose.tasks",
  });
}
