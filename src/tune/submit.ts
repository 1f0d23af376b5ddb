import { join } from "node:path";
import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson, writeWhole } from "../workbench/files.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { environmentFolder, pythonIn, trainerFolder } from "../workbench/python.ts";
import { runProgram } from "../workbench/run-program.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { type Job, jobOf } from "./job.ts";
import { type ClusterJob, jobScript } from "./job-script.ts";
import { contextBytes, memoryOf } from "./memory.ts";
import { knownArchitecture, shapeOf } from "./model-shape.ts";
import { assertSameSettings, rateOption } from "./run.ts";

const options = z.object({
  scheduler: z.enum(["slurm", "pbs"], "slurm or pbs"),
  nodes: wholeNumber(1, 4096),
  gpusPerNode: wholeNumber(1, 64).default(4),
  gpuMemory: realNumber(1, 1024).optional(),
  strategy: z.enum(["ddp", "fsdp2", "zero3"], "ddp, fsdp2 or zero3").default("fsdp2"),
  model: z.string().optional(),
  method: z.enum(["full", "lora"], "full or lora").optional(),
  learningRate: rateOption.optional(),
  epochs: realNumber(0.01, 1000).optional(),
  output: z.string().optional(),
  interface: z.string().optional(),
  account: z.string().optional(),
  queue: z.string().optional(),
  time: z.string().optional(),
  dryRun: z.boolean().default(false),
  submit: z.boolean().default(false),
});
type Options = z.infer<typeof options>;

/** `tinylove tune submit`: writes the job script for several nodes of a cluster. */
export const submit = command({
  name: "tune submit",
  examples: [
    "tinylove tune submit --scheduler slurm --nodes 2 --model ./gpt-neo-2.7B --interface ib0 --dry-run",
    "tinylove tune submit --scheduler pbs --nodes 4 --model ./gpt-neox-20b --queue preemptable --submit",
  ],
  flags: [
    ["--scheduler <scheduler>", "slurm or pbs"],
    ["--nodes <number>", "number of machines"],
    ["--gpus-per-node <number>", "GPUs per machine (default: 4)"],
    ["--gpu-memory <GB>", "memory of each GPU, to check that the training fits"],
    ["--strategy <strategy>", "fsdp2 (default), zero3 (needs deepspeed in the environment) or ddp"],
    ["--model <model>", "the base: a folder that every node can read"],
    ["--method <method>", "full or lora (default: tune.method)"],
    ["--learning-rate <rate>", "default: 1e-5 for full, 1e-4 for lora"],
    ["--epochs <epochs>", "most passes over the training stories (default: tune.epochs)"],
    ["--output <name>", "the folder in tuned/ (default: the model's name and the method)"],
    ["--interface <name>", "the network interface between the nodes (default: tune.cluster.interface)"],
    ["--account <name>", "the account to charge (default: tune.cluster.account)"],
    ["--queue <name>", "queue or partition (default: tune.cluster.queue)"],
    ["--time <HH:MM:SS>", "the time limit (default: tune.cluster.time)"],
    ["--dry-run", "print the script without writing it"],
    ["--submit", "submit it with sbatch or qsub"],
  ],
  options,
  async run(folder, request, effects) {
    const study = await openStudy(folder);
    const job = await jobOf(study, { ...request, rate: request.learningRate });
    await assertSameSettings(job);
    const planned = await clusterJob(study, job, request, effects);
    const script = jobScript(planned);
    if (request.dryRun) return effects.print(script.trimEnd());
    const file = await writeJob(job, planned, script);
    effects.log(`wrote ${file}`);
    if (request.submit) return submitScript(file, request.scheduler, effects);
    effects.print(`${commands[request.scheduler]} ${file}`);
  },
});

const commands = { slurm: "sbatch", pbs: "qsub" } as const;

/** Plans the job; throws StudyError if it could not run. */
async function clusterJob(study: Study, job: Job, request: Options, effects: Effects): Promise<ClusterJob> {
  const { nodes, gpusPerNode, strategy, scheduler } = request;
  const { cluster, batch } = study.config.tune;
  const processes = nodes * gpusPerNode;
  if (batch % processes !== 0) {
    throw new StudyError(`tune.batch is ${batch}, which ${processes} GPUs cannot divide evenly`, {
      hint: `make it a multiple of ${processes}`,
    });
  }
  const network = request.interface ?? cluster.interface;
  if (network === undefined || !/^[\w.:-]+$/.test(network)) {
    throw new StudyError(
      network === undefined ? "no network interface is given" : `--interface ${network}: not a valid name`,
      {
        hint: "give --interface, as `ip -br addr` shows it on a compute node (hsn0 on Polaris, often ib0)",
      },
    );
  }
  const time = request.time ?? cluster.time;
  if (!/^\d+:\d\d:\d\d$/.test(time))
    throw new StudyError(`--time ${time}: not HH:MM:SS`, { hint: "write it as 06:00:00" });
  await checkMemory(study, job, request, effects);
  return {
    name: job.name,
    scheduler,
    nodes,
    gpusPerNode,
    strategy,
    layerClass: layerClasses[await architectureOf(job.model)],
    // The nodes have GPUs, and those of the last years have bf16.
    precision: study.config.tune.precision === "fp32" ? "fp32" : "bf16",
    time,
    account: assertOneWord(request.account ?? cluster.account, "--account"),
    queue: assertOneWord(request.queue ?? cluster.queue, "--queue"),
    select: assertOneWord(cluster.select, "tune.cluster.select"),
    filesystems: assertOneWord(cluster.filesystems, "tune.cluster.filesystems"),
    interface: network,
    start: cluster.start,
    before: cluster.before,
    environment: cluster.environment,
    folder: job.folder,
    python: effects.env["TINYLOVE_PYTHON"] ?? pythonIn(environmentFolder(effects.env)),
    trainer: trainerFolder,
  };
}

/** Refuses values with spaces or line breaks, which could add another directive to the script. */
function assertOneWord(value: string | undefined, flag: string): string | undefined {
  if (value === undefined || /^[\w.,:=@+-]+$/.test(value)) return value;
  throw new StudyError(`${flag} ${value}: must be one word`, {
    hint: "use letters, digits and . , : = @ + - _ only",
  });
}

/** The layer class that FSDP wraps. */
const layerClasses: Readonly<Record<string, string>> = {
  gpt_neo: "GPTNeoBlock",
  gpt_neox: "GPTNeoXLayer",
  gpt2: "GPT2Block",
  llama: "LlamaDecoderLayer",
  mistral: "MistralDecoderLayer",
  qwen2: "Qwen2DecoderLayer",
};

async function architectureOf(model: string): Promise<string> {
  const file = join(model, "config.json");
  if (await exists(file)) return (await readJson(file, z.looseObject({ model_type: z.string() }))).model_type;
  return shapeOf(model).then(
    ({ architecture }) => architecture,
    () => "",
  );
}

/** Logs the memory that each GPU needs; throws StudyError if that is too much. */
async function checkMemory(study: Study, job: Job, request: Options, effects: Effects): Promise<void> {
  if (!knownArchitecture(await architectureOf(job.model))) return;
  const { microBatch, batch, length, checkpointing, lora } = study.config.tune;
  const gpus = request.nodes * request.gpusPerNode;
  const { total } = memoryOf(await shapeOf(job.model), {
    method: request.method ?? study.config.tune.method,
    strategy: request.strategy,
    gpus,
    batch: Math.min(microBatch, batch / gpus),
    length,
    checkpointing,
    rank: lora.rank,
  });
  const needed = (total + contextBytes) / 2 ** 30;
  effects.log(`  each of ${gpus} GPUs needs about ${needed.toFixed(1)} GiB`);
  if (request.gpuMemory === undefined || needed <= request.gpuMemory) return;
  throw new StudyError(
    `${job.name} needs about ${needed.toFixed(1)} GiB on each GPU, but a GPU has ${request.gpuMemory}`,
    {
      hint: checkpointing
        ? "use more nodes; `tinylove tune plan` shows how many"
        : "set tune.checkpointing, or use more nodes; `tinylove tune plan` shows how many",
    },
  );
}

/** The trainer's values for `sharded`. */
const shardings = { ddp: false, fsdp2: true, zero3: "zero3" } as const;

/** Writes the job's files: the settings of the trainer and of the preflight, and the script. */
async function writeJob(job: Job, planned: ClusterJob, script: string): Promise<string> {
  const sharded = shardings[planned.strategy];
  const config = { ...job.config, sharded };
  const preflight = {
    nodes: planned.nodes,
    processes: planned.nodes * planned.gpusPerNode,
    sharded,
    timeout: 45,
  };
  await writeWhole(join(job.folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  await writeWhole(join(job.folder, "job", "preflight.json"), `${JSON.stringify(preflight, null, 2)}\n`);
  const file = join(job.folder, "job", "job.sh");
  await writeWhole(file, script, 0o777);
  return file;
}

/** Submits the script to the scheduler and prints its reply, with the job's number. */
async function submitScript(file: string, scheduler: Options["scheduler"], effects: Effects): Promise<void> {
  const program = commands[scheduler];
  const { code, text } = await runProgram(program, [file], effects);
  if (code === undefined)
    throw new StudyError(`there is no ${program} on this machine`, {
      hint: `run \`${program} ${file}\` on the cluster's login node`,
    });
  if (code !== 0)
    throw new StudyError(`${program} refused ${file}: ${text.trim().split("\n").at(-1)}`, {
      hint: "fix tune.cluster, or the script itself",
    });
  effects.print(text.trim());
}
