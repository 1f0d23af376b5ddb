import { studentInterval } from "./clustered.ts";
import type { Interval } from "./interval.ts";
import { checkLengths } from "./labels.ts";
import { studentTwoSided } from "./student-t.ts";

/** The slope of a straight line with its error. */
export interface Slope {
  readonly estimate: number;
  readonly standardError: number;
  readonly degrees: number;
  readonly interval: Interval;
  /** Two-sided, against no slope. */
  readonly p: number;
}

/**
 * The slope of the least-squares line of `y` over `x`, with Student's t on n - 2 degrees (R's `lm`). Undefined with fewer
 * than three points, or where `x` doesn't vary. Throws RangeError when lengths differ.
 */
export function slopeOf(x: ArrayLike<number>, y: ArrayLike<number>, level = 0.95): Slope | undefined {
  checkLengths(x.length, { y });
  const [left, right] = [centred(x), centred(y)];
  const scale = dot(left, left);
  if (x.length < 3 || !(scale > 0)) return undefined;
  const estimate = dot(left, right) / scale;
  const residualSquares = right.reduce((sum, value, at) => sum + (value - estimate * left[at]!) ** 2, 0);
  return slopeWith(estimate, Math.sqrt(residualSquares / (x.length - 2) / scale), x.length - 2, level);
}

/** The difference of two independent slopes, with degrees of freedom by Welch (1947) and Satterthwaite (1946). */
export function slopeDifference(one: Slope, other: Slope, level = 0.95): Slope {
  const [first, second] = [one.standardError ** 2, other.standardError ** 2];
  const degrees = (first + second) ** 2 / (first ** 2 / one.degrees + second ** 2 / other.degrees);
  // Two slopes without error give 0 / 0.
  const known = Number.isFinite(degrees) ? degrees : one.degrees;
  return slopeWith(one.estimate - other.estimate, Math.sqrt(first + second), known, level);
}

function slopeWith(estimate: number, standardError: number, degrees: number, level: number): Slope {
  const p = standardError > 0 ? studentTwoSided(estimate / standardError, degrees) : estimate === 0 ? 1 : 0;
  return {
    estimate,
    standardError,
    degrees,
    interval: studentInterval(estimate, standardError, degrees, level),
    p,
  };
}

function centred(values: ArrayLike<number>): Float64Array {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return Float64Array.from(values, (value) => value - sum / values.length);
}

const dot = (one: Float64Array, other: Float64Array): number =>
  one.reduce((sum, value, at) => sum + value * other[at]!, 0);
