import type { z } from "zod";
import type { Field } from "../study/settings/survey.ts";
import type { Answer } from "../tasks/kinds.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { isBotSignalField } from "./bot-signals.ts";
import type { Fields } from "./browser-session.ts";
import type { Plan } from "./survey-plan.ts";

/** The posted response to a task, or why it is refused: something is `missing` or `wrong`. */
export function parseResponse(
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

/** The position in a plan, from 1, that an address names; undefined if the plan has no such position. */
export function parsePosition(plan: Plan, text: string): number | undefined {
  const position = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  return position >= 1 && position <= plan.length ? position : undefined;
}

/** The fields of the answer itself, without empty ones and without NUL, which PostgreSQL refuses. */
function answerFields({ seal: _, key: __, ms: ___, left: ____, ...fields }: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, typeof value === "string" ? wellFormed(value) : value])
      .filter(([name, value]) => value !== "" && !isBotSignalField(String(name))),
  );
}

/** Text that every store accepts: without NUL, with lone surrogates replaced. */
const wellFormed = (text: string): string => Buffer.from(text.replaceAll("\0", "")).toString();

/** True if the only errors are missing fields. */
const isMissing = (error: z.ZodError, given: Fields): boolean =>
  error.issues.every(({ path }) => given[String(path[0])] === undefined);
