import { markDefinition } from "../plugins/plugin.ts";
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
  /** Its file and line, for messages: `stories.csv, line 12`. */
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

/** A plugin's source, the argument of `defineSource`. */
export interface SourceDefinition {
  /** Its name in `corpus.source`: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly summary: string;
  /** Files and folders that the stories depend on, relative to the study or absolute. Default: none. */
  inputs?(study: Study): readonly string[];
  /** All stories, in the source's own order. Empty, too long and duplicate ones are left out afterwards. */
  gather(study: Study, options: CollectOptions, effects: Effects): Promise<readonly NewStory[]>;
}

/** A story from a plugin's source. */
export type NewStory = Pick<FoundStory, "title" | "text"> & Partial<FoundStory>;

/**
 * Defines a source of human stories for `plugins:` of study.yaml. A story needs only `title` and `text`. Defaults: the
 * licence in `corpus.licence`, no author, and each story as its own group for the split.
 */
export const defineSource = (source: SourceDefinition): SourceDefinition => markDefinition("source", source);

/** A plugin's source with the interface of the built-in ones. */
export const sourceOf = (source: SourceDefinition): Source => ({
  name: source.name,
  summary: source.summary,
  inputs: (study) => source.inputs?.(study) ?? [],
  async gather(study, options, effects) {
    const found = await source.gather(study, options, effects);
    const stories = found.map((story, at) => ({
      where: `${source.name}, story ${at + 1}`,
      author: "",
      licence: study.config.corpus.licence,
      source: source.name,
      group: undefined,
      reprint: false,
      facts: {},
      ...story,
    }));
    return { from: [source.name], stories };
  },
});
