import { loadMembers, stages } from "./stages.ts";
import { type Effects, worldEffects } from "./workbench/effects.ts";
import { StudyError } from "./workbench/errors.ts";
import { checkedOptions } from "./workbench/options.ts";
import { runSingleStage } from "./workbench/run-single-stage.ts";
import { statesOf } from "./workbench/states.ts";
import { openStudy, type Study } from "./workbench/study.ts";

/** The content of a new study. Default: a copy of the example `first-study`. */
export interface NewStudy {
  /** The name of a study in `examples/`. */
  readonly example?: string;
  /** A table of your own stories (CSV, TSV, JSON, JSONL, Parquet, SQLite), which is copied into the study. */
  readonly corpus?: string;
  /** The table's names for columns that are not recognised: `["title=headline", "text=body"]`. */
  readonly columns?: readonly string[];
  /** Which table to use, if a database has several. */
  readonly table?: string;
}

/**
 * Makes a study in a new or empty folder, as `tinylove init` does, and opens it. Throws StudyError if the folder is not
 * empty or the table cannot be read.
 */
export async function makeStudy(
  folder: string,
  from: NewStudy = {},
  effects: Effects = silent(),
): Promise<Study> {
  const { init } = await import("./collect/init.ts");
  await init.run(".", checkedOptions(init.options, { folder, ...from }), effects);
  return openStudy(folder);
}

/** The stages by name, in the order of a study: `collect`, `generate` ... `report`. */
export const stageNames: readonly string[] = Object.keys(stages);

/**
 * Runs every stage that is stale or missing, in order, as `tinylove run` does; each writes its part of the study's
 * folder. Throws StudyError for errors that the user can fix, before any work if possible. Aborting `effects.signal` ends
 * the run at the next safe point; the next run continues there.
 */
export async function runStudy(study: Study, effects: Effects = silent()): Promise<void> {
  const { runAll } = await import("./workbench/commands/run.ts");
  const command = runAll(await loadMembers(stages), stages);
  await command.run(study.folder, { dryRun: false }, effects);
}

/**
 * Runs one stage, even if it is fresh, as `tinylove generate` and the other stage commands do. `options` are its flags in
 * camel case (`--dry-run` is `dryRun`). Throws StudyError for an unknown stage or an invalid flag, and if the stage refuses
 * to run.
 */
export async function runStage(
  study: Study,
  name: string,
  options: Readonly<Record<string, unknown>> = {},
  effects: Effects = silent(),
): Promise<void> {
  const all = await loadMembers(stages);
  const stage = all.find((one) => one.name === name);
  if (!stage) throw new StudyError(`no stage ${name}`, { hint: `try ${stageNames.join(", ")}` });
  const checked = stage.options ? checkedOptions(stage.options, options) : {};
  await runSingleStage(stage, all, study, checked, effects);
}

/** Whether a stage is up to date, and why not. */
export interface StageStatus {
  readonly stage: string;
  readonly is: "fresh" | "stale" | "missing" | "waiting";
  /** What has changed, or what the stage is waiting for. */
  readonly because?: string;
}

/** The state of every stage in order, as `tinylove status --json` prints it. */
export async function statusOf(study: Study): Promise<StageStatus[]> {
  const states = await statesOf(await loadMembers(stages), study);
  return states.map(({ stage, state }) => ({ stage: stage.name, ...state }));
}

/** Effects on the real world, without progress, messages and printed results. */
export const silent = (signal: AbortSignal = new AbortController().signal): Effects => ({
  ...worldEffects(signal),
  log: () => {},
  warn: () => {},
  print: () => {},
  terminal: undefined,
  progress: () => ({ to() {}, step() {}, end() {} }),
});
