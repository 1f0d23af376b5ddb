import { kMeans } from "../stats/k-means.ts";
import { stemsOf, tfidf } from "../text/similarity.ts";
import { termsOf } from "../text/words.ts";
import type { Embeddings, Factorial } from "./factorial.ts";

/** Examples and texts in clusters by a model's hidden states. */
export interface TextClusters {
  readonly model: string;
  readonly count: number;
  /** The typical words of each cluster, and its numbers of examples and texts. */
  readonly words: readonly (readonly string[])[];
  readonly examples: readonly number[];
  readonly texts: readonly number[];
  /** The cosine of a text and an example, from -1 to 1. */
  similarity(text: string, example: string): number;
  /** 1 if they are in the same cluster, else 0. */
  sameCluster(text: string, example: string): number;
}

/**
 * Clusters examples and texts. Hidden states of a model share a large common component, which differs between human and
 * machine texts; so examples and texts are each centred on their own mean, or clusters would be origins. The centred
 * vectors are scaled to length 1, since length depends on the text's own length.
 */
export function clusterEmbeddings(
  factorial: Factorial,
  { model, vectors, clusters }: Embeddings,
): TextClusters {
  const stories = [...factorial.examples, ...factorial.texts].map(({ text }) => text);
  const points = [factorial.examples, factorial.texts].flatMap((side) =>
    centredDirections(side.map(({ text }) => vectors.get(text)!)),
  );
  const { of, centres } = kMeans(points, clusters, factorial.random.fork("clusters"));
  const point = new Map(stories.map((text, at) => [text, points[at]!]));
  const cluster = new Map(stories.map((text, at) => [text, of[at]!]));
  const numbers = centres.map((_, at) => at);
  const sizes = (texts: readonly { text: string }[]) =>
    numbers.map((at) => texts.filter(({ text }) => cluster.get(text) === at).length);
  return {
    model,
    count: centres.length,
    words: typicalWords(numbers.map((at) => stories.filter((_, index) => of[index] === at))),
    examples: sizes(factorial.examples),
    texts: sizes(factorial.texts),
    similarity: (text, example) => dot(point.get(text)!, point.get(example)!),
    sameCluster: (text, example) => Number(cluster.get(text) === cluster.get(example)),
  };
}

function centredDirections(vectors: readonly Float64Array[]): Float64Array[] {
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

/** The words with the highest TF-IDF of each cluster, with all its texts as one document. */
function typicalWords(clusters: readonly (readonly string[])[]): string[][] {
  const whole = clusters.map((texts) => texts.join("\n"));
  const space = tfidf(whole, stemsOf);
  return whole.map((text) => {
    const best = [...space.vector(text)]
      .sort(([one, weight], [other, otherWeight]) => otherWeight - weight || (one < other ? -1 : 1))
      .slice(0, shownWords);
    const terms = termsOf(text);
    return best.map(([stem]) => terms.find((term) => stemsOf(term)[0] === stem) ?? stem);
  });
}
