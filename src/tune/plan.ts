import { z } from "zod";
import { TuneSettings } from "../study/settings/tune.ts";
import { inColumns } from "../workbench/columns.ts";
import { wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { wrapped } from "../workbench/wrapped.ts";
import { type Hardware, parseHardware } from "./hardware.ts";
import {
  contextBytes,
  type Memory,
  type MemorySetting,
  type Method,
  memoryOf,
  methods,
  type Strategy,
  strategies,
} from "./memory.ts";
import { type ModelShape, shapeOf } from "./model-shape.ts";

const options = z.object({
  model: z.string({ error: "give a model" }),
  gpus: z.string().default("1x40GB"),
  length: wholeNumber(1).default(256),
  batch: wholeNumber(1).default(1),
  rank: wholeNumber(1).default(16),
  json: z.boolean().default(false),
});

/** `tinylove tune plan`: the memory that fine-tuning needs, what fits, and the recommended setting. */
export const plan = command({
  name: "tune plan",
  examples: [
    "tinylove tune plan --model gpt-neo-2.7B --gpus 4x40GB",
    "tinylove tune plan --model gpt-neox-20b --gpus 4x40GB --batch 8",
    "tinylove tune plan --model ./my-model/config.json --gpus 1x24GB",
  ],
  flags: [
    ["--model <model>", "a model's folder, its config.json, or a well-known name (gpt-neox-20b)"],
    [
      "--gpus <gpus>",
      "GPUs of one machine and their memory, such as 4x40GB; for three machines 3x4x40GB (default: 1x40GB)",
    ],
    ["--length <tokens>", "tokens per sequence, including padding (default: 256)"],
    ["--batch <sequences>", "sequences per GPU and step (default: 1)"],
    ["--rank <rank>", "rank of LoRA (default: 16)"],
    ["--json", "print JSON, for programs"],
  ],
  options,
  async run(_, { model, gpus, json, ...sizes }, effects) {
    const planned = planFor(await shapeOf(model), parseHardware(gpus), sizes);
    effects.print(json ? JSON.stringify(planned, null, 2) : describe(planned));
  },
});

export interface PlanRow {
  readonly setting: MemorySetting;
  readonly memory: Memory;
  readonly fits: boolean;
  /**
   * The fewest machines of this kind on which it fits. `never`: the part that cannot be sharded is too big for one
   * GPU.
   */
  readonly nodes: number | "more than 64" | "never";
}

export interface TuningPlan {
  readonly shape: ModelShape;
  readonly hardware: Hardware;
  readonly rows: readonly PlanRow[];
  readonly recommended: PlanRow | undefined;
  readonly because: string;
}

type Sizes = Pick<MemorySetting, "batch" | "length" | "rank">;

/** Every method and strategy on this hardware, with and without checkpointing, and the recommended one. */
export function planFor(shape: ModelShape, hardware: Hardware, sizes: Sizes): TuningPlan {
  const gpus = hardware.nodes * hardware.perNode;
  const rows = methods.flatMap((method) =>
    strategiesFor(method, gpus).flatMap((strategy) =>
      [false, true].map((checkpointing) =>
        rowOf(shape, hardware, { method, strategy, gpus, checkpointing, ...sizes }),
      ),
    ),
  );
  return { shape, hardware, rows, ...recommend(rows, shape, machinesInFull(shape, hardware, sizes)) };
}

/** With one GPU there is nothing to shard. Weights of bitsandbytes are not sharded by ZeRO or FSDP here. */
function strategiesFor(method: Method, gpus: number): readonly Strategy[] {
  if (gpus === 1 || method === "qlora") return ["ddp"];
  return strategies;
}

function rowOf(shape: ModelShape, hardware: Hardware, setting: MemorySetting): PlanRow {
  const memory = memoryOf(shape, setting);
  const fitsOn = (gpus: number) =>
    memoryOf(shape, { ...setting, gpus }).total + contextBytes <= hardware.bytes;
  const nodes = Array.from({ length: 64 }, (_, at) => at + 1).find((count) =>
    fitsOn(count * hardware.perNode),
  );
  const ever = fitsOn(Number.POSITIVE_INFINITY) ? "more than 64" : "never";
  return { setting, memory, fits: fitsOn(setting.gpus), nodes: nodes ?? ever };
}

/**
 * Recommends full fine-tuning if it fits (450 stories are few, and a full model is simplest to keep), then LoRA, then
 * QLoRA. Prefers replicas to sharding and no checkpointing to checkpointing, because both save memory but cost time.
 */
function recommend(
  rows: readonly PlanRow[],
  shape: ModelShape,
  machines: string,
): Pick<TuningPlan, "recommended" | "because"> {
  const order: Strategy[] = ["ddp", "fsdp2", "zero3", "zero2", "zero1"];
  const ranked = [...rows].sort(
    (one, other) =>
      methods.indexOf(one.setting.method) - methods.indexOf(other.setting.method) ||
      order.indexOf(one.setting.strategy) - order.indexOf(other.setting.strategy) ||
      Number(one.setting.checkpointing) - Number(other.setting.checkpointing),
  );
  const recommended = ranked.find(({ fits }) => fits);
  if (!recommended) return { recommended, because: `nothing fits: ${machines}` };
  const { method, strategy, checkpointing } = recommended.setting;
  const full = rows.some((row) => row.fits && row.setting.method === "full");
  const reasons = [
    full
      ? "full fine-tuning fits"
      : `full fine-tuning of ${(shape.parameters / 1e9).toFixed(1)} billion parameters does not fit (${machines})`,
    strategy === "ddp"
      ? "with a whole copy on each GPU, which is the fastest"
      : `sharded by ${label(strategy)}, because a whole copy on each GPU does not fit`,
    checkpointing
      ? "with checkpointing, because the activations do not fit without it"
      : "without checkpointing, which would cost a third of the speed",
  ];
  return {
    recommended,
    because: `${method === "full" ? "" : `${method === "lora" ? "LoRA" : "QLoRA"}: `}${reasons.join("; ")}`,
  };
}

/**
 * How many machines full fine-tuning needs; also for sharding over machines with one GPU each, which has no row in
 * the table.
 */
function machinesInFull(shape: ModelShape, hardware: Hardware, sizes: Sizes): string {
  const gpus = hardware.nodes * hardware.perNode;
  const needed = strategies.map(
    (strategy) =>
      rowOf(shape, hardware, { method: "full", strategy, gpus, checkpointing: true, ...sizes }).nodes,
  );
  const counts = needed.filter((nodes) => typeof nodes === "number");
  if (counts.length > 0) return `it needs ${Math.min(...counts)} such machines`;
  return needed.includes("more than 64")
    ? "it needs more than 64 such machines"
    : "it fits on no number of such machines, because one GPU has too little memory";
}

const labels: Record<Strategy, string> = {
  ddp: "DDP",
  zero1: "ZeRO-1",
  zero2: "ZeRO-2",
  zero3: "ZeRO-3",
  fsdp2: "FSDP2",
};
const label = (strategy: Strategy): string => labels[strategy];
const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(bytes < 10 * 2 ** 30 ? 2 : 1);

function describe({ shape, hardware, rows, recommended, because }: TuningPlan): string {
  const { nodes, perNode, bytes } = hardware;
  const first = rows[0]!.setting;
  const gpus = `${nodes > 1 ? `${nodes} machines of ` : ""}${perNode} GPU${perNode > 1 ? "s" : ""} with ${bytes / 2 ** 30} GB`;
  const lines = [
    `${shape.name}: ${shape.parameters.toLocaleString("en")} parameters, ${shape.layers} layers of ${shape.block.toLocaleString("en")}`,
    `${gpus}; ${first.batch} sequence${first.batch > 1 ? "s" : ""} of ${first.length} tokens per GPU and step; GiB on each GPU:`,
    "",
    ...inColumns(
      columns,
      rows.map((row) => cellsOf(row)),
      width,
    ),
    "",
    "Memory is for weights, gradients, the optimiser’s state, activations and buffers. ckpt: with activation checkpointing. fits: here, or on so many such machines.",
    recommended
      ? `choose: ${settingName(recommended.setting)} (${gib(recommended.memory.total)} GiB per GPU)`
      : "choose: nothing fits",
    `why:    ${because}`,
    ...(recommended ? [`how:    ${howToUse(recommended.setting, nodes)}`] : []),
    `Each GPU keeps ${contextBytes / 2 ** 30} GiB for CUDA itself; "fits" counts it.`,
  ];
  return lines.map((line) => wrapped(line, width, /^\w+: {2,}/.exec(line)?.[0].length ?? 0)).join("\n");
}

const width = 80;

const columns = [
  "method",
  "strategy",
  "ckpt",
  "weights",
  "grads",
  "optim.",
  "activ.",
  "buffers",
  "total",
  "fits",
].map((head, at) => ({ head, number: at >= 3 && at <= 8 }));

function cellsOf({ setting, memory, fits, nodes }: PlanRow): string[] {
  const { weights, gradients, optimiser, activations, buffers, total } = memory;
  return [
    setting.method,
    label(setting.strategy),
    setting.checkpointing ? "yes" : "no",
    ...[weights, gradients, optimiser, activations, buffers, total].map(gib),
    fits ? "here" : nodes === "never" ? "never" : `on ${nodes === "more than 64" ? ">64" : nodes}`,
  ];
}

/** The setting in study.yaml, and the command to run. */
function howToUse(
  { method, strategy, checkpointing, batch, length, gpus }: MemorySetting,
  nodes: number,
): string {
  if (method === "qlora" || strategy === "zero1" || strategy === "zero2")
    return "with another tool: `tune run` and `tune submit` support full fine-tuning and LoRA, with DDP, FSDP2 or ZeRO-3";
  const here = nodes === 1 && strategy !== "zero3";
  // The stories of a step are divided evenly, and each GPU takes whole micro-batches.
  const share = batch * gpus;
  const step = Math.ceil(TuneSettings.parse({}).batch / share) * share;
  const settings = `method: ${method}, checkpointing: ${checkpointing}, batch: ${step}, microBatch: ${batch}, length: ${length}`;
  return here
    ? `tune: { ${settings}, sharded: ${strategy === "fsdp2"} } in study.yaml, and\n        \`tinylove tune run\``
    : `tune: { ${settings} } in study.yaml, and\n        \`tinylove tune submit --nodes ${nodes} --strategy ${strategy}\``;
}

const settingName = ({ method, strategy, checkpointing }: MemorySetting): string =>
  `${method === "full" ? "full" : method === "lora" ? "LoRA" : "QLoRA"}, ${label(strategy)}, ${checkpointing ? "with" : "without"} checkpointing`;
