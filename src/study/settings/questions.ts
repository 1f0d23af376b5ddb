import { z } from "zod";

/** A text for participants: in the survey's language, or in several languages by their codes. */
const Words = z
  .union([
    z.string().trim().min(1),
    z
      .record(z.string().regex(/^[a-z]{2,3}$/, "a language code such as en"), z.string().trim().min(1))
      .refine((texts) => Object.keys(texts).length > 0, "give the text in at least one language"),
  ])
  .describe("A text in the survey's language, or in several: {en: ..., de: ...}.");
export type Words = Readonly<z.infer<typeof Words>>;

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,18}$/, "a name of up to 19 lower-case letters, digits and hyphens")
  .describe("The question's name, in compose.tasks and judgments.csv.");

/** A name that becomes part of the name of a task or a value in a table. */
const part = z.string().regex(/^[a-z][a-z0-9]{0,18}$/, "a name of up to 19 lower-case letters and digits");

const When = z
  .strictObject({
    question: z
      .string()
      .describe(
        "The name of an earlier question: about the same story or pair, or to participants at the start.",
      ),
    item: z
      .string()
      .optional()
      .describe(
        "The row of a matrix, the criterion or the field of the earlier answer. Default: its answer.",
      ),
    is: z
      .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)])
      .describe("The answer, or a list of answers, with which this question is asked."),
  })
  .describe("Asks the question only after certain answers to an earlier one. Default: it is always asked.");

const common = {
  name,
  ask: Words.describe("The question, as participants read it."),
  asked: Words.optional().describe(
    "Completes “You will be asked ...” in the instructions. Default: a general phrase.",
  ),
  if: When.optional(),
};

/** Questions about a story or to participants. */
const about = {
  about: z
    .enum(["story", "reader"])
    .default("story")
    .describe("What the question is about: each story, or the participant (reader)."),
  at: z
    .enum(["start", "end"])
    .default("end")
    .describe("With about: reader, whether it comes before the stories or after them."),
};

const required = z.boolean().default(true).describe("Whether an answer is required.");

const Rating = z.strictObject({
  ...common,
  ...about,
  kind: z.literal("rating").describe("A scale of 2 to 11 steps."),
  steps: z
    .int()
    .min(2)
    .max(11)
    .optional()
    .describe("The number of steps, 2 to 11, with a label at both ends (low, high). Default: 7."),
  low: Words.optional().describe("The label of the lowest step."),
  high: Words.optional().describe("The label of the highest step."),
  labels: z
    .array(Words)
    .min(2)
    .max(11)
    .optional()
    .describe("A label for each step, the lowest first, instead of steps, low and high."),
  items: z
    .record(part, Words)
    .refine((items) => Object.keys(items).length > 0, "a matrix needs at least one row")
    .optional()
    .describe("Several statements on one page, rated on the same scale: {name: text}. Default: none."),
  required,
});

const Choice = z.strictObject({
  ...common,
  ...about,
  kind: z.literal("choice").describe("One or several of a list of options."),
  options: z
    .record(part, Words)
    .refine((options) => Object.keys(options).length > 1, "a choice needs two options or more")
    .describe("The options, in order: {name: text}. Tables have the names."),
  several: z.boolean().default(false).describe("Whether several options can be chosen."),
  required,
});

const Text = z.strictObject({
  ...common,
  ...about,
  about: z
    .enum(["story", "pair", "reader"])
    .default("story")
    .describe("What the question is about: each story, each pair, or the participant (reader)."),
  kind: z.literal("text").describe("Free text."),
  least: z
    .int()
    .min(1)
    .max(2000)
    .optional()
    .describe("The least number of characters of an answer. Default: any length."),
  required: z.boolean().default(false).describe("Whether an answer is required."),
});

const Better = z.strictObject({
  ...common,
  kind: z.literal("better").describe("Which of two stories is better, for each pair of stories."),
  criteria: z
    .record(part, Words)
    .refine((criteria) => Object.keys(criteria).length > 0, "give at least one criterion")
    .optional()
    .describe("Several criteria on one page: {name: text}. Default: one comparison, the question itself."),
  ties: z.boolean().default(true).describe("Whether readers can say that there is no difference."),
  required,
});

/** A question of the researcher's own: `survey.questions`. It becomes one or several tasks (`tasks/questions.ts`). */
export const OwnQuestion = z.discriminatedUnion("kind", [Rating, Choice, Text, Better]);
export type OwnQuestion = Readonly<z.infer<typeof OwnQuestion>>;
