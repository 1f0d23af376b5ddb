import { logGamma } from "./log-gamma.ts";

/**
 * P(X >= x) of chi-square with `degrees` of freedom: the p-value of a likelihood-ratio test. Series and
 * continued fraction of the incomplete gamma function (Abramowitz and Stegun 6.5.29, 6.5.31).
 * Throws RangeError when the degrees are not above 0 or `x` is not a number.
 */
export function chiSquareSurvival(x: number, degrees: number): number {
  check(x, degrees);
  if (x <= 0) return 1;
  return x / 2 < degrees / 2 + 1 ? 1 - series(x / 2, degrees / 2) : fraction(x / 2, degrees / 2);
}

/** P(X <= x). */
export function chiSquareCdf(x: number, degrees: number): number {
  check(x, degrees);
  if (x <= 0) return 0;
  return x / 2 < degrees / 2 + 1 ? series(x / 2, degrees / 2) : 1 - fraction(x / 2, degrees / 2);
}

function series(x: number, shape: number): number {
  let term = 1 / shape;
  let sum = term;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= x / (shape + n);
    sum += term;
  }
  return sum * Math.exp(shape * Math.log(x) - x - logGamma(shape));
}

/** Lentz's method on the continued fraction of the upper tail. */
function fraction(x: number, shape: number): number {
  if (x === Infinity) return 0;
  let denominator = x + 1 - shape;
  let front = 1e300;
  let back = 1 / denominator;
  let value = back;
  for (let n = 1; n < 10_000; n++) {
    const numerator = -n * (n - shape);
    denominator += 2;
    back = 1 / (denominator + numerator * back);
    front = denominator + numerator / front;
    const change = back * front;
    value *= change;
    if (Math.abs(change - 1) <= Number.EPSILON) break;
  }
  return value * Math.exp(shape * Math.log(x) - x - logGamma(shape));
}

function check(x: number, degrees: number): void {
  if (!(degrees > 0)) throw new RangeError(`degrees of freedom must be above 0: ${degrees}`);
  if (Number.isNaN(x)) throw new RangeError("chi-square needs a number: NaN");
}
