import { alphaOf, checkCounts, type Interval } from "./interval.ts";
import { normalDensity, normalQuantile } from "./normal.ts";

/** An estimate with its standard error and interval. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  readonly interval: Interval;
}

/**
 * Counts of yes/no judgments. A hit is "human" said of a human story, a false alarm is "human" said of a machine story.
 */
export interface YesNoCounts {
  readonly hits: number;
  readonly humanStories: number;
  readonly falseAlarms: number;
  readonly machineStories: number;
}

/** Skill (independent of bias) and bias. */
export interface SignalDetection {
  readonly hitRate: number;
  readonly falseAlarmRate: number;
  /** d', the perceived distance between the two kinds of story; 0 is no skill. */
  readonly sensitivity: Estimate;
  /** c, the bias: below 0 towards "human", above 0 towards "machine". */
  readonly criterion: Estimate;
  /** The likelihood ratio at the criterion, exp(d' c). */
  readonly beta: number;
  /** Youden's J = accuracy on human + accuracy on machine - 1, from the raw rates; needs no normal assumption. */
  readonly youden: Estimate;
}

/**
 * d', c, beta and Youden's J of pooled yes/no judgments. The rates for d' and c get the log-linear correction,
 * (count + 1/2) / (stories + 1) (Hautus 1995), so that 10 of 10 against 0 of 10 gives 3.38124 and not infinity.
 * Standard errors of d' and c by Gourevitch and Galanter (1967), of J by the binomial variances at the
 * corrected rates, so that perfect data get no interval of width 0. They assume independent judgments. Undefined if one
 * kind of story has no judgments.
 * Throws RangeError on impossible counts.
 */
export function signalDetection(counts: YesNoCounts, level = 0.95): SignalDetection | undefined {
  const { hits, humanStories, falseAlarms, machineStories } = counts;
  checkCounts(hits, humanStories);
  checkCounts(falseAlarms, machineStories);
  if (humanStories === 0 || machineStories === 0) return undefined;
  const hit = (hits + 0.5) / (humanStories + 1);
  const falseAlarm = (falseAlarms + 0.5) / (machineStories + 1);
  const dPrime = sensitivity(hit, falseAlarm);
  const c = criterion(hit, falseAlarm);
  const error = Math.sqrt(probitVariance(hit, humanStories) + probitVariance(falseAlarm, machineStories));
  const youdenError = Math.sqrt(
    (hit * (1 - hit)) / humanStories + (falseAlarm * (1 - falseAlarm)) / machineStories,
  );
  const youden = hits / humanStories - falseAlarms / machineStories;
  return {
    hitRate: hits / humanStories,
    falseAlarmRate: falseAlarms / machineStories,
    sensitivity: estimate(dPrime, error, level),
    criterion: estimate(c, error / 2, level),
    beta: Math.exp(dPrime * c),
    youden: estimate(youden, youdenError, level, { low: -1, high: 1 }),
  };
}

/** d' = z(H) - z(F). Infinite where a rate is 0 or 1. Throws RangeError outside [0, 1]. */
export function sensitivity(hitRate: number, falseAlarmRate: number): number {
  return normalQuantile(hitRate) - normalQuantile(falseAlarmRate);
}

/** c = -(z(H) + z(F)) / 2. */
export function criterion(hitRate: number, falseAlarmRate: number): number {
  return -(normalQuantile(hitRate) + normalQuantile(falseAlarmRate)) / 2;
}

/** beta = exp(d' c) = exp((z(F)^2 - z(H)^2) / 2). */
export function likelihoodBias(hitRate: number, falseAlarmRate: number): number {
  return Math.exp(sensitivity(hitRate, falseAlarmRate) * criterion(hitRate, falseAlarmRate));
}

/**
 * d' of two stories shown together, sqrt(2) z(PC), for an unbiased reader (Macmillan and Creelman 2005, chapter 7).
 */
export function twoAlternativeSensitivity(proportionCorrect: number): number {
  return Math.SQRT2 * normalQuantile(proportionCorrect);
}

/**
 * d' of pairs with its delta-method standard error and interval; the share gets the log-linear correction.
 * Undefined without pairs. Throws RangeError on impossible counts.
 */
export function twoAlternativeDetection(correct: number, pairs: number, level = 0.95): Estimate | undefined {
  checkCounts(correct, pairs);
  if (pairs === 0) return undefined;
  const share = (correct + 0.5) / (pairs + 1);
  return estimate(twoAlternativeSensitivity(share), Math.sqrt(2 * probitVariance(share, pairs)), level);
}

/** Variance of z(rate) by the delta method: p(1 - p) / (n phi(z)^2). */
function probitVariance(rate: number, trials: number): number {
  return (rate * (1 - rate)) / (trials * normalDensity(normalQuantile(rate)) ** 2);
}

function estimate(value: number, standardError: number, level: number, bounds?: Interval): Estimate {
  const half = normalQuantile(1 - alphaOf(level) / 2) * standardError;
  const { low, high } = bounds ?? { low: -Infinity, high: Infinity };
  return {
    value,
    standardError,
    interval: { low: Math.max(low, value - half), high: Math.min(high, value + half) },
  };
}
