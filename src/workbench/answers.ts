import { counted } from "../study/print.ts";
import { readJudgments } from "./artefacts.ts";
import { StudyError } from "./errors.ts";
import { exists, readText } from "./files.ts";
import type { Study } from "./study.ts";

/**
 * Throws StudyError when people have answered and the files that a stage would write, by their paths inside the study,
 * would not stay as they are: judgments are of the texts that were read, and texts that change under them would make
 * them judgments of nothing. `files` is asked only where there are answers.
 */
export async function refuseUnderAnswers(
  study: Study,
  files: () => Promise<ReadonlyMap<string, string>>,
): Promise<void> {
  const answers = await answersOf(study);
  if (answers === undefined) return;
  for (const [path, content] of await files()) {
    const now = (await exists(study.path(path))) ? await readText(study.path(path)) : undefined;
    if (now !== undefined && now !== content) throw readAlready(`${path} would change`, answers);
  }
}

/** The same for a stage that cannot tell beforehand what it will write. */
export async function refuseAnewUnderAnswers(study: Study, what: string): Promise<void> {
  const answers = await answersOf(study);
  if (answers !== undefined) throw readAlready(`${what} would be made anew`, answers);
}

const readAlready = (what: string, answers: string): StudyError =>
  new StudyError(`${what}, but people have been reading what is there (${answers})`, {
    hint: "undo the change, or make a new study for it; `tinylove judgments`, `analyse` and `report` go on with what was read",
  });

/** How many have answered so far, in words; undefined when nobody has begun. */
export async function answersOf(study: Study): Promise<string | undefined> {
  const judgments = (await readJudgments(study)).length;
  const participants = await participantsIn(study.path("survey.sqlite"));
  if (judgments > 0) return counted(judgments, "judgment");
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
