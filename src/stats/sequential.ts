import { normalCdf, normalDensity, normalQuantile, normalSurvival } from "./normal.ts";
import { checkAlpha } from "./tost.ts";

/** One look at the data, before or at the planned end. */
export interface InterimLook {
  /** The share of the planned information, 1 at the end. */
  readonly fraction: number;
  /** Stop where |z| reaches this (z, for one side). */
  readonly z: number;
  /** The same as a p-value: stop where p is at most this. */
  readonly p: number;
  /** Alpha spent up to and including this look. */
  readonly spent: number;
}

/**
 * Alpha spent at a fraction of the information by the O'Brien–Fleming type spending function of Lan and DeMets (1983): on
 * each side 2 - 2 Phi(z(1 - a/2) / sqrt(fraction)), with a the side's part of alpha. Two-sided unless `sides` is 1. Throws RangeError unless 0 < fraction <= 1.
 */
export function alphaSpent(fraction: number, alpha = 0.05, sides: 1 | 2 = 2): number {
  checkAlpha(alpha);
  if (!(fraction > 0 && fraction <= 1))
    throw new RangeError(`a fraction must be above 0 and at most 1: ${fraction}`);
  return 2 * sides * normalSurvival(normalQuantile(1 - alpha / sides / 2) / Math.sqrt(fraction));
}

/**
 * Boundaries for looks at rising fractions of the planned information, with an overall error of alpha: two-sided unless
 * `sides` is 1. Each boundary solves for the alpha that its look may spend, by
 * the recursive integration of Armitage, McPherson and Rowe (1969), to about 8 digits. Throws RangeError on fractions
 * that don't rise within (0, 1].
 */
export function sequentialLooks(
  fractions: readonly number[],
  { alpha = 0.05, sides = 2 }: { readonly alpha?: number; readonly sides?: 1 | 2 } = {},
): InterimLook[] {
  for (const [at, fraction] of fractions.entries()) {
    if (at > 0 && !(fraction > fractions[at - 1]!))
      throw new RangeError(`fractions must rise: ${fractions.join(", ")}`);
  }
  const looks: InterimLook[] = [];
  let continuing: ContinuingDensity | undefined;
  for (const [at, fraction] of fractions.entries()) {
    const spent = alphaSpent(fraction, alpha, sides);
    const toSpend = spent - (looks[at - 1]?.spent ?? 0);
    const step = Math.sqrt(fraction - (fractions[at - 1] ?? 0));
    const edge = solveBoundary(continuing, step, toSpend, sides);
    const z = edge / Math.sqrt(fraction);
    looks.push({ fraction, z, p: sides * normalSurvival(z), spent });
    continuing = nextDensity(continuing, step, sides === 2 ? -edge : -9 * Math.sqrt(fraction), edge);
  }
  return looks;
}

/** The density of the score, z sqrt(fraction), of studies that continue, on a grid with Simpson's weights. */
interface ContinuingDensity {
  readonly points: Float64Array;
  readonly mass: Float64Array;
}

const cells = 800;

function solveBoundary(
  continuing: ContinuingDensity | undefined,
  step: number,
  toSpend: number,
  sides: 1 | 2,
): number {
  let low = 0;
  let high = 40;
  for (let halving = 0; halving < 70; halving++) {
    const middle = (low + high) / 2;
    if (crossingProbability(continuing, step, middle, sides) > toSpend) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The probability that a continuing study leaves [-edge, edge] (or passes edge) at the next look. */
function crossingProbability(
  continuing: ContinuingDensity | undefined,
  step: number,
  edge: number,
  sides: 1 | 2,
): number {
  if (continuing === undefined) return sides * normalSurvival(edge / step);
  let sum = 0;
  for (let at = 0; at < continuing.points.length; at++) {
    const from = continuing.points[at]!;
    let out = normalSurvival((edge - from) / step);
    if (sides === 2) out += normalCdf((-edge - from) / step);
    sum += continuing.mass[at]! * out;
  }
  return sum;
}

function nextDensity(
  continuing: ContinuingDensity | undefined,
  step: number,
  low: number,
  high: number,
): ContinuingDensity {
  const width = (high - low) / cells;
  const points = Float64Array.from({ length: cells + 1 }, (_, at) => low + at * width);
  const mass = points.map((to, at) => {
    let density = 0;
    if (continuing === undefined) density = normalDensity(to / step) / step;
    else {
      for (let from = 0; from < continuing.points.length; from++) {
        density += (continuing.mass[from]! * normalDensity((to - continuing.points[from]!) / step)) / step;
      }
    }
    const simpson = at === 0 || at === cells ? 1 : at % 2 === 1 ? 4 : 2;
    return (density * simpson * width) / 3;
  });
  return { points, mass };
}
