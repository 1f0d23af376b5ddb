import { z } from "zod";
import { ModelSettings } from "./models.ts";
import { samplingOrProvider } from "./sampling.ts";

export type { ModelSettings };

/**
 * The factorial, which measures what examples leak: one model writes `draws` texts for every combination of `titles`
 * titles and `examples` examples. The texts are only for the analysis and are not in the survey.
 */
export const FactorialSettings = z.strictObject({
  titles: z.int().min(2).default(10).describe("How many titles are combined with every example."),
  examples: z.int().min(2).default(10).describe("How many examples are combined with every title."),
  draws: z.int().positive().default(2).describe("Texts for each title and example."),
  model: z.string().optional().describe("The model that writes, by name or address. Default: the first one."),
  topics: z.int().positive().default(12).describe("Number of topics that describe the texts."),
  permutations: z.int().positive().default(1999).describe("Number of random draws in each permutation test."),
});

/** `generate:` of study.yaml: which models write stories for which titles, and how they are sampled. */
export const GenerateSettings = z.strictObject({
  models: z
    .array(ModelSettings)
    .min(1)
    .prefault([{ address: "llama:embedded" }])
    .describe("The models that write, each by its address."),
  prompts: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "Prompt files relative to the study, or names of built-in ones. Default: the one that fits each model.",
    ),
  examples: z
    .string()
    .default("random")
    .describe("How a prompt's example stories are chosen from the training stories."),
  exampleStories: z
    .array(z.string())
    .default([])
    .describe("For fixed examples: which stories, by id or title."),
  titles: z
    .union([z.literal("all"), z.int().positive()])
    .default("all")
    .describe("For how many titles of test stories models write: all, or a number."),
  attempts: z
    .int()
    .positive()
    .default(1)
    .describe(
      "How often a title is tried until a text has no fault; the last text is kept, and all are recorded.",
    ),
  keep: z
    .enum(["best", "first"])
    .default("best")
    .describe("Which attempt counts: best allows attempts and bestOf, first always uses the first one."),
  bestOf: z
    .int()
    .min(2)
    .max(100)
    .optional()
    .describe(
      "Number of texts drawn for each title, of which the one closest to control is used. Default: none; the first text without a fault counts.",
    ),
  tokens: z
    .strictObject({
      least: z.int().nonnegative().default(100).describe("The least tokens of a story."),
      most: z.int().positive().default(200).describe("The most tokens of a story."),
    })
    .default({ least: 100, most: 200 })
    .describe("How many tokens a story has."),
  temperature: samplingOrProvider.temperature.default(1),
  topP: samplingOrProvider.topP.default(1),
  topK: samplingOrProvider.topK.default(0),
  minP: samplingOrProvider.minP.default(0),
  repeatPenalty: samplingOrProvider.repeatPenalty.default(1),
  factorial: FactorialSettings.optional().describe(
    "To measure what examples leak: texts for all combinations of titles and examples. Default: none; {} has the default size.",
  ),
  control: z
    .record(z.string(), z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)]))
    .default({})
    .describe(
      "What is requested besides the title: { tone: melancholy, strength: 2 }. Each value of a list is used in turn.",
    ),
});
export type GenerateSettings = Readonly<z.infer<typeof GenerateSettings>>;
