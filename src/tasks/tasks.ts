import { humanOrMachine } from "./human-or-machine.ts";
import type { Task } from "./task.ts";

/** Every task that a form may ask. */
// biome-ignore lint/suspicious/noExplicitAny: each task checks its own response before anything else sees it.
export const tasks: readonly Task<any>[] = [humanOrMachine];

/** The task of that name; undefined when there is none. */
export const taskNamed = (name: string) => tasks.find((task) => task.name === name);
