import { regularisedBeta } from "./beta.ts";
import { binomialTerm } from "./binomial-term.ts";

/**
 * P(X = successes) for `trials` independent trials that each succeed with `probability`, to about 14 digits
 * at any size. Loader's saddle-point form (2000), as in R's `dbinom`. Throws RangeError when the trials are
 * not a whole number from 0 or the probability is outside [0, 1].
 */
export function binomialPmf(successes: number, trials: number, probability: number): number {
  checkBinomial(trials, probability);
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) return 0;
  return binomialTerm(successes, trials - successes, probability, 1 - probability);
}

/** P(X <= successes). */
export function binomialCdf(successes: number, trials: number, probability: number): number {
  checkBinomial(trials, probability);
  const whole = Math.floor(successes);
  if (whole < 0) return 0;
  if (whole >= trials) return 1;
  return regularisedBeta(1 - probability, trials - whole, whole + 1, probability);
}

/** P(X >= successes): the upper tail with `successes` in it, precise where it is tiny. */
export function binomialAtLeast(successes: number, trials: number, probability: number): number {
  checkBinomial(trials, probability);
  const whole = Math.ceil(successes);
  if (whole <= 0) return 1;
  if (whole > trials) return 0;
  return regularisedBeta(probability, whole, trials - whole + 1, 1 - probability);
}

function checkBinomial(trials: number, probability: number): void {
  if (!Number.isInteger(trials) || trials < 0)
    throw new RangeError(`trials must be a whole number from 0: ${trials}`);
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a probability must be from 0 to 1: ${probability}`);
  }
}
