import { corpusSummaryFile, rejectedFile, storiesFile } from "../workbench/artefacts.ts";
import { stage, unrecorded } from "../workbench/stage.ts";
import { CollectOptions, collectFlags } from "./options.ts";
import { sourceNamed } from "./sources.ts";

/** `tinylove collect`: gathers stories from a source, normalises, validates and splits them. */
export const collect = stage({
  name: "collect",
  examples: [
    "tinylove collect",
    "tinylove collect --source table --file stories.csv",
    "tinylove collect --source saved-pages --file pages/",
    "tinylove collect --source nyt --dry-run",
  ],
  flags: collectFlags,
  options: CollectOptions,
  reads: [],
  writes: [storiesFile, rejectedFile, corpusSummaryFile],
  settings: (study) => study.config.corpus,
  inputs: async (study) => [
    ...(await sourceNamed(study.config.corpus.source, study)).inputs(study),
    ...study.plugins.filesOf("source"),
  ],
  preflight: async (study) => void (await sourceNamed(study.config.corpus.source, study)),
  async run(study, options, effects) {
    // Loaded here because `status` loads every stage.
    const { makeCorpus } = await import("./make-corpus.ts");
    const source = await (options.source === undefined
      ? sourceNamed(study.config.corpus.source, study)
      : sourceNamed(options.source, study, "--source"));
    const gathered = await source.gather(study, options, effects);
    if (!gathered) return unrecorded;
    await makeCorpus(study, source.name, gathered, effects);
  },
});
