import { definition } from "../plugins/plugin.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import type { CollectOptions } from "./options.ts";

/**
 * Where human stories come from. One file each in `sources/`, one line in `sources.ts`. A source finds stories;
 * it does not judge them: what is empty, too long or double is told and left out by `validate.ts`, for all alike.
 */
export interface Source {
  readonly name: string;
  readonly summary: string;
  /** Files and folders that the outcome depends on, relative to the study or absolute. */
  inputs(study: Study): readonly string[];
  /** Every story that there is, in the source's own order; `undefined` when it only looked (a dry run). */
  gather(study: Study, options: CollectOptions, effects: Effects): Promise<Gathered | undefined>;
}

export interface Gathered {
  /** What was read: file names without folders, or addresses. Shown in the report. */
  readonly from: readonly string[];
  readonly stories: readonly FoundStory[];
  /** Pages and rows in which no story could be read; they are listed with those that validation leaves out. */
  readonly refused?: readonly Rejection[];
}

/** Something that was left out: a line of `corpus/rejected.csv`. */
export interface Rejection {
  readonly where: string;
  readonly title: string;
  /** One of few words, to count by. */
  readonly reason: string;
  /** The line that a user reads: what it is, and the mend. */
  readonly message: string;
}

/** A story as its source gave it, not yet normalised. */
export interface FoundStory {
  /** What a message calls it: `stories.csv, line 12`. */
  readonly where: string;
  readonly title: string;
  readonly text: string;
  readonly author: string;
  readonly licence: string;
  /** What the origin names: a file, a publication. */
  readonly source: string;
  /** What it shares with others that the split must not part; undefined where nothing is known of it. */
  readonly group: string | undefined;
  /** True where the source says that it was published before. */
  readonly reprint: boolean;
  readonly facts: Readonly<Record<string, string>>;
}

/** A source of one's own, as `defineSource` takes it. */
export interface SourceDefinition {
  /** As `corpus.source` names it: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly summary: string;
  /** Files and folders that the stories depend on, relative to the study or absolute. None by default. */
  inputs?(study: Study): readonly string[];
  /** Every story that there is, in the source's own order. What is empty, too long or double is left out afterwards. */
  gather(study: Study, options: CollectOptions, effects: Effects): Promise<readonly NewStory[]>;
}

/** A story as a source of one's own gives it. */
export type NewStory = Pick<FoundStory, "title" | "text"> & Partial<FoundStory>;

/**
 * Defines a source of human stories for `plugins:` of study.yaml. Of a story only `title` and `text` are needed; without
 * others the licence is that of `corpus.licence`, the author is unknown, and each story is its own group for the split.
 */
export const defineSource = (source: SourceDefinition): SourceDefinition => definition("source", source);

/** A plugin's source as all others are asked. */
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
