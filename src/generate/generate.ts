import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { assertNotFrozen } from "../registration/assert-not-frozen.ts";
import type { Generation } from "../study/generation.ts";
import type { ModelSettings } from "../study/settings/models.ts";
import { portableName } from "../text/file-name.ts";
import { generationsFolder, readGenerations, readStories, storiesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, filesUnder, jsonLines, writeWhole } from "../workbench/files.ts";
import { type Flag, stage, unrecorded } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { type Control, controls, measurable } from "./controls.ts";
import { trainingStories } from "./examples.ts";
import { faultFinder } from "./faults.ts";
import { journalFile, openJournal } from "./generation-journal.ts";
import { foreseePlan, planOf, promptsOf, type Series } from "./generation-plan.ts";
import { summaryOf, wroteToNone } from "./generation-summary.ts";
import { formOf, providerOf } from "./models.ts";
import { templateFile } from "./template.ts";
import { type Writing, writeSeries } from "./write.ts";

/** Lets every model write a story to every title, under every prompt. */
export const generate = stage({
  name: "generate",
  summary: "Let language models write stories to the titles of the test stories",
  examples: [
    "tinylove generate --study my-study",
    "tinylove generate --tone melancholy --strength 0..4 --dialogue 20",
  ],
  reads: [storiesFile],
  writes: [generationsFolder],
  settings: ({
    config: {
      generate: { factorial: _, keep, ...generate },
      compose,
    },
  }) => ({
    ...generate,
    ...(keep !== "best" && { keep }),
    shortest: compose.words.least,
    // How fast and with whose key texts are written is no part of what they are.
    models: generate.models.map(omitTransportSettings),
  }),
  async inputs(study) {
    const { generate } = study.config;
    const files = await Promise.all(
      generate.models.map(async (model) => {
        const provider = await providerOf(model);
        const prompts = promptsOf(model, generate, await provider.form(model, study));
        return [
          ...provider.files(model, study),
          ...(await Promise.all(prompts.map((name) => templateFile(name, study)))),
        ];
      }),
    );
    return [...new Set([...files.flat(), ...study.plugins.filesOf("model")])];
  },
  preflight: foreseePlan,
  assertNotFrozen: (study) => assertNotFrozen(study, generationsFolder),
  flags: [
    ...controls.map(({ name, summary }): Flag => [`--${name} <value>`, summary]),
    ["--again", "ask again also for what failed for good, as when a server has been given more room"],
  ],
  options: z.object({
    again: z.boolean().default(false),
    ...(Object.fromEntries(controls.map(({ name }) => [name, z.string().optional()])) as Record<
      string,
      z.ZodOptional<z.ZodString>
    >),
  }),
  async run(study, { again, ...asked }, effects) {
    const flags = Object.fromEntries(
      Object.entries(asked).filter(([, value]) => value !== undefined),
    ) as Control;
    const forOnce = Object.keys(flags).length > 0;
    const stories = await readStories(study);
    for (const model of study.config.generate.models) await formOf(model, study, effects);
    const plan = await planOf(study, stories, { ...study.config.generate.control, ...flags });
    const faults = faultFinder(stories, study.config.compose.words.least);
    const training = trainingStories(stories);
    const forgotten = again ? await repliesWithoutStory(study) : new Set<string>();
    const journal = await openJournal(study.path(journalFile), { again, forgotten });
    const writing: Writing = { study, journal, faults, training, thinkUnopened: new Set(), effects };
    try {
      const written = new Map<string, Generation[]>();
      const failures = new Map<ModelSettings, StudyError>();
      for (const series of plan) {
        if (failures.has(series.model)) continue;
        if (study.config.generate.bestOf !== undefined && !measurable(series.control)) {
          effects.warn(
            `generate.bestOf: ${series.condition} asks for nothing that can be measured in a text, so each title is drawn once`,
          );
        }
        if (series.template.api === "completions" && series.form?.takes[0] === "chat") {
          effects.warn(
            `${series.name} is an instructed model, and the prompt ${series.template.name} is for base models: \`prompt: ${series.form.prompt}\` asks it in its own form`,
          );
        }
        try {
          const generations = await writtenBy(series, writing);
          written.set(fileOf(series), generations);
          for (const line of summaryOf(series, generations, study.config.generate)) effects.log(line);
          const none = wroteToNone(series, generations, study.config.generate);
          if (none) failures.set(series.model, none);
        } catch (thrown) {
          // What is wrong with one model holds back no other.
          if (!(thrown instanceof StudyError)) throw thrown;
          failures.set(series.model, thrown);
        }
      }
      const [failure, ...others] = failures.values();
      await writeAll(written, study, !forOnce && !failure);
      for (const { message, hint } of others) effects.warn(hint ? `${message}: ${hint}` : message);
      if (failure) throw failure;
    } finally {
      await journal.close();
    }
    if (!forOnce) return undefined;
    // study.yaml asked for none of this: the manifest goes on telling what study.yaml asks for.
    const control = JSON.stringify({ ...study.config.generate.control, ...flags });
    effects.log(
      `  to keep it, put \`control: ${control}\` under \`generate:\` in study.yaml; without it, \`tinylove run\` takes these texts out of the study`,
    );
    return unrecorded;
  },
});

/**
 * What of a model's settings its texts depend on: how fast and with whose key they are written is no part of what they
 * are. The order, and settings that a kind of model no longer has, are those of earlier versions,
 * so that a study stays fresh.
 */
export function omitTransportSettings(model: ModelSettings): Readonly<Record<string, unknown>> {
  const all: Readonly<Record<string, unknown>> = {
    api: "completions",
    flashAttention: true,
    batch: false,
    ...model,
  };
  const names = [...new Set([...usualOrder, ...Object.keys(all)])].filter((name) => !hurry.has(name));
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

const hurry: ReadonlySet<string> = new Set([
  "threads",
  "key",
  "retries",
  "wait",
  "timeout",
  "price",
  "budget",
]);

const usualOrder = (
  "address name base api adapter flashAttention parallel prompt " +
  "temperature topP topK minP repeatPenalty tokens logProbabilities batch price budget"
).split(" ");

/** What models wrote that brought no story, by the record of the last run. */
async function repliesWithoutStory(study: Study): Promise<Set<string>> {
  const generations = await readGenerations(study);
  return new Set(generations.filter(({ text, raw }) => text === "" && raw !== "").map(({ raw }) => raw));
}

async function writtenBy(series: Series, writing: Writing): Promise<Generation[]> {
  const provider = await providerOf(series.model);
  const model = await provider.open(series.model, writing.study, writing.effects);
  try {
    return await writeSeries(series, model, writing);
  } finally {
    await model.close();
  }
}

const fileOf = ({ name, condition }: Series): string =>
  `${generationsFolder}/${name}/${portableName(condition)}.jsonl`;

/**
 * Files of models and prompts that the study no longer names go; what they held is still in the journal. They go first:
 * where case makes no difference, an old name may be a new one's file.
 */
async function writeAll(
  written: ReadonlyMap<string, readonly Generation[]>,
  study: Study,
  alone: boolean,
): Promise<void> {
  if (alone) await removeOthers(new Set([...written.keys()].map((path) => study.path(path))), study);
  for (const [path, generations] of written) await writeWhole(study.path(path), jsonLines(generations));
}

async function removeOthers(current: ReadonlySet<string>, study: Study): Promise<void> {
  const root = study.path(generationsFolder);
  if (!(await exists(root))) return;
  for (const file of await filesUnder(root)) if (!current.has(file)) await rm(file);
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const folder = join(root, entry.name);
    if (entry.isDirectory() && (await readdir(folder)).length === 0) await rmdir(folder);
  }
}
