import type { Form } from "../study/form.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { checkPageNotEmpty } from "../tasks/task-settings.ts";
import { requireTask } from "../tasks/tasks.ts";
import { sha256 } from "../text/hash.ts";
import { readForms, readStimuli } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { phrasesOf } from "./languages.ts";

/** The forms and the texts that they show, without origins. */
export interface StudyMaterials {
  readonly forms: ReadonlyMap<string, Form>;
  readonly stimuli: ReadonlyMap<string, Stimulus>;
  /** Whether the endings of the texts are cut off (`compose.clip`). */
  readonly cut: boolean;
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
    if (form.deceives && study.config.survey.debrief.trim() === "") {
      throw new StudyError(`form ${form.id} says something untrue about some stories`, {
        hint: "tell participants afterwards: write survey.debrief",
      });
    }
    // The fields are in the settings, which may have changed since the forms were made.
    for (const { task } of form.questions) checkPageNotEmpty(`form ${form.id}`, task, study.config.survey);
  }
  checkPhrases(
    study.config.survey.language,
    forms.flatMap(({ questions }) => questions.map(({ task }) => task)),
  );
  return {
    forms: new Map(forms.map((form) => [form.id, form])),
    stimuli: byId,
    cut: stimuli.some(({ cut }) => cut > 0),
    hash: sha256(JSON.stringify([forms, stimuli])),
  };
}

/** Throws StudyError if there is no such language or a task has no phrases in it. */
export function checkPhrases(language: string, tasks: Iterable<string>): void {
  phrasesOf(language);
  for (const name of new Set(tasks)) requireTask("compose.tasks", name).checkLanguage(language);
}

function checkForm(form: Form, stimuli: ReadonlyMap<string, Stimulus>): void {
  for (const question of form.questions) {
    const task = requireTask(`form ${form.id}`, question.task);
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
