import { type ClusteredEstimate, clusteredMean } from "../stats/clustered.ts";
import { ownPairing } from "../stats/own-pairing.ts";
import { type Factorial, ownExampleIndices } from "./factorial.ts";

/** How much more similar texts are to their own example than to the other examples. */
export interface SimilarityTest {
  /** Mean similarity of a text to its own example, and to the others. */
  readonly own: number;
  readonly others: number;
  /** The difference, with an interval clustered by title and by example. */
  readonly excess: ClusteredEstimate;
  /** One-sided, by permuting the examples among the texts of a title. */
  readonly p: number;
}

/** Tests similarities `[text][example]`, in the order of the factorial's texts and examples. */
export function similarityTest(
  name: string,
  similarities: readonly ArrayLike<number>[],
  factorial: Factorial,
): SimilarityTest {
  const { texts, permutations, random } = factorial;
  const own = ownExampleIndices(factorial);
  const titles = texts.map(({ story }) => story);
  const test = ownPairing(similarities, own, titles, permutations, random.fork(name));
  const mine = similarities.map((row, at) => row[own[at]!]!);
  const others = similarities.map((row, at) => meanOfOthers(row, own[at]!));
  return {
    own: meanOf(mine),
    others: meanOf(others),
    excess: clusteredMean(
      mine.map((value, at) => value - others[at]!),
      [titles, own],
    ),
    p: test.p,
  };
}

/** The mean of a row without one entry. */
export function meanOfOthers(row: ArrayLike<number>, without: number): number {
  let sum = 0;
  for (let at = 0; at < row.length; at++) if (at !== without) sum += row[at]!;
  return sum / (row.length - 1);
}

/** The mean of at least one number. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The ends of an interval as cells; null if unbounded. */
export const intervalCells = ({ low, high }: { low: number; high: number }) => ({
  low: Number.isFinite(low) ? low : null,
  high: Number.isFinite(high) ? high : null,
});
