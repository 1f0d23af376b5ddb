import { z } from "zod";
import { drawAnywhere } from "./draw.ts";
import { ModelSettings } from "./models.ts";

export type { ModelSettings };

/**
 * For the question what examples leak: every one of so many titles under every one of so many examples, some times
 * each, by one model. These texts are for the analysis alone; nobody reads them in the survey.
 */
export const FactorialSettings = z.strictObject({
  titles: z.int().min(2).default(10),
  examples: z.int().min(2).default(10),
  draws: z.int().positive().default(2),
  /** The model by its name or address; the first by default. */
  model: z.string().optional(),
  topics: z.int().positive().default(12),
  permutations: z.int().positive().default(1999),
});

/** `generate:` of study.yaml: which models write stories to which titles, and how they are sampled. */
export const GenerateSettings = z.strictObject({
  models: z
    .array(ModelSettings)
    .min(1)
    .prefault([{ address: "llama:embedded" }]),
  /**
   * Prompt files, relative to the study, or the name of one that comes with Tiny Love (`one-shot`). By default each
   * model has the one that fits it: `one-shot` for a base model, `chat` or `chat-small` for an instructed one.
   */
  prompts: z.array(z.string()).min(1).optional(),
  /** How example stories are chosen from the training stories. */
  examples: z.string().default("random"),
  /** For `fixed` examples: which, by id or title. */
  exampleStories: z.array(z.string()).default([]),
  /** Titles taken from the test stories: all of them, or the first n in seeded order. */
  titles: z.union([z.literal("all"), z.int().positive()]).default("all"),
  /** Attempts at a title before its last one is kept as it is; all are recorded and counted. */
  attempts: z.int().positive().default(1),
  /**
   * `best` draws a title again whose text has a fault (`attempts`), or chooses of several (`bestOf`). `first` makes the
   * study one of first attempts: each title is asked for once, and what comes is what counts.
   */
  keep: z.enum(["best", "first"]).default("best"),
  /**
   * Draws of each title, of which the one nearest to what is asked for beyond the title (`control`) is chosen; the
   * others are recorded and counted too. None by default: the first text without a fault is taken.
   */
  bestOf: z.int().min(2).max(100).optional(),
  tokens: z
    .strictObject({ least: z.int().nonnegative().default(100), most: z.int().positive().default(200) })
    .default({ least: 100, most: 200 }),
  temperature: drawAnywhere.temperature.default(1),
  topP: drawAnywhere.topP.default(1),
  topK: drawAnywhere.topK.default(0),
  minP: drawAnywhere.minP.default(0),
  repeatPenalty: drawAnywhere.repeatPenalty.default(1),
  /** What the example leaks: no such study by default, `{}` for one of the usual size. */
  factorial: FactorialSettings.optional(),
  /**
   * What is asked for beyond the title, for example `{ tone: melancholy, strength: 0..4 }`. Of a list each value is
   * asked for in turn: `{ kind: [romantic, friendship] }`.
   */
  control: z
    .record(z.string(), z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)]))
    .default({}),
});
export type GenerateSettings = Readonly<z.infer<typeof GenerateSettings>>;
