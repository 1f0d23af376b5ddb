import { betaQuantile, regularisedBeta } from "./beta.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

/**
 * P(T <= t) of Student's t with `degrees` of freedom (real, above 0; Infinity is the normal), through the
 * incomplete beta function (Abramowitz and Stegun 26.7.1). Throws RangeError when the degrees are not above 0.
 */
export function studentCdf(t: number, degrees: number): number {
  checkDegrees(degrees);
  if (Number.isNaN(t)) throw new RangeError("Student's t needs a number: NaN");
  if (degrees === Infinity) return normalCdf(t);
  if (!Number.isFinite(t)) return t < 0 ? 0 : 1;
  const square = t * t;
  const tail =
    0.5 * regularisedBeta(degrees / (degrees + square), degrees / 2, 0.5, square / (degrees + square));
  return t <= 0 ? tail : 1 - tail;
}

/** P(|T| >= |t|): the two-sided p-value, precise where it is tiny. */
export function studentTwoSided(t: number, degrees: number): number {
  return 2 * studentCdf(-Math.abs(t), degrees);
}

/** The quantile of Student's t. Throws RangeError as above. */
export function studentQuantile(probability: number, degrees: number): number {
  checkDegrees(degrees);
  if (degrees === Infinity) return normalQuantile(probability);
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a probability must be from 0 to 1: ${probability}`);
  }
  if (probability === 0.5) return 0;
  if (probability > 0.5) return -studentQuantile(1 - probability, degrees);
  if (probability === 0) return -Infinity;
  // t^2/(degrees + t^2) is small near the middle, its complement in the tail.
  const doubled = 2 * probability;
  if (doubled > 0.5) {
    const share = betaQuantile(1 - doubled, 0.5, degrees / 2);
    return -Math.sqrt((degrees * share) / (1 - share));
  }
  const share = betaQuantile(doubled, degrees / 2, 0.5);
  return -Math.sqrt((degrees * (1 - share)) / share);
}

function checkDegrees(degrees: number): void {
  if (!(degrees > 0)) throw new RangeError(`degrees of freedom must be above 0: ${degrees}`);
}
