import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import type { CollectOptions } from "./options.ts";

/**
 * A source of human stories. Each is one file in `sources/` and one line in `sources.ts`. A source only finds
 * stories; `validate.ts` then reports and leaves out empty, long and duplicate ones, for all sources.
 */
export interface Source {
  readonly name: string;
  readonly summary: string;
  /** Files and folders that the result depends on, relative to the study or absolute. */
  inputs(study: Study): readonly string[];
  /** All stories, in the source's own order; undefined after a dry run. */
  gather(study: Study, options: CollectOptions, effects: Effects): Promise<Gathered | undefined>;
}

export interface Gathered {
  /** What was read, for the report: file names without folders, or addresses. */
  readonly from: readonly string[];
  readonly stories: readonly FoundStory[];
  /** Pages and rows without a readable story; they are listed with the stories that validation leaves out. */
  readonly refused?: readonly Rejection[];
}

/** Something that was left out: a row of `corpus/rejected.csv`. */
export interface Rejection {
  readonly where: string;
  readonly title: string;
  /** A short reason, for counting. */
  readonly reason: string;
  /** The message for the user: the problem and the fix. */
  readonly message: string;
}

/** A story from a source, not yet normalised. */
export interface FoundStory {
  /** Its place, for messages: `stories.csv, line 12`. */
  readonly where: string;
  readonly title: string;
  readonly text: string;
  readonly author: string;
  readonly licence: string;
  /** The file or publication that it is from. */
  readonly source: string;
  /** The group that the split must keep together; undefined if unknown. */
  readonly group: string | undefined;
  /** Whether the source says that it was published before. */
  readonly reprint: boolean;
  readonly facts: Readonly<Record<string, string>>;
}
