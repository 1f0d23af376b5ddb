import { z } from "zod";

/** `tune:` of study.yaml: how a model is taught on the training stories, and watched on the validation stories. */
export const TuneSettings = z.strictObject({
  /** A model's folder, or its name on the hub where this machine may fetch it. `--model` goes before it. */
  model: z.string().optional(),
  /** `full` changes every weight; `lora` learns a small map beside each, which takes far less memory. */
  method: z.enum(["full", "lora"]).default("full"),
  /** The learning rate; 1e-5 for `full` and 1e-4 for `lora` by default. */
  rate: z.number().positive().optional(),
  /** The rates that `--find-lr` walks through, and in how many steps. */
  findRate: z
    .strictObject({
      lowest: z.number().positive().default(1e-7),
      highest: z.number().positive().default(1),
      steps: z.int().min(10).default(100),
    })
    .prefault({}),
  /** At most so many passes over the training stories; few, for a small corpus is soon known by heart. */
  epochs: z.number().positive().default(3),
  /** Evaluations without a better validation loss before training ends. */
  patience: z.int().positive().default(2),
  /** Evaluations in an epoch. */
  evaluations: z.int().positive().default(2),
  /** Stories a step, over all processes, and how many of them a process takes at a time. */
  batch: z.int().positive().default(8),
  microBatch: z.int().positive().default(8),
  /** Tokens; a longer story is cut. */
  length: z.int().positive().default(512),
  /** `bf16` (with 4-byte masters) or `fp32`. */
  precision: z.enum(["bf16", "fp32"]).default("bf16"),
  /** Works the activations out twice to save their memory. */
  checkpointing: z.boolean().default(false),
  /** Parts weights, gradients and moments among the GPUs (FSDP2), where a whole copy on each does not fit. */
  sharded: z.boolean().default(false),
  lora: z
    .strictObject({
      rank: z.int().positive().default(16),
      alpha: z.number().positive().default(32),
      dropout: z.number().min(0).max(1).default(0.05),
    })
    .prefault({}),
  /** The prompt file whose form is learnt: what stands from the line of `[[title]]` on, and the story after it. */
  prompt: z.string().default("title-only"),
  /** At each evaluation a greedy and a sampled story is written to so many titles of the test stories. */
  samples: z.int().nonnegative().default(3),
  /** Threads of PyTorch on the CPU; its own choice by default. */
  threads: z.int().positive().optional(),
});
export type TuneSettings = Readonly<z.infer<typeof TuneSettings>>;
