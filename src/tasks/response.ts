import { z } from "zod";
import { type Item, optionField, severalSeparator } from "./items.ts";
import type { Answer } from "./kinds.ts";

/**
 * The schema of a response to these items, as a plain form posts it. Without an item `answer`, the answer is `given`; an
 * answer that may be left out and was is empty.
 */
export function responseSchema(items: readonly Item[]): z.ZodType<Answer> {
  const fields = Object.fromEntries(
    items.map((item) => [item.name, item.name === "answer" ? orEmpty(item) : fieldSchema(item)]),
  );
  const answer = "answer" in fields ? {} : { answer: z.literal("given").default("given") };
  return z.preprocess(
    withChosenOptions(items),
    z.object({ ...fields, ...answer }),
  ) as unknown as z.ZodType<Answer>;
}

const orEmpty = (item: Item): z.ZodType =>
  item.required ? fieldSchema(item) : fieldSchema(item).default("");

/** Puts the posted options of items of the kind `several` together. */
const withChosenOptions =
  (items: readonly Item[]) =>
  (posted: unknown): unknown => {
    const several = items.filter((item) => item.kind === "several");
    if (several.length === 0 || typeof posted !== "object" || posted === null) return posted;
    const fields = { ...posted } as Record<string, unknown>;
    for (const { name, options } of several) {
      const chosen = options.map(([value]) => value).filter((value) => optionField(name, value) in fields);
      if (chosen.length > 0) fields[name] = chosen.join(severalSeparator);
    }
    return fields;
  };

function fieldSchema(item: Item): z.ZodType {
  if (item.kind === "text") {
    const { most, least = 1 } = item;
    const text = z.string().trim().min(least).max(most);
    return item.required ? text : z.union([text, z.string().trim().length(0)]).optional();
  }
  const field = valueSchema(item);
  return item.required ? field : field.optional();
}

function valueSchema(item: Exclude<Item, { readonly kind: "text" }>): z.ZodType {
  if (item.kind === "choice") return z.enum(item.options.map(([value]) => value));
  if (item.kind === "scale") return z.enum(item.levels);
  if (item.kind === "several") {
    const known = new Set(item.options.map(([value]) => value));
    return z.string().refine((text) => text.split(severalSeparator).every((value) => known.has(value)));
  }
  return z
    .string()
    .trim()
    .max(200)
    .regex(item.number ? /^\d{1,4}$/ : /^[^\0]*$/);
}

/** The item of the kind `text` in these fields whose text is too short; undefined if there is none. */
export const tooShortIn = (
  items: readonly Item[],
  given: Readonly<Record<string, unknown>>,
): Extract<Item, { readonly kind: "text" }> | undefined =>
  items.find((item): item is Extract<Item, { readonly kind: "text" }> => {
    const text = given[item.name];
    return (
      item.kind === "text" &&
      typeof text === "string" &&
      text.trim() !== "" &&
      text.trim().length < (item.least ?? 1)
    );
  });
