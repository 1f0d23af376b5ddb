import { cosine, letterNgramsOf, stemsOf, tfidf } from "../text/similarity.ts";

/** How alike two texts are, 0 to 1. */
export type Likeness = (one: string, other: string) => number;

/**
 * The mean of the cosines over stems and over runs of letters, under the TF-IDF of a collection. No vector is kept,
 * for a study may have many thousand texts, and each is asked for once.
 */
export function likenessAmong(texts: readonly string[]): Likeness {
  const spaces = [tfidf(texts, stemsOf), tfidf(texts, letterNgramsOf)];
  return (one, other) => {
    const cosines = spaces.map((space) => cosine(space.vector(one), space.vector(other)));
    return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  };
}
