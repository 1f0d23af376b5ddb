import { attentionCheck } from "./attention-check.ts";
import { demographics } from "./demographics.ts";
import { fitsItsTitle } from "./fits-its-title.ts";
import { freeText } from "./free-text.ts";
import { howItFelt } from "./how-it-felt.ts";
import { humanOrMachine } from "./human-or-machine.ts";
import type { Task } from "./task.ts";
import { whichIsHuman } from "./which-is-human.ts";

/** Every task that a form may ask. */
// biome-ignore lint/suspicious/noExplicitAny: each task checks its own response before anything else sees it.
export const tasks: readonly Task<any>[] = [
  humanOrMachine,
  whichIsHuman,
  howItFelt,
  fitsItsTitle,
  attentionCheck,
  freeText,
  demographics,
];

/** The task of that name; undefined when there is none. */
export const taskNamed = (name: string) => tasks.find((task) => task.name === name);
