import { betaQuantile, regularisedBeta } from "./beta.ts";
import { alphaOf, type Interval } from "./interval.ts";
import { checkMargin, type Margin } from "./tost.ts";

/** The posterior of a share. */
export interface BetaPosterior {
  /** Shapes of the posterior beta distribution. */
  readonly a: number;
  readonly b: number;
  readonly mean: number;
  /** Equal tails, `level` 0.95 by default. */
  readonly interval: Interval;
  /** The probability that the share lies within the margin of chance. */
  readonly withinMargin: number;
  readonly aboveChance: number;
}

/**
 * The beta posterior of a share (Gelman et al. 2013, section 2.4) and its probability within the margin. The prior
 * is Beta(1, 1), uniform, by default; Beta(1/2, 1/2) is Jeffreys'. Judgments count as independent; both counts
 * may be fractions (effective numbers of judgments). Without trials it is the prior. Throws RangeError on
 * impossible counts, shapes or margins.
 */
export function betaPosterior(
  successes: number,
  trials: number,
  { chance = 0.5, margin }: Margin,
  {
    prior = [1, 1],
    level = 0.95,
  }: { readonly prior?: readonly [number, number]; readonly level?: number } = {},
): BetaPosterior {
  checkCounts(successes, trials);
  checkMargin({ chance, margin });
  const tail = alphaOf(level) / 2;
  if (!(prior[0] > 0 && prior[1] > 0)) throw new RangeError(`a prior needs two shapes above 0: ${prior}`);
  const a = prior[0] + successes;
  const b = prior[1] + trials - successes;
  const below = (share: number) => regularisedBeta(Math.min(1, Math.max(0, share)), a, b);
  return {
    a,
    b,
    mean: a / (a + b),
    interval: { low: betaQuantile(tail, a, b), high: 1 - betaQuantile(tail, b, a) },
    withinMargin: below(chance + margin) - below(chance - margin),
    aboveChance: regularisedBeta(1 - chance, b, a, chance),
  };
}

function checkCounts(successes: number, trials: number): void {
  if (!(trials >= 0 && trials < Infinity)) throw new RangeError(`trials must be 0 or more: ${trials}`);
  if (!(successes >= 0 && successes <= trials)) {
    throw new RangeError(`successes must be from 0 to ${trials}: ${successes}`);
  }
}
