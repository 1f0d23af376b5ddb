import { binomialPmf } from "./binomial.ts";
import { checkCounts } from "./interval.ts";

/**
 * The exact two-sided p-value of `successes` in `trials` against a true share of `chance`: the probability of
 * all counts that are no likelier than the observed one (the method of R's `binom.test`, with its tolerance of 1e-7
 * for ties). 1 where there are no trials. Throws RangeError on impossible counts or a chance outside [0, 1].
 */
export function binomialTest(successes: number, trials: number, chance = 0.5): number {
  checkCounts(successes, trials);
  const observed = binomialPmf(successes, trials, chance) * (1 + 1e-7);
  // Sums from both ends inwards, where probabilities rise to a single mode, and stops above the observed one.
  let low = 0;
  let sum = 0;
  for (; low <= trials; low++) {
    const probability = binomialPmf(low, trials, chance);
    if (probability > observed) break;
    sum += probability;
  }
  for (let high = trials; high > low; high--) {
    const probability = binomialPmf(high, trials, chance);
    if (probability > observed) break;
    sum += probability;
  }
  return Math.min(1, sum);
}
