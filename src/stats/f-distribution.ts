import { regularisedBeta } from "./beta.ts";

/**
 * P(F >= f) of Fisher's F with `numerator` and `denominator` degrees of freedom, through the incomplete beta function
 * (Abramowitz and Stegun 26.6.2); with a numerator of 1 it is the two-sided p of Student's t at the root of f. Throws
 * RangeError when f is below 0 or degrees are not above 0.
 */
export function fSurvival(f: number, numerator: number, denominator: number): number {
  if (!(f >= 0)) throw new RangeError(`F must be 0 or more: ${f}`);
  if (!(numerator > 0 && denominator > 0)) {
    throw new RangeError(`degrees of freedom must be above 0: ${numerator}, ${denominator}`);
  }
  const sum = denominator + numerator * f;
  return regularisedBeta(denominator / sum, denominator / 2, numerator / 2, (numerator * f) / sum);
}
