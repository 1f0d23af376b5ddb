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

const registered: Task[] = [
  humanOrMachine,
  whichIsHuman,
  howItFelt,
  fitsItsTitle,
  attentionCheck,
  freeText,
  demographics,
];

/** All tasks that a form may use; `addTask` adds one. */
export const tasks: readonly Task[] = registered;

/**
 * Adds a task, until the returned function is called. Adding the same task again has no effect. Throws StudyError if
 * another task has this name.
 */
export function addTask(task: Task): () => void {
  const existing = taskNamed(task.name);
  if (existing && existing !== task) {
    throw new StudyError(`there are two tasks called ${task.name}`, {
      hint: "give one of them another name",
    });
  }
  if (existing) return () => {};
  registered.push(task);
  return () => {
    const at = registered.indexOf(task);
    if (at >= 0) registered.splice(at, 1);
  };
}

/** The task with this name; undefined if there is none. */
export const taskNamed = (name: string): Task | undefined => tasks.find((task) => task.name === name);

/** The task with this name. Throws StudyError if there is none; the message begins with `where` the name was found. */
export function requireTask(where: string, name: string): Task {
  const task = taskNamed(name);
  if (task) return task;
  throw new StudyError(`${where}: unknown task ${name}`, {
    hint: `try ${tasks.map((one) => one.name).join(", ")}`,
  });
}

/** The names of the tasks of a kind, for messages; with `asksOrigin`, only those that ask about origin or do not. */
export const taskNames = (kind: TaskKind, { asksOrigin }: { readonly asksOrigin?: boolean } = {}): string =>
  tasks
    .filter((task) => task.kind === kind && (asksOrigin === undefined || task.asksOrigin === asksOrigin))
    .map(({ name }) => name)
    .join(" or ");
