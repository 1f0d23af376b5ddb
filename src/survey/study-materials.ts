import type { Form } from "../study/form.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { checkAboutPage } from "../tasks/asked.ts";
import { taskAt } from "../tasks/tasks.ts";
import { sha256 } from "../text/hash.ts";
import { readForms, readStimuli } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";

/** What the survey asks: the forms, and the texts they show. It holds no origin. */
export interface StudyMaterials {
  readonly forms: ReadonlyMap<string, Form>;
  readonly stimuli: ReadonlyMap<string, Stimulus>;
  /** Changes with any form or text. */
  readonly hash: string;
}

/** Reads forms and stimuli; throws StudyError when a form asks what is not there. */
export async function readStudyMaterials(study: Study): Promise<StudyMaterials> {
  const [forms, stimuli] = [await readForms(study), await readStimuli(study)];
  if (forms.length === 0)
    throw new StudyError("there are no forms yet", { hint: "run `tinylove compose` first" });
  const byId = new Map(stimuli.map((stimulus) => [stimulus.id, stimulus]));
  for (const form of forms) {
    checkForm(form, byId);
    // The fields are in the settings, which may have changed since the forms were made.
    for (const { task } of form.questions) checkAboutPage(`form ${form.id}`, task, study.config.survey);
  }
  return {
    forms: new Map(forms.map((form) => [form.id, form])),
    stimuli: byId,
    hash: sha256(JSON.stringify([forms, stimuli])),
  };
}

function checkForm(form: Form, stimuli: ReadonlyMap<string, Stimulus>): void {
  for (const question of form.questions) {
    const task = taskAt(`form ${form.id}`, question.task);
    if (task.stimuli !== question.stimuli.length) {
      throw new StudyError(
        `form ${form.id}: ${task.name} shows ${task.stimuli} texts, question ${question.id} names ${question.stimuli.length}`,
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
