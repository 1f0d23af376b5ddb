import type { z } from "zod";
import type { Effects } from "./effects.ts";
import type { Study } from "./study.ts";

/** A flag as commander writes it, `--participants <number>`, and what it does. */
export type Flag = readonly [notation: string, summary: string];

/** What `--help` shows about a command. Its summary is in `stages.ts`, so that help does not load it. */
export interface Described {
  readonly name: string;
  /** Whole command lines, as examples. */
  readonly examples: readonly string[];
  readonly flags?: readonly Flag[];
}

/**
 * One step of a study. It reads what earlier stages wrote and writes its own part of the folder. It declares these
 * parts, so that the workbench knows what is fresh and what is stale. `reads` and `writes` are paths inside the
 * study, files or folders.
 */
export interface Stage<Options = unknown> extends Described {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** The part of the settings that the result depends on. */
  settings(study: Study): unknown;
  /** Other files that the result depends on: a source table, a model, a prompt. */
  inputs?(study: Study): readonly string[] | Promise<readonly string[]>;
  /**
   * False, or what the stage waits for, if there is nothing to do yet (no judgments to export). It then counts as
   * waiting, not as missing, and does not run.
   */
  applies?(study: Study): Promise<boolean | string>;
  /** Throws StudyError if people have answered and the stage would change what they read. Called before any work. */
  assertNotFrozen?(study: Study): Promise<void>;
  /**
   * Throws StudyError if it is already clear that the stage will fail. It may look at study.yaml and, of the stage's
   * inputs, only at the `settled` paths, which will not change before the stage runs. Called before any stage runs,
   * so it must be quick.
   */
  preflight?(study: Study, settled: ReadonlySet<string>): void | Promise<void>;
  /** The schema of the flags. */
  readonly options?: z.ZodType<Options>;
  /** Writes the artefacts; resolves to `unrecorded` if it wrote none (a dry run). */
  // biome-ignore lint/suspicious/noConfusingVoidType: a stage that returns nothing is the usual one.
  run(study: Study, options: Options, effects: Effects): Promise<void | typeof unrecorded>;
  /** Does the work without a study if the flags ask for that (`analyse --judgments FILE`); else returns undefined. */
  standalone?(options: Options, effects: Effects): Promise<void> | undefined;
}

/** A stage returns this if it wrote nothing: the manifest then does not change. */
export const unrecorded = Symbol("unrecorded");

/**
 * A command that is not a stage: it makes, shows or serves something. It gets the study's folder and opens the study
 * if it needs one.
 */
export interface Command<Options = unknown> extends Described {
  /** Positional arguments as commander writes them: `[folder]`, `<title>`. They are passed by name. */
  readonly parameters?: readonly Flag[];
  readonly options: z.ZodType<Options>;
  run(folder: string, options: Options, effects: Effects): Promise<void>;
}

/** A stage without the type of its options, for lists. */
// biome-ignore lint/suspicious/noExplicitAny: options are checked by the stage's own schema before run.
export type AnyStage = Stage<any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyCommand = Command<any>;

/** Defines a stage; it infers the type of the options. */
export const stage = <Options>(definition: Stage<Options>): Stage<Options> => definition;

/** Defines a command; it infers the type of the options. */
export const command = <Options>(definition: Command<Options>): Command<Options> => definition;
