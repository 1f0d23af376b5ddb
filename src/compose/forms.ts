import type { Form, Question } from "../study/form.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { taskNamed, tasks } from "../tasks/tasks.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import type { Place } from "./layout.ts";
import { randomId, stimulusId } from "./stimuli.ts";

/** The forms, `form-1` onwards; these names stay on the server. Questions stand in random order even here. */
export function formsOf(places: readonly Place[], settings: ComposeSettings, study: Study): Form[] {
  return Array.from({ length: settings.forms }, (_, at) => {
    const id = `form-${at + 1}`;
    const own = places.filter(({ form }) => form === at);
    const random = study.random("form", id);
    const asked = settings.tasks.flatMap(({ task, count }) => {
      const sets = stimulusSets(task, own, study, (items) => random.shuffle(items));
      return (count === "all" ? sets : sets.slice(0, count)).map((stimuli) => ({ task, stimuli }));
    });
    const questions: Question[] = asked.map(({ task, stimuli }) => ({
      id: randomId(study.random("question", id, task, ...stimuli)),
      task,
      stimuli,
    }));
    return { id, questions };
  });
}

/** What each question of a task shows: every story for itself, pairs of a human and a machine story, or nothing. */
function stimulusSets(
  task: string,
  places: readonly Place[],
  study: Study,
  shuffle: <T>(items: readonly T[]) => T[],
): string[][] {
  const shows = taskNamed(task)?.stimuli;
  if (shows === undefined) {
    throw new StudyError(`compose.tasks: unknown task ${task}`, {
      hint: `try ${tasks.map(({ name }) => name).join(", ")}`,
    });
  }
  const idsOf = (origin: string) =>
    shuffle(
      places
        .filter(({ version }) => version.origin === origin)
        .map(({ version }) => stimulusId(version, study)),
    );
  const [human, machine] = [idsOf("human"), idsOf("machine")];
  if (shows === 0) return [[]];
  if (shows === 1) return shuffle([...human, ...machine]).map((id) => [id]);
  return human.slice(0, machine.length).map((id, at) => shuffle([id, machine[at]!]));
}
