import { z } from "zod";

/** A sampling setting, or `provider` to leave it to the server's own default. */
const orProvider = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.literal("provider")]);

/** How the next token is drawn. */
export const draw = {
  temperature: z.number().nonnegative(),
  topP: z.number().positive().max(1),
  topK: z.int().nonnegative(),
  minP: z.number().min(0).max(1),
  repeatPenalty: z.number().positive(),
};

/** The same for a model behind a server, where each may be left to the provider. */
export const drawAnywhere = {
  temperature: orProvider(draw.temperature),
  topP: orProvider(draw.topP),
  topK: orProvider(draw.topK),
  minP: orProvider(draw.minP),
  repeatPenalty: orProvider(draw.repeatPenalty),
};

const addressed = (scheme: string, form: string) =>
  z.string().regex(new RegExp(`^${scheme}:`), `an address such as ${scheme}:${form}`);

/** What every model has. */
const common = {
  /**
   * A short name for folders, tables and figures; by default the address, shortened for folders. Models of one address
   * need one each.
   */
  name: z.string().optional(),
  /** A prompt of its own, in place of `generate.prompts`. */
  prompt: z.string().optional(),
  /** Stories written at the same time. */
  parallel: z.int().positive().optional(),
  tokens: z.strictObject({ least: z.int().nonnegative(), most: z.int().positive() }).partial().optional(),
};

/** A model that runs on this machine. Nothing is left to a default that is not written down. */
const local = {
  ...common,
  ...z.object(draw).partial().shape,
  /** Threads; the cores but one by default, for more than are idle are far slower. */
  threads: z.int().positive().optional(),
  /**
   * False works out attention, and keeps what it remembers, in f32: probabilities are nearer to those of PyTorch (by
   * less than 1e-3 with f16 weights), for a quarter of the speed and twice the memory a text.
   */
  flashAttention: z.boolean().default(true),
};

const gguf = {
  ...local,
  /** A LoRA adapter (GGUF). */
  adapter: z.string().optional(),
  /** Record how likely the model found each token that it wrote. */
  logProbabilities: z.boolean().optional(),
};

/** A model behind a server that is asked over HTTP. */
const served = {
  ...common,
  ...z.object(drawAnywhere).partial().shape,
  /** More headers; `$NAME` in a value stands for an environment variable, so that no secret lies in study.yaml. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/, "a header's name"), z.string()).optional(),
  /**
   * Fields of the request as the server wants them: a value adds or replaces one, `null` leaves one out, and
   * `$mostTokens` (`$temperature`, `$topP`, `$topK`, `$minP`, `$repeatPenalty`, `$leastTokens`, `$seed`, `$stop`) stands
   * for what it would have been, to rename it.
   */
  send: z.record(z.string(), z.json()).optional(),
  /** How much a reasoning model thinks before it writes; the server's own default where it is not given. */
  reasoning: z.enum(["none", "minimal", "low", "medium", "high"]).optional(),
  /** Tokens for thinking, on top of those for the story; by default as `reasoning` asks for. */
  reasoningTokens: z.int().nonnegative().optional(),
  /** How often a request is tried again after 429, 5xx, a lost connection or a broken reply. */
  retries: z.int().nonnegative().default(5),
  /** Seconds before the first of these tries; doubled each time, at most 30. */
  wait: z.number().nonnegative().default(0.5),
  /** Seconds until a request without a whole reply counts as lost. */
  timeout: z.number().positive().default(120),
  /** What a million tokens cost, in whatever currency `budget` is in. */
  price: z.strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() }).optional(),
  /** No request is sent that could take the cost of this model, over all runs of the study, above this. */
  budget: z.number().positive().optional(),
};

/** The environment variable that holds a key, and where the server is. */
const reachedAt = (key: string, base?: string) => ({
  key: z.string().default(key),
  base: base === undefined ? z.string().optional() : z.string().default(base),
});

const openaiProtocol = {
  ...served,
  /** `chat` for instructed models, `completions` for base models. */
  api: z.enum(["completions", "chat"]).optional(),
  /** Record how likely the model found each token that it wrote, where the server gives it. */
  logProbabilities: z.boolean().optional(),
};

/** Each kind of model owns its settings: one that it does not know is an error that names it. */
export const modelSchemas = {
  llama: z.strictObject({ address: addressed("llama", "FILE.gguf"), ...gguf }),
  hf: z.strictObject({ address: addressed("hf", "OWNER/REPO/FILE.gguf"), ...gguf }),
  tuned: z.strictObject({ address: addressed("tuned", "DIR"), ...local }),
  openai: z.strictObject({
    address: addressed("openai", "MODEL"),
    ...openaiProtocol,
    ...reachedAt("OPENAI_API_KEY"),
    /** One big job through the Batch API, at half the price and within a day. */
    batch: z.boolean().default(false),
  }),
  anthropic: z.strictObject({
    address: addressed("anthropic", "MODEL"),
    ...served,
    ...reachedAt("ANTHROPIC_API_KEY", "https://api.anthropic.com/v1"),
  }),
  gemini: z.strictObject({
    address: addressed("gemini", "MODEL"),
    ...openaiProtocol,
    ...reachedAt("GEMINI_API_KEY", "https://generativelanguage.googleapis.com/v1beta/openai"),
  }),
  openrouter: z.strictObject({
    address: addressed("openrouter", "VENDOR/MODEL"),
    ...openaiProtocol,
    ...reachedAt("OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
  }),
  ollama: z.strictObject({
    address: addressed("ollama", "MODEL"),
    ...openaiProtocol,
    ...reachedAt("OLLAMA_API_KEY", "http://localhost:11434/v1"),
  }),
  lmstudio: z.strictObject({
    address: addressed("lmstudio", "MODEL"),
    ...openaiProtocol,
    ...reachedAt("LMSTUDIO_API_KEY", "http://localhost:1234/v1"),
  }),
  echo: z.strictObject({
    address: addressed("echo", ""),
    ...common,
    ...z.object(draw).partial().shape,
  }),
};

export type Scheme = keyof typeof modelSchemas;

/** A model by its address: `llama:FILE.gguf`, `llama:embedded`, `openai:MODEL`, `anthropic:MODEL`, `tuned:DIR`, `echo:`. */
export const ModelSettings = z.union(Object.values(modelSchemas));

export type SettingsOf<Kind extends Scheme> = Readonly<z.infer<(typeof modelSchemas)[Kind]>>;
export type ModelSettings = Readonly<z.infer<typeof ModelSettings>>;

/** A GGUF file that is run in this process. */
export type GgufSettings = SettingsOf<"llama" | "hf">;
/** Whatever runs on this machine. */
export type LocalSettings = GgufSettings | SettingsOf<"tuned">;
/** Whatever is asked over HTTP. */
export type ServedSettings = SettingsOf<
  "openai" | "anthropic" | "gemini" | "openrouter" | "ollama" | "lmstudio"
>;

/** The scheme of an address; undefined for one that names no kind of model. */
export function schemeOf(address: string): Scheme | undefined {
  const scheme = /^([a-z]+):/.exec(address)?.[1];
  return scheme !== undefined && Object.hasOwn(modelSchemas, scheme) ? (scheme as Scheme) : undefined;
}

/** What comes after the scheme. */
export const targetOf = ({ address }: Pick<ModelSettings, "address">): string =>
  address.slice(address.indexOf(":") + 1);

const servedSchemes = ["openai", "anthropic", "gemini", "openrouter", "ollama", "lmstudio"] as const;
export type ServedScheme = (typeof servedSchemes)[number];

/** Whether a model is asked over HTTP. */
export const isServed = (model: ModelSettings): model is ServedSettings =>
  servedSchemes.some((scheme) => scheme === schemeOf(model.address));
