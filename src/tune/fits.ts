import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { memoryFree } from "../llm/llama.ts";
import type { TuneSettings } from "../study/settings/tune.ts";
import type { Story } from "../study/story.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { readJson } from "../workbench/files.ts";
import { runProgram } from "../workbench/run-program.ts";
import { contextBytes, memoryOf } from "./memory.ts";
import { knownArchitecture, type ModelShape, shapeOf } from "./model-shape.ts";

/** Memory available for training: free bytes on each GPU, or of main memory if there is no GPU. */
export type Machine = { readonly gpus: readonly number[] } | { readonly memory: number };

/** Asks `nvidia-smi`; a machine without it, or without GPUs, trains on the CPU. */
export async function thisMachine(effects: Effects): Promise<Machine> {
  const { code, text } = await runProgram(
    "nvidia-smi",
    ["--query-gpu=memory.free", "--format=csv,noheader,nounits"],
    effects,
  );
  const free = (code === 0 ? text : "")
    .split("\n")
    .map(Number)
    .filter((mebibytes) => mebibytes > 0)
    .map((mebibytes) => mebibytes * 2 ** 20);
  // CUDA_VISIBLE_DEVICES selects the visible GPUs; entries that are not numbers are only counted.
  const chosen = effects.env["CUDA_VISIBLE_DEVICES"]
    ?.split(",")
    .filter((name) => name.trim() !== "" && name !== "-1");
  const gpus = chosen
    ? chosen.flatMap((name, at) => free[Number.isNaN(Number(name)) ? at : Number(name)] ?? [])
    : free;
  return gpus.length > 0 ? { gpus } : { memory: memoryFree() };
}

/**
 * Throws StudyError if the training would not fit, with the needed and the available memory, and a setting that
 * would fit. Models with an architecture that `tune plan` does not know only cause a warning: the trainer may support
 * them.
 */
export async function checkFits(
  model: string,
  setting: Pick<
    TuneSettings,
    "method" | "microBatch" | "length" | "precision" | "checkpointing" | "sharded" | "lora"
  >,
  stories: readonly Story[],
  machine: Machine,
  effects: Effects,
): Promise<void> {
  const shape = await shapeIfKnown(model, effects);
  if (!shape) return;
  const needs = (method: TuneSettings["method"]) =>
    neededBytes(shape, { ...setting, method }, stories, machine);
  const free = "gpus" in machine ? Math.min(...machine.gpus) : machine.memory;
  if (needs(setting.method) <= free) return;
  const smaller = setting.method === "full" && needs("lora") <= free;
  throw new StudyError(
    `${model} does not fit: ${setting.method === "full" ? "full tuning" : "LoRA"} needs about ${gib(needs(setting.method))}, but ${gib(free)} are free ${"gpus" in machine ? "on each GPU" : "here"}`,
    {
      hint: smaller
        ? "--method lora would fit"
        : "`tinylove tune plan` shows which hardware it needs; `tinylove tune submit` trains on a cluster",
    },
  );
}

/** On the CPU all parts share one memory, and activations take 4 bytes. */
function neededBytes(
  shape: ModelShape,
  {
    method,
    microBatch,
    length,
    precision,
    checkpointing,
    sharded,
    lora,
  }: Parameters<typeof checkFits>[1] & { method: TuneSettings["method"] },
  stories: readonly Story[],
  machine: Machine,
): number {
  const gpus = "gpus" in machine ? machine.gpus.length : 1;
  const memory = memoryOf(shape, {
    method,
    strategy: sharded && gpus > 1 ? "fsdp2" : "ddp",
    gpus,
    batch: microBatch,
    length: Math.min(length, longestIn(stories)),
    checkpointing,
    rank: lora.rank,
  });
  // In f32 the frozen base of an adapter takes 4 bytes per parameter, not 2.
  const inF32 = precision === "fp32" || (precision === "auto" && !("gpus" in machine));
  const base = method === "lora" && inF32 ? (2 * shape.parameters) / (sharded ? gpus : 1) : 0;
  if ("gpus" in machine) return memory.total + base + contextBytes;
  return memory.total + memory.activations + base + pythonBytes;
}

/** Memory of PyTorch and its libraries, without weights. */
const pythonBytes = 0.6 * 2 ** 30;

/** Tokens of the longest story with its title; English has about 1.4 tokens per word, rare words more. */
const longestIn = (stories: readonly Story[]): number =>
  Math.ceil(1.8 * Math.max(...stories.map(({ words }) => words)) + 30);

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

async function shapeIfKnown(model: string, effects: Effects): Promise<ModelShape | undefined> {
  const folder = await stat(model).catch(() => undefined);
  if (!folder) return shapeOf(model).catch(() => undefined);
  const file = join(model, "config.json");
  const { model_type: kind } = await readJson(
    file,
    z.looseObject({ model_type: z.string() }),
    "a model's folder has config.json and its weights",
  );
  if (knownArchitecture(kind)) return shapeOf(model);
  effects.warn(`cannot estimate the memory of ${kind}; it can be trained if Transformers supports it`);
  return undefined;
}
