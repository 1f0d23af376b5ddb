import { z } from "zod";
import type { Item } from "./items.ts";
import type { Answer } from "./kinds.ts";

/** The schema of a response to these items, as a plain form posts it. Without an item `answer`, the answer is `given`. */
export function responseSchema(items: readonly Item[]): z.ZodType<Answer> {
  const fields = Object.fromEntries(items.map((item) => [item.name, fieldSchema(item)]));
  const answer = "answer" in fields ? {} : { answer: z.literal("given").default("given") };
  return z.object({ ...fields, ...answer }) as unknown as z.ZodType<Answer>;
}

function fieldSchema(item: Item): z.ZodType {
  if (item.kind === "text") {
    const text = z.string().trim().max(item.most);
    return item.name === "answer" ? text.default("") : text.optional();
  }
  const field =
    item.kind === "choice"
      ? z.enum(item.options.map(([value]) => value))
      : item.kind === "scale"
        ? z.enum(item.levels)
        : z
            .string()
            .trim()
            .max(200)
            .regex(item.number ? /^\d{1,4}$/ : /^[^\0]*$/);
  return item.required ? field : field.optional();
}
