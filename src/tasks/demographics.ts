import { z } from "zod";
import type { Random } from "../stats/random.ts";
import type { Field } from "../study/settings/survey.ts";
import { type Html, html } from "../text/html.ts";
import { radio } from "./fields.ts";
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
  view: ({ fields = [] }, words, given) => html`
<p class="ask">${words("demographics.ask")}</p>
${fields.map((field) => view(field, given?.[field.name]))}`,
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

function view({ name, ask, options, number, required }: Field, given: unknown): Html {
  if (options) {
    return html`<fieldset class="choice small"><legend>${ask}</legend>${options.map((option) =>
      radio(name, option, option, given, required),
    )}</fieldset>`;
  }
  return html`<label class="reason">${ask}
<input type="${number ? "number" : "text"}" name="${name}" value="${String(given ?? "")}"${
    number ? html` min="0" max="9999" inputmode="numeric"` : html` maxlength="200"`
  }${required && html` required`}></label>`;
}

const simulated = ({ options, number }: Field, random: Random): string =>
  options ? random.pick(options) : number ? String(random.integer(18, 80)) : "simulated";
