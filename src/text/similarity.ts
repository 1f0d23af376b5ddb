import { stemmer } from "stemmer";
import { functionWords } from "./function-words.ts";
import { termsOf } from "./words.ts";

/** A text as a vector of feature weights, of length 1 (or empty). */
export type Vector = ReadonlyMap<string, number>;

/** Turns texts into vectors, learnt from a collection: frequent features have low weights. */
export interface VectorSpace {
  vector(text: string): Vector;
}

/**
 * The TF-IDF space of a collection over the features from `featuresOf`. The weight of a feature is its count in the
 * text times ln((1 + N) / (1 + n)) + 1, where n of the N texts have it; vectors are scaled to length 1 (the default of
 * scikit-learn). A feature that is not in the collection has the highest weight.
 */
export function tfidf(
  texts: readonly string[],
  featuresOf: (text: string) => readonly string[],
): VectorSpace {
  const documentCounts = new Map<string, number>();
  for (const text of texts) {
    for (const feature of new Set(featuresOf(text)))
      documentCounts.set(feature, (documentCounts.get(feature) ?? 0) + 1);
  }
  const weight = (feature: string) =>
    Math.log((1 + texts.length) / (1 + (documentCounts.get(feature) ?? 0))) + 1;
  return {
    vector(text) {
      const weights = new Map<string, number>();
      for (const feature of featuresOf(text)) {
        weights.set(feature, (weights.get(feature) ?? 0) + weight(feature));
      }
      const length = Math.sqrt([...weights.values()].reduce((sum, value) => sum + value * value, 0));
      for (const [feature, value] of weights) weights.set(feature, value / length);
      return weights;
    },
  };
}

/** The cosine of two vectors of length 1: 0 nothing in common, 1 the same direction. */
export function cosine(one: Vector, other: Vector): number {
  const [small, large] = one.size < other.size ? [one, other] : [other, one];
  let sum = 0;
  for (const [feature, weight] of small) sum += weight * (large.get(feature) ?? 0);
  return Math.min(1, sum);
}

/** The stems of a text's content words, or of all words if it has only function words (`For You`). */
export function stemsOf(text: string): string[] {
  const terms = termsOf(text).map((term) => term.replace(/'s?$/, ""));
  const content = terms.filter((term) => !functionWords.has(term));
  return (content.length > 0 ? content : terms).map(stemmer);
}

/** Runs of 3 and 4 letters within a text's words, each word with a blank at either end: `love` has ` lo`, `ove `. */
export function letterNgramsOf(text: string): string[] {
  return termsOf(text).flatMap((term) => {
    const letters = [...` ${term} `];
    return [3, 4].flatMap((n) =>
      Array.from({ length: Math.max(0, letters.length - n + 1) }, (_, at) =>
        letters.slice(at, at + n).join(""),
      ),
    );
  });
}

/**
 * Two vector spaces over one collection: stems capture meaning, letter n-grams capture related words that stems miss.
 */
export interface TextSpace {
  /** The similarity of two texts, 0 to 1: the mean of the cosines over stems and over letter n-grams. */
  similarity(one: string, other: string): number;
}

/** The space of a collection of stories, in which to compare texts with each other or with titles. */
export function textSpace(texts: readonly string[]): TextSpace {
  const spaces = [tfidf(texts, stemsOf), tfidf(texts, letterNgramsOf)];
  const vectors = spaces.map(({ vector }) => cached(vector));
  return {
    similarity: (one, other) =>
      vectors.reduce((sum, vector) => sum + cosine(vector(one), vector(other)), 0) / vectors.length,
  };
}

/** A story is compared with many titles; its vector is made once. */
function cached(vector: (text: string) => Vector): (text: string) => Vector {
  const known = new Map<string, Vector>();
  return (text) => {
    const found = known.get(text) ?? vector(text);
    known.set(text, found);
    return found;
  };
}
