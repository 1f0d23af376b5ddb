import { z } from "zod";

/** Where a story comes from. A machine's story names the generation that it was taken from. */
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
 * A very short story with its title, as the corpus keeps it: one line of `corpus/stories.jsonl`.
 * `group` names what stories share (a post, a page, an author); the split never parts a group.
 */
export const Story = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  text: z.string().min(1),
  words: z.int().nonnegative(),
  /** The text as its source gave it, where bringing it to one form changed it; `compose` compares the two. */
  raw: z.string().optional(),
  origin: StoryOrigin,
  group: z.string(),
  split: Split,
  /** What else the source said of it: date, place, address, codes. Shown, never relied on. */
  facts: z.record(z.string(), z.string()).optional(),
});
export type Story = Readonly<z.infer<typeof Story>>;
