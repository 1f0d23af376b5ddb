import { z } from "zod";

/** The origin of a story. A machine's story has the id of its generation. */
const StoryOrigin = z.discriminatedUnion("by", [
  z.strictObject({
    by: z.literal("human"),
    source: z.string(),
    author: z.string(),
    licence: z.string(),
  }),
  z.strictObject({ by: z.literal("machine"), generation: z.string() }),
]);

export const Split = z.enum(["train", "validation", "test"]);
export type Split = z.infer<typeof Split>;

/**
 * A very short story of the corpus: one line of `corpus/stories.jsonl`. `group` is what stories have in common (a post,
 * a page, an author); the split keeps a group together.
 */
export const Story = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  text: z.string().min(1),
  words: z.int().nonnegative(),
  /** The text from the source, if normalising changed it; `compose` compares the two. */
  raw: z.string().optional(),
  origin: StoryOrigin,
  group: z.string(),
  split: Split,
  /** Other facts from the source: date, place, address, codes. They are only shown. */
  facts: z.record(z.string(), z.string()).optional(),
});
export type Story = Readonly<z.infer<typeof Story>>;
