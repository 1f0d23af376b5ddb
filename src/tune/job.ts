import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Split, Story } from "../study/story.ts";
import { readStories, storiesFile, tunedFolder } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { isGguf } from "./base.ts";
import { storyFormat } from "./story-format.ts";
import type { TuningRequest } from "./tuning-request.ts";

/** A tuning job: the settings for the trainer and the folder for its results. */
export interface Job {
  readonly name: string;
  /** Absolute path, for `config.json`, `events.jsonl`, `curve.jsonl`, `checkpoints/` and at the end `model/`. */
  readonly folder: string;
  /** The base model: an absolute path, or a name on the hub. */
  readonly model: string;
  readonly stories: readonly Story[];
  /** The trainer's settings, as described in `trainer/README.md`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Makes a job; throws StudyError if there is no model, no corpus or too few stories, or if the prompt cannot be used.
 */
export async function jobOf(study: Study, request: TuningRequest): Promise<Job> {
  const { tune } = study.config;
  const stories = await storiesToTuneOn(study);
  const named = request.model ?? tune.model;
  if (named === undefined)
    throw new StudyError("no model to tune", { hint: "give --model DIR, or set tune.model in study.yaml" });
  const model = await resolvedModel(named, study);
  const method = request.method ?? tune.method;
  const name = checkedName(request.output ?? `${basename(model)}-${method}`);
  const folder = study.path(tunedFolder, name);
  const titles = stories.filter(({ split }) => split === "test").slice(0, tune.samples);
  const rate = request.rate ?? tune.rate;
  return {
    name,
    folder,
    model,
    stories,
    config: {
      model,
      stories: study.path(storiesFile),
      out: folder,
      ...(await storyFormat(tune.prompt, study)),
      method,
      ...(rate !== undefined && { rate }),
      epochs: request.epochs ?? tune.epochs,
      patience: tune.patience,
      evaluations: tune.evaluations,
      keep: tune.keep,
      batch: tune.batch,
      micro_batch: tune.microBatch,
      length: tune.length,
      precision: tune.precision,
      checkpointing: tune.checkpointing,
      sharded: tune.sharded,
      silence: tune.silence,
      lora_rank: tune.lora.rank,
      lora_alpha: tune.lora.alpha,
      lora_dropout: tune.lora.dropout,
      seed: seedOf(study),
      threads: tune.threads ?? null,
      sample_titles: titles.map(({ title }) => title),
    },
  };
}

/** PyTorch's seed, from the study's. */
export const seedOf = (study: Study): number => study.random("tune").integer(1, 2 ** 31 - 1);

/** The trainer's own minimum: fewer stories are memorised within one epoch. */
const least: Readonly<Partial<Record<Split, number>>> = { train: 20, validation: 4 };

/** The corpus; throws StudyError if there is none, or if it has too few stories. */
export async function storiesToTuneOn(study: Study): Promise<readonly Story[]> {
  const stories = await readStories(study);
  for (const [split, needed] of Object.entries(least)) {
    const found = stories.filter((story) => story.split === split).length;
    if (found >= needed) continue;
    throw new StudyError(
      `the corpus has ${found} ${split} ${found === 1 ? "story" : "stories"}; tuning needs at least ${needed}`,
      { hint: "collect more stories, or change corpus.split (the 2022 study used 450, 151, 150)" },
    );
  }
  return stories;
}

async function resolvedModel(named: string, study: Study): Promise<string> {
  if (isGguf(named)) {
    throw new StudyError(`--model ${named}: a GGUF file has to be unpacked first`, {
      hint: "`tinylove tune run` unpacks it into bases/; give that folder",
    });
  }
  for (const path of [resolve(named), study.path(named)]) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return path;
  }
  if (/^[\w-]+\/[\w.-]+$/.test(named) && !/^\.{0,2}\//.test(named)) return named;
  throw new StudyError(`--model ${named}: no such folder`, {
    hint: "give a model's folder, or OWNER/NAME for a model on the hub",
  });
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]*$/.test(name)) return name;
  throw new StudyError(`--output ${name}: not a valid folder name`, {
    hint: "use letters, digits, dots, hyphens and underscores",
  });
}

/** The folder of a tuned model by its name in the study, or by its path. */
export const tunedPath = (study: Study, name: string): string =>
  /[\\/]/.test(name) ? resolve(name) : study.path(join(tunedFolder, checkedName(name)));
