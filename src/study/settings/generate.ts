import { z } from "zod";
import { drawAnywhere } from "./draw.ts";
import { ModelSettings } from "./models.ts";

export type { ModelSettings };

/**
 * For the question what examples leak: every one of so many titles under every one of so many examples, some times
 * each, by one model. These texts are for the analysis alone; nobody reads them in the survey.
 */
export const FactorialSettings = z.strictObject({
  titles: z.int().min(2).default(10).describe("How many titles are combined with every example."),
  examples: z.int().min(2).default(10).describe("How many examples are combined with every title."),
  draws: z.int().positive().default(2).describe("Texts for each title and example."),
  model: z.string().optional().describe("The model that writes, by name or address. Default: the first one."),
  topics: z.int().positive().default(12).describe("Topics that the texts are described by."),
  permutations: z.int().positive().default(1999).describe("Random draws of each permutation test."),
});

/** `generate:` of study.yaml: which models write stories to which titles, and how they are sampled. */
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
      "Prompt files relative to the study, or names of those that come with Tiny Love. Default: what fits each model.",
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
    .describe("How many titles of test stories are written to: all, or a number."),
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
    .describe(
      "Which attempt counts: best tries again or chooses (attempts, bestOf), first takes what comes.",
    ),
  bestOf: z
    .int()
    .min(2)
    .max(100)
    .optional()
    .describe(
      "Texts drawn for each title, of which the one nearest to control is taken. Default: none, the first without a fault counts.",
    ),
  tokens: z
    .strictObject({
      least: z.int().nonnegative().default(100).describe("The least tokens of a story."),
      most: z.int().positive().default(200).describe("The most tokens of a story."),
    })
    .default({ least: 100, most: 200 })
    .describe("How many tokens a story has."),
  temperature: drawAnywhere.temperature.default(1),
  topP: drawAnywhere.topP.default(1),
  topK: drawAnywhere.topK.default(0),
  minP: drawAnywhere.minP.default(0),
  repeatPenalty: drawAnywhere.repeatPenalty.default(1),
  factorial: FactorialSettings.optional().describe(
    "A study of what examples leak: every title under every example. Default: none; {} is one of the usual size.",
  ),
  control: z
    .record(z.string(), z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)]))
    .default({})
    .describe(
      "What is asked for besides the title: { tone: melancholy, strength: 2 }. Each value of a list is asked for in turn.",
    ),
});
export type GenerateSettings = Readonly<z.infer<typeof GenerateSettings>>;
