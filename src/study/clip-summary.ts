import { z } from "zod";

const Side = z.strictObject({
  /** Texts there were for the test titles. */
  candidates: z.int(),
  /** Texts of too few words for the clip. */
  tooShort: z.int(),
  used: z.int(),
  /** Mean words clipped off the texts in use. */
  meanCut: z.number(),
});

/** What the clip did to each side, for the report: `stimuli/summary.json`. */
export const ClipSummary = z.strictObject({
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
  /** Stories that a form shows alone and once more in a pair, over all forms; not there where there are none. */
  rereadings: z.int().positive().optional(),
});
export type ClipSummary = Readonly<z.infer<typeof ClipSummary>>;
