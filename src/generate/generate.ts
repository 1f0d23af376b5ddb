import { rm } from "node:fs/promises";
import { z } from "zod";
import { countingOf, type Generation } from "../study/generation.ts";
import type { ModelSettings } from "../study/settings/generate.ts";
import { refuseAnewUnderAnswers } from "../workbench/answers.ts";
import { generationsFolder, readStories, storiesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { filesUnder, jsonLines, writeWhole } from "../workbench/files.ts";
import { type Flag, stage, unrecorded } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { type Control, controls, measurable } from "./controls.ts";
import { trainingStories } from "./examples.ts";
import { faultFinder } from "./faults.ts";
import { journalFile, openJournal } from "./journal.ts";
import { providerOf } from "./models.ts";
import { foreseePlan, planOf, type Series } from "./plan.ts";
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
      generate: { factorial: _, ...generate },
      compose,
    },
  }) => ({
    ...generate,
    shortest: compose.words.least,
    // How fast and with whose key texts are written is no part of what they are.
    models: generate.models.map(withoutHurry),
  }),
  async inputs(study) {
    const { models, prompts } = study.config.generate;
    const named = [...prompts, ...models.flatMap(({ prompt }) => prompt ?? [])];
    const files = await Promise.all([
      ...models.map(async (model) => (await providerOf(model)).files(model, study)),
      ...named.map((name) => templateFile(name, study)),
    ]);
    return [...new Set(files.flat())];
  },
  foresee: foreseePlan,
  guard: (study) => refuseAnewUnderAnswers(study, generationsFolder),
  flags: [...controls.map(({ name, summary }): Flag => [`--${name} <value>`, summary])],
  options: z.object(
    Object.fromEntries(controls.map(({ name }) => [name, z.string().optional()])) as Record<
      string,
      z.ZodOptional<z.ZodString>
    >,
  ),
  async run(study, asked, effects) {
    const flags = Object.fromEntries(
      Object.entries(asked).filter(([, value]) => value !== undefined),
    ) as Control;
    const forOnce = Object.keys(flags).length > 0;
    const stories = await readStories(study);
    const plan = await planOf(study, stories, { ...study.config.generate.control, ...flags });
    const faults = faultFinder(stories, study.config.compose.words.least);
    const training = trainingStories(stories);
    const journal = await openJournal(study.path(journalFile));
    try {
      const written = new Map<string, Generation[]>();
      for (const series of plan) {
        if (study.config.generate.bestOf !== undefined && !measurable(series.control)) {
          effects.warn(
            `generate.bestOf: ${series.condition} asks for nothing that can be measured in a text, so each title is drawn once`,
          );
        }
        const generations = await writtenBy(series, { study, journal, faults, training, effects });
        refuseIfNone(series, generations);
        written.set(fileOf(series), generations);
        effects.log(`  ${series.name}, ${series.condition}: ${counts(generations)}`);
      }
      await writeAll(written, study, !forOnce);
    } finally {
      await journal.close();
    }
    if (!forOnce) return undefined;
    // study.yaml asked for none of this: the manifest goes on telling what study.yaml asks for.
    effects.log(`  to keep it, put \`control: ${JSON.stringify(flags)}\` under \`generate:\` in study.yaml`);
    return unrecorded;
  },
});

/** What of a model's settings its texts depend on. */
export const withoutHurry = ({
  threads: _,
  key: __,
  retries: ___,
  wait: ____,
  timeout: _____,
  ...model
}: ModelSettings) => model;

async function writtenBy(series: Series, writing: Writing): Promise<Generation[]> {
  const provider = await providerOf(series.model);
  const model = await provider.open(series.model, writing.study, writing.effects);
  try {
    return await writeSeries(series, model, writing);
  } finally {
    await model.close();
  }
}

/** A failed title is data, but a model that answered to none of them is something to mend. */
function refuseIfNone({ model, name }: Series, generations: readonly Generation[]): void {
  const reasons = new Set(generations.map(({ outcome, reason }) => outcome === "failed" && reason));
  const [reason] = reasons;
  if (generations.length < 2 || reasons.size !== 1 || !reason) return;
  const where = model.base === undefined ? model.address : `${model.address} at ${model.base}`;
  throw new StudyError(`${name} wrote to no title (${where}: ${reason})`, {
    hint: "see that the model is served there and `tinylove run` again: what others wrote is kept",
  });
}

const fileOf = ({ name, condition }: Series): string => `${generationsFolder}/${name}/${condition}.jsonl`;

/** Files of models and prompts that the study no longer names go; what they held is still in the journal. */
async function writeAll(
  written: ReadonlyMap<string, readonly Generation[]>,
  study: Study,
  alone: boolean,
): Promise<void> {
  for (const [path, generations] of written) await writeWhole(study.path(path), jsonLines(generations));
  if (!alone) return;
  const current = new Set([...written.keys()].map((path) => study.path(path)));
  for (const file of await filesUnder(study.path(generationsFolder))) {
    if (!current.has(file)) await rm(file);
  }
}

/** `10 text, 2 cut short; 3 drawn again`, of the attempts that count; `the nearest of 40 draws` where one was chosen. */
function counts(generations: readonly Generation[]): string {
  const counting = countingOf(generations, ({ story }) => story);
  const numbers = new Map<string, number>();
  for (const { outcome, reason } of counting) {
    // A reason begins with its kind: `too short: 80 words, more than 90 are needed`.
    const fault = outcome === "failed" || outcome === "refused" ? undefined : reason?.split(":")[0];
    const what = fault ? `${outcome} (${fault})` : outcome;
    numbers.set(what, (numbers.get(what) ?? 0) + 1);
  }
  const again = generations.length - counting.length;
  const parts = [...numbers].map(([what, count]) => `${count} ${what}`).join(", ");
  if (generations.some(({ chosen }) => chosen)) return `${parts}; the nearest of ${generations.length} draws`;
  return again > 0 ? `${parts}; ${again} drawn again` : parts;
}
