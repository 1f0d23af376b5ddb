import type { z } from "zod";
import type { Field } from "../study/settings/survey.ts";
import type { Answer } from "../tasks/kinds.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { isSignField } from "./bot-signals.ts";
import type { Plan } from "./survey-plan.ts";
import type { Fields } from "./visit.ts";

/** The response to a task that was posted, or why it is none: something was left `missing`, or is `wrong`. */
export function responseIn(
  fields: Fields,
  name: string,
  demographics: readonly Field[],
): { readonly response: Answer } | { readonly refused: "missing" | "wrong" } {
  const task = taskNamed(name)!;
  const given = answerFields(fields);
  const read = task.response(demographics).safeParse(given);
  if (read.success) return { response: read.data };
  return { refused: isMissing(read.error, given) ? "missing" : "wrong" };
}

/** The place in a plan that an address names; undefined where there is none. */
export function positionIn(plan: Plan, text: string): number | undefined {
  const position = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  return position >= 1 && position <= plan.length ? position : undefined;
}

/** The task's own fields: empty ones were left out, and no store takes a NUL. */
function answerFields({ seal: _, key: __, ms: ___, left: ____, ...fields }: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, typeof value === "string" ? wellFormed(value) : value])
      .filter(([name, value]) => value !== "" && !isSignField(String(name))),
  );
}

/** Text that every store takes: without NUL, half characters replaced. */
const wellFormed = (text: string): string => Buffer.from(text.replaceAll("\0", "")).toString();

/** True where all that is wrong is that something was left out. */
const isMissing = (error: z.ZodError, given: Fields): boolean =>
  error.issues.every(({ path }) => given[String(path[0])] === undefined);
