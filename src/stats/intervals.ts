import { betaQuantile } from "./beta.ts";
import { alphaOf, checkCounts, type Interval } from "./interval.ts";
import { normalQuantile } from "./normal.ts";

/**
 * Wilson's score interval of a proportion (Wilson 1927), without continuity correction; `level` is 0.95 by
 * default. Good coverage on average for independent judgments; too narrow where they are clustered by reader and
 * story. No trials give [0, 1]. Throws RangeError on impossible counts or levels.
 */
export function wilson(successes: number, trials: number, level = 0.95): Interval {
  checkCounts(successes, trials);
  const z = normalQuantile(1 - alphaOf(level) / 2);
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const square = (z * z) / trials;
  const centre = (share + square / 2) / (1 + square);
  const half = Math.sqrt(square * share * (1 - share) + (square * square) / 4) / (1 + square);
  return {
    low: successes === 0 ? 0 : centre - half,
    high: successes === trials ? 1 : centre + half,
  };
}

/**
 * The exact interval of a proportion (Clopper and Pearson 1934): covers the truth with probability at least
 * `level`, for independent judgments. No trials give [0, 1]. Throws RangeError on impossible counts or levels.
 */
export function clopperPearson(successes: number, trials: number, level = 0.95): Interval {
  checkCounts(successes, trials);
  const tail = alphaOf(level) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1),
    // The mirrored quantile keeps the digits that 1 - tail would lose.
    high: successes === trials ? 1 : 1 - betaQuantile(tail, trials - successes, successes + 1),
  };
}
