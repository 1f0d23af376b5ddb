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
import { withFolder } from "./base.ts";
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

/** `tinylove tune run`: teaches a model on the study's training stories, and keeps the best in `tuned/<name>/`. */
export const tuneRun = command({
  name: "tune run",
  summary: "Tune a model on the training stories; a killed run goes on where it stopped",
  examples: [
    "tinylove tune run --study my-study --model llama:embedded --find-lr",
    "tinylove tune run --model ./gpt-neo-125m --learning-rate 2e-5",
    "tinylove tune run --model ./pythia-1.4b --method lora --output pythia-lora",
  ],
  flags: [
    [
      "--model <model>",
      "the base: a folder with config.json and weights, a GGUF file of GPT-NeoX, llama:embedded, or OWNER/NAME on the hub",
    ],
    ["--method <method>", "full or lora (default: tune.method)"],
    ["--learning-rate <rate>", "default 1e-5 for full, 1e-4 for lora"],
    ["--find-lr", "find the rate first, by a range test, and take it unless --learning-rate is given"],
    ["--epochs <epochs>", "passes over the training stories, at most (default: tune.epochs)"],
    ["--output <name>", "the folder below tuned/ (default: the model's name and the method)"],
    ["--processes <number>", "default: one for each GPU, one on the CPU"],
    ["--restart", "begin anew where a run of that name was begun"],
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

/** Tunes as far as it is not done, records it in the manifest, and returns the job that was done. */
export async function tune(
  study: Study,
  named: TuningRequest,
  ways: TuneOptions,
  effects: Effects,
): Promise<Job> {
  // A base is unpacked only where there is something to learn from.
  await storiesToTuneOn(study);
  const wanted = await withFolder(study, named, effects);
  const asked = await jobOf(study, wanted);
  const machine = await thisMachine(effects);
  // What a cluster has trained need not fit here to be recorded.
  if (ways.restart || !(await doneEvent(asked.folder)))
    await checkFits(
      asked.model,
      { ...study.config.tune, method: wanted.method ?? study.config.tune.method },
      asked.stories,
      machine,
      effects,
    );
  if (ways.restart) await rm(asked.folder, { recursive: true, force: true });
  const job = ways.findLr ? await withFoundRate(study, asked, wanted, effects) : asked;
  await refuseOther(job);

  const gpus = "gpus" in machine ? machine.gpus.length : 0;
  const step = stageOf(study, job, { processes: ways.processes ?? Math.max(1, gpus), hasGpus: gpus > 0 });
  if ((await stateOf(step, study, await readManifest(study))).is === "fresh") {
    effects.log(`tuned/${job.name} is done and fresh (--restart begins anew)`);
    return job;
  }
  if (gpus === 0) effects.log("  no GPU here (`nvidia-smi` shows none): training on the CPU");
  await runStage(step, study, {}, effects);
  return job;
}

interface Place {
  readonly processes: number;
  readonly hasGpus: boolean;
}

/** A stage of its own for every tuned model, so that the manifest holds what went in, what came out and the settings. */
const stageOf = (study: Study, job: Job, place: Place) =>
  stage({
    name: `tune ${job.name}`,
    summary: `Tune ${job.name}`,
    examples: [],
    reads: [storiesFile],
    writes: ["model", "config.json", "curve.jsonl", "events.jsonl"].map((file) =>
      relative(study.folder, join(job.folder, file)),
    ),
    inputs: () => (isAbsolute(job.model) ? [job.model] : []),
    settings: () => settingsOf(job.config),
    async run(_, __, effects) {
      // A run that ended elsewhere (a cluster's job) or was killed just before it was recorded has nothing left to do.
      const done = (await doneEvent(job.folder)) ?? (await train(job, place, effects));
      await tell(job, done, effects);
    },
  });

const train = (job: Job, { processes, hasGpus }: Place, effects: Effects): Promise<TrainerEvent> =>
  runTrainer(
    {
      command: "tune",
      config: job.config,
      folder: job.folder,
      label: job.name,
      append: true,
      processes,
      // Without it Accelerate takes several processes on a CPU for as many jobs of one.
      environment: processes > 1 && !hasGpus ? { ACCELERATE_USE_CPU: "true" } : {},
      onEvent(event) {
        if (event.event === "start" && typeof event["resumed_from"] === "number")
          effects.log(`  goes on after step ${event["resumed_from"]}`);
        if (event.event === "evaluation")
          effects.log(
            `  step ${event["step"]}: validation loss ${Number(event["validation_loss"]).toFixed(4)}`,
          );
      },
    },
    effects,
  );

const Done = z.looseObject({ steps: z.number(), stopped_early: z.boolean() });

async function tell(job: Job, event: TrainerEvent, effects: Effects): Promise<void> {
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

/** The trainer's last word in a run's events, where the run has come to its end. */
async function doneEvent(folder: string): Promise<TrainerEvent | undefined> {
  const text = await readFile(join(folder, "events.jsonl"), "utf8").catch(() => "");
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  if (!last.includes('"done"') || !(await exists(join(folder, "model")))) return undefined;
  const event = TrainerEvent.parse(JSON.parse(last));
  return event.event === "done" ? event : undefined;
}

/**
 * Without what a run cannot be told apart by: where things lie, on what and in which parts it was worked out, when it
 * was given up. That its checkpoints are read as they were written is the trainer's to see.
 */
function settingsOf({
  out: _,
  threads: __,
  stories: ___,
  silence: ____,
  sharded: _____,
  ...settings
}: Job["config"]): Record<string, unknown> {
  return settings;
}

/** A run that was begun with other settings may not go on with these: its checkpoints are of another training. */
export async function refuseOther(job: Job): Promise<void> {
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
    `tuned/${job.name} was begun with ${key} ${shown(begun[key])}, and this asks for ${shown(now[key])}`,
    { hint: "give another --output, or --restart to begin anew" },
  );
}

/** The range test is not run twice, so that a run which was killed goes on with the rate that it had. */
async function withFoundRate(study: Study, job: Job, wanted: TuningRequest, effects: Effects): Promise<Job> {
  const folder = join(job.folder, "find-lr");
  const found = (await foundRate(job.folder)) ?? (await findRate(study, job, folder, effects));
  effects.log(`  the rate found is ${found.toExponential(1)}`);
  return { ...job, config: { ...job.config, rate: wanted.rate ?? found } };
}

async function findRate(study: Study, job: Job, folder: string, effects: Effects): Promise<number> {
  const { model, stories, template, method, batch, length, precision, lora_rank, lora_alpha, seed, threads } =
    job.config;
  const { lowest, highest, steps } = study.config.tune.findRate;
  const config = {
    ...{ model, stories, template, method, batch, length, precision, lora_rank, lora_alpha, seed, threads },
    ...{ lowest, highest, steps },
  };
  const done = await runTrainer({ command: "find-lr", config, folder, label: "find the rate" }, effects);
  return Suggested.parse(done).suggested;
}
