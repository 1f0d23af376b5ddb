import { readFile, rm } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { z } from "zod";
import { runTrainer, TrainerEvent } from "../llm/trainer.ts";
import type { Judgment } from "../study/judgment.ts";
import type { Task } from "../tasks/task.ts";
import { requireTask, taskNamed } from "../tasks/tasks.ts";
import {
  judgmentsFile,
  preferencesFile,
  readJudgments,
  readStimuli,
  readStories,
  stimuliFile,
  storiesFile,
  tunedFolder,
} from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, jsonLines, readJson, writeWhole } from "../workbench/files.ts";
import { readManifest, runStage, stateOf } from "../workbench/manifest.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command, stage } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { copyAttribution } from "./attribution.ts";
import { diagnoseRun, inTerminal, onlyRun } from "./diagnose.ts";
import { type Job, seedOf, tunedPath } from "./job.ts";
import { givesPreferences, preferencesFrom, tooFew, withHeldOut } from "./preferences.ts";
import { assertSameSettings, rateOption } from "./run.ts";

const options = z.object({
  name: z.string().optional(),
  task: z.string().optional(),
  learningRate: rateOption.optional(),
  beta: realNumber(0.001, 10).optional(),
  epochs: realNumber(0.01, 1000).optional(),
  output: z.string().optional(),
  restart: z.boolean().default(false),
  titles: wholeNumber(1).default(20),
  tokens: wholeNumber(8).default(200),
});

/** `tinylove tune prefer`: trains a tuned model towards the texts that readers preferred (DPO). */
export const prefer = command({
  name: "tune prefer",
  examples: [
    "tinylove tune prefer --study my-study",
    "tinylove tune prefer gpt-neo-125m-lora --task how-it-felt --beta 0.3",
  ],
  parameters: [["[name]", "the folder in tuned/ to start from; not needed if there is only one"]],
  flags: [
    ["--task <task>", "whose answers show what readers preferred; not needed if there is only one"],
    ["--learning-rate <rate>", "default: tune.prefer.rate"],
    ["--beta <beta>", "how strongly the model is held to what it was (default: tune.prefer.beta)"],
    ["--epochs <epochs>", "passes over the pairs (default: tune.prefer.epochs)"],
    ["--output <name>", "the folder in tuned/ (default: NAME-preferred)"],
    ["--restart", "delete an earlier run of that name and start again"],
    ["--titles <number>", "number of test titles to write stories for, before and after (default: 20)"],
    ["--tokens <number>", "length of these texts in tokens (default: 200)"],
  ],
  options,
  async run(folder, { name, titles, tokens, ...request }, effects) {
    const study = await openStudy(folder);
    const from = name ?? (await onlyRun(study));
    const job = await preferenceJob(study, from, request, effects);
    await runJob(study, job, effects);
    const { findings, verdict } = await diagnoseRun(study, job.name, { titles, tokens }, effects);
    effects.print(inTerminal(findings, verdict));
  },
});

type Request = Pick<
  z.infer<typeof options>,
  "task" | "learningRate" | "beta" | "epochs" | "output" | "restart"
>;

/** Writes the pairs and makes the trainer's settings. Throws StudyError if there are too few judgments. */
async function preferenceJob(
  study: Study,
  from: string,
  { task: named, learningRate, beta, epochs, output, restart }: Request,
  effects: Effects,
): Promise<Job> {
  const start = tunedPath(study, from);
  const tuned = await readJson(join(start, "config.json"), RunConfig, "give a folder in tuned/");
  if (!(await exists(join(start, "model"))))
    throw new StudyError(`tuned/${from} has no model yet`, {
      hint: `run \`tinylove tune run --output ${from}\` until it is done`,
    });
  const judgments = await readJudgments(study);
  const task = taskOf(judgments, named);
  const found = preferencesFrom(judgments, await readStimuli(study), task, study.config.compose.ending);
  const random = study.random("preferences");
  const pairs = withHeldOut(found.pairs, (all) => random.shuffle(all));
  if (!pairs) {
    const { message, hint } = tooFew(found);
    throw new StudyError(message, { hint });
  }
  const job = output ?? `${basename(start)}-preferred`;
  const folder = study.path(tunedFolder, job);
  if (restart) await rm(folder, { recursive: true, force: true });
  await assertSamePairs(folder, job, jsonLines(pairs));
  const heldOut = new Set(pairs.filter((pair) => pair.held_out).map(({ title }) => title)).size;
  effects.log(
    `  ${pairs.length} pairs from ${found.judgments} answers to ${task.name}${judgments.some(({ simulated }) => simulated) ? " (simulated readers)" : ""}; pairs of ${heldOut} titles are held out`,
  );
  await writeWhole(join(folder, preferencesFile), jsonLines(pairs));
  const { tune } = study.config;
  return {
    name: job,
    folder,
    model: join(start, "model"),
    stories: await readStories(study),
    config: {
      model: join(start, "model"),
      stories: study.path(storiesFile),
      out: folder,
      pairs: join(folder, preferencesFile),
      ...(tuned.messages ? { messages: tuned.messages } : { template: tuned.template }),
      rate: learningRate ?? tune.prefer.rate,
      beta: beta ?? tune.prefer.beta,
      epochs: epochs ?? tune.prefer.epochs,
      batch: tune.batch,
      micro_batch: Math.max(1, Math.floor(tune.microBatch / 2)),
      length: tune.length,
      precision: tune.precision,
      checkpointing: tune.checkpointing,
      lora_rank: tune.lora.rank,
      lora_alpha: tune.lora.alpha,
      seed: seedOf(study),
      threads: tune.threads ?? null,
    },
  };
}

/** Throws StudyError if a run of that name was started with other judgments: its checkpoints belong to those. */
async function assertSamePairs(folder: string, job: string, pairs: string): Promise<void> {
  const begun = await readFile(join(folder, preferencesFile), "utf8").catch(() => pairs);
  if (begun === pairs) return;
  throw new StudyError(`tuned/${job} was started with other judgments`, {
    hint: "give another --output, or use --restart to train it again",
  });
}

const RunConfig = z.looseObject({
  template: z.string().optional(),
  messages: z.array(z.unknown()).optional(),
});

/** The task whose answers count. Throws StudyError if there is none, or if several could. */
function taskOf(judgments: readonly Judgment[], named: string | undefined): Task {
  const asked = [...new Set(judgments.map(({ task }) => task))].flatMap((name) => taskNamed(name) ?? []);
  const usable = asked.filter(givesPreferences);
  const names = usable.map(({ name }) => name).join(", ");
  if (named !== undefined) {
    const task = requireTask("--task", named);
    if (usable.includes(task)) return task;
    throw new StudyError(`--task ${named}: the study has no answers that order two texts`, {
      hint: names ? `try ${names}` : "run `tinylove judgments` once readers have answered",
    });
  }
  if (usable.length === 1) return usable[0]!;
  throw new StudyError(
    usable.length === 0
      ? "the study has no judgments that order two texts"
      : `several tasks could show what readers preferred: ${names}`,
    {
      hint:
        usable.length === 0
          ? "run `tinylove judgments` once readers have answered"
          : `give one: --task ${usable[0]!.name}`,
    },
  );
}

/** Runs the training unless it is done and fresh, and records it in the manifest. */
async function runJob(study: Study, job: Job, effects: Effects): Promise<void> {
  await assertSameSettings(job);
  const step = stage({
    name: `tune ${job.name}`,
    examples: [],
    reads: [storiesFile, judgmentsFile, stimuliFile],
    writes: ["model", "config.json", "curve.jsonl", "events.jsonl", preferencesFile].map((file) =>
      relative(study.folder, join(job.folder, file)),
    ),
    inputs: () => [job.model],
    settings: () => {
      const { out: _, threads: __, stories: ___, pairs: ____, model: _____, ...settings } = job.config;
      return settings;
    },
    async run(_, __, own) {
      const done = await isDone(job.folder);
      if (!done)
        await runTrainer(
          { command: "prefer", config: job.config, folder: job.folder, label: job.name, append: true },
          own,
        );
      await copyAttribution(job.model, join(job.folder, "model"));
      own.log(
        `  in generate.models of a study with other readers: address: tuned:tuned/${job.name}/model (the titles learnt from are left out)`,
      );
    },
  });
  if ((await stateOf(step, study, await readManifest(study))).is === "fresh") {
    effects.log(`tuned/${job.name} is done and fresh`);
    return;
  }
  await runStage(step, study, {}, effects);
}

async function isDone(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, "events.jsonl"), "utf8").catch(() => "");
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  if (!last.includes('"done"') || !(await exists(join(folder, "model")))) return false;
  return TrainerEvent.parse(JSON.parse(last)).event === "done";
}
