import { z } from "zod";
import { StudyError } from "../workbench/errors.ts";
import { readJson } from "../workbench/files.ts";

/**
 * The properties of a model that the memory of a training step depends on, from its config alone. Sizes in parameters
 * and units.
 */
export interface ModelShape {
  readonly name: string;
  readonly architecture: string;
  readonly parameters: number;
  /** Parameters of one transformer block, and of the largest single weight matrix outside the blocks. */
  readonly block: number;
  readonly embedding: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
  /** Linear layers of one block as [in, out]; LoRA and quantisation apply to them. */
  readonly linear: readonly (readonly [number, number])[];
  /** Whether attention has a fused kernel (SDPA) in Transformers; without it the score matrix is kept. */
  readonly fusedAttention: boolean;
}

const TextConfig = z.looseObject({
  model_type: z.string(),
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive().optional(),
  num_hidden_layers: z.int().positive().optional(),
  num_layers: z.int().positive().optional(),
  num_attention_heads: z.int().positive().optional(),
  num_heads: z.int().positive().optional(),
  num_key_value_heads: z.int().positive().optional(),
  intermediate_size: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive().optional(),
  tie_word_embeddings: z.boolean().optional(),
  n_embd: z.int().positive().optional(),
  n_layer: z.int().positive().optional(),
  n_head: z.int().positive().optional(),
  n_positions: z.int().positive().optional(),
  head_dim: z.int().positive().nullish(),
});
type Config = z.infer<typeof TextConfig>;

/** The config of a model that also reads images has that of its language model inside. */
const Config = z.preprocess((config) => {
  const { text_config: text } = (config ?? {}) as { text_config?: unknown };
  return text ?? config;
}, TextConfig);

/** Configs of well-known models, so that planning needs no file. */
const wellKnown: Record<string, Config> = {
  "EleutherAI/gpt-neo-125m": neo(768, 12, 12),
  "EleutherAI/gpt-neo-1.3B": neo(2048, 24, 16),
  "EleutherAI/gpt-neo-2.7B": neo(2560, 32, 20),
  "EleutherAI/gpt-neox-20b": neox(6144, 44, 64, 50432),
  "EleutherAI/pythia-160m": neox(768, 12, 12, 50304),
  "EleutherAI/pythia-410m": neox(1024, 24, 16, 50304),
  "EleutherAI/pythia-1.4b": neox(2048, 24, 16, 50304),
  "EleutherAI/pythia-6.9b": neox(4096, 32, 32, 50432),
  "EleutherAI/pythia-12b": neox(5120, 36, 40, 50688),
  "HuggingFaceTB/SmolLM2-135M": llamaLike("llama", 49152, 576, 30, [9, 3, 64], 1536, true),
  "meta-llama/Llama-3.2-1B": llamaLike("llama", 128256, 2048, 16, [32, 8, 64], 8192, true),
  "mistralai/Mistral-7B-v0.3": llamaLike("mistral", 32768, 4096, 32, [32, 8, 128], 14336, false),
  "Qwen/Qwen3-0.6B": llamaLike("qwen3", 151936, 1024, 28, [16, 8, 128], 3072, true),
  "Qwen/Qwen3-8B": llamaLike("qwen3", 151936, 4096, 36, [32, 8, 128], 12288, false),
  "google/gemma-3-270m": llamaLike("gemma3_text", 262144, 640, 18, [4, 1, 256], 2048, true),
  "google/gemma-3-1b-pt": llamaLike("gemma3_text", 262144, 1152, 26, [4, 1, 256], 6912, true),
  "microsoft/Phi-4-mini-instruct": llamaLike("phi3", 200064, 3072, 32, [24, 8, 128], 8192, true),
};

/** The shape of a well-known model, or of the `config.json` at a path (the file or the model's folder). */
export async function shapeOf(model: string): Promise<ModelShape> {
  const known = Object.keys(wellKnown).find((name) =>
    [name, name.split("/")[1]].some((one) => one?.toLowerCase() === model.toLowerCase()),
  );
  if (known) return shapeFrom(known, wellKnown[known]!);
  const path = model.endsWith(".json") ? model : `${model}/config.json`;
  const names = Object.keys(wellKnown).map((name) => name.split("/")[1]);
  return shapeFrom(
    model,
    await readJson(path, Config, `give a model's folder, its config.json, or one of ${names.join(", ")}`),
  );
}

/** Counts parameters as in Transformers; throws StudyError for an unknown architecture. */
export function shapeFrom(name: string, config: Config): ModelShape {
  const count = counts[config.model_type];
  if (!count) {
    throw new StudyError(`${name}: unknown architecture ${config.model_type}`, {
      hint: `known architectures: ${Object.keys(counts).join(", ")}`,
    });
  }
  return { name, architecture: config.model_type, vocabulary: config.vocab_size, ...count(config, name) };
}

/** Whether memory can be estimated for a config's `model_type`. */
export const knownArchitecture = (kind: string): boolean => Object.hasOwn(counts, kind);

type Counted = Omit<ModelShape, "name" | "architecture" | "vocabulary">;

const counts: Record<string, (config: Config, name: string) => Counted> = {
  gpt_neox(config, name) {
    const width = needed(config.hidden_size, "hidden_size", name);
    const inner = config.intermediate_size ?? 4 * width;
    const layers = needed(config.num_hidden_layers, "num_hidden_layers", name);
    const linear = [
      [width, 3 * width],
      [width, width],
      [width, inner],
      [inner, width],
    ] as const;
    const embedding = config.vocab_size * width;
    const block = weights(linear) + biases(linear) + 4 * width;
    return {
      parameters: layers * block + (config.tie_word_embeddings ? 1 : 2) * embedding + 2 * width,
      block,
      embedding,
      layers,
      width,
      heads: needed(config.num_attention_heads, "num_attention_heads", name),
      linear,
      fusedAttention: true,
    };
  },
  gpt_neo(config, name) {
    const width = needed(config.hidden_size, "hidden_size", name);
    const inner = config.intermediate_size ?? 4 * width;
    const layers = needed(config.num_layers, "num_layers", name);
    const linear = [
      [width, width],
      [width, width],
      [width, width],
      [width, width],
      [width, inner],
      [inner, width],
    ] as const;
    const embedding = config.vocab_size * width;
    // Queries, keys and values have no bias.
    const block = weights(linear) + biases(linear.slice(3)) + 4 * width;
    return {
      parameters: layers * block + embedding + (config.max_position_embeddings ?? 2048) * width + 2 * width,
      block,
      embedding,
      layers,
      width,
      heads: needed(config.num_heads, "num_heads", name),
      linear,
      fusedAttention: false,
    };
  },
  gpt2(config, name) {
    const width = needed(config.n_embd, "n_embd", name);
    const layers = needed(config.n_layer, "n_layer", name);
    const linear = [
      [width, 3 * width],
      [width, width],
      [width, 4 * width],
      [4 * width, width],
    ] as const;
    const embedding = config.vocab_size * width;
    const block = weights(linear) + biases(linear) + 4 * width;
    return {
      parameters: layers * block + embedding + (config.n_positions ?? 1024) * width + 2 * width,
      block,
      embedding,
      layers,
      width,
      heads: needed(config.n_head, "n_head", name),
      linear,
      fusedAttention: true,
    };
  },
  llama: gated(),
  mistral: gated(),
  qwen2: gated({ biased: true }),
  qwen3: gated({ normedHeads: true }),
  // Transformers stores its projections fused; the number of weights is the same.
  phi3: gated(),
  gemma: gated({ tied: true }),
  gemma2: gated({ tied: true, norms: 4 }),
  gemma3_text: gated({ tied: true, norms: 4, normedHeads: true }),
};

interface Gated {
  /** Whether queries, keys and values have a bias. */
  readonly biased?: boolean;
  /** Whether queries and keys are normed in each head. */
  readonly normedHeads?: boolean;
  /** Norms in a block. */
  readonly norms?: number;
  /** Whether the head is the embedding where the config does not say. */
  readonly tied?: boolean;
}

/** Blocks with a gated MLP and grouped keys and values. */
function gated(kind: Gated = {}): (config: Config, name: string) => Counted {
  return (config, name) => countGated(config, name, kind);
}

function countGated(
  config: Config,
  name: string,
  { biased = false, normedHeads = false, norms = 2, tied = false }: Gated,
): Counted {
  const width = needed(config.hidden_size, "hidden_size", name);
  const heads = needed(config.num_attention_heads, "num_attention_heads", name);
  const layers = needed(config.num_hidden_layers, "num_hidden_layers", name);
  const inner = needed(config.intermediate_size ?? undefined, "intermediate_size", name);
  const head = config.head_dim ?? width / heads;
  const grouped = head * (config.num_key_value_heads ?? heads);
  const linear = [
    [width, head * heads],
    [width, grouped],
    [width, grouped],
    [head * heads, width],
    [width, inner],
    [width, inner],
    [inner, width],
  ] as const;
  const embedding = config.vocab_size * width;
  const block =
    weights(linear) +
    (biased ? biases(linear.slice(0, 3)) : 0) +
    norms * width +
    (normedHeads ? 2 * head : 0);
  return {
    parameters: layers * block + ((config.tie_word_embeddings ?? tied) ? 1 : 2) * embedding + width,
    block,
    embedding,
    layers,
    width,
    heads,
    linear,
    fusedAttention: true,
  };
}

const weights = (linear: ModelShape["linear"]): number =>
  linear.reduce((sum, [from, to]) => sum + from * to, 0);
const biases = (linear: ModelShape["linear"]): number => linear.reduce((sum, [, to]) => sum + to, 0);

function needed(value: number | undefined, key: string, name: string): number {
  if (value === undefined)
    throw new StudyError(`${name}: the config has no ${key}`, {
      hint: "check that it is a model's config.json",
    });
  return value;
}

function neo(width: number, layers: number, heads: number): Config {
  return {
    model_type: "gpt_neo",
    vocab_size: 50257,
    hidden_size: width,
    num_layers: layers,
    num_heads: heads,
    max_position_embeddings: 2048,
  };
}

function neox(width: number, layers: number, heads: number, vocabulary: number): Config {
  return {
    model_type: "gpt_neox",
    vocab_size: vocabulary,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
  };
}

/** `heads` are the query heads, the heads of keys and values, and the size of one. */
function llamaLike(
  kind: string,
  vocabulary: number,
  width: number,
  layers: number,
  [heads, grouped, head]: readonly [number, number, number],
  inner: number,
  tied: boolean,
): Config {
  return {
    model_type: kind,
    vocab_size: vocabulary,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: grouped,
    head_dim: head,
    intermediate_size: inner,
    tie_word_embeddings: tied,
  };
}
