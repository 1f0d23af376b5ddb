import { rm } from "node:fs/promises";
import type { Generation } from "../study/generation.ts";
import { generationsFolder, readStories, storiesFile } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { filesUnder, jsonLines, writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { type Journal, openJournal } from "./journal.ts";
import { providerOf } from "./models.ts";
import { planOf, type Series, samplingOf } from "./plan.ts";
import { templateFile } from "./template.ts";
import { writeSeries } from "./write.ts";

/** Lets every model write a story to every title, under every prompt. */
export const generate = stage({
  name: "generate",
  summary: "Let language models write stories to the titles of the test stories",
  examples: ["tinylove generate --study my-study"],
  reads: [storiesFile],
  writes: [generationsFolder],
  settings: ({ config: { generate } }) => ({
    ...generate,
    // How fast and with whose key texts are written is no part of what they are.
    models: generate.models.map(({ threads: _, key: __, ...model }) => model),
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
  async run(study, _, effects) {
    const sampling = samplingOf(study.config.generate);
    const plan = await planOf(study, await readStories(study));
    const journal = await openJournal(study.path(".tinylove", "responses.jsonl"));
    try {
      const written = new Map<string, Generation[]>();
      for (const series of plan) {
        const generations = await writtenBy(series, sampling, study, journal, effects);
        written.set(fileOf(series), generations);
        effects.log(`  ${series.name}, ${series.template.name}: ${counts(generations)}`);
      }
      await writeAll(written, study);
    } finally {
      await journal.close();
    }
  },
});

async function writtenBy(
  series: Series,
  sampling: ReturnType<typeof samplingOf>,
  study: Study,
  journal: Journal,
  effects: Effects,
): Promise<Generation[]> {
  const provider = await providerOf(series.model);
  const model = await provider.open(series.model, study, effects);
  try {
    return await writeSeries(series, model, sampling, study, journal, effects);
  } finally {
    await model.close();
  }
}

const fileOf = ({ name, template }: Series): string => `${generationsFolder}/${name}/${template.name}.jsonl`;

/** Files of models and prompts that the study no longer names go; what they held is still in the journal. */
async function writeAll(written: ReadonlyMap<string, readonly Generation[]>, study: Study): Promise<void> {
  for (const [path, generations] of written) await writeWhole(study.path(path), jsonLines(generations));
  const current = new Set([...written.keys()].map((path) => study.path(path)));
  for (const file of await filesUnder(study.path(generationsFolder))) {
    if (!current.has(file)) await rm(file);
  }
}

function counts(generations: readonly Generation[]): string {
  const numbers = new Map<string, number>();
  for (const { outcome } of generations) numbers.set(outcome, (numbers.get(outcome) ?? 0) + 1);
  return [...numbers].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}
