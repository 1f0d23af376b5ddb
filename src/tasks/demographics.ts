import { z } from "zod";
import type { Random } from "../stats/random.ts";
import type { Field } from "../study/settings/survey.ts";
import type { Item } from "./items.ts";
import type { Task } from "./task.ts";

const Response = z.object({ answer: z.literal("given").default("given") }).catchall(z.string());
type Response = z.infer<typeof Response>;

/** What the researcher asks about the participants themselves: the fields of `survey.demographics`, on one page. */
export const demographics: Task<Response> = {
  name: "demographics",
  stimuli: 0,
  response: Response,
  responseTo: (fields) =>
    z.object({
      ...Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)])),
      ...Response.shape,
    }) as unknown as z.ZodType<Response>,
  items: (_, fields = []) => fields.map(itemOf),
  score: () => undefined,
  simulate: (_, __, random, fields = []) => ({
    answer: "given",
    ...Object.fromEntries(fields.map((field) => [field.name, simulated(field, random)])),
  }),
};

function schemaOf({ options, number, required }: Field): z.ZodType<string | undefined> {
  const schema = options
    ? z.enum(options)
    : z
        .string()
        .trim()
        .max(200)
        .regex(number ? /^\d{1,4}$/ : /^[^\0]*$/);
  return required ? schema : schema.optional();
}

const itemOf = ({ name, ask, options, number, required }: Field): Item =>
  options
    ? { kind: "choice", name, ask, options: options.map((option) => [option, option]), required, small: true }
    : { kind: "line", name, ask, number, required };

const simulated = ({ options, number }: Field, random: Random): string =>
  options ? random.pick(options) : number ? String(random.integer(18, 80)) : "simulated";
