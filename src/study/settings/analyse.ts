import { z } from "zod";

/** Whose answers are left out, by rules declared before the data. Nobody's by default but second answers. */
const ExclusionSettings = z.strictObject({
  /** Answers given in fewer milliseconds. */
  answerFasterThan: z.number().positive().optional(),
  /** Readers whose median time is below so many milliseconds. */
  readerFasterThan: z.number().positive().optional(),
  /** Readers who gave one and the same answer to every story that one question was asked of, of at least this many. */
  straightLining: z.int().min(2).optional(),
  /** Readers who failed more attention checks than this. */
  failedChecks: z.int().nonnegative().optional(),
  /** Readers who judged fewer stories than this. */
  fewerThan: z.int().positive().optional(),
  /** A second answer of one reader to one story. */
  duplicates: z.boolean().default(true),
});
export type ExclusionSettings = Readonly<z.infer<typeof ExclusionSettings>>;

/** A margin of ratings: points of a scale, or a share of its length. */
export const RatingMargin = z.union([
  z.number().positive(),
  z
    .string()
    .trim()
    .regex(/^\d+(\.\d+)?\s*%$/, "a number of points, or a share of the scale such as 10 %")
    .refine(
      (share) => Number.parseFloat(share) > 0 && Number.parseFloat(share) <= 50,
      "above 0 %, at most 50 %",
    ),
]);
export type RatingMargin = z.infer<typeof RatingMargin>;

/** How judgments are put together into an accuracy, and what they repeat by beside readers and stories. */
export interface Method {
  readonly weigh: "readers" | "judgments";
  readonly clusters: readonly string[];
}

/** The method of a study that says nothing, and of a table from elsewhere. */
export const usualMethod: Method = { weigh: "readers", clusters: ["title"] };

/** The method of every study made or registered by version 0.1, which had no other. */
export const methodOf01: Method = { weigh: "judgments", clusters: [] };

/** The method that settings declare, each part as usual where they don't say. */
export const methodOf = ({ weigh, clusters }: Pick<AnalyseSettings, "weigh" | "clusters">): Method => ({
  weigh: weigh ?? usualMethod.weigh,
  clusters: clusters ?? usualMethod.clusters,
});

/** `analyse:` of study.yaml: what is claimed against which margin, declared before the data. */
export const AnalyseSettings = z.strictObject({
  /** Accuracy within 0.5 -/+ margin counts as equivalent to chance. */
  margin: z.number().positive().max(0.49).default(0.1),
  alpha: z.number().positive().lt(0.5).default(0.05),
  level: z.number().positive().max(0.9999).default(0.95),
  /**
   * Whether all readers weigh alike, however many stories each judged (the default, so that those who leave early count as
   * much as those who stay), or all judgments. A study made by version 0.1 weighs judgments unless it says otherwise.
   */
  weigh: z.enum(["readers", "judgments"]).optional(),
  /**
   * What judgments repeat by besides readers and stories: `title` (the default: the stories of one title belong together),
   * `form`, a field of `survey.demographics`, or a column of a table (class, wave, author). An empty list for readers
   * and stories alone, which is what a study made by version 0.1 has unless it says otherwise.
   */
  clusters: z.array(z.string().min(1)).max(2).optional(),
  exclude: ExclusionSettings.prefault({}),
  /** Means of ratings this close count as equal: in points of their scale, or as a share of its length, "10 %". */
  ratingMargin: RatingMargin.default(0.5),
  /** When the study ends: at so many readers (the survey's quota by default), and the shares of them at which one looks before. */
  stop: z
    .strictObject({
      readers: z.int().positive().optional(),
      looks: z.array(z.number().positive().max(1)).default([]),
    })
    .prefault({}),
  /** Draws of every permutation and bootstrap. */
  draws: z.int().positive().default(10_000),
  /** Analyses by name; all that the data allow by default. */
  only: z.array(z.string()).optional(),
  /** Fixed effects of the mixed model. */
  effects: z.array(z.string()).default(["origin"]),
});
export type AnalyseSettings = Readonly<z.infer<typeof AnalyseSettings>>;
