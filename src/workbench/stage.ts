import type { z } from "zod";
import type { Effects } from "./effects.ts";
import type { Study } from "./study.ts";

/** A flag as commander writes it, `--participants <number>`, and what it does. */
export type Flag = readonly [notation: string, summary: string];

/** What the command line shows of a command. */
export interface Described {
  readonly name: string;
  readonly summary: string;
  /** Whole command lines, for `--help`. */
  readonly examples: readonly string[];
  readonly flags?: readonly Flag[];
}

/**
 * A step of a study. It reads what earlier stages wrote and writes its own part of the folder; which parts these
 * are is said here, so that the workbench can tell fresh from stale. `reads` and `writes` are paths inside the
 * study, files or folders.
 */
export interface Stage<Options = unknown> extends Described {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** The part of the settings that the outcome depends on. */
  settings(study: Study): unknown;
  /** Files outside the study's own artefacts that the outcome depends on: a source table, a model, a prompt. */
  inputs?(study: Study): readonly string[] | Promise<readonly string[]>;
  /** False, or what is waited for, when there is nothing to do yet (no judgments to export): then it is neither missing nor run. */
  applies?(study: Study): Promise<boolean | string>;
  /** Throws StudyError where people have answered and the stage would change what they read. Asked before any work. */
  assertNotFrozen?(study: Study): Promise<void>;
  /**
   * Throws StudyError where it can be told already that the stage will fail: by study.yaml, and of what it reads by the
   * `settled` paths alone, which are as they will be then. It takes a moment, and is asked before any stage runs.
   */
  preflight?(study: Study, settled: ReadonlySet<string>): void | Promise<void>;
  /** What the flags may be; throws through zod. */
  readonly options?: z.ZodType<Options>;
  /** Writes the artefacts; resolves to `unrecorded` when it only looked (a dry run) and wrote none. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a stage that returns nothing is the usual one.
  run(study: Study, options: Options, effects: Effects): Promise<void | typeof unrecorded>;
  /** Does the work without any study where the flags ask for that (`analyse --judgments FILE`); else returns undefined. */
  standalone?(options: Options, effects: Effects): Promise<void> | undefined;
}

/** What a stage returns that wrote nothing: the manifest then keeps what it says. */
export const unrecorded = Symbol("unrecorded");

/** A command that is no stage: it makes, shows or serves. It is told the study's folder, and opens it where it needs one. */
export interface Command<Options = unknown> extends Described {
  /** Positional arguments as commander writes them: `[folder]`, `<title>`. They come in under their names. */
  readonly parameters?: readonly Flag[];
  readonly options: z.ZodType<Options>;
  run(folder: string, options: Options, effects: Effects): Promise<void>;
}

/** A stage with its options' type forgotten, as the lists hold it. */
// biome-ignore lint/suspicious/noExplicitAny: options are checked by the stage's own schema before run.
export type AnyStage = Stage<any>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyCommand = Command<any>;

/** Keeps the options' type while a stage is written. */
export const stage = <Options>(definition: Stage<Options>): Stage<Options> => definition;

/** Keeps the options' type while a command is written. */
export const command = <Options>(definition: Command<Options>): Command<Options> => definition;
