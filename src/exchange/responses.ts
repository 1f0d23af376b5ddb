import { createHash } from "node:crypto";
import { base32 } from "../survey/ids.ts";
import type { TableRecord } from "../tables/table-record.ts";
import { type Item, severalSeparator } from "../tasks/items.ts";
import { tooShortIn } from "../tasks/response.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import type { PortableForm, PortableQuestion } from "./portable-form.ts";

/** One person's response to a form, from another form system. */
export interface ImportedResponse {
  /** Derived from what identifies the response, so that importing it again gives the same participant. */
  readonly participant: string;
  readonly form: PortableForm;
  /** In the order shown, as far as it is known, without unanswered questions. */
  readonly answers: readonly GivenAnswer[];
}

export interface GivenAnswer {
  readonly question: PortableQuestion;
  readonly answer: Record<string, unknown>;
  readonly ms?: number;
  /** The position of the second story of a pair. */
  readonly side?: "left" | "right";
}

export interface ImportedFile {
  readonly responses: readonly ImportedResponse[];
  /** Responses left out because they were previews by the researcher. */
  readonly previews: number;
}

/** A file of responses, and the study to which they belong. */
export interface ImportRequest {
  readonly file: string;
  readonly records: readonly TableRecord[];
  readonly forms: readonly PortableForm[];
  /** The form named by `--form`. */
  readonly form: PortableForm | undefined;
  readonly study: Study;
}

/** The answer in these fields; none if all are empty and the question requires one. Throws StudyError for an invalid answer. */
export function answersFrom(
  question: PortableQuestion,
  fields: readonly (readonly [Item, string])[],
  where: string,
  study: Study,
): GivenAnswer[] {
  const given = fields.flatMap(([item, text]) => {
    const value = fieldValue(item, text.trim(), where);
    return value === "" ? [] : [[item.name, value] as const];
  });
  const task = taskNamed(question.task)!;
  const values = Object.fromEntries(given);
  // Some systems do not check lengths, and no answer may be lost: a short text is kept as it is.
  const short = tooShortIn(question.items, values);
  const long = short && { [short.name]: values[short.name]!.padEnd(short.least ?? 0, ".") };
  const result = task.response(study.config.survey.demographics).safeParse({ ...values, ...long });
  if (result.success)
    return [{ question, answer: short ? { ...result.data, [short.name]: values[short.name] } : result.data }];
  if (given.length === 0) return [];
  const [issue] = result.error.issues;
  throw new StudyError(`${where}: ${issue!.path.join(".")}: ${issue!.message}`, {
    hint: "correct or remove the row",
  });
}

/** The field's value for what the system wrote: the value itself, the label of a choice, or its number. */
function fieldValue(item: Item, text: string, where: string): string {
  if (text === "" || item.kind === "text" || item.kind === "line") return text;
  if (item.kind === "several") return severalIn(item, text, where);
  if (item.kind === "scale") {
    const level = item.levels.find(
      (one, at) =>
        one === text ||
        text.startsWith(`${one} (`) ||
        Number(text) === Number(one) ||
        item.labels?.[at] === text,
    );
    if (level !== undefined) return level;
    throw invalidAnswer(where, text, item.ask, item.levels);
  }
  const option =
    item.options.find(([value, label]) => value === text || label === text) ??
    (item.options.every(([value]) => Number.isNaN(Number(value)))
      ? item.options[Number(text) - 1]
      : undefined);
  if (option) return option[0];
  throw invalidAnswer(
    where,
    text,
    item.ask,
    item.options.map(([, label]) => label),
  );
}

/** The values of several options: systems separate them by commas or semicolons, which labels may contain too. */
function severalIn(
  { options, ask }: Extract<Item, { readonly kind: "several" }>,
  text: string,
  where: string,
): string {
  const names = options
    .flatMap(([value, label]) => [value, label].map((name) => ({ name, value })))
    .sort((one, other) => other.name.length - one.name.length);
  const chosen = new Set<string>();
  for (let rest = text; rest !== ""; ) {
    const found = names.find(
      ({ name }) => rest.startsWith(name) && /^\s*([,;|]|$)/.test(rest.slice(name.length)),
    );
    if (!found)
      throw invalidAnswer(
        where,
        text,
        ask,
        options.map(([, label]) => label),
      );
    chosen.add(found.value);
    rest = rest.slice(found.name.length).replace(/^[\s,;|]+/, "");
  }
  return options.flatMap(([value]) => (chosen.has(value) ? [value] : [])).join(severalSeparator);
}

const invalidAnswer = (where: string, text: string, ask: string, accepted: readonly string[]): StudyError =>
  new StudyError(`${where}: "${text}" is not an answer to "${ask}"`, { hint: `try ${accepted.join(", ")}` });

/** Counts how often the same content has occurred before. */
export function occurrenceCounter(): (content: string) => number {
  const times = new Map<string, number>();
  return (content) => {
    const before = times.get(content) ?? 0;
    times.set(content, before + 1);
    return before;
  };
}

/** The participant of a response without an id: from its content and, if a file has it several times, the occurrence. */
export function participantFromContent(
  occurrences: (content: string) => number,
  content: readonly unknown[],
): string {
  const before = occurrences(JSON.stringify(content));
  return participantFrom(before === 0 ? content : [...content, before]);
}

/** The participant of a response with an id. */
export const participantFrom = (id: readonly unknown[]): string =>
  base32(createHash("sha256").update(JSON.stringify(id)).digest().subarray(0, 16));
