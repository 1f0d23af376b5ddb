import { rm } from "node:fs/promises";
import type { Generation } from "../study/generation.ts";
import { generationsFolder, readStories, storiesFile } from "../workbench/artefacts.ts";
import { filesUnder, jsonLines, writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { faultFinder } from "./faults.ts";
import { openJournal } from "./journal.ts";
import { providerOf } from "./models.ts";
import { planOf, type Series, samplingOf } from "./plan.ts";
import { templateFile } from "./template.ts";
import { type Writing, writeSeries } from "./write.ts";

/** Lets every model write a story to every title, under every prompt. */
export const generate = stage({
  name: "generate",
  summary: "Let language models write stories to the titles of the test stories",
  examples: ["tinylove generate --study my-study"],
  reads: [storiesFile],
  writes: [generationsFolder],
  settings: ({ config: { generate, compose } }) => ({
    ...generate,
    shortest: compose.words.least,
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
    const stories = await readStories(study);
    const plan = await planOf(study, stories);
    const faults = faultFinder(stories, study.config.compose.words.least);
    const journal = await openJournal(study.path(".tinylove", "responses.jsonl"));
    try {
      const written = new Map<string, Generation[]>();
      for (const series of plan) {
        const generations = await writtenBy(series, { sampling, study, journal, faults, effects });
        written.set(fileOf(series), generations);
        effects.log(`  ${series.name}, ${series.template.name}: ${counts(generations)}`);
      }
      await writeAll(written, study);
    } finally {
      await journal.close();
    }
  },
});

async function writtenBy(series: Series, writing: Writing): Promise<Generation[]> {
  const provider = await providerOf(series.model);
  const model = await provider.open(series.model, writing.study, writing.effects);
  try {
    return await writeSeries(series, model, writing);
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

/** `10 text, 2 cut short; 3 drawn again`, of the attempts that count. */
function counts(generations: readonly Generation[]): string {
  const last = new Map(generations.map((generation) => [generation.story, generation]));
  const numbers = new Map<string, number>();
  for (const { outcome, reason } of last.values()) {
    const what =
      reason && outcome !== "failed" && outcome !== "refused" ? `${outcome} with a fault` : outcome;
    numbers.set(what, (numbers.get(what) ?? 0) + 1);
  }
  const again = generations.length - last.size;
  const parts = [...numbers].map(([what, count]) => `${count} ${what}`).join(", ");
  return again > 0 ? `${parts}; ${again} drawn again` : parts;
}
