import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseHardware } from "../../src/tune/hardware.ts";
import { type MemorySetting, memoryOf } from "../../src/tune/memory.ts";
import { type ModelShape, shapeFrom, shapeOf } from "../../src/tune/model-shape.ts";
import { plan, planFor } from "../../src/tune/plan.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

/** The results of DeepSpeed's functions, in bytes, from `deepspeed.py`. */
const deepspeed: {
  readonly t5: number;
  readonly models: readonly {
    readonly name: string;
    readonly parameters: number;
    readonly estimates: readonly Record<"nodes" | "gpusPerNode" | "zero2" | "zero3", number>[];
  }[];
} = JSON.parse(readFileSync(new URL("../fixtures/tuning/deepspeed.json", import.meta.url), "utf8"));

const gib = 2 ** 30;
const sizes = { batch: 1, length: 256, rank: 16 };
const setting = (change: Partial<MemorySetting>): MemorySetting => ({
  method: "full",
  strategy: "fsdp2",
  gpus: 1,
  checkpointing: true,
  ...sizes,
  ...change,
});

test("parameter counts agree with Transformers", async () => {
  expect((await shapeOf("gpt-neo-2.7B")).parameters).toBe(2_651_307_520);
  const neox = await shapeOf("EleutherAI/gpt-neox-20b");
  expect(neox.parameters).toBe(20_554_567_680);
  expect(neox.block).toBe(453_064_704);
});

/** What Transformers counts; made by `shapes.py` in the same folder. */
const shapes: Record<string, { config: Parameters<typeof shapeFrom>[1]; parameters: number }> = JSON.parse(
  readFileSync(new URL("../fixtures/tuning/shapes.json", import.meta.url), "utf8"),
);

test.each(Object.entries(shapes))(
  "%s has as many parameters as in Transformers",
  (name, { config, parameters }) => {
    expect(shapeFrom(name, config).parameters).toBe(parameters);
  },
);

test("a model that also reads images is planned by its language model; an unknown shape is named", async () => {
  const folder = await temporaryFolder();
  const { config, parameters } = shapes["gemma-3-1b"]!;
  await writeWhole(
    join(folder, "config.json"),
    JSON.stringify({ model_type: "gemma3", text_config: config }),
  );
  expect((await shapeOf(folder)).parameters).toBe(parameters);
  expect(() => shapeFrom("mamba-130m", { model_type: "mamba", vocab_size: 50280 })).toThrow(
    "mamba-130m: unknown architecture mamba",
  );
});

/** Weights, gradients, optimiser and buffers: what DeepSpeed calls model states. */
function states(shape: ModelShape, change: Partial<MemorySetting>): number {
  const { total, activations } = memoryOf(shape, setting(change));
  return total - activations;
}

test("DeepSpeed's own example: T5-3B under ZeRO-3 on 8 GPUs is 6.09 GiB", () => {
  // 2851M parameters, the largest layer 32M: given as a shape, because T5 is not a causal model.
  const shape = {
    ...shapeFrom("t5-3b", { model_type: "gpt2", vocab_size: 1, n_embd: 1, n_layer: 1, n_head: 1 }),
    parameters: 2851e6,
    embedding: 32e6,
  };
  const found = states(shape, { strategy: "zero3", gpus: 8 });
  expect(found / gib).toBeCloseTo(6.09, 1);
  expect(found / deepspeed.t5).toBeCloseTo(1, 2);
});

test("memory agrees with DeepSpeed's own estimators, from 125 million to 20 billion parameters", async () => {
  expect(deepspeed.models).toHaveLength(9);
  for (const { name, parameters, estimates } of deepspeed.models) {
    const shape = await shapeOf(name);
    expect(shape.parameters, name).toBe(parameters);
    for (const { nodes, gpusPerNode, zero2, zero3 } of estimates) {
      const on = `${name} on ${nodes} x ${gpusPerNode}`;
      const gpus = nodes * gpusPerNode;
      expect(Math.abs(states(shape, { strategy: "zero2", gpus }) / zero2 - 1), on).toBeLessThan(0.1);
      expect(Math.abs(states(shape, { strategy: "zero3", gpus }) / zero3 - 1), on).toBeLessThan(0.1);
    }
  }
});

// GiB per GPU at batch 1 and at batch 8, computed by hand for FSDP2 with checkpointing at length 256.
test.each([
  ["gpt-neo-2.7B", 1, 41, 42],
  ["gpt-neo-2.7B", 4, 11, 13],
  ["gpt-neo-2.7B", 8, 6, 8],
  ["gpt-neo-2.7B", 12, 5, 6],
  ["gpt-neo-2.7B", 16, 4, 5],
  ["gpt-neox-20b", 4, 82, 84],
  ["gpt-neox-20b", 8, 43, 46],
  ["gpt-neox-20b", 12, 30, 33],
  ["gpt-neox-20b", 16, 24, 27],
])("%s on %i GPUs needs between %i and %i GiB on each", async (model, gpus, least, most) => {
  const shape = await shapeOf(model);
  const at = (batch: number) => memoryOf(shape, setting({ gpus, batch })).total / gib;
  expect(at(1)).toBeGreaterThan(least - 1);
  expect(at(8)).toBeLessThan(most + 1);
});

test("full tuning of the 20B model needs three machines of 4 x 40 GB, and LoRA fits on one", async () => {
  const shape = await shapeOf("gpt-neox-20b");
  const { rows, recommended, because } = planFor(shape, parseHardware("4x40GB"), sizes);
  const full = rows.find(
    (row) => row.setting.method === "full" && row.setting.strategy === "fsdp2" && row.setting.checkpointing,
  )!;
  expect(full.fits).toBe(false);
  expect(full.nodes).toBe(3);
  expect(recommended!.setting).toMatchObject({ method: "lora", strategy: "fsdp2" });
  expect(because).toContain("needs 3 such machines");
  const on = (gpus: number) =>
    memoryOf(shape, setting({ method: "lora", strategy: gpus > 1 ? "fsdp2" : "ddp", gpus })).total / gib;
  expect(Math.abs(on(1) - 42.6) / 42.6).toBeLessThan(0.1);
  expect(Math.abs(on(4) - 13.9) / 13.9).toBeLessThan(0.15);
});

test("a full copy that is too large for one GPU fits on no number of machines, a shard on some", async () => {
  const shape = await shapeOf("gpt-neox-20b");
  const nodesOf = (gpus: string, method: string, strategy: string) =>
    planFor(shape, parseHardware(gpus), sizes).rows.find(
      (row) => row.setting.method === method && row.setting.strategy === strategy,
    )!.nodes;
  for (const strategy of ["ddp", "zero1", "zero2"]) {
    expect(nodesOf("4x40GB", "full", strategy), strategy).toBe("never");
    expect(nodesOf("4x40GB", "lora", strategy), strategy).toBe("never");
  }
  expect(nodesOf("4x40GB", "full", "zero3")).toBe(3);
  expect(nodesOf("2x10GB", "full", "zero3")).toBe("more than 64");
  // A gathered layer and the activations are never sharded.
  expect(nodesOf("2x6GB", "full", "fsdp2")).toBe("never");
});

test("machines with one GPU each can shard a model", async () => {
  const because = async (gpus: string) =>
    planFor(await shapeOf("gpt-neox-20b"), parseHardware(gpus), sizes).because;
  expect(await because("1x40GB")).toContain("does not fit (it needs 10 such machines)");
  expect(await because("1x2GB")).toContain("nothing fits: it fits on no number of such machines");
});

test("the plan says how to use its setting, and when another tool is needed", async () => {
  const how = async (model: string, gpus: string) => {
    const effects = quietEffects();
    await plan.run(".", { model, gpus, json: false, ...sizes }, effects);
    const printed = effects.printed.join("\n");
    // A terminal has 80 columns, and a command in it is pasted as it is.
    for (const line of printed.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    const lines = printed.slice(printed.indexOf("\nhow:")).split("\n");
    return lines.map((line) => line.trim()).join(" ");
  };
  expect(await how("gpt-neo-2.7B", "4x40GB")).toContain(
    "sharded: true } in study.yaml, and `tinylove tune run`",
  );
  const onThree = await how("gpt-neox-20b", "3x4x40GB");
  expect(onThree).toContain("`tinylove tune submit --nodes 3 --strategy fsdp2`");
  // Twelve GPUs cannot divide the default of eight stories per step.
  expect(onThree).toContain("batch: 12, microBatch: 1,");
  expect(await how("gpt-neox-20b", "1x40GB")).toContain("with another tool");
});

test("the 160 GB of 2022 are explained: ZeRO-3, padded to 2048, without checkpointing", async () => {
  const memory = memoryOf(
    await shapeOf("gpt-neo-2.7B"),
    setting({ strategy: "zero3", gpus: 4, length: 2048, checkpointing: false }),
  );
  expect(memory.total / gib).toBeGreaterThan(36);
  expect(memory.total / gib).toBeLessThan(39);
  expect(memory.activations / memory.total).toBeGreaterThan(0.6);
});

test("hardware is parsed in the usual notations, and other values are refused", () => {
  expect(parseHardware("4x40GB")).toEqual({ nodes: 1, perNode: 4, bytes: 40 * gib });
  expect(parseHardware("3 x 4 x 80 GB")).toEqual({ nodes: 3, perNode: 4, bytes: 80 * gib });
  for (const odd of ["40GB", "0x40GB", "4x40", "4x40TB", ""])
    expect(() => parseHardware(odd)).toThrow(/--gpus .*not a number/);
});

test("a config alone is enough, and errors in it are named", async () => {
  const folder = await temporaryFolder();
  await writeWhole(
    join(folder, "config.json"),
    JSON.stringify({
      model_type: "gpt_neox",
      vocab_size: 100,
      hidden_size: 8,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 32,
    }),
  );
  const effects = quietEffects();
  const given = { model: folder, gpus: "1x8GB", json: false, ...sizes };
  await plan.run(".", given, effects);
  expect(effects.printed.join("\n")).toContain("choose: full, DDP, without checkpointing");
  await writeWhole(join(folder, "config.json"), JSON.stringify({ model_type: "mamba", vocab_size: 100 }));
  await expect(plan.run(".", given, effects)).rejects.toThrow(/unknown architecture mamba/);
  await expect(plan.run(".", { ...given, model: "no-such" }, effects)).rejects.toThrow(/no such file/);
});
