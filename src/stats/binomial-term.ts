import { stirlingError } from "./log-gamma.ts";

/**
 * Gamma(a + b + 1) / (Gamma(a + 1) Gamma(b + 1)) p^a q^b for real a, b >= 0 and q = 1 - p: a binomial
 * probability, and the factor in front of the incomplete beta function.
 */
export function binomialTerm(a: number, b: number, p: number, q: number): number {
  if (p <= 0) return a === 0 ? 1 : 0;
  if (q <= 0) return b === 0 ? 1 : 0;
  const total = a + b;
  if (a === 0) return Math.exp(p < 0.1 ? b * Math.log1p(-p) : b * Math.log(q));
  if (b === 0) return Math.exp(q < 0.1 ? a * Math.log1p(-q) : a * Math.log(p));
  const exponent =
    stirlingError(total) -
    stirlingError(a) -
    stirlingError(b) -
    deviance(a, total * p) -
    deviance(b, total * q);
  return Math.exp(exponent) * Math.sqrt(total / (2 * Math.PI * a * b));
}

/** x log(x/mean) + mean - x, without cancellation where x is near its mean (Loader's bd0). */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - difference;
  const ratio = difference / (x + mean);
  let sum = difference * ratio;
  let term = 2 * x * ratio;
  for (let odd = 3; ; odd += 2) {
    term *= ratio * ratio;
    const next = sum + term / odd;
    if (next === sum) return sum;
    sum = next;
  }
}
