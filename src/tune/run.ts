import { readFile, rm } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { z } from "zod";
import { runTrainer, TrainerEvent } from "../llm/trainer.ts";
import { storiesFile } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import { readManifest, runStage, stateOf } from "../workbench/manifest.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command, stage } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { writeAttribution } from "./attribution.ts";
import { withUnpackedBase } from "./base.ts";
import { foundRate, readCurve, Suggested } from "./evidence.ts";
import { checkFits, thisMachine } from "./fits.ts";
import { type Job, jobOf, storiesToTuneOn } from "./job.ts";
import type { TuningRequest } from "./tuning-request.ts";

/** A learning rate on the command line. */
export const rateOption = realNumber(1e-12, 10);

const options = z.object({
  model: z.string().optional(),
  method: z.enum(["full", "lora"], "full or lora").optional(),
  learningRate: rateOption.optional(),
  epochs: realNumber(0.01, 1000).optional(),
  output: z.string().optional(),
  findLr: z.boolean().default(false),
  processes: wholeNumber(1, 64).optional(),
  restart: z.boolean().default(false),
});

/**
 * `tinylove tune run`: fine-tunes a model on the study's training stories and keeps the best version in
 * `tuned/<name>/`.
 */
export const tuneRun = command({
  name: "tune run",
  examples: [
    "tinylove tune run --study my-study --model llama:embedded --find-lr",
    "tinylove tune run --model ./gpt-neo-125m --learning-rate 2e-5",
    "tinylove tune run --model ./pythia-1.4b --method lora --output pythia-lora",
  ],
  flags: [
    [
      "--model <model>",
      "the base: a folder with config.json and weights, a GGUF file, llama:embedded, llama:smollm2, or OWNER/NAME on the hub",
    ],
    ["--method <method>", "full or lora (default: tune.method)"],
    ["--learning-rate <rate>", "default: 1e-5 for full, 1e-4 for lora"],
    ["--find-lr", "first find the rate with a range test, and use it unless --learning-rate is given"],
    ["--epochs <epochs>", "most passes over the training stories (default: tune.epochs)"],
    ["--output <name>", "the folder in tuned/ (default: the model's name and the method)"],
    ["--processes <number>", "number of processes (default: one per GPU, or one on the CPU)"],
    ["--restart", "delete an earlier run of that name and start again"],
  ],
  options,
  async run(folder, { learningRate, findLr, processes, restart, ...flags }, effects) {
    const study = await openStudy(folder);
    await tune(study, { ...flags, rate: learningRate }, { findLr, processes, restart }, effects);
  },
});

export interface TuneOptions {
  readonly findLr?: boolean | undefined;
  readonly processes?: number | undefined;
  readonly restart?: boolean | undefined;
}

/** Runs a tuning unless it is done and fresh, records it in the manifest, and returns the job. */
export async function tune(
  study: Study,
  given: TuningRequest,
  choices: TuneOptions,
  effects: Effects,
): Promise<Job> {
  // Check the corpus before unpacking a base.
  await storiesToTuneOn(study);
  const request = await withUnpackedBase(study, given, effects);
  const planned = await jobOf(study, request);
  const machine = await thisMachine(effects);
  // A model trained on a cluster need not fit here to be recorded.
  if (choices.restart || !(await doneEvent(planned.folder)))
    await checkFits(
      planned.model,
      { ...study.config.tune, method: request.method ?? study.config.tune.method },
      planned.stories,
      machine,
      effects,
    );
  if (choices.restart) await rm(planned.folder, { recursive: true, force: true });
  const job = choices.findLr ? await withFoundRate(study, planned, request, effects) : planned;
  await assertSameSettings(job);

  const gpus = "gpus" in machine ? machine.gpus.length : 0;
  const step = stageOf(study, job, { processes: choices.processes ?? Math.max(1, gpus), hasGpus: gpus > 0 });
  if ((await stateOf(step, study, await readManifest(study))).is === "fresh") {
    effects.log(`tuned/${job.name} is done and fresh (use --restart to train it again)`);
    return job;
  }
  if (gpus === 0) effects.log("  no GPU here (`nvidia-smi` shows none): training on the CPU");
  await runStage(step, study, {}, effects);
  return job;
}

interface TrainingDevice {
  readonly processes: number;
  readonly hasGpus: boolean;
}

/** Each tuned model is its own stage, so that the manifest records its inputs, outputs and settings. */
const stageOf = (study: Study, job: Job, device: TrainingDevice) =>
  stage({
    name: `tune ${job.name}`,
    examples: [],
    reads: [storiesFile],
    writes: ["model", "config.json", "curve.jsonl", "events.jsonl"].map((file) =>
      relative(study.folder, join(job.folder, file)),
    ),
    inputs: () => (isAbsolute(job.model) ? [job.model] : []),
    settings: () => settingsOf(job.config),
    async run(_, __, effects) {
      // A run may already be complete: a cluster's job, or one killed just before it was recorded.
      const done = (await doneEvent(job.folder)) ?? (await train(job, device, effects));
      await writeAttribution(join(job.folder, "model"), job.model, job.stories);
      await logResult(job, done, effects);
    },
  });

const train = (job: Job, { processes, hasGpus }: TrainingDevice, effects: Effects): Promise<TrainerEvent> =>
  runTrainer(
    {
      command: "tune",
      config: job.config,
      folder: job.folder,
      label: job.name,
      append: true,
      processes,
      // Without it, Accelerate treats several processes on a CPU as separate jobs.
      environment: processes > 1 && !hasGpus ? { ACCELERATE_USE_CPU: "true" } : {},
      onEvent(event) {
        if (event.event === "start" && typeof event["resumed_from"] === "number")
          effects.log(`  continues after step ${event["resumed_from"]}`);
        if (event.event === "evaluation")
          effects.log(
            `  step ${event["step"]}: validation loss ${Number(event["validation_loss"]).toFixed(4)}`,
          );
      },
    },
    effects,
  );

const Done = z.looseObject({ steps: z.number(), stopped_early: z.boolean() });

async function logResult(job: Job, event: TrainerEvent, effects: Effects): Promise<void> {
  const { steps, stopped_early: early } = Done.parse(event);
  const { evaluations } = await readCurve(job.folder);
  const best = evaluations.reduce((least, one) => (one.loss < least.loss ? one : least));
  effects.log(
    `  validation loss ${evaluations[0]!.loss.toFixed(4)} before, ${best.loss.toFixed(4)} at best (step ${best.step} of ${steps})${early ? ", stopped early" : ""}`,
  );
  effects.log(
    `  next: \`tinylove tune diagnose ${job.name}\`; in generate.models: address: tuned:tuned/${job.name}/model`,
  );
}

/** The `done` event of a run; undefined if the run is not complete. */
async function doneEvent(folder: string): Promise<TrainerEvent | undefined> {
  const text = await readFile(join(folder, "events.jsonl"), "utf8").catch(() => "");
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  if (!last.includes('"done"') || !(await exists(join(folder, "model")))) return undefined;
  const event = TrainerEvent.parse(JSON.parse(last));
  return event.event === "done" ? event : undefined;
}

/**
 * The settings that define a training, without paths, threads, timeouts, sharding and kept checkpoints. The trainer itself checks that
 * its checkpoints match.
 */
function settingsOf({
  out: _,
  threads: __,
  stories: ___,
  silence: ____,
  sharded: _____,
  keep: ______,
  ...settings
}: Job["config"]): Record<string, unknown> {
  return settings;
}

/** Throws StudyError if a run was started with other settings: its checkpoints belong to another training. */
export async function assertSameSettings(job: Job): Promise<void> {
  const file = join(job.folder, "config.json");
  if (!(await exists(file))) return;
  const begun = settingsOf(JSON.parse(await readFile(file, "utf8")));
  const now = settingsOf(JSON.parse(JSON.stringify(job.config)));
  const key = [...new Set([...Object.keys(begun), ...Object.keys(now)])].find(
    (one) => JSON.stringify(begun[one]) !== JSON.stringify(now[one]),
  );
  if (!key) return;
  const shown = (value: unknown) => (value === undefined ? "the default" : JSON.stringify(value));
  throw new StudyError(
    `tuned/${job.name} was started with ${key} ${shown(begun[key])}, but now it is ${shown(now[key])}`,
    { hint: "give another --output, or use --restart to train it again" },
  );
}

/** Uses an earlier range test, so that an interrupted run continues with the same rate. */
async function withFoundRate(study: Study, job: Job, request: TuningRequest, effects: Effects): Promise<Job> {
  const folder = join(job.folder, "find-lr");
  const found = (await foundRate(job.folder)) ?? (await findRate(study, job, folder, effects));
  effects.log(`  the rate found is ${found.toExponential(1)}`);
  return { ...job, config: { ...job.config, rate: request.rate ?? found } };
}

async function findRate(study: Study, job: Job, folder: string, effects: Effects): Promise<number> {
  const { model, stories, template, messages, method, batch, micro_batch, length } = job.config;
  const { precision, checkpointing, lora_rank, lora_alpha, seed, threads } = job.config;
  const { lowest, highest, steps } = study.config.tune.findRate;
  const config = {
    ...{ model, stories, template, messages, method, batch, micro_batch, length },
    ...{ precision, checkpointing, lora_rank, lora_alpha, seed, threads },
    ...{ lowest, highest, steps },
  };
  const done = await runTrainer({ command: "find-lr", config, folder, label: "find the rate" }, effects);
  return Suggested.parse(done).suggested;
}
