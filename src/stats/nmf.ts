import type { Random } from "./random.ts";

/** The result of a non-negative matrix factorisation. */
export interface Factors {
  /** Rows by topics: the weight of each topic in a row. */
  readonly weights: readonly Float64Array[];
  /** Topics by columns. */
  readonly topics: readonly Float64Array[];
  /** The squared error after each round; it never increases. */
  readonly loss: readonly number[];
}

/**
 * Non-negative matrix factorisation: rows of non-negative numbers as sums of `count` topics, by multiplicative
 * updates of the squared distance (Lee and Seung 2001). It stops after `rounds`, or when a round improves the error by
 * less than a ten-thousandth. Topics are scaled to sum to 1. It finds a local optimum that depends on `random`.
 * Throws RangeError for an empty matrix, a negative number or no topic.
 */
export function nmf(
  rows: readonly ArrayLike<number>[],
  count: number,
  random: Random,
  rounds = 200,
): Factors {
  const columns = rows[0]?.length ?? 0;
  if (rows.length === 0 || columns === 0) throw new RangeError("the matrix is empty");
  if (!(count >= 1)) throw new RangeError(`the number of topics must be at least 1: ${count}`);
  const matrix = rows.map((row) => Float64Array.from(row));
  if (matrix.some((row) => row.some((value) => !(value >= 0))))
    throw new RangeError("all numbers must be 0 or more");
  const scale = Math.sqrt(sumOf(matrix) / (rows.length * columns * count)) || 1;
  const filled = (length: number) => Float64Array.from({ length }, () => scale * (0.1 + random.next()));
  const weights = matrix.map(() => filled(count));
  const topics = Array.from({ length: count }, () => filled(columns));

  const loss: number[] = [];
  for (let round = 0; round < rounds; round++) {
    updateWeights(matrix, weights, topics);
    updateTopics(matrix, weights, topics);
    loss.push(distance(matrix, weights, topics));
    if (round > 0 && loss[round - 1]! - loss[round]! < 1e-4 * loss[round - 1]!) break;
  }
  return { ...scaled(weights, topics), loss };
}

const epsilon = 1e-12;

function updateWeights(matrix: Float64Array[], weights: Float64Array[], topics: Float64Array[]): void {
  const gram = topics.map((one) => topics.map((other) => dot(one, other)));
  for (const [at, row] of matrix.entries()) {
    const weight = weights[at]!;
    const old = weight.slice();
    for (let topic = 0; topic < weight.length; topic++) {
      const denominator = gram[topic]!.reduce((sum, value, other) => sum + value * old[other]!, 0);
      weight[topic] = (old[topic]! * dot(row, topics[topic]!)) / (denominator + epsilon);
    }
  }
}

function updateTopics(matrix: Float64Array[], weights: Float64Array[], topics: Float64Array[]): void {
  const count = topics.length;
  const gram = Array.from({ length: count }, (_, one) =>
    Array.from({ length: count }, (_, other) =>
      weights.reduce((sum, weight) => sum + weight[one]! * weight[other]!, 0),
    ),
  );
  const columns = topics[0]!.length;
  const numerators = topics.map(() => new Float64Array(columns));
  for (const [at, row] of matrix.entries()) {
    for (let topic = 0; topic < count; topic++) {
      const weight = weights[at]![topic]!;
      if (weight > 0)
        for (let column = 0; column < columns; column++) numerators[topic]![column]! += weight * row[column]!;
    }
  }
  const old = topics.map((topic) => topic.slice());
  for (let topic = 0; topic < count; topic++) {
    for (let column = 0; column < columns; column++) {
      let denominator = epsilon;
      for (let other = 0; other < count; other++) denominator += gram[topic]![other]! * old[other]![column]!;
      topics[topic]![column] = (old[topic]![column]! * numerators[topic]![column]!) / denominator;
    }
  }
}

function distance(matrix: Float64Array[], weights: Float64Array[], topics: Float64Array[]): number {
  let sum = 0;
  for (const [at, row] of matrix.entries()) {
    for (let column = 0; column < row.length; column++) {
      let value = 0;
      for (let topic = 0; topic < topics.length; topic++)
        value += weights[at]![topic]! * topics[topic]![column]!;
      sum += (row[column]! - value) ** 2;
    }
  }
  return sum;
}

function scaled(weights: Float64Array[], topics: Float64Array[]) {
  const sums = topics.map((topic) => topic.reduce((sum, value) => sum + value, 0) || 1);
  return {
    weights: weights.map((weight) => weight.map((value, topic) => value * sums[topic]!)),
    topics: topics.map((topic, at) => topic.map((value) => value / sums[at]!)),
  };
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += one[at]! * other[at]!;
  return sum;
}

const sumOf = (matrix: readonly Float64Array[]): number =>
  matrix.reduce((sum, row) => sum + row.reduce((total, value) => total + value, 0), 0);
