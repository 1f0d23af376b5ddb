import { z } from "zod";
import type { Item } from "./items.ts";
import type { Answer } from "./kinds.ts";

/** What may be answered to these items, as a plain form posts it; a page without an item `answer` is simply `given`. */
export function responseTo(items: readonly Item[]): z.ZodType<Answer> {
  const fields = Object.fromEntries(items.map((item) => [item.name, fieldOf(item)]));
  const answer = "answer" in fields ? {} : { answer: z.literal("given").default("given") };
  return z.object({ ...fields, ...answer }) as unknown as z.ZodType<Answer>;
}

function fieldOf(item: Item): z.ZodType {
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
