import { z } from "zod";
import { storeFile } from "../registration/assert-not-frozen.ts";
import { type Effects, timestamp } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson, writeWhole } from "../workbench/files.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { ControlFile, controlFile } from "./running-survey.ts";
import { openUnlessInUse } from "./store/database.ts";
import { Store } from "./store/store.ts";
import { storeKind } from "./store/store-record.ts";

/** `tinylove backup`: copies the survey's store, also while the survey is running. */
export const backup = command({
  name: "backup",
  examples: ["tinylove backup --study my-study", "tinylove backup elsewhere/survey.sqlite"],
  parameters: [["[file]", "a new file (default: backups/survey-TIME.sqlite in the study)"]],
  options: z.object({ file: z.string().optional() }),
  async run(folder, { file }, effects) {
    const study = await openStudy(folder);
    const time = timestamp(effects).replace(/[:.]/g, "-");
    const target = file ?? study.path("backups", `survey-${time}.sqlite`);
    if ((await storeKind(study, effects.env)) === "postgres") {
      throw new StudyError("the answers of this study are in a PostgreSQL database", {
        hint: "use pg_dump, also while the survey is running",
      });
    }
    if (!(await exists(study.path(storeFile)))) {
      throw new StudyError("there is no survey store yet", { hint: "run `tinylove serve` first" });
    }
    if (await exists(target)) throw new StudyError(`${target} exists already`, { hint: "name another file" });
    await writeWhole(target, await storeCopy(study, effects), 0o600);
    effects.print(target);
  },
});

async function storeCopy(study: Study, effects: Effects): Promise<Uint8Array> {
  const database = await openUnlessInUse(study, {});
  if (!database) return copyFromServer(study, effects);
  const store = new Store(database);
  try {
    return await store.backup(study.folder);
  } finally {
    await store.close();
  }
}

/** Only the process that has the store open may read it, so that process makes the copy. */
async function copyFromServer(study: Study, effects: Effects): Promise<Uint8Array> {
  const { url, token } = await readJson(
    study.path(controlFile),
    ControlFile,
    "the survey may still be starting: try again",
  );
  const copyFailed = (why: string, cause?: unknown) =>
    new StudyError(`the survey at ${url} sent no copy (${why})`, {
      hint: "stop the survey and run `tinylove backup` again",
      cause,
    });
  try {
    const response = await effects.fetch(`${url}/control/backup`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: effects.signal,
    });
    if (!response.ok) throw copyFailed(String(response.status));
    return new Uint8Array(await response.arrayBuffer());
  } catch (thrown) {
    // A server that stops during the request fails it or cuts the reply short.
    throw thrown instanceof TypeError ? copyFailed("the connection broke", thrown) : thrown;
  }
}
