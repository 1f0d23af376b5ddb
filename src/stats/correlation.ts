import { checkLengths } from "./labels.ts";
import { logGamma } from "./log-gamma.ts";
import { normalSurvival } from "./normal.ts";
import { studentTwoSided } from "./student-t.ts";

/** A correlation with its two-sided p-value. */
export interface Correlation {
  readonly value: number;
  readonly p: number;
  readonly pairs: number;
}

/**
 * Pearson's correlation, p by Student's t with n - 2 degrees. Undefined with fewer than three pairs or where one
 * side doesn't vary. Throws RangeError when lengths differ.
 */
export function pearson(one: ArrayLike<number>, other: ArrayLike<number>): Correlation | undefined {
  checkLengths(one.length, { other });
  const pairs = one.length;
  if (pairs < 3) return undefined;
  const left = centred(one);
  const right = centred(other);
  const scale = Math.sqrt(dot(left, left)) * Math.sqrt(dot(right, right));
  if (!(scale > 0)) return undefined;
  const value = Math.max(-1, Math.min(1, dot(left, right) / scale));
  const t = value * Math.sqrt((pairs - 2) / (1 - value * value));
  return { value, p: studentTwoSided(t, pairs - 2), pairs };
}

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks (ties at their mean) with the same p (R's `exact =
 * FALSE`), but never below 2 / n!, the exact p of a perfect order.
 */
export function spearman(one: ArrayLike<number>, other: ArrayLike<number>): Correlation | undefined {
  const found = pearson(ranks(one), ranks(other));
  return found && { ...found, p: Math.max(found.p, 2 * Math.exp(-logGamma(found.pairs + 1))) };
}

/**
 * Kendall's tau-b, p by the normal approximation with the variance for ties (Kendall 1970; R's `exact = FALSE`).
 * Undefined with fewer than three pairs or where one side doesn't vary. Throws RangeError when lengths differ.
 */
export function kendall(one: ArrayLike<number>, other: ArrayLike<number>): Correlation | undefined {
  checkLengths(one.length, { other });
  const pairs = one.length;
  if (pairs < 3) return undefined;
  let concordance = 0;
  for (let first = 0; first < pairs; first++) {
    for (let second = 0; second < first; second++) {
      concordance += Math.sign(one[first]! - one[second]!) * Math.sign(other[first]! - other[second]!);
    }
  }
  const left = tieSums(one);
  const right = tieSums(other);
  const all = pairs * (pairs - 1);
  if (left.pairs === all || right.pairs === all) return undefined;
  const value = concordance / Math.sqrt(((all - left.pairs) / 2) * ((all - right.pairs) / 2));
  const variance =
    (all * (2 * pairs + 5) - left.triples - right.triples) / 18 +
    (left.threes * right.threes) / (9 * all * (pairs - 2)) +
    (left.pairs * right.pairs) / (2 * all);
  return { value, p: 2 * normalSurvival(Math.abs(concordance) / Math.sqrt(variance)), pairs };
}

/** Ranks from 1, ties at their mean. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, at) => at).sort(
    (one, other) => values[one]! - values[other]!,
  );
  const ranked = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) ranked[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranked;
}

/** Sums over ties of t(t-1), t(t-1)(t-2) and t(t-1)(2t+5). */
function tieSums(values: ArrayLike<number>): { pairs: number; threes: number; triples: number } {
  const counts = new Map<number, number>();
  for (let at = 0; at < values.length; at++) counts.set(values[at]!, (counts.get(values[at]!) ?? 0) + 1);
  let [pairs, threes, triples] = [0, 0, 0];
  for (const count of counts.values()) {
    pairs += count * (count - 1);
    threes += count * (count - 1) * (count - 2);
    triples += count * (count - 1) * (2 * count + 5);
  }
  return { pairs, threes, triples };
}

function centred(values: ArrayLike<number>): Float64Array {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  const mean = sum / values.length;
  return Float64Array.from(values, (value) => value - mean);
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, at) => sum + value * other[at]!, 0);
}
