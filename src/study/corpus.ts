import { z } from "zod";
import { formerCorpusWords, withCurrentNames } from "./former-names.ts";
import { Split } from "./story.ts";

/**
 * A summary of the corpus: `corpus/summary.json`. Counts are stories, lengths are words by the counting rule. It
 * contains no time and no path, so that the same stories give the same summary.
 */
export const CorpusSummary = z.strictObject({
  /** The source's name, and what it read: file names without folders, or addresses. */
  source: z.string(),
  from: z.array(z.string()),
  note: z.string(),
  stories: z.int().nonnegative(),
  authors: z.int().nonnegative(),
  groups: z.int().nonnegative(),
  /** Stories by licence, the most frequent first. */
  licences: z.record(z.string(), z.int().positive()),
  split: z.record(Split, z.int().nonnegative()),
  words: z.preprocess(
    (words) => withCurrentNames(words, formerCorpusWords),
    z.strictObject({
      least: z.int(),
      lowerQuartile: z.number(),
      median: z.number(),
      upperQuartile: z.number(),
      most: z.int(),
      mean: z.number(),
      /** Stories with more words than `limit`, which is `corpus.words.warn`. */
      aboveLimit: z.int().nonnegative(),
      limit: z.int().positive(),
    }),
  ),
  /** Rows that were left out, by reason; each is a line of `corpus/rejected.csv`. */
  rejected: z.record(z.string(), z.int().positive()),
  /** Warnings about stories that were kept. */
  warned: z.array(z.strictObject({ story: z.string(), reason: z.string(), message: z.string() })),
});
export type CorpusSummary = Readonly<z.infer<typeof CorpusSummary>>;
