import { counted } from "../study/print.ts";
import { readJudgments } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { fileLock } from "../workbench/file-lock.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/**
 * Throws StudyError if people have answered, or the survey is open, and a stage would change a file that they read:
 * judgments are valid only for the texts that were read. `files` are the contents that the stage would write, by path
 * inside the study; it is called only if there are answers or the survey is open.
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

/** The same for a stage that cannot know beforehand what it will write. */
export async function assertNotFrozen(study: Study, what: string): Promise<void> {
  const refuse = await refusalOf(study);
  if (refuse) throw refuse(`${what} would change`);
}

/** Makes the error that refuses a change; undefined if nobody has begun and the survey is not open. */
async function refusalOf(study: Study): Promise<((what: string) => StudyError) | undefined> {
  const answers = await responsesSoFar(study);
  if (answers !== undefined) return (what) => alreadyRead(what, answers);
  return (await isOpen(study)) ? surveyIsOpen : undefined;
}

const alreadyRead = (what: string, answers: string): StudyError =>
  new StudyError(`${what}, but people have already read the present version (${answers})`, {
    hint: "undo the change, or make a new study for it; `tinylove judgments`, `analyse` and `report` still work with the present version",
  });

/** A running survey keeps the texts with which it was opened. */
const surveyIsOpen = (what: string): StudyError =>
  new StudyError(`${what}, but the survey is open with the present version`, {
    hint: "stop `tinylove serve`, make the change, and start it again",
  });

/** The embedded store in the study's folder. It is private: never published, never in version control. */
export const storeFile = "survey.sqlite";

/** The lock file next to a store, locked while the store is open. */
export const lockFileOf = (store: string): string => `${store}-lock`;

/** Whether the survey is open on the embedded store. */
export async function isOpen(study: Study): Promise<boolean> {
  const lock = lockFileOf(study.path(storeFile));
  if (!(await exists(lock))) return false;
  const unlock = await fileLock(lock);
  unlock?.();
  return unlock === undefined;
}

/** The number of exported judgments, in words; undefined for none. */
export async function exportedAnswers(study: Study): Promise<string | undefined> {
  const judgments = (await readJudgments(study)).length;
  return judgments > 0 ? counted(judgments, "judgment") : undefined;
}

/** The number of responses so far, in words; undefined if nobody has begun. */
export async function responsesSoFar(study: Study): Promise<string | undefined> {
  const exported = await exportedAnswers(study);
  if (exported !== undefined) return exported;
  const participants = await participantsIn(study.path(storeFile));
  if (participants === "unknown") return "the store cannot be read";
  return participants > 0 ? `${counted(participants, "participant")} so far` : undefined;
}

/**
 * Counts participants in the store itself, because after a killed survey its export may lack answers. It only reads, so a
 * running survey is not disturbed. A store that cannot be read may have answers.
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
