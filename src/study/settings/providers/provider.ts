import { z } from "zod";
import type { Sampling } from "../../generation.ts";
import { sampling, samplingOrProvider } from "../sampling.ts";

/** A kind of model, by the scheme of its address: `llama:FILE.gguf` is of the kind `llama`. */
export interface ModelKind<Settings extends z.ZodObject = z.ZodObject> {
  /** A short description, for lists. */
  readonly summary: string;
  /** Strict: an unknown setting is an error. */
  readonly settings: Settings;
  /** Only for a model on a server: what its requests look like. */
  readonly server?: ServerKind;
  /** The plugin's own definition, for `generate/models.ts`. */
  readonly plugin?: unknown;
}

/** A setting that a request carries. */
export type RequestField = keyof Sampling | "seed" | "stop";

/** A server's names for these settings; those that it does not support are missing. */
export type FieldNames = Readonly<Partial<Record<RequestField, readonly string[]>>>;

/** How much a reasoning model thinks before it writes. */
export const Effort = z.enum(["none", "minimal", "low", "medium", "high"]);
export type Effort = z.infer<typeof Effort>;

/** What the requests to a kind of server look like. By default they are those to vLLM, SGLang and llama.cpp's server. */
export interface ServerKind {
  /** Default: OpenAI's. */
  readonly protocol?: "anthropic";
  /** Default: all fields that open servers support, or at OpenAI's own address those that it documents. */
  readonly fields?: FieldNames;
  /** Whether it always needs a key, so that a missing one is an error before the first request. Default: false. */
  readonly needsKey?: true;
  /** Whether neutral values, such as a top-p of 1, are left out because it refuses or discourages them. Default: false. */
  readonly omitsNeutral?: true;
  /** Whether a model (its name in lower case, without the vendor) thinks by default. OpenAI's reasoning models always do. */
  thinks?(model: string): boolean;
  /** The fields that set how much a model thinks; `tokens` is the most for thinking. */
  reasoning?(effort: Effort, tokens: number, model: string): Readonly<Record<string, unknown>>;
}

/** The fields of OpenAI's protocol that every server supports. */
export const standardFields = {
  temperature: ["temperature"],
  topP: ["top_p"],
  mostTokens: ["max_tokens"],
  seed: ["seed"],
  stop: ["stop"],
} satisfies FieldNames;

/** An address with a scheme; `form` is what follows it, for messages. */
export const addressed = (scheme: string, form: string) =>
  z
    .string()
    .regex(new RegExp(`^${scheme}:`), `an address such as ${scheme}:${form}`)
    .describe(`Which model: ${scheme}:${form}.`);

/** The settings of every model. */
export const common = {
  name: z
    .string()
    .optional()
    .describe(
      "A short name for folders, tables and figures. Default: the address, shortened. Models with the same address need different names.",
    ),
  prompt: z.string().optional().describe("A prompt file for this model only. Default: generate.prompts."),
  parallel: z.int().positive().optional().describe("How many stories are written at the same time."),
  tokens: z
    .strictObject({
      least: z.int().nonnegative().describe("The least tokens of a story."),
      most: z.int().positive().describe("The most tokens of a story."),
    })
    .partial()
    .optional()
    .describe("How many tokens a story of this model has. Default: generate.tokens."),
};

/** The sampling of a local model; settings that are left out are those of `generate:`. */
export const localSampling = z.object(sampling).partial().shape;

/** A model that runs on this machine. No hidden defaults are used. */
export const local = {
  ...common,
  ...localSampling,
  threads: z
    .int()
    .positive()
    .optional()
    // More threads than idle cores are far slower.
    .describe("Processor threads. Default: all cores but one, at most 4."),
  flashAttention: z
    .boolean()
    .default(true)
    .describe(
      "Whether attention is computed in 16 bits. False uses 32 bits: closer to PyTorch's probabilities (within 0.001 with f16 weights), at a quarter of the speed and twice the memory.",
    ),
};

/** A GGUF file that runs in this process. */
export const gguf = {
  ...local,
  adapter: z.string().optional().describe("A LoRA adapter (a GGUF file), by its path inside the study."),
  logProbabilities: z
    .boolean()
    .optional()
    .describe("Whether to record the log-probability of each generated token. Default: false."),
};

/** A model on a server. */
export const served = {
  ...common,
  ...z.object(samplingOrProvider).partial().shape,
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/, "a header's name"), z.string())
    .optional()
    .describe(
      "Additional headers. $NAME in a value is replaced by an environment variable, so that study.yaml contains no secret.",
    ),
  send: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      "Fields of the request as the server wants them: a value adds or replaces a field, null leaves it out, and $mostTokens, $temperature, $topP, $topK, $minP, $repeatPenalty, $leastTokens, $seed or $stop is replaced by the value that the field would have had.",
    ),
  reasoning: Effort.optional().describe(
    "How much a reasoning model thinks before it writes. Default: the server's default.",
  ),
  reasoningTokens: z
    .int()
    .nonnegative()
    .optional()
    .describe("Tokens for thinking, in addition to those of the story. Default: depends on reasoning."),
  retries: z
    .int()
    .nonnegative()
    .default(5)
    .describe("How often a request is tried again after a 429, a 5xx, a lost connection or a broken reply."),
  wait: z
    .number()
    .nonnegative()
    .default(0.5)
    .describe("Seconds before the first retry; doubled each time, at most 30."),
  timeout: z
    .number()
    .positive()
    .default(120)
    .describe("Seconds until a request without a whole reply counts as lost."),
  price: z
    .strictObject({
      input: z.number().nonnegative().describe("Price of a million tokens of prompts."),
      output: z.number().nonnegative().describe("Price of a million tokens of replies."),
    })
    .optional()
    .describe("What a million tokens cost, in the currency of budget."),
  budget: z
    .number()
    .positive()
    .optional()
    .describe(
      "The most that this model may cost over all runs of the study. A request that could exceed it is not sent.",
    ),
};

/** The settings for the server's address and the environment variable with its key. */
export const serverAddress = (key: string, base?: string) => ({
  key: z.string().default(key).describe("The environment variable with the key; never the key itself."),
  base: (base === undefined ? z.string().optional() : z.string().default(base)).describe(
    "The server's address, such as http://localhost:8000/v1.",
  ),
});

/** The settings of a model on a server with OpenAI's protocol. */
export const openaiProtocol = {
  ...served,
  api: z
    .enum(["completions", "chat"])
    .optional()
    .describe("chat for instructed models, completions for base models. Default: what the server offers."),
  logProbabilities: z
    .boolean()
    .optional()
    .describe(
      "Whether to record the log-probability of each generated token, if the server reports it. Default: false.",
    ),
};
