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
    .refine(({ lowest, highest }) => lowest < highest, "lowest must lie below highest")
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
  /**
   * Seconds without a sign of life from another process's host before a run of several ends. A switch that starts
   * anew and a link that changes over take up to 30, and within a minute all is to have ended.
   */
  silence: z.number().min(5).default(45),
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
  /** For `tinylove tune submit`: what a cluster is like. The recipes stand in docs/tuning.md. */
  cluster: z
    .strictObject({
      /** The network interface over which nodes meet, as `ip -br addr` shows it on a compute node: hsn0, ib0. */
      interface: z.string().optional(),
      account: z.string().optional(),
      /** A queue of PBS, a partition of Slurm. */
      queue: z.string().optional(),
      /** At most so long, HH:MM:SS. */
      time: z.string().default("06:00:00"),
      /** For PBS: what each node has to be (`system=polaris`); by default its GPUs are asked for. */
      select: z.string().optional(),
      /** For PBS: the file systems that the job needs (`home:eagle`). */
      filesystems: z.string().optional(),
      /** What starts one process on each node; `-n` and the number of nodes are added. */
      start: z.string().optional(),
      /** Shell lines that come first, on every node: `module load ...`. */
      before: z.array(z.string()).default([]),
      /** Variables of every process. */
      environment: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string()).default({}),
    })
    .prefault({}),
  /** Threads of PyTorch on the CPU; its own choice by default. */
  threads: z.int().positive().optional(),
});
export type TuneSettings = Readonly<z.infer<typeof TuneSettings>>;
