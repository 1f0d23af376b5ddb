import { z } from "zod";

/**
 * A text as readers see it: a line of `stimuli/stimuli.jsonl`. It does not show its origin: ids are random, without a
 * number. `words` is its length after the clip, `cut` the number of words cut off.
 */
export const Stimulus = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  text: z.string().min(1),
  words: z.int().positive(),
  cut: z.int().nonnegative(),
  /** The whole text, if a condition shows it. */
  whole: z.string().min(1).optional(),
});
export type Stimulus = Readonly<z.infer<typeof Stimulus>>;

/**
 * The answer key: a row of `stimuli/key.csv`, read by the server for feedback and by the analysis, never sent to
 * participants. `model` is empty for a human text. `example` is the first example story of a machine's prompt.
 */
export const Key = z.strictObject({
  stimulus: z.string(),
  origin: z.enum(["human", "machine"]),
  story: z.string(),
  generation: z.string(),
  model: z.string(),
  example: z.string(),
});
export type Key = Readonly<z.infer<typeof Key>>;
