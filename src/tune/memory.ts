import type { ModelShape } from "./model-shape.ts";

/**
 * What a training step needs on each GPU, in bytes, part by part. The constants were measured where they could be
 * (activations, with PyTorch's `saved_tensors_hooks`) and are else those of the papers and of DeepSpeed's own
 * estimators, which the tests hold against. Nothing here counts the CUDA context (`contextBytes`).
 */

export const methods = ["full", "lora", "qlora"] as const;
export type Method = (typeof methods)[number];

export const strategies = ["ddp", "zero1", "zero2", "zero3", "fsdp2"] as const;
export type Strategy = (typeof strategies)[number];

export interface MemorySetting {
  readonly method: Method;
  readonly strategy: Strategy;
  readonly gpus: number;
  /** Sequences a GPU takes at a time, and their length in tokens (padding counts). */
  readonly batch: number;
  readonly length: number;
  readonly checkpointing: boolean;
  /** Rank of LoRA's maps. */
  readonly rank: number;
}

export interface Memory {
  readonly weights: number;
  readonly gradients: number;
  readonly optimiser: number;
  readonly activations: number;
  /** Gathered layers, buckets, casts: what is there for a moment. */
  readonly buffers: number;
  readonly total: number;
}

/** CUDA's context, the allocator's slack and NCCL's buffers on each GPU: 1.5 GiB of it is never ours. */
export const contextBytes = 1.5 * 2 ** 30;

export function memoryOf(shape: ModelShape, setting: MemorySetting): Memory {
  const states = setting.method === "full" ? fullStates(shape, setting) : adapterStates(shape, setting);
  const activations = activationBytes(shape, setting);
  const { weights, gradients, optimiser, buffers } = states;
  return { ...states, activations, total: weights + gradients + optimiser + buffers + activations };
}

type States = Omit<Memory, "activations" | "total">;

/**
 * AdamW with fp32 masters is 16 bytes a parameter (4 weights, 4 gradients, 8 moments); DeepSpeed's mixed precision
 * is 18 (2 working weights, 4 gradients, 12 masters and moments). ZeRO-2 and ZeRO-3 follow DeepSpeed's
 * `estimate_zero2_model_states_mem_needs` (2P + 18P/n, with gradients of 2 and of 4 bytes) and
 * `estimate_zero3_model_states_mem_needs` (18P/n + 4 bytes a parameter of the largest layer), as of version 0.19.
 */
function fullStates(shape: ModelShape, { strategy, gpus, checkpointing }: MemorySetting): States {
  const parameters = shape.parameters;
  const share = parameters / gpus;
  switch (strategy) {
    case "ddp":
      return {
        weights: 4 * parameters,
        gradients: 4 * parameters,
        optimiser: 8 * parameters,
        // Gradient buckets for the all-reduce; autocast keeps 2-byte casts of the weights until backward is through.
        buffers: (gpus > 1 ? 4 * parameters : 0) + (checkpointing ? 2 * shape.block : 2 * parameters),
      };
    case "zero1":
      return { weights: 2 * parameters, gradients: 4 * parameters, optimiser: 12 * share, buffers: 0 };
    case "zero2":
      return { weights: 2 * parameters, gradients: 6 * share, optimiser: 12 * share, buffers: 0 };
    case "zero3":
      return {
        weights: 2 * share,
        gradients: 4 * share,
        optimiser: 12 * share,
        buffers: 4 * largestLayer(shape),
      };
    case "fsdp2":
      return { weights: 4 * share, gradients: 4 * share, optimiser: 8 * share, buffers: gathered(shape) };
  }
}

/** A frozen base (2 bytes a parameter, or NF4 at 0.52 on the linear maps) and 16 bytes for each trained parameter. */
function adapterStates(shape: ModelShape, { method, strategy, gpus, rank }: MemorySetting): States {
  const base = method === "qlora" ? quantised(shape) : 2 * shape.parameters;
  const trained = loraParameters(shape, rank);
  const sharded = strategy === "zero3" || strategy === "fsdp2";
  const optimiserShare = strategy === "ddp" ? trained : trained / gpus;
  return {
    weights: (sharded ? base / gpus : base) + 4 * (sharded ? trained / gpus : trained),
    gradients: 4 * (sharded ? trained / gpus : trained),
    optimiser: 8 * optimiserShare,
    buffers: sharded && gpus > 1 ? 2 * 2 * shape.block : method === "qlora" ? 2 * largestMatrix(shape) : 0,
  };
}

/** Parameters that LoRA trains: two maps of the rank on every linear map of every block. */
const loraParameters = (shape: ModelShape, rank: number): number =>
  shape.layers * shape.linear.reduce((sum, [from, to]) => sum + rank * (from + to), 0);

function quantised(shape: ModelShape): number {
  const linear = shape.layers * shape.linear.reduce((sum, [from, to]) => sum + from * to, 0);
  return 0.52 * linear + 2 * (shape.parameters - linear);
}

/** FSDP2 holds two gathered layers (one in use, one fetched ahead): 2-byte weights, and 4-byte gradients in backward. */
const gathered = (shape: ModelShape): number => 2 * shape.block * (2 + 4);

/** DeepSpeed's estimator takes the largest single layer: a matrix of a block, or the embedding. */
const largestLayer = (shape: ModelShape): number => Math.max(shape.embedding, largestMatrix(shape));

const largestMatrix = (shape: ModelShape): number => Math.max(...shape.linear.map(([from, to]) => from * to));

/**
 * Bytes of activations: a layer's own for each token and unit (measured in bf16 at lengths 256 and 2048), or with
 * checkpointing 2 at each boundary and one layer's own while it is recomputed; and the logits, which the loss
 * takes at 4 bytes beside their gradient.
 */
function activationBytes(shape: ModelShape, { batch, length, checkpointing }: MemorySetting): number {
  const tokens = batch * length;
  const layer = tokens * shape.width * bytesPerUnit(shape, length);
  const logits = tokens * shape.vocabulary * 8;
  const kept = checkpointing ? 2 * tokens * shape.width * shape.layers + layer : layer * shape.layers;
  return kept + logits;
}

/**
 * Bytes a token, unit and layer. Attention without a fused kernel keeps its scores: 5.8 heads x length / width, the
 * slope between the measured lengths (the textbook has 5; Korthikanti et al. 2022). GPT-Neo 64 + scores, which
 * is 76 at 256 and 157 at 2048; GPT-NeoX fused 84. A gated MLP keeps about as much as GPT-NeoX's.
 */
function bytesPerUnit(shape: ModelShape, length: number): number {
  const scores = shape.fusedAttention ? 0 : (5.8 * shape.heads * length) / shape.width;
  return (shape.fusedAttention ? 84 : 64.4) + scores;
}
