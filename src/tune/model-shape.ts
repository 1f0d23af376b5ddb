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

const Config = z.looseObject({
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
type Config = z.infer<typeof Config>;

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
  llama: gated,
  mistral: gated,
  qwen2: gated,
};

/** Blocks with a gated MLP, grouped keys and values, and negligible biases. */
function gated(config: Config, name: string): Counted {
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
  const block = weights(linear) + 2 * width;
  return {
    parameters: layers * block + (config.tie_word_embeddings ? 1 : 2) * embedding + width,
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
