import type { Variable } from "../coding/codebook.ts";
import type { Random } from "../stats/random.ts";
import type { VarianceShares } from "../stats/variance-shares.ts";
import type { Coder } from "../study/coding.ts";
import type { Generation } from "../study/generation.ts";
import { percent } from "../study/print.ts";
import type { Story } from "../study/story.ts";

/** A balanced factorial: every title with every example, with the same number of draws. */
export interface Factorial {
  /** The titles, as their human stories. */
  readonly titles: readonly Story[];
  readonly examples: readonly Story[];
  readonly draws: number;
  readonly texts: readonly Generation[];
  /** Number of titles left out because a text is missing. */
  readonly leftOut: number;
  readonly topics: number;
  /** Number of permutations of each test. */
  readonly permutations: number;
  readonly alpha: number;
  /** The coders of stories and texts with their codes, and the variables of the codebook. */
  readonly coders: readonly Coder[];
  readonly variables: readonly Variable[];
  /** Embeddings of examples and texts; undefined if no model was named. */
  readonly embeddings?: Embeddings | undefined;
  readonly random: Random;
}

/** A model's embedding of each text, by the text. */
export interface Embeddings {
  readonly model: string;
  readonly vectors: ReadonlyMap<string, Float64Array>;
  /** The number of clusters. */
  readonly clusters: number;
}

/** The index of each text's own example among the examples. */
export function ownExampleIndices({ texts, examples }: Factorial): number[] {
  const places = new Map(examples.map(({ id }, at) => [id, at]));
  return texts.map((text) => places.get(text.examples[0]!)!);
}

/** A value of every text by title, example and draw. */
export function valuesByCell<Value>(
  { titles, examples, texts }: Factorial,
  of: (text: Generation) => Value,
): Value[][][] {
  return titles.map(({ id }) =>
    examples.map((example) =>
      texts.filter((text) => text.story === id && text.examples[0] === example.id).map(of),
    ),
  );
}

/** The shares of a variance as a sentence. One draw cannot separate the interaction from chance. */
export const sharesText = (of: string, shares: VarianceShares, draws: number): string =>
  `Of the variance of ${of} between texts, ${percent(shares.rows)} is due to the title, ${percent(shares.columns)} to the example${
    draws > 1
      ? `, ${percent(shares.interaction)} to their interaction and ${percent(shares.chance)} to chance.`
      : ` and ${percent(shares.chance)} to their interaction and chance, which cannot be separated with one draw.`
  }`;
