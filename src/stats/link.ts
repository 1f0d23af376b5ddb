import { logOnePlusExp } from "./logistic.ts";
import { logistic } from "./logistic-normal.ts";
import { normalCdf, normalDensity } from "./normal.ts";

/** Which function of a linear predictor is the probability. */
export type LinkName = "logit" | "probit";

/** The log-likelihood of one row by its linear predictor, without the binomial constant, and its derivatives. */
export interface LinkValues {
  logLikelihood: number;
  /** The first derivative. */
  score: number;
  /** Minus the second derivative, and its expectation. */
  observed: number;
  expected: number;
  /** The derivative of `expected`. */
  slope: number;
}

/** Writes the values of `successes` in `trials` at a linear predictor into `found`. */
export type Link = (linear: number, successes: number, trials: number, found: LinkValues) => void;

export const links: Readonly<Record<LinkName, Link>> = {
  logit(linear, successes, trials, found) {
    const probability = logistic(linear);
    const weight = trials * probability * (1 - probability);
    found.logLikelihood = successes * linear - trials * logOnePlusExp(linear);
    found.score = successes - trials * probability;
    found.observed = weight;
    found.expected = weight;
    found.slope = weight * (1 - 2 * probability);
  },
  probit(linear, successes, trials, found) {
    // Beyond 37 the tail is no double.
    const at = Math.max(-37, Math.min(37, linear));
    const failures = trials - successes;
    const [above, below] = [normalCdf(at), normalCdf(-at)];
    const density = normalDensity(at);
    const [up, down] = [density / above, density / below];
    found.logLikelihood = successes * Math.log(above) + failures * Math.log(below);
    found.score = successes * up - failures * down;
    found.observed = successes * up * (up + at) + failures * down * (down - at);
    found.expected = trials * up * down;
    found.slope = found.expected * (down - up - 2 * at);
  },
};
