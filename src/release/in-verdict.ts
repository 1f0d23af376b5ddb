import { analysed } from "../findings/analysed.ts";
import { checkR } from "../findings/check-r.ts";
import type { Judgment } from "../study/judgment.ts";
import { type Row, readTable } from "../tables/tables.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { findingsFolder, readFindings } from "../workbench/artefacts.ts";
import { exists } from "../workbench/files.ts";
import { readManifest, stateOf } from "../workbench/manifest.ts";
import type { Study } from "../workbench/study.ts";

/** The verdict on single stories as the study found it: what it stands on, and a program that computes it anew. */
export interface VerdictStood {
  /** check.R, for the judgments of the package. */
  readonly program: string;
  /** Whether the verdict stands on a judgment; undefined for what was no judgment of a single story's origin. */
  judged(judgment: Judgment): boolean | undefined;
}

/** Undefined where there is no verdict on single stories, or none of the judgments that there are now; `log` tells which. */
export async function readVerdict(
  study: Study,
  log: (message: string) => void,
): Promise<VerdictStood | undefined> {
  const state = await stateOf(analysed, study, await readManifest(study));
  if (state.is !== "fresh") {
    const why = state.is === "stale" ? state.because : "it has not been analysed";
    log(
      `without check.R, which needs the study's findings as they are now (${why}): run \`tinylove analyse\``,
    );
    return undefined;
  }
  const table = study.path(findingsFolder, "judgments.csv");
  const program = checkR(await readFindings(study), {
    margin: study.config.analyse.margin,
    table: "csv/judgments.csv",
    only: "in_verdict",
    beside: { stimuli: "csv/stimuli.csv", participants: "csv/participants.csv" },
  });
  if (program === undefined || !(await exists(table))) return undefined;
  const kept = new Set((await readTable(table)).map(nameOfRow));
  return {
    program,
    judged({ task: name, participant, stimuli: [stimulus = ""], order }) {
      const task = taskNamed(name);
      if (task?.kind !== "choice" || !task.asksOrigin) return undefined;
      return kept.has(nameOfRow({ participant, stimulus, order: String(order) }));
    },
  };
}

const nameOfRow = ({ participant, stimulus, order }: Row): string =>
  JSON.stringify([participant, stimulus, order]);
