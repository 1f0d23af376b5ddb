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
      "With clip: none, how far the lengths of a title's two versions may differ, as a share of the longer one. Default: 0.1.",
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
});
export type ComposeSettings = Readonly<z.infer<typeof ComposeSettings>>;
