import { nmf } from "../stats/nmf.ts";
import { stemsOf, tfidf } from "../text/similarity.ts";
import { termsOf } from "../text/words.ts";
import type { Factorial } from "./factorial.ts";

export interface Topics {
  /** The weights of the topics in each text, by the text's id; they sum to 1 unless all are 0. */
  readonly weights: ReadonlyMap<string, Float64Array>;
  /** The words with the largest weights in each topic. */
  readonly words: readonly (readonly string[])[];
  /** The cosine of the topic weights of a text and an example, 0 to 1. */
  similarity(text: string, example: string): number;
}

const mostTerms = 1500;

/** Topics of all examples and texts, by NMF of their TF-IDF, from words that occur in at least two of them. */
export function topicsOf({ texts, examples, topics: count, random }: Factorial): Topics {
  const all = [...examples, ...texts];
  const features = all.map(({ text }) => stemsOf(text));
  const documentCounts = new Map<string, number>();
  for (const stems of features)
    for (const feature of new Set(stems)) documentCounts.set(feature, (documentCounts.get(feature) ?? 0) + 1);
  const terms = [...documentCounts]
    .filter(([, number]) => number > 1)
    .sort(([one, count], [other, otherCount]) => otherCount - count || (one < other ? -1 : 1))
    .slice(0, mostTerms)
    .map(([term]) => term);
  const space = tfidf(
    all.map(({ text }) => text),
    stemsOf,
  );
  const rows = all.map(({ text }) => {
    const vector = space.vector(text);
    return terms.map((term) => vector.get(term) ?? 0);
  });
  const { weights, topics } = nmf(terms.length > 0 ? rows : all.map(() => [0]), count, random.fork("topics"));
  const shares = weights.map(normalised);
  const byText = new Map(all.map(({ text }, at) => [text, shares[at]!]));
  return {
    weights: new Map(texts.map(({ id }, at) => [id, shares[examples.length + at]!])),
    words: topics.map((topic) => wordsOf(topic, terms, all)),
    similarity: (text, example) => cosine(byText.get(text)!, byText.get(example)!),
  };
}

function normalised(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, value) => total + value, 0);
  return sum > 0 ? weights.map((value) => value / sum) : weights;
}

function cosine(one: Float64Array, other: Float64Array): number {
  const product = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  const length = Math.sqrt(product(one, one) * product(other, other));
  return length > 0 ? product(one, other) / length : 0;
}

const shownWords = 6;

/** Shows each stem as a word that has it. */
function wordsOf(topic: Float64Array, terms: readonly string[], all: readonly { text: string }[]): string[] {
  const best = terms
    .map((term, at) => ({ term, weight: topic[at] ?? 0 }))
    .sort((one, other) => other.weight - one.weight)
    .slice(0, shownWords);
  return best.map(({ term }) => {
    const word = all.flatMap(({ text }) => termsOf(text)).find((each) => stemsOf(each)[0] === term);
    return word ?? term;
  });
}
