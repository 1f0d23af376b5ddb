import { z } from "zod";
import { formerAnalyse, withCurrentNames } from "../former-names.ts";

/** Whose answers are left out, by rules declared before data collection. By default only second answers to the same story. */
const ExclusionSettings = z.strictObject({
  answerFasterThan: z
    .number()
    .positive()
    .optional()
    .describe("Leaves out answers given in fewer milliseconds. Default: none."),
  readerFasterThan: z
    .number()
    .positive()
    .optional()
    .describe("Leaves out readers whose median answer takes fewer milliseconds. Default: none."),
  straightLining: z
    .int()
    .min(2)
    .optional()
    .describe(
      "Leaves out readers who gave the same answer to every story of a question, if they judged at least this many. Default: none.",
    ),
  failedChecks: z
    .int()
    .nonnegative()
    .optional()
    .describe("Leaves out readers who failed more attention checks than this. Default: none."),
  filledTraps: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      "Leaves out readers who filled in the hidden field, which people do not see, on more pages than this. Default: none.",
    ),
  pastedAnswers: z
    .int()
    .nonnegative()
    .optional()
    .describe("Leaves out readers who pasted text into more answers than this. Default: none."),
  fewerThan: z
    .int()
    .positive()
    .optional()
    .describe("Leaves out readers who judged fewer stories than this. Default: none."),
  duplicates: z
    .boolean()
    .default(true)
    .describe("Whether a reader's second answer to the same story is left out."),
});
export type ExclusionSettings = Readonly<z.infer<typeof ExclusionSettings>>;

/** How readers are divided, or ordered by a number, to compare them. */
const ReaderGroups = z.strictObject({
  by: z
    .string()
    .min(1)
    .describe(
      "A question of survey.demographics, recruited (where readers came from), or with sum the name of the scale.",
    ),
  sum: z
    .array(z.string().min(1))
    .min(2)
    .optional()
    .describe(
      "Questions of survey.demographics whose answers are added up: a scale of expertise or AI literacy. An answer counts its number, or its place among the options from 1.",
    ),
  reverse: z.array(z.string().min(1)).optional().describe("Questions of sum that count the other way round."),
  split: z
    .array(z.number())
    .min(1)
    .max(5)
    .optional()
    .describe(
      "The least number of each further group: [30, 50] gives under 30, 30 to under 50, and 50 or more.",
    ),
  linear: z.literal(true).optional().describe("Whether a number is used as it is, instead of groups."),
  exploratory: z
    .literal(true)
    .optional()
    .describe("Whether the comparison is reported as exploratory, with a correction of its own."),
});
export type ReaderGroups = Readonly<z.infer<typeof ReaderGroups>>;

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

/** How judgments are combined into an accuracy: their weights, and their clusters besides readers and stories. */
export interface Method {
  readonly weighting: "readers" | "judgments";
  readonly clusters: readonly string[];
}

/** The default method, also for tables of other studies. */
export const defaultMethod: Method = { weighting: "readers", clusters: ["title"] };

/** The method of every study made or registered by version 0.1, the only one it had. */
export const methodOf01: Method = { weighting: "judgments", clusters: [] };

/** The method that the settings declare; parts that are not set have their defaults. */
export const methodOf = ({
  weighting,
  clusters,
}: Pick<AnalyseSettings, "weighting" | "clusters">): Method => ({
  weighting: weighting ?? defaultMethod.weighting,
  clusters: clusters ?? defaultMethod.clusters,
});

/** Clusters that need no demographic question. */
export const storyClusters: ReadonlySet<string> = new Set(["title", "form"]);

/** `analyse:` of study.yaml: which claims are tested and with which margin, declared before data collection. */
export const AnalyseSettings = z.strictObject({
  margin: z
    .number()
    .positive()
    .max(0.49)
    .default(0.1)
    .describe(
      "How far accuracy may be from 0.5 and still count as equivalent to chance, as a share (0.1 is 40 % to 60 %).",
    ),
  marginReason: z
    .string()
    .max(600)
    .optional()
    .describe("Why the margin has this width, in a few words; the report prints it. Default: none."),
  alpha: z
    .number()
    .positive()
    .lt(0.5)
    .default(0.05)
    .describe("The significance level: how often a claim may be wrong."),
  level: z.number().positive().max(0.9999).default(0.95).describe("The confidence level of intervals."),
  weighting: z
    .enum(["readers", "judgments"])
    .optional()
    .describe(
      "Whether all readers count equally, however many stories each judged, or all judgments. Default: readers (a study made by version 0.1: judgments).",
    ),
  clusters: z
    .array(z.string().min(1))
    .max(2)
    .optional()
    .describe(
      "What judgments have in common besides reader and story: title, form, a field of survey.demographics, or a column of a table. Default: [title] (a study made by version 0.1: none).",
    ),
  groups: z
    .array(ReaderGroups)
    .max(20)
    .optional()
    .describe("Groups of readers that are compared, declared before data collection. Default: none."),
  exclude: ExclusionSettings.prefault({}).describe(
    "Whose answers are left out, declared before data collection.",
  ),
  ratingMargin: RatingMargin.default(0.5).describe(
    "Mean ratings this close count as equal, in points of the scale or as a share of it (10 %).",
  ),
  stop: z
    .strictObject({
      readers: z
        .int()
        .positive()
        .optional()
        .describe("The number of readers at which the study ends. Default: survey.quota."),
      looks: z
        .array(z.number().positive().max(1))
        .default([])
        .describe("Interim analyses, as shares of the planned readers: [0.5]."),
    })
    .prefault({})
    .describe("When the study ends, and its interim analyses before that."),
  draws: z
    .int()
    .positive()
    .default(10_000)
    .describe("Number of random draws in every permutation test and bootstrap."),
  rule2022: z
    .boolean()
    .optional()
    .describe("Whether the report also shows the rule of the 2022 study. Default: false."),
  only: z
    .array(z.string())
    .optional()
    .describe("The analyses to run, by name. Default: all that the data allow."),
  models: z
    .literal("always")
    .optional()
    .describe(
      "Fits models also where that takes minutes. Default: above 100,000 judgments or 500 crossed random effects they are left out, with a note.",
    ),
  effects: z
    .array(z.string())
    .default(["origin"])
    .describe("Fixed effects of the mixed model: origin, and columns of codes.csv."),
});
export type AnalyseSettings = Readonly<z.infer<typeof AnalyseSettings>>;

/** The settings as a registration or a package recorded them, also under former names. */
export const RecordedAnalyseSettings = z.preprocess(
  (settings) => withCurrentNames(settings, formerAnalyse),
  AnalyseSettings,
);
