import { type ClusteredEstimate, clusteredMean } from "../stats/clustered.ts";
import { ownPairing } from "../stats/own-pairing.ts";
import { type InfluenceInput, ownExamples } from "./seen.ts";

/** How much more alike texts are to their own example than to the examples of their title's other texts. */
export interface Likeness {
  /** Mean likeness to the own example, and to the others. */
  readonly own: number;
  readonly others: number;
  /** The first less the second, with an interval clustered by title and by example. */
  readonly excess: ClusteredEstimate;
  /** One-sided, by dealing the examples anew among the texts of a title. */
  readonly p: number;
}

/** Tests likenesses `[text][example]`, in the order of the factorial's texts and examples. */
export function likenessOf(
  name: string,
  alike: readonly ArrayLike<number>[],
  seen: InfluenceInput,
): Likeness {
  const { texts, permutations, random } = seen;
  const own = ownExamples(seen);
  const titles = texts.map(({ story }) => story);
  const test = ownPairing(alike, own, titles, permutations, random.fork(name));
  const mine = alike.map((row, at) => row[own[at]!]!);
  const others = alike.map((row, at) => othersOf(row, own[at]!));
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

/** The mean of a row without one of its places. */
export function othersOf(row: ArrayLike<number>, without: number): number {
  let sum = 0;
  for (let at = 0; at < row.length; at++) if (at !== without) sum += row[at]!;
  return sum / (row.length - 1);
}

/** The mean of at least one number. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The ends of an interval as cells; none where nothing is known of it. */
export const endsOf = ({ low, high }: { low: number; high: number }) => ({
  low: Number.isFinite(low) ? low : null,
  high: Number.isFinite(high) ? high : null,
});
