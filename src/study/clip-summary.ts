import { z } from "zod";

const Side = z.strictObject({
  /** The number of texts for the test titles. */
  candidates: z.int(),
  /** Texts with too few words for the clip; with whole stories, those outside the range or without an ending. */
  tooShort: z.int(),
  used: z.int(),
  /** For whole stories: the mean number of words of the used texts. */
  meanWords: z.number().optional(),
  /** The mean number of words cut off from the used texts. */
  meanCut: z.number(),
});

/** The effect of the clip on each side, for the report: `stimuli/summary.json`. */
export const ClipSummary = z.strictObject({
  /** `none`: whole stories, with titles chosen so that both sides have the same lengths. Absent for clipped texts. */
  clip: z.literal("none").optional(),
  /** For whole stories: the largest difference within a title, as a share of the longer version. */
  tolerance: z.number().optional(),
  declared: z.strictObject({ least: z.int(), most: z.int() }),
  range: z.strictObject({ least: z.int(), most: z.int() }),
  rule: z.enum(["drop", "lower"]),
  titles: z.int(),
  failed: z.int(),
  human: Side,
  machine: Side,
  byModel: z.array(
    z.strictObject({ model: z.string(), candidates: z.int(), tooShort: z.int(), used: z.int() }),
  ),
  /** Stories that a form shows both alone and in a pair, over all forms; absent if there are none. */
  rereadings: z.int().positive().optional(),
});
export type ClipSummary = Readonly<z.infer<typeof ClipSummary>>;
