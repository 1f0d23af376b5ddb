import { counted } from "../study/print.ts";
import { readJudgments } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { fileLock } from "../workbench/file-lock.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/**
 * Throws StudyError when people have answered, or can at any moment, and the files that a stage would write, by their
 * paths inside the study, would not stay as they are: judgments are of the texts that were read, and texts that change
 * under them would make them judgments of nothing. `files` is asked only where there are answers or the survey is open.
 */
export async function assertUnchanged(
  study: Study,
  files: () => Promise<ReadonlyMap<string, string>>,
): Promise<void> {
  const refuse = await refusalOf(study);
  if (!refuse) return;
  for (const [path, content] of await files()) {
    const now = (await exists(study.path(path))) ? await readText(study.path(path)) : undefined;
    if (now !== undefined && now !== content) throw refuse(`${path} would change`);
  }
}

/** The same for a stage that cannot tell beforehand what it will write. */
export async function assertNotFrozen(study: Study, what: string): Promise<void> {
  const refuse = await refusalOf(study);
  if (refuse) throw refuse(`${what} would be made anew`);
}

/** How to say that something may not change; undefined where nobody has begun, and nobody can. */
async function refusalOf(study: Study): Promise<((what: string) => StudyError) | undefined> {
  const answers = await responsesSoFar(study);
  if (answers !== undefined) return (what) => readAlready(what, answers);
  return (await isOpen(study)) ? beingServed : undefined;
}

const readAlready = (what: string, answers: string): StudyError =>
  new StudyError(`${what}, but people have been reading what is there (${answers})`, {
    hint: "undo the change, or make a new study for it; `tinylove judgments`, `analyse` and `report` go on with what was read",
  });

/** A survey goes on with the texts that it was opened with. */
const beingServed = (what: string): StudyError =>
  new StudyError(`${what}, but the survey is open with what is there`, {
    hint: "end `tinylove serve` first, and open it again afterwards",
  });

/** The embedded store of a study, in its folder. It is private: never published, never in version control. */
export const storeFile = "survey.sqlite";

/** The file beside a store that is held for as long as the store is open. */
export const lockFileOf = (store: string): string => `${store}-lock`;

/** Whether the survey is open on the embedded store. */
export async function isOpen(study: Study): Promise<boolean> {
  const lock = lockFileOf(study.path(storeFile));
  if (!(await exists(lock))) return false;
  const unlock = await fileLock(lock);
  unlock?.();
  return unlock === undefined;
}

/** How many judgments were exported, in words; undefined for none. */
export async function exportedAnswers(study: Study): Promise<string | undefined> {
  const judgments = (await readJudgments(study)).length;
  return judgments > 0 ? counted(judgments, "judgment") : undefined;
}

/** How many have answered so far, in words; undefined when nobody has begun. */
export async function responsesSoFar(study: Study): Promise<string | undefined> {
  const exported = await exportedAnswers(study);
  if (exported !== undefined) return exported;
  const participants = await participantsIn(study.path(storeFile));
  if (participants === "unknown") return "how many have answered cannot be told";
  return participants > 0 ? `${counted(participants, "participant")} so far` : undefined;
}

/**
 * The store is asked and not its export alone, which a killed survey leaves behind its answers. It is only read, so that
 * a survey that is being served is not disturbed. A store that cannot be read may hold answers.
 */
async function participantsIn(store: string): Promise<number | "unknown"> {
  if (!(await exists(store))) return 0;
  const { default: Libsql } = await import("libsql");
  let file: InstanceType<typeof Libsql> | undefined;
  try {
    file = new Libsql(store, { readonly: true, fileMustExist: true });
    const row = file.prepare("SELECT count(*) AS count FROM participant").get();
    return Number((row as { count: number }).count);
  } catch {
    return "unknown";
  } finally {
    file?.close();
  }
}
