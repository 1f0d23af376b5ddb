import { cosine, letterNgramsOf, stemsOf, tfidf } from "../text/similarity.ts";

/** The similarity of two texts, 0 to 1. */
export type Similarity = (one: string, other: string) => number;

/**
 * The mean of two cosines (stems and letter n-grams) under the TF-IDF of a collection. Vectors are not cached: a study may
 * have many thousand texts, and each is compared once.
 */
export function similarityAmong(texts: readonly string[]): Similarity {
  const spaces = [tfidf(texts, stemsOf), tfidf(texts, letterNgramsOf)];
  return (one, other) => {
    const cosines = spaces.map((space) => cosine(space.vector(one), space.vector(other)));
    return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  };
}
