import { z } from "zod";

/** How the next token is drawn. */
const draw = {
  temperature: z.number().nonnegative(),
  topP: z.number().positive().max(1),
  topK: z.int().nonnegative(),
  minP: z.number().min(0).max(1),
  repeatPenalty: z.number().positive(),
};

/** A model by its address: `llama:FILE.gguf`, `llama:embedded`, `openai:MODEL`, `tuned:DIR`, `echo:`. */
const ModelSettings = z.strictObject({
  address: z.string(),
  /**
   * A short name for folders, tables and figures; by default the address, shortened for folders. Models of one address
   * need one each.
   */
  name: z.string().optional(),
  /** For `openai:`: the server's base address, for example http://localhost:8000/v1. */
  base: z.string().optional(),
  /** For `openai:`: the environment variable that holds the key. */
  key: z.string().default("OPENAI_API_KEY"),
  /** For `openai:`: `completions` for base models, `chat` for instructed ones. */
  api: z.enum(["completions", "chat"]).default("completions"),
  /** For `llama:`: a LoRA adapter (GGUF). */
  adapter: z.string().optional(),
  /** For `llama:`: threads; the cores but one by default, for more than are idle are far slower. */
  threads: z.int().positive().optional(),
  /**
   * For `llama:` and `hf:`: false works out attention, and keeps what it remembers, in f32: probabilities are nearer to
   * those of PyTorch (by less than 1e-3 with f16 weights), for a quarter of the speed and twice the memory a text.
   */
  flashAttention: z.boolean().default(true),
  /** Stories written at the same time. */
  parallel: z.int().positive().optional(),
  prompt: z.string().optional(),
  /** How this model is sampled, where it differs from what stands for all models. */
  ...z.object(draw).partial().shape,
  tokens: z.strictObject({ least: z.int().nonnegative(), most: z.int().positive() }).partial().optional(),
  /** For `llama:` and `openai:`: record how likely the model found each token that it wrote. */
  logProbabilities: z.boolean().optional(),
  /** For `openai:`: how often a request is tried again after 429, 5xx, a lost connection or a broken reply. */
  retries: z.int().nonnegative().default(5),
  /** For `openai:`: seconds before the first of these tries; doubled each time, at most 30. */
  wait: z.number().nonnegative().default(0.5),
  /** For `openai:`: seconds until a request without a whole reply counts as lost. */
  timeout: z.number().positive().default(120),
  /** For `openai:`: one big job through the Batch API, at half the price and within a day. */
  batch: z.boolean().default(false),
  /** For `openai:`: what a million tokens cost, in whatever currency `budget` is in. */
  price: z.strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() }).optional(),
  /** For `openai:`: no request is sent that could take the cost above this. */
  budget: z.number().positive().optional(),
});
export type ModelSettings = Readonly<z.infer<typeof ModelSettings>>;

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
   * Draws of each title, of which the one nearest to what is asked for beyond the title (`control`) is chosen; the
   * others are recorded and counted too. None by default: the first text without a fault is taken.
   */
  bestOf: z.int().min(2).max(100).optional(),
  tokens: z
    .strictObject({ least: z.int().nonnegative().default(100), most: z.int().positive().default(200) })
    .default({ least: 100, most: 200 }),
  temperature: draw.temperature.default(1),
  topP: draw.topP.default(1),
  topK: draw.topK.default(0),
  minP: draw.minP.default(0),
  repeatPenalty: draw.repeatPenalty.default(1),
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
