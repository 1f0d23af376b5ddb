import { analyseRecord } from "../findings/analyse-record.ts";
import { checkR } from "../findings/check-r.ts";
import type { Judgment } from "../study/judgment.ts";
import { type Row, readTable } from "../tables/tables.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { findingsFolder, readFindings } from "../workbench/artefacts.ts";
import { exists } from "../workbench/files.ts";
import { readManifest, stateOf } from "../workbench/manifest.ts";
import type { Study } from "../workbench/study.ts";

/** The study's verdict on single stories: the judgments that it is based on, and a program that recomputes it. */
export interface StudyVerdict {
  /** The content of check.R, for the package's table of judgments. */
  readonly program: string;
  /** Whether the verdict is based on this judgment; undefined if it is not about a single story's origin. */
  isInVerdict(judgment: Judgment): boolean | undefined;
}

/** Reads the verdict; undefined if there is none, or if it is not based on the present judgments, which `log` reports. */
export async function readVerdict(
  study: Study,
  log: (message: string) => void,
): Promise<StudyVerdict | undefined> {
  const state = await stateOf(analyseRecord, study, await readManifest(study));
  if (state.is !== "fresh") {
    const why = state.is === "stale" ? state.because : "it has not been analysed";
    log(
      `check.R and in_verdict are left out, because the findings are not up to date (${why}): run \`tinylove analyse\` first`,
    );
    return undefined;
  }
  const table = study.path(findingsFolder, "judgments.csv");
  const program = checkR(await readFindings(study), {
    margin: study.config.analyse.margin,
    table: "csv/judgments.csv",
    only: "in_verdict",
    furtherTables: { stimuli: "csv/stimuli.csv", participants: "csv/participants.csv" },
  });
  if (program === undefined || !(await exists(table))) return undefined;
  const kept = new Set((await readTable(table)).map(nameOfRow));
  return {
    program,
    isInVerdict({ task: name, participant, stimuli: [stimulus = ""], order }) {
      const task = taskNamed(name);
      if (task?.kind !== "choice" || !task.asksOrigin) return undefined;
      return kept.has(nameOfRow({ participant, stimulus, order: String(order) }));
    },
  };
}

const nameOfRow = ({ participant, stimulus, order }: Row): string =>
  JSON.stringify([participant, stimulus, order]);
