import { z } from "zod";

/** `tune:` of study.yaml: how a model is trained on the training stories and evaluated on the validation stories. */
export const TuneSettings = z.strictObject({
  model: z.string().optional().describe("A model's folder, or its name on the hub. --model overrides it."),
  method: z
    .enum(["full", "lora"])
    .default("full")
    .describe("full changes every weight; lora trains a small addition, which needs far less memory."),
  rate: z
    .number()
    .positive()
    .optional()
    .describe("The learning rate. Default: 1e-5 for full, 1e-4 for lora."),
  findRate: z
    .strictObject({
      lowest: z.number().positive().default(1e-7).describe("The lowest learning rate."),
      highest: z.number().positive().default(1).describe("The highest learning rate."),
      steps: z.int().min(10).default(100).describe("The number of steps between them."),
    })
    .refine(({ lowest, highest }) => lowest < highest, "lowest must be below highest")
    .prefault({})
    .describe("The learning rates that --find-lr tries."),
  epochs: z.number().positive().default(3).describe("The most passes over the training stories."),
  patience: z
    .int()
    .positive()
    .default(2)
    .describe("Evaluations without a lower validation loss before training ends."),
  evaluations: z.int().positive().default(2).describe("Evaluations in each epoch."),
  keep: z
    .int()
    .min(2)
    .default(2)
    .describe("Checkpoints that are kept. To compare steps of training (tuned:DIR@STEP), keep all."),
  batch: z.int().positive().default(8).describe("Stories in a step, over all processes."),
  microBatch: z.int().positive().default(8).describe("Stories that a process takes at a time."),
  length: z.int().positive().default(512).describe("The most tokens of a story; a longer one is cut."),
  precision: z
    .enum(["auto", "bf16", "fp32"])
    .default("auto")
    .describe(
      "bf16 (with 4-byte master weights), fp32, or auto: bf16 if the processor has instructions for it.",
    ),
  checkpointing: z
    .boolean()
    .default(false)
    .describe("Whether activations are computed twice to save memory."),
  sharded: z
    .boolean()
    .default(false)
    .describe("Whether weights, gradients and moments are divided among the GPUs (FSDP2)."),
  // A restarting switch or a failover takes up to 30 seconds.
  silence: z
    .number()
    .min(5)
    .default(45)
    .describe("Seconds without a sign of life from another process before a run of several ends."),
  lora: z
    .strictObject({
      rank: z.int().positive().default(16).describe("The rank of its matrices."),
      alpha: z
        .number()
        .positive()
        .default(32)
        .describe("Its scale: the addition is multiplied by alpha / rank."),
      dropout: z
        .number()
        .min(0)
        .max(1)
        .default(0.05)
        .describe("The share of its inputs that is dropped during training."),
    })
    .prefault({})
    .describe("The size of a LoRA adapter."),
  prefer: z
    .strictObject({
      rate: z.number().positive().default(1e-4).describe("The learning rate of tune prefer."),
      beta: z
        .number()
        .positive()
        .default(0.1)
        .describe("How strongly the model is held to what it was: DPO's beta."),
      epochs: z.number().positive().default(3).describe("Passes over the pairs."),
    })
    .prefault({})
    .describe("How tinylove tune prefer learns from readers' judgments."),
  prompt: z
    .string()
    .default("title-only")
    .describe("The prompt file whose format is learnt, from the line with [[title]] on."),
  samples: z
    .int()
    .nonnegative()
    .default(3)
    .describe("Number of titles for which a greedy and a sampled story are written at each evaluation."),
  cluster: z
    .strictObject({
      interface: z
        .string()
        .optional()
        .describe("The network interface between nodes, as ip -br addr shows it: hsn0, ib0."),
      account: z.string().optional().describe("The account that is charged."),
      queue: z.string().optional().describe("A queue of PBS, or a partition of Slurm."),
      time: z.string().default("06:00:00").describe("The time limit, HH:MM:SS."),
      select: z
        .string()
        .optional()
        .describe("For PBS: the resources of each node (system=polaris). Default: its GPUs."),
      filesystems: z
        .string()
        .optional()
        .describe("For PBS: the file systems that the job needs (home:eagle)."),
      start: z
        .string()
        .optional()
        .describe("The command that starts a process on each node; -n and the number of nodes are added."),
      before: z
        .array(z.string())
        .default([])
        .describe("Shell lines to run first on every node: module load ..."),
      environment: z
        .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string())
        .default({})
        .describe("Environment variables of every process."),
    })
    .prefault({})
    .describe("The cluster, for tinylove tune submit: docs/tuning.md."),
  threads: z.int().positive().optional().describe("Processor threads of PyTorch. Default: its own choice."),
});
export type TuneSettings = Readonly<z.infer<typeof TuneSettings>>;
