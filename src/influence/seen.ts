import type { Variable } from "../coding/codebook.ts";
import type { Random } from "../stats/random.ts";
import type { Coder } from "../study/coding.ts";
import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";

/** A balanced factorial: every title under every example, so many draws each. */
export interface InfluenceInput {
  /** The stories that people wrote to the titles. */
  readonly titles: readonly Story[];
  readonly examples: readonly Story[];
  readonly draws: number;
  readonly texts: readonly Generation[];
  /** Titles that lack a text under some example. */
  readonly leftOut: number;
  readonly topics: number;
  /** Deals of every permutation test. */
  readonly permutations: number;
  readonly alpha: number;
  /** What was coded of stories and texts, by whom, and by which pages of the codebook. */
  readonly coders: readonly Coder[];
  readonly variables: readonly Variable[];
  /** Vectors of examples and texts; undefined where no model for them was named. */
  readonly meanings?: Meanings | undefined;
  readonly random: Random;
}

/** What a model's hidden states hold of each text, by the text. */
export interface Meanings {
  readonly model: string;
  readonly vectors: ReadonlyMap<string, Float64Array>;
  /** Into how many clusters they are put. */
  readonly clusters: number;
}

/** The place of each text's own example among the examples. */
export function ownExamples({ texts, examples }: InfluenceInput): number[] {
  const places = new Map(examples.map(({ id }, at) => [id, at]));
  return texts.map((text) => places.get(text.examples[0]!)!);
}

/** Something of every text by title, example and draw, for what needs a balanced layout. */
export function cellsOf<Value>(
  { titles, examples, texts }: InfluenceInput,
  of: (text: Generation) => Value,
): Value[][][] {
  return titles.map(({ id }) =>
    examples.map((example) =>
      texts.filter((text) => text.story === id && text.examples[0] === example.id).map(of),
    ),
  );
}
