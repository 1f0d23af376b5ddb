import { stat } from "node:fs/promises";
import { isOpen, responsesSoFar, storeFile } from "../registration/assert-not-frozen.ts";
import { counted } from "../study/print.ts";
import type { openUnlessInUse } from "../survey/store/database.ts";
import { databaseVariable, readStoreRecord, storeKind } from "../survey/store/store-record.ts";
import { checkPhrases } from "../survey/study-materials.ts";
import { exists } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";

/**
 * `tinylove judgments`: exports the answers in the survey's store as tables. A running survey keeps the tables up to date
 * itself and has its store locked; then the tables are used as they are.
 */
export const judgments = stage({
  name: "judgments",
  examples: ["tinylove judgments --study my-study"],
  reads: [],
  writes: ["judgments"],
  settings: () => undefined,
  async inputs(study) {
    await checkpointStore(study);
    return [storeFile, ...study.plugins.filesOf("task")];
  },
  preflight: ({ config }) =>
    checkPhrases(
      config.survey.language,
      config.compose.tasks.map(({ task }) => task),
    ),
  async applies(study) {
    const record = await readStoreRecord(study);
    if (record?.store === "postgres" && !process.env[databaseVariable])
      return `for ${databaseVariable}, the address of the database with the answers`;
    if ((await storeKind(study, process.env)) === "postgres") return true;
    if ((await responsesSoFar(study)) === undefined) return waitingForAnswers(study);
    // Judgments without a store came from elsewhere and stay as they are.
    return exists(study.path(storeFile));
  },
  async run(study, _, effects) {
    const { exportAnswers } = await import("../survey/store/export-answers.ts");
    const { Store } = await import("../survey/store/store.ts");
    const database = await openIfFree(study, effects.env);
    if (!database) {
      effects.log("the survey is running and has exported its answers itself");
      return;
    }
    const store = new Store(database);
    try {
      const { judgments, participants } = await exportAnswers(study, store, effects.warn);
      effects.log(`${counted(judgments, "judgment")} of ${counted(participants, "participant")}`);
    } finally {
      await store.close();
    }
  },
});

const waitingForAnswers = async (study: Study): Promise<string> =>
  `for answers; ${(await isOpen(study)) ? "the survey is open" : "`tinylove serve` opens the survey"}`;

/** Writes what a killed server left in the write-ahead log into the store, so that the hash of the file covers all answers. */
async function checkpointStore(study: Study): Promise<void> {
  const log = await stat(study.path(`${storeFile}-wal`)).catch(() => undefined);
  if (!log || log.size === 0 || (await storeKind(study, process.env)) === "postgres") return;
  await (await openIfFree(study, {}))?.destroy();
}

/** The drivers of the databases take long to load, and a study without answers needs none. */
const openIfFree: typeof openUnlessInUse = async (...given) =>
  (await import("../survey/store/database.ts")).openUnlessInUse(...given);
