import { StudyError } from "../workbench/errors.ts";
import { attentionCheck } from "./attention-check.ts";
import { demographics } from "./demographics.ts";
import { fitsItsTitle } from "./fits-its-title.ts";
import { freeText } from "./free-text.ts";
import { howItFelt } from "./how-it-felt.ts";
import { humanOrMachine } from "./human-or-machine.ts";
import type { TaskKind } from "./kinds.ts";
import type { Task } from "./task.ts";
import { whichIsHuman } from "./which-is-human.ts";

const known: Task[] = [
  humanOrMachine,
  whichIsHuman,
  howItFelt,
  fitsItsTitle,
  attentionCheck,
  freeText,
  demographics,
];

/** Every task that a form may ask; `addTask` makes it longer. */
export const tasks: readonly Task[] = known;

/**
 * Lets forms ask a further task, until the function that it returns is called. The same task twice is one. Throws
 * StudyError for another task of a name that is there.
 */
export function addTask(task: Task): () => void {
  const there = taskNamed(task.name);
  if (there && there !== task) {
    throw new StudyError(`there are two tasks called ${task.name}`, {
      hint: "give one of them another name",
    });
  }
  if (there) return () => {};
  known.push(task);
  return () => {
    const at = known.indexOf(task);
    if (at >= 0) known.splice(at, 1);
  };
}

/** The task of that name; undefined when there is none. */
export const taskNamed = (name: string): Task | undefined => tasks.find((task) => task.name === name);

/** The task of that name. Throws StudyError, saying `where` it is named, when there is none. */
export function taskAt(where: string, name: string): Task {
  const task = taskNamed(name);
  if (task) return task;
  throw new StudyError(`${where}: unknown task ${name}`, {
    hint: `try ${tasks.map((one) => one.name).join(", ")}`,
  });
}

/** The names of the tasks of a kind, for messages: those that ask about origin, where that is asked for. */
export const taskNames = (kind: TaskKind, { asksOrigin }: { readonly asksOrigin?: boolean } = {}): string =>
  tasks
    .filter((task) => task.kind === kind && (asksOrigin === undefined || task.asksOrigin === asksOrigin))
    .map(({ name }) => name)
    .join(" or ");
