import { z } from "zod";

const QuestionSettings = z.strictObject({
  task: z.string().describe("The name of the task: docs/survey.md lists them."),
  count: z
    .union([z.literal("all"), z.int().positive()])
    .default("all")
    .describe(
      "How many such questions a form has; all: one for every story shown alone, one for every pair, or a single one for a task without stories.",
    ),
});

/** What readers in one condition are told about the stories, and how they read. */
const Condition = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,29}$/, "a name of lower-case letters, digits and hyphens")
    .describe("The condition's name, in judgments.csv and in the report. Participants never see it."),
  says: z
    .enum(["nothing", "truth", "opposite", "human", "machine"])
    .default("nothing")
    .describe(
      "What is written above each story: nothing, who wrote it (truth), the opposite of it, or that a person (human) or a machine wrote every story.",
    ),
  author: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .optional()
    .describe("A name that is written above every story as its author, instead of says. Default: none."),
  instruction: z
    .string()
    .default("")
    .describe("A further paragraph of the instructions (only with by: reader)."),
  incentive: z
    .string()
    .default("")
    .describe(
      "What right answers are worth: a further paragraph of the instructions (only with by: reader).",
    ),
  feedback: z
    .boolean()
    .default(false)
    .describe(
      "Whether participants see who wrote a story after their last answer about it; answers can then not be changed (only with by: reader).",
    ),
  text: z
    .enum(["clipped", "whole"])
    .default("clipped")
    .describe(
      "Whether a story is cut as compose.clip says, or shown whole. Then titles are chosen so that whole stories have the same lengths too.",
    ),
  seconds: z
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe("How many seconds a story can be read before it disappears. Default: no limit."),
});
export type Condition = Readonly<z.infer<typeof Condition>>;

const Conditions = z
  .strictObject({
    by: z
      .enum(["reader", "story"])
      .default("reader")
      .describe(
        "Whether each participant reads in one condition (reader), or in all of them, with every story in each condition equally often (story).",
      ),
    of: z
      .array(Condition)
      .min(2)
      .max(12)
      .refine(
        (all) => new Set(all.map(({ name }) => name)).size === all.length,
        "two conditions have the same name",
      )
      .describe("The conditions. The first one is the reference with which the others are compared."),
  })
  .describe("The conditions under which stories are read, balanced over participants.");

/** `compose:` of study.yaml: how texts are clipped (TCG) or chosen by length, and how forms are balanced. */
export const ComposeSettings = z.strictObject({
  words: z
    .strictObject({
      least: z.int().positive().default(90).describe("The shortest clip, in words."),
      most: z.int().positive().default(100).describe("The longest clip, in words."),
    })
    .refine(({ least, most }) => least <= most, "least must not be above most")
    .default({ least: 90, most: 100 })
    .describe(
      "The range from which each title's clip length is drawn; it is the same for the human and the machine version. With clip: none, the range in which whole stories must be.",
    ),
  clip: z
    .enum(["words", "none"])
    .optional()
    .describe(
      "Whether texts are cut: words cuts both versions of a title to one length, none shows whole stories and matches lengths by the choice of titles. Default: words.",
    ),
  tolerance: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "With clip: none or a condition with text: whole, how far the lengths of a title's two versions may differ, as a share of the longer one. Default: 0.1.",
    ),
  tooShort: z
    .enum(["drop", "lower"])
    .default("drop")
    .describe(
      "What happens to a title with a version that is too short: drop leaves it out on both sides, lower lowers the least length for all titles.",
    ),
  ending: z
    .string()
    .default(" …")
    .describe("What follows every clipped text, human or machine; nothing follows a whole story."),
  allow: z
    .array(z.string().min(1))
    .optional()
    .describe("Tags or other markup that a story may contain; any other is refused on both sides."),
  forms: z.int().positive().default(5).describe("How many forms there are; each participant gets one."),
  human: z.int().nonnegative().default(3).describe("Human stories on a form."),
  machine: z.int().nonnegative().default(3).describe("Machine stories on a form."),
  tasks: z
    .array(QuestionSettings)
    .min(1)
    // biome-ignore lint/plugin: a user's default value; settings import nothing from src/tasks.
    .default([{ task: "human-or-machine", count: "all" }])
    .describe("What participants are asked."),
  pairs: z
    .enum(["title", "mixed", "reread"])
    .default("title")
    .describe(
      "Which stories a pair shows: title (a human and a machine story with the same title), mixed (with different titles), or reread (stories that the participant has already judged alone).",
    ),
  conditions: Conditions.optional(),
});
export type ComposeSettings = Readonly<z.infer<typeof ComposeSettings>>;
