import { loaded, stages } from "./stages.ts";
import { type Effects, worldEffects } from "./workbench/effects.ts";
import { StudyError } from "./workbench/errors.ts";
import { checkedOptions } from "./workbench/options.ts";
import { runSingleStage } from "./workbench/run-single-stage.ts";
import { statesOf } from "./workbench/states.ts";
import { openStudy, type Study } from "./workbench/study.ts";

/** How a new study begins; without any of it, as a copy of the example `first-study`. */
export interface NewStudy {
  /** A study of `examples/`. */
  readonly example?: string;
  /** A table of stories of one's own (CSV, TSV, JSON, JSONL, Parquet, SQLite), which is copied into the study. */
  readonly corpus?: string;
  /** What the table calls a column, where its name does not say it: `["title=headline", "text=body"]`. */
  readonly columns?: readonly string[];
  /** The table of a database that has several. */
  readonly table?: string;
}

/**
 * Makes a study in a new or empty folder, as `tinylove init` does, and opens it. Throws StudyError where the folder has
 * something in it, or the table cannot be read.
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
 * folder. Throws StudyError for what the user can correct, before any work where it can be known by then. An aborted
 * `effects.signal` ends it at the next safe point, and the next run continues there.
 */
export async function runStudy(study: Study, effects: Effects = silent()): Promise<void> {
  const { runAll } = await import("./workbench/commands/run.ts");
  const command = runAll(await loaded(stages));
  await command.run(study.folder, { dryRun: false }, effects);
}

/**
 * Runs one stage, fresh or not, as `tinylove generate` and its like do. `options` are its flags in camel case
 * (`--dry-run` is `dryRun`). Throws StudyError for an unknown stage or flag value, and for what the stage refuses.
 */
export async function runStage(
  study: Study,
  name: string,
  options: Readonly<Record<string, unknown>> = {},
  effects: Effects = silent(),
): Promise<void> {
  const all = await loaded(stages);
  const stage = all.find((one) => one.name === name);
  if (!stage) throw new StudyError(`no stage ${name}`, { hint: `try ${stageNames.join(", ")}` });
  const checked = stage.options ? checkedOptions(stage.options, options) : {};
  await runSingleStage(stage, all, study, checked, effects);
}

/** Whether a stage is up to date, and why not. */
export interface StageStatus {
  readonly stage: string;
  readonly is: "fresh" | "stale" | "missing" | "waiting";
  /** What changed, or what is waited for. */
  readonly because?: string;
}

/** The state of every stage in order, as `tinylove status --json` prints it. */
export async function statusOf(study: Study): Promise<StageStatus[]> {
  const states = await statesOf(await loaded(stages), study);
  return states.map(({ stage, state }) => ({ stage: stage.name, ...state }));
}

/** The real world, without progress and news; results that a command would print are dropped. */
export const silent = (signal: AbortSignal = new AbortController().signal): Effects => ({
  ...worldEffects(signal),
  log: () => {},
  warn: () => {},
  print: () => {},
  terminal: undefined,
  progress: () => ({ to() {}, step() {}, end() {} }),
});
