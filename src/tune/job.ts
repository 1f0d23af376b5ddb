import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Split, Story } from "../study/story.ts";
import { readStories, storiesFile, tunedFolder } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { isGguf } from "./base.ts";
import { storyForm } from "./story-form.ts";
import type { TuningRequest } from "./tuning-request.ts";

/** A model that is to be tuned on a study: what the trainer is told, and where it leaves what it made. */
export interface Job {
  readonly name: string;
  /** Absolute. It holds `config.json`, `events.jsonl`, `curve.jsonl`, `checkpoints/` and at the end `model/`. */
  readonly folder: string;
  /** The base model: an absolute path, or a name on the hub. */
  readonly model: string;
  readonly stories: readonly Story[];
  /** The trainer's settings; what it calls them stands in `trainer/README.md`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Throws StudyError where there is no model, no corpus, too few stories, or a prompt that cannot be learnt. */
export async function jobOf(study: Study, wanted: TuningRequest): Promise<Job> {
  const { tune } = study.config;
  const stories = await storiesToTuneOn(study);
  const named = wanted.model ?? tune.model;
  if (named === undefined)
    throw new StudyError("no model to tune", { hint: "give --model DIR, or tune.model in study.yaml" });
  const model = await resolvedModel(named, study);
  const method = wanted.method ?? tune.method;
  const name = checkedName(wanted.output ?? `${basename(model)}-${method}`);
  const folder = study.path(tunedFolder, name);
  const titles = stories.filter(({ split }) => split === "test").slice(0, tune.samples);
  const rate = wanted.rate ?? tune.rate;
  return {
    name,
    folder,
    model,
    stories,
    config: {
      model,
      stories: study.path(storiesFile),
      out: folder,
      template: await storyForm(tune.prompt, study),
      method,
      ...(rate !== undefined && { rate }),
      epochs: wanted.epochs ?? tune.epochs,
      patience: tune.patience,
      evaluations: tune.evaluations,
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

/** The same numbers that the trainer asks for: fewer stories tell nothing, they are known by heart in one epoch. */
const least: Readonly<Partial<Record<Split, number>>> = { train: 20, validation: 4 };

/** The corpus. Throws StudyError where there is none, or one of too few stories. */
export async function storiesToTuneOn(study: Study): Promise<readonly Story[]> {
  const stories = await readStories(study);
  for (const [split, needed] of Object.entries(least)) {
    const found = stories.filter((story) => story.split === split).length;
    if (found >= needed) continue;
    throw new StudyError(
      `the corpus has ${found} ${split} ${found === 1 ? "story" : "stories"}; tuning needs at least ${needed}`,
      { hint: "collect more, or change corpus.split (the study of 2022: 450, 151, 150)" },
    );
  }
  return stories;
}

async function resolvedModel(named: string, study: Study): Promise<string> {
  if (isGguf(named)) {
    throw new StudyError(`--model ${named}: a GGUF file is no folder to tune`, {
      hint: "`tinylove tune run` makes one of it below bases/; name that",
    });
  }
  for (const path of [resolve(named), study.path(named)]) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return path;
  }
  if (/^[\w-]+\/[\w.-]+$/.test(named) && !/^\.{0,2}\//.test(named)) return named;
  throw new StudyError(`--model ${named}: no such folder`, {
    hint: "name a model's folder, or one of the hub as OWNER/NAME",
  });
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]*$/.test(name)) return name;
  throw new StudyError(`--output ${name}: no name for a folder`, {
    hint: "use letters, digits, dots, hyphens and underscores",
  });
}

/** The folder of a tuned model by its name in the study, or by its path. */
export const tunedPath = (study: Study, name: string): string =>
  /[\\/]/.test(name) ? resolve(name) : study.path(join(tunedFolder, checkedName(name)));
