import type { ModelShape } from "./model-shape.ts";

/**
 * The memory of a training step on each GPU, in bytes, by component. Constants were measured where possible
 * (activations, with PyTorch's `saved_tensors_hooks`); others are from papers and from DeepSpeed's own estimators,
 * against which they are tested. The CUDA context (`contextBytes`) is not included.
 */

export const methods = ["full", "lora", "qlora"] as const;
export type Method = (typeof methods)[number];

export const strategies = ["ddp", "zero1", "zero2", "zero3", "fsdp2"] as const;
export type Strategy = (typeof strategies)[number];

export interface MemorySetting {
  readonly method: Method;
  readonly strategy: Strategy;
  readonly gpus: number;
  /** Sequences per GPU and step, and their length in tokens, including padding. */
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
  /** Temporary memory: gathered layers, buckets, casts. */
  readonly buffers: number;
  readonly total: number;
}

/** CUDA's context, the allocator's overhead and NCCL's buffers on each GPU, about 1.5 GiB. */
export const contextBytes = 1.5 * 2 ** 30;

export function memoryOf(shape: ModelShape, setting: MemorySetting): Memory {
  const states = setting.method === "full" ? fullStates(shape, setting) : adapterStates(shape, setting);
  const activations = activationBytes(shape, setting);
  const { weights, gradients, optimiser, buffers } = states;
  return { ...states, activations, total: weights + gradients + optimiser + buffers + activations };
}

type States = Omit<Memory, "activations" | "total">;

/**
 * AdamW with fp32 master weights takes 16 bytes per parameter (4 weights, 4 gradients, 8 moments); DeepSpeed's mixed
 * precision takes 18 (2 working weights, 4 gradients, 12 masters and moments). ZeRO-2 and ZeRO-3 follow DeepSpeed's
 * `estimate_zero2_model_states_mem_needs` (2P + 18P/n, with gradients of 2 and of 4 bytes) and
 * `estimate_zero3_model_states_mem_needs` (18P/n + 4 bytes per parameter of the largest layer), as of version 0.19.
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
        // Gradient buckets for the all-reduce; autocast keeps 2-byte casts of the weights until the backward pass
        // ends.
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

/** A frozen base (2 bytes per parameter, or NF4 with 0.52 for linear layers) and 16 bytes per trained parameter. */
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

/** Parameters that LoRA trains: two matrices of the rank for every linear layer of every block. */
const loraParameters = (shape: ModelShape, rank: number): number =>
  shape.layers * shape.linear.reduce((sum, [from, to]) => sum + rank * (from + to), 0);

function quantised(shape: ModelShape): number {
  const linear = shape.layers * shape.linear.reduce((sum, [from, to]) => sum + from * to, 0);
  return 0.52 * linear + 2 * (shape.parameters - linear);
}

/**
 * FSDP2 keeps two gathered layers (one in use, one prefetched): 2-byte weights, and 4-byte gradients in the backward
 * pass.
 */
const gathered = (shape: ModelShape): number => 2 * shape.block * (2 + 4);

/** DeepSpeed's estimator takes the largest single layer: a matrix of a block, or the embedding. */
const largestLayer = (shape: ModelShape): number => Math.max(shape.embedding, largestMatrix(shape));

const largestMatrix = (shape: ModelShape): number => Math.max(...shape.linear.map(([from, to]) => from * to));

/**
 * Bytes of activations: per layer, token and unit (measured in bf16 at lengths 256 and 2048); with checkpointing only
 * 2 bytes at each boundary, and one full layer while it is recomputed. Logits take 4 bytes in the loss, and 4 for
 * their gradient.
 */
function activationBytes(shape: ModelShape, { batch, length, checkpointing }: MemorySetting): number {
  const tokens = batch * length;
  const layer = tokens * shape.width * bytesPerUnit(shape, length);
  const logits = tokens * shape.vocabulary * 8;
  const kept = checkpointing ? 2 * tokens * shape.width * shape.layers + layer : layer * shape.layers;
  return kept + logits;
}

/**
 * Bytes per token, unit and layer. Attention without a fused kernel keeps its scores: 5.8 heads x length / width, the
 * slope between the measured lengths (the textbook has 5; Korthikanti et al. 2022). GPT-Neo 64 + scores, which is 76
 * at 256 and 157 at 2048; GPT-NeoX fused 84. A gated MLP keeps about as much as GPT-NeoX's.
 */
function bytesPerUnit(shape: ModelShape, length: number): number {
  const scores = shape.fusedAttention ? 0 : (5.8 * shape.heads * length) / shape.width;
  return (shape.fusedAttention ? 84 : 64.4) + scores;
}
