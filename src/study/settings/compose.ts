import { z } from "zod";

const QuestionSettings = z.strictObject({
  task: z.string(),
  /**
   * How many such questions a form holds; `all` asks it once for every story that stands alone, for every pair that
   * can be made, or once where it shows no story.
   */
  count: z.union([z.literal("all"), z.int().positive()]).default("all"),
});

/** `compose:` of study.yaml: how texts are clipped (TCG) and forms are balanced. */
export const ComposeSettings = z.strictObject({
  /** The clip length is drawn for each title from this range, and holds for its human and machine versions alike. */
  words: z
    .strictObject({ least: z.int().positive().default(90), most: z.int().positive().default(100) })
    .refine(({ least, most }) => least <= most, "least must not lie above most")
    .default({ least: 90, most: 100 }),
  /** A title one of whose versions is too short: `drop` it on both sides, or `lower` the range for all. */
  tooShort: z.enum(["drop", "lower"]).default("drop"),
  /** Put after every clipped text, of either origin. */
  ending: z.string().default(" …"),
  /**
   * What a story may hold though it looks like markup: a tag in what somebody says, for example. Any other tag, entity,
   * heading or repeated title is refused, on both sides.
   */
  allow: z.array(z.string().min(1)).optional(),
  forms: z.int().positive().default(5),
  human: z.int().nonnegative().default(3),
  machine: z.int().nonnegative().default(3),
  tasks: z
    .array(QuestionSettings)
    .min(1)
    // biome-ignore lint/plugin: a user's default value; settings import nothing from src/tasks.
    .default([{ task: "human-or-machine", count: "all" }]),
  /**
   * What a task that shows a pair gets: a human and a machine story to one `title`, or to two (`mixed`), either way stories
   * that the form shows nowhere else. `reread` makes the pairs of stories that are asked about alone as well, for want
   * of stories: such a pair comes after all that stand alone.
   */
  pairs: z.enum(["title", "mixed", "reread"]).default("title"),
});
export type ComposeSettings = Readonly<z.infer<typeof ComposeSettings>>;
