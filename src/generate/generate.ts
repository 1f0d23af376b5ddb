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
import { planOf, preflightPlan, promptsOf, type Series } from "./generation-plan.ts";
import { noStoryError, summaryOf } from "./generation-summary.ts";
import { promptFormatOf, providerOf } from "./models.ts";
import { templateFile } from "./template.ts";
import { type RunContext, writeSeries } from "./write.ts";

/** Generates a story by every model for every title, with every prompt. */
export const generate = stage({
  name: "generate",
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
    // Settings of speed, keys and cost do not change the texts.
    models: generate.models.map(omitTransportSettings),
  }),
  async inputs(study) {
    const { generate } = study.config;
    const files = await Promise.all(
      generate.models.map(async (model) => {
        const provider = await providerOf(model);
        const prompts = promptsOf(model, generate, await provider.promptFormat(model, study));
        return [
          ...provider.files(model, study),
          ...(await Promise.all(prompts.map((name) => templateFile(name, study)))),
        ];
      }),
    );
    return [...new Set([...files.flat(), ...study.plugins.filesOf("model")])];
  },
  preflight: preflightPlan,
  assertNotFrozen: (study) => assertNotFrozen(study, generationsFolder),
  flags: [
    ...controls.map(({ name, summary }): Flag => [`--${name} <value>`, summary]),
    ["--again", "also repeat requests that failed permanently (for example after changing the server)"],
  ],
  options: z.object({
    again: z.boolean().default(false),
    ...(Object.fromEntries(controls.map(({ name }) => [name, z.string().optional()])) as Record<
      string,
      z.ZodOptional<z.ZodString>
    >),
  }),
  async run(study, { again, ...controlFlags }, effects) {
    const flags = Object.fromEntries(
      Object.entries(controlFlags).filter(([, value]) => value !== undefined),
    ) as Control;
    const hasFlags = Object.keys(flags).length > 0;
    const stories = await readStories(study);
    for (const model of study.config.generate.models) await promptFormatOf(model, study, effects);
    const plan = await planOf(study, stories, { ...study.config.generate.control, ...flags });
    const faults = faultFinder(stories, study.config.compose.words.least);
    const training = trainingStories(stories);
    const ignoredReplies = again ? await repliesWithoutStory(study) : new Set<string>();
    const journal = await openJournal(study.path(journalFile), { again, ignoredReplies });
    const context: RunContext = { study, journal, faults, training, thinkingInTemplate: new Set(), effects };
    try {
      const written = new Map<string, Generation[]>();
      const failures = new Map<ModelSettings, StudyError>();
      for (const series of plan) {
        if (failures.has(series.model)) continue;
        if (study.config.generate.bestOf !== undefined && !measurable(series.control)) {
          effects.warn(
            `generate.bestOf: ${series.condition} has nothing that can be measured in a text, so each title is drawn once`,
          );
        }
        if (series.template.api === "completions" && series.format?.apis[0] === "chat") {
          effects.warn(
            `${series.name} is an instructed model, but the prompt ${series.template.name} is for base models; better use \`prompt: ${series.format.defaultPrompt}\``,
          );
        }
        try {
          const generations = await writtenBy(series, context);
          written.set(fileOf(series), generations);
          for (const line of summaryOf(series, generations, study.config.generate)) effects.log(line);
          const none = noStoryError(series, generations, study.config.generate);
          if (none) failures.set(series.model, none);
        } catch (thrown) {
          // A problem with one model does not stop the others.
          if (!(thrown instanceof StudyError)) throw thrown;
          failures.set(series.model, thrown);
        }
      }
      const [failure, ...others] = failures.values();
      await writeAll(written, study, !hasFlags && !failure);
      for (const { message, hint } of others) effects.warn(hint ? `${message}: ${hint}` : message);
      if (failure) throw failure;
    } finally {
      await journal.close();
    }
    if (!hasFlags) return undefined;
    // These controls are not in study.yaml, so the manifest must not record them.
    const control = JSON.stringify({ ...study.config.generate.control, ...flags });
    effects.log(
      `  to keep these texts, put \`control: ${control}\` under \`generate:\` in study.yaml; otherwise \`tinylove run\` removes them from the study`,
    );
    return unrecorded;
  },
});

/**
 * The settings of a model that its texts depend on, without speed, keys and cost. Keeps the order and the former
 * settings of earlier versions, so that studies stay fresh.
 */
export function omitTransportSettings(model: ModelSettings): Readonly<Record<string, unknown>> {
  const all: Readonly<Record<string, unknown>> = {
    api: "completions",
    flashAttention: true,
    batch: false,
    ...model,
  };
  const names = [...new Set([...historicalOrder, ...Object.keys(all)])].filter(
    (name) => !transportSettings.has(name),
  );
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

const transportSettings: ReadonlySet<string> = new Set([
  "threads",
  "key",
  "retries",
  "wait",
  "timeout",
  "price",
  "budget",
]);

const historicalOrder = (
  "address name base api adapter flashAttention parallel prompt " +
  "temperature topP topK minP repeatPenalty tokens logProbabilities batch price budget"
).split(" ");

/** Replies without a story, from the last run's record. */
async function repliesWithoutStory(study: Study): Promise<Set<string>> {
  const generations = await readGenerations(study);
  return new Set(generations.filter(({ text, raw }) => text === "" && raw !== "").map(({ raw }) => raw));
}

async function writtenBy(series: Series, context: RunContext): Promise<Generation[]> {
  const provider = await providerOf(series.model);
  const model = await provider.open(series.model, context.study, context.effects);
  try {
    return await writeSeries(series, model, context);
  } finally {
    await model.close();
  }
}

const fileOf = ({ name, condition }: Series): string =>
  `${generationsFolder}/${name}/${portableName(condition)}.jsonl`;

/**
 * Removes files of models and prompts that the study no longer has; their replies are still in the journal. Removes
 * them first, because on a file system that ignores case an old name may be a new one's file.
 */
async function writeAll(
  written: ReadonlyMap<string, readonly Generation[]>,
  study: Study,
  complete: boolean,
): Promise<void> {
  if (complete) await removeOthers(new Set([...written.keys()].map((path) => study.path(path))), study);
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
