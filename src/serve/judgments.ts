import { stat } from "node:fs/promises";
import { exists } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { openUnlessInUse, storeFile, usesPostgres } from "./database.ts";
import { exportAnswers } from "./exporting.ts";
import { phrasesOf } from "./languages.ts";
import { Store } from "./store.ts";

/**
 * `tinylove judgments`: the answers in the survey's store, as tables. A survey that is being served keeps the tables
 * up to date itself and lets nobody else into its store; then what is there is taken as it is.
 */
export const judgments = stage({
  name: "judgments",
  summary: "Export the answers of the survey to judgments/judgments.csv",
  examples: ["tinylove judgments --study my-study"],
  reads: [],
  writes: ["judgments"],
  settings: () => undefined,
  async inputs(study) {
    await settleStore(study);
    return [storeFile];
  },
  foresee: ({ config }) => void phrasesOf(config.survey.language),
  applies: async (study) => usesPostgres(process.env) || exists(study.path(storeFile)),
  async run(study, _, effects) {
    const database = await openUnlessInUse(study, effects.env);
    if (!database) {
      effects.log("the survey is being served: its own export is taken");
      return;
    }
    const store = new Store(database);
    try {
      const { judgments, participants } = await exportAnswers(study, store, effects.warn);
      effects.log(`${judgments} judgments of ${participants} participants`);
    } finally {
      await store.close();
    }
  },
});

/** Brings what a killed server left in the write-ahead log into the store itself, so that its hash is that of its answers. */
async function settleStore(study: Study): Promise<void> {
  const log = await stat(study.path(`${storeFile}-wal`)).catch(() => undefined);
  if (!log || log.size === 0 || usesPostgres(process.env)) return;
  await (await openUnlessInUse(study, {}))?.destroy();
}
