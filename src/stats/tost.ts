import { binomialAtLeast, binomialCdf } from "./binomial.ts";
import { alphaOf, checkCounts, type Interval } from "./interval.ts";
import { normalQuantile, normalSurvival } from "./normal.ts";

/** The equivalence margin: true shares strictly between `chance - margin` and `chance + margin` are equivalent. */
export interface Margin {
  /** The share under guessing, 0.5 by default. */
  readonly chance?: number;
  /** The declared half-width, 0.10 for "within ten points". */
  readonly margin: number;
}

/** The equivalence test of one proportion by two one-sided tests. */
export interface Tost {
  readonly estimate: number;
  /** The larger of the two exact one-sided p-values: equivalence is shown where it is at most alpha. */
  readonly exactP: number;
  /** Normal z against the lower and the upper bound, with the sampling error at the estimate. */
  readonly lowerZ: number;
  readonly upperZ: number;
  readonly normalP: number;
  /** Standard error at the estimate (SAS calls it ASE). */
  readonly standardError: number;
  /** The Wald interval of level 1 - 2 alpha that belongs to the test; 90 % at alpha 0.05. */
  readonly interval: Interval;
}

/**
 * Tests whether a share is equivalent to chance within a margin (Schuirmann 1987): exactly, by the binomial
 * tails at the two bounds, and by the normal approximation of SAS's FREQ with VAR=SAMPLE. Judgments count as
 * independent: if readers and stories repeat, use `verdictTest`. Without trials p = 1.
 * Throws RangeError on impossible counts, a chance outside (0, 1), a margin not above 0 or alpha outside (0, 0.5).
 */
export function tost(
  successes: number,
  trials: number,
  { chance = 0.5, margin }: Margin,
  alpha = 0.05,
): Tost {
  checkCounts(successes, trials);
  checkMargin({ chance, margin });
  checkAlpha(alpha);
  const estimate = trials === 0 ? chance : successes / trials;
  const standardError = trials === 0 ? Infinity : Math.sqrt((estimate * (1 - estimate)) / trials);
  const lowerZ = zAgainst(estimate - (chance - margin), standardError);
  const upperZ = zAgainst(estimate - (chance + margin), standardError);
  const half = trials === 0 ? 1 : normalQuantile(1 - alpha) * standardError;
  return {
    estimate,
    exactP: tostExactP(successes, trials, { chance, margin }),
    lowerZ,
    upperZ,
    // Without data neither bound is excluded.
    normalP: trials === 0 ? 1 : Math.max(normalSurvival(lowerZ), normalSurvival(-upperZ)),
    standardError,
    interval: { low: Math.max(0, estimate - half), high: Math.min(1, estimate + half) },
  };
}

/** max[P(X >= x | chance - margin), P(X <= x | chance + margin)]: exact for independent judgments. */
export function tostExactP(successes: number, trials: number, { chance = 0.5, margin }: Margin): number {
  checkCounts(successes, trials);
  checkMargin({ chance, margin });
  // A bound at or beyond 0 or 1 can't be exceeded, so its test needs no data.
  const lower = chance - margin <= 0 ? 0 : binomialAtLeast(successes, trials, chance - margin);
  const upper = chance + margin >= 1 ? 0 : binomialCdf(successes, trials, chance + margin);
  return Math.max(lower, upper);
}

/** The range of counts that show equivalence in `trials` by the exact test; undefined if none does. */
export function tostAccepts(
  trials: number,
  margin: Margin,
  alpha = 0.05,
): { readonly low: number; readonly high: number } | undefined {
  checkCounts(0, trials);
  checkMargin(margin);
  checkAlpha(alpha);
  const { chance = 0.5, margin: width } = margin;
  const low = firstCount(
    trials,
    (x) => chance - width <= 0 || binomialAtLeast(x, trials, chance - width) <= alpha,
  );
  const high =
    firstCount(trials, (x) => chance + width < 1 && binomialCdf(x, trials, chance + width) > alpha) - 1;
  return low <= high ? { low, high } : undefined;
}

/** The probability that the exact test shows equivalence when the true share is `truth` (chance by default). */
export function tostPower(
  trials: number,
  margin: Margin,
  truth = margin.chance ?? 0.5,
  alpha = 0.05,
): number {
  const accepts = tostAccepts(trials, margin, alpha);
  if (accepts === undefined) return 0;
  return Math.max(0, binomialCdf(accepts.high, trials, truth) - binomialCdf(accepts.low - 1, trials, truth));
}

/**
 * Judgments that an equivalence test needs by the normal formula, not rounded:
 * p(1 - p) [(z(1 - alpha) + z(1 - beta/2)) / (|p - p0| - margin)]^2 (Chow, Shao and Wang 2008, section 4.1.3).
 * `truth` is the expected share. Throws RangeError where the truth is no closer to chance than the margin.
 */
export function tostSampleSize(
  margin: Margin,
  { truth = margin.chance ?? 0.5, alpha = 0.05, power = 0.8 } = {},
): number {
  checkMargin(margin);
  checkAlpha(alpha);
  const { chance = 0.5, margin: width } = margin;
  const distance = width - Math.abs(truth - chance);
  if (!(distance > 0))
    throw new RangeError(`no sample shows ${truth} equivalent to ${chance} within ${width}`);
  const z = normalQuantile(1 - alpha) + normalQuantile(1 - alphaOf(power) / 2);
  return truth * (1 - truth) * (z / distance) ** 2;
}

/**
 * Judgments that a non-inferiority (or superiority) test needs, not rounded:
 * p(1 - p) [(z(1 - alpha) + z(power)) / (p - p0 - margin)]^2 with a signed margin, negative for non-inferiority
 * (Chow, Shao and Wang 2008, section 4.1.2). Throws RangeError if the truth is at or below the bound.
 */
export function nonInferioritySampleSize(
  { truth, chance, margin }: { truth: number; chance: number; margin: number },
  { alpha = 0.05, power = 0.8 } = {},
): number {
  checkAlpha(alpha);
  const distance = truth - chance - margin;
  if (!(distance > 0)) throw new RangeError(`no sample shows ${truth} above ${chance + margin}`);
  const z = normalQuantile(1 - alpha) + normalQuantile(1 - alphaOf(power));
  return truth * (1 - truth) * (z / distance) ** 2;
}

/**
 * The smallest number of independent judgments from which on the exact test has `power`. The power of an exact test is not
 * monotone, so all numbers up to a fifth above the formula's are checked.
 */
export function tostExactSampleSize(
  margin: Margin,
  { truth = margin.chance ?? 0.5, alpha = 0.05, power = 0.8 } = {},
): number {
  const guess = Math.ceil(tostSampleSize(margin, { truth, alpha, power }));
  const enough = (trials: number) => tostPower(trials, margin, truth, alpha) >= power;
  for (let trials = Math.ceil(guess * 1.2) + 20; trials > 0; trials--) {
    if (!enough(trials)) return trials + 1;
  }
  return 1;
}

function zAgainst(difference: number, standardError: number): number {
  if (standardError === Infinity || difference === 0) return 0;
  return difference / standardError;
}

/** The first count from 0 at which a monotone condition is true; trials + 1 if it never is. */
function firstCount(trials: number, condition: (count: number) => boolean): number {
  let low = 0;
  let high = trials + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (condition(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function checkMargin({ chance = 0.5, margin }: Margin): void {
  if (!(chance > 0 && chance < 1)) throw new RangeError(`chance must be between 0 and 1: ${chance}`);
  if (!(margin > 0 && margin < Infinity)) throw new RangeError(`a margin must be above 0: ${margin}`);
}

export function checkAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 0.5)) throw new RangeError(`alpha must be between 0 and 0.5: ${alpha}`);
}
