import type { z } from "zod";
import type { Field } from "../study/settings/survey.ts";
import type { Item } from "../tasks/items.ts";
import type { Answer } from "../tasks/kinds.ts";
import { tooShortIn } from "../tasks/response.ts";
import type { Task } from "../tasks/task.ts";
import { isBotSignalField } from "./bot-signals.ts";
import type { Fields } from "./browser-session.ts";
import type { Phrases } from "./languages.ts";

/** Why a posted page is refused: something is `missing`, `wrong` or, for a text, `short`. */
export interface Refused {
  readonly refused: "missing" | "wrong" | "short";
  /** The question as participants read it, if the page has several. */
  readonly ask?: string | undefined;
  /** For `short`: the least number of characters. */
  readonly least?: number | undefined;
}

/** The form field of an item: its name, on a page with several questions after the name of its task. */
export const fieldName = (task: string, item: string, questions: number): string =>
  questions > 1 ? `${task}.${item}` : item;

/** The posted responses to the questions of a page, in their order, or why the page is refused. */
export function parsePage(
  fields: Fields,
  tasks: readonly Task[],
  words: Phrases,
  demographics: readonly Field[],
): { readonly responses: readonly Answer[] } | Refused {
  const given = answerFields(fields);
  const responses: Answer[] = [];
  for (const task of tasks) {
    const own = tasks.length > 1 ? fieldsOf(task.name, given) : given;
    const read = task.response(demographics).safeParse(own);
    if (!read.success) return whyRefused(read.error, own, task.items(words, demographics), tasks.length > 1);
    responses.push(read.data);
  }
  return { responses };
}

/** The fields of one task of a page with several. */
const fieldsOf = (task: string, fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      name.startsWith(`${task}.`) ? [[name.slice(task.length + 1), value] as const] : [],
    ),
  );

function whyRefused(error: z.ZodError, given: Fields, items: readonly Item[], isNamed: boolean): Refused {
  const short = tooShortIn(items, given);
  const failed = short ?? items.find(({ name }) => error.issues.some(({ path }) => path[0] === name));
  return {
    refused: short ? "short" : isMissing(error, given) ? "missing" : "wrong",
    ask: isNamed ? failed?.ask : undefined,
    least: short?.least,
  };
}

/** A position from 1 to `last` that an address names; undefined if there is no such position. */
export function parsePosition(last: number, text: string): number | undefined {
  const position = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  return position >= 1 && position <= last ? position : undefined;
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
