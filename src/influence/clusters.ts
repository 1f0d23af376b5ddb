import { kMeans } from "../stats/k-means.ts";
import { stemsOf, tfidf } from "../text/similarity.ts";
import { termsOf } from "../text/words.ts";
import type { InfluenceInput, Meanings } from "./seen.ts";

/** Examples and texts in clusters by what a model's hidden states hold of them. */
export interface Clustered {
  readonly model: string;
  readonly count: number;
  /** The words that tell each cluster from the others; how many examples and texts it has. */
  readonly words: readonly (readonly string[])[];
  readonly examples: readonly number[];
  readonly texts: readonly number[];
  /** The cosine of a text and an example, from -1 to 1. */
  likeness(text: string, example: string): number;
  /** 1 where they lie in one cluster, else 0. */
  together(text: string, example: string): number;
}

/**
 * Hidden states of one model point nearly all one way, and a model's own texts another way than people's, so the mean of
 * the examples is taken from the examples and that of the texts from the texts: else a cluster would be who wrote it. Of
 * what is left the direction counts and not the length, which goes with a text's own.
 */
export function clusteredMeanings(seen: InfluenceInput, { model, vectors, clusters }: Meanings): Clustered {
  const stories = [...seen.examples, ...seen.texts].map(({ text }) => text);
  const points = [seen.examples, seen.texts].flatMap((side) =>
    directions(side.map(({ text }) => vectors.get(text)!)),
  );
  const { of, centres } = kMeans(points, clusters, seen.random.fork("clusters"));
  const point = new Map(stories.map((text, at) => [text, points[at]!]));
  const cluster = new Map(stories.map((text, at) => [text, of[at]!]));
  const numbers = centres.map((_, at) => at);
  const sizes = (texts: readonly { text: string }[]) =>
    numbers.map((at) => texts.filter(({ text }) => cluster.get(text) === at).length);
  return {
    model,
    count: centres.length,
    words: tellingWords(numbers.map((at) => stories.filter((_, place) => of[place] === at))),
    examples: sizes(seen.examples),
    texts: sizes(seen.texts),
    likeness: (text, example) => dot(point.get(text)!, point.get(example)!),
    together: (text, example) => Number(cluster.get(text) === cluster.get(example)),
  };
}

function directions(vectors: readonly Float64Array[]): Float64Array[] {
  const mean = vectors[0]!.map(
    (_, dimension) => vectors.reduce((sum, vector) => sum + vector[dimension]!, 0) / vectors.length,
  );
  return vectors.map((vector) => {
    const away = vector.map((value, dimension) => value - mean[dimension]!);
    const length = Math.sqrt(dot(away, away));
    return length > 0 ? away.map((value) => value / length) : away;
  });
}

const dot = (one: Float64Array, other: Float64Array): number =>
  one.reduce((sum, value, at) => sum + value * other[at]!, 0);

const shownWords = 6;

/** A cluster's texts as one text each: what weighs most in it and stands in few of the others. */
function tellingWords(clusters: readonly (readonly string[])[]): string[][] {
  const whole = clusters.map((texts) => texts.join("\n"));
  const space = tfidf(whole, stemsOf);
  return whole.map((text) => {
    const best = [...space.vector(text)]
      .sort(([one, much], [other, little]) => little - much || (one < other ? -1 : 1))
      .slice(0, shownWords);
    const terms = termsOf(text);
    return best.map(([stem]) => terms.find((term) => stemsOf(term)[0] === stem) ?? stem);
  });
}
