import { expect, test } from "vitest";
import { z } from "zod";
import { wrongValue } from "../../src/workbench/wrong-value.ts";

const said = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value, { reportInput: true }).error?.issues.map(wrongValue)[0];

test.each([
  [z.int(), "many", '"many" where a number is expected'],
  [z.int(), 1.5, "1.5 where a whole number is expected"],
  [z.string(), undefined, "missing, a text is expected"],
  [z.strictObject({}), ["a"], '["a"] where a group of keys is expected'],
  [z.union([z.int(), z.string()]), true, "true where a number or a text is expected"],
  [z.union([z.literal("all"), z.int().positive()]), "al", '"al" where all or a number is expected'],
  [z.enum(["full", "lora"]), "ful", '"ful" where full or lora is expected'],
  [z.array(z.string()).min(1), [], "[] where a list of at least 1 item is expected"],
  [z.number().positive(), 0, "0 where a number above 0 is expected"],
  [z.number().max(1), 2, "2 where a number of at most 1 is expected"],
  [z.iso.date(), "today", '"today" where a date such as 2022-03-31 is expected'],
  [z.string().regex(/^a/, "begins with a"), "b", '"b": begins with a'],
  [z.record(z.string().regex(/^a/), z.string()), { b: "" }, '"b" where another format is expected'],
  [z.strictObject({}), { sede: 1 }, "unknown key sede"],
  [z.int(), "x".repeat(100), `"${"x".repeat(59)}… where a number is expected`],
] as const)("an error names the value and a valid one (%#)", (schema, value, message) => {
  expect(said(schema, value)).toBe(message);
});
