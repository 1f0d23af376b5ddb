import { z } from "zod";
import { draw, drawAnywhere } from "../draw.ts";

/** A kind of model, by the scheme of its address: `llama:FILE.gguf` is of the kind `llama`. */
export interface ModelKind<Settings extends z.ZodObject = z.ZodObject> {
  /** What writes there, in a few words for lists. */
  readonly summary: string;
  /** Strict: a setting that the kind does not know is an error that names it. */
  readonly settings: Settings;
  /** Present for a model that is asked over HTTP. */
  readonly served?: true;
  /** What a plugin brought with it, for `generate/models.ts`. */
  readonly plugin?: unknown;
}

/** An address of a scheme; `form` says what follows it, for messages. */
export const addressed = (scheme: string, form: string) =>
  z
    .string()
    .regex(new RegExp(`^${scheme}:`), `an address such as ${scheme}:${form}`)
    .describe(`Which model: ${scheme}:${form}.`);

/** What every model has. */
export const common = {
  name: z
    .string()
    .optional()
    .describe(
      "A short name for folders, tables and figures. Default: the address, shortened. Models of one address need one each.",
    ),
  prompt: z
    .string()
    .optional()
    .describe("A prompt file for this model alone. Default: what generate.prompts says."),
  parallel: z.int().positive().optional().describe("How many stories are written at the same time."),
  tokens: z
    .strictObject({
      least: z.int().nonnegative().describe("The least tokens of a story."),
      most: z.int().positive().describe("The most tokens of a story."),
    })
    .partial()
    .optional()
    .describe("How many tokens a story of this model has. Default: what generate.tokens says."),
};

/** How a model that runs here samples; what is left out is as `generate:` says for all models. */
export const sampledHere = z.object(draw).partial().shape;

/** A model that runs on this machine. Nothing is left to a default that is not written down. */
export const local = {
  ...common,
  ...sampledHere,
  threads: z
    .int()
    .positive()
    .optional()
    // More threads than are idle are far slower.
    .describe("Processor threads. Default: all cores but one, at most 4."),
  flashAttention: z
    .boolean()
    .default(true)
    .describe(
      "Whether attention is computed in 16 bits. False uses 32 bits: closer to PyTorch's probabilities (within 0.001 with f16 weights), at a quarter of the speed and twice the memory.",
    ),
};

/** A GGUF file that is run in this process. */
export const gguf = {
  ...local,
  adapter: z.string().optional().describe("A LoRA adapter (a GGUF file), by its path inside the study."),
  logProbabilities: z
    .boolean()
    .optional()
    .describe("Whether to record how likely the model found each token that it wrote. Default: false."),
};

/** A model behind a server that is asked over HTTP. */
export const served = {
  ...common,
  ...z.object(drawAnywhere).partial().shape,
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/, "a header's name"), z.string())
    .optional()
    .describe(
      "Additional headers. $NAME in a value stands for an environment variable, so that study.yaml contains no secret.",
    ),
  send: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      "Fields of the request as the server wants them: a value adds or replaces a field, null leaves it out, and $mostTokens, $temperature, $topP, $topK, $minP, $repeatPenalty, $leastTokens, $seed or $stop stands for what the field would have been.",
    ),
  reasoning: z
    .enum(["none", "minimal", "low", "medium", "high"])
    .optional()
    .describe("How much a reasoning model thinks before it writes. Default: the server's own."),
  reasoningTokens: z
    .int()
    .nonnegative()
    .optional()
    .describe("Tokens for thinking, in addition to those of the story. Default: follows from reasoning."),
  retries: z
    .int()
    .nonnegative()
    .default(5)
    .describe("How often a request is tried again after a 429, a 5xx, a lost connection or a broken reply."),
  wait: z
    .number()
    .nonnegative()
    .default(0.5)
    .describe("Seconds before the first of these tries; doubled each time, at most 30."),
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

/** The environment variable that holds a key, and where the server is. */
export const reachedAt = (key: string, base?: string) => ({
  key: z.string().default(key).describe("The environment variable with the key; never the key itself."),
  base: (base === undefined ? z.string().optional() : z.string().default(base)).describe(
    "The server's address, such as http://localhost:8000/v1.",
  ),
});

/** What a server with OpenAI's protocol takes. */
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
      "Whether to record how likely the model found each token that it wrote, where the server says so. Default: false.",
    ),
};
