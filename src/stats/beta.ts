import { binomialTerm } from "./binomial-term.ts";

/**
 * I_x(a, b), the regularised incomplete beta function: P(X <= x) of a Beta(a, b). Accurate to 12 digits for
 * a + b up to at least 10,000. Continued fraction of Didonato and Morris (1992), evaluated by Lentz's method,
 * behind Loader's factor. `complement` is 1 - x, if the caller knows it more precisely.
 * Throws RangeError unless a, b > 0 and x lies in [0, 1].
 */
export function regularisedBeta(x: number, a: number, b: number, complement = 1 - x): number {
  checkBeta(a, b);
  if (!(x >= 0 && x <= 1)) throw new RangeError(`a share must be from 0 to 1: ${x}`);
  if (x === 0) return 0;
  if (complement === 0) return 1;
  // The continued fraction converges fast below the mean; above it the other tail is computed.
  return a * complement >= b * x ? lowerTail(x, complement, a, b) : 1 - lowerTail(complement, x, b, a);
}

/**
 * The x at which I_x(a, b) = `probability`: 0 at 0, 1 at 1. Newton's method kept inside a bracket, on the
 * logit of x, so that quantiles near 0 keep their relative precision. Throws RangeError as above.
 */
export function betaQuantile(probability: number, a: number, b: number): number {
  checkBeta(a, b);
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a probability must be from 0 to 1: ${probability}`);
  }
  if (probability === 0 || probability === 1) return probability;
  let low = -745;
  let high = 745;
  let logit = Math.log(a / b);
  for (let step = 0; step < 200; step++) {
    const x = 1 / (1 + Math.exp(-logit));
    const y = 1 / (1 + Math.exp(logit));
    // Compares the smaller tail, which keeps its precision.
    const error =
      probability <= 0.5
        ? regularisedBeta(x, a, b, y) - probability
        : 1 - probability - regularisedBeta(y, b, a, x);
    if (error === 0) return x;
    if (error > 0) high = logit;
    else low = logit;
    const slope = binomialTerm(a, b, x, y) * ((a * b) / (a + b));
    let next = logit - error / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - logit) <= 4e-16 * Math.max(1, Math.abs(logit))) return 1 / (1 + Math.exp(-next));
    logit = next;
  }
  return 1 / (1 + Math.exp(-logit));
}

/** I_x(a, b) for x below the mean, y = 1 - x. */
function lowerTail(x: number, y: number, a: number, b: number): number {
  const factor = binomialTerm(a, b, x, y) * ((a * b) / (a + b));
  if (factor === 0) return 0;
  // Continued fraction with numerators alpha and denominators beta (Didonato and Morris, equation 9).
  const tiny = 1e-300;
  const lambda = a - (a + b) * x;
  let denominator = beta(0);
  let front = denominator === 0 ? tiny : denominator;
  let value = front;
  let back = 0;
  for (let n = 1; n < 100_000; n++) {
    const numerator = alpha(n);
    denominator = beta(n);
    back = 1 / (denominator + numerator * back || tiny);
    front = denominator + numerator / front || tiny;
    const change = front * back;
    value *= change;
    if (Math.abs(change - 1) <= Number.EPSILON) break;
  }
  return factor / value;

  function alpha(n: number): number {
    const width = a + 2 * n - 1;
    return ((a + n - 1) * (a + b + n - 1) * n * (b - n) * x * x) / (width * width);
  }
  function beta(n: number): number {
    // At n = 0 the middle term is 0, and 0 over 0 when a = 1.
    const middle = n === 0 ? 0 : (n * (b - n) * x) / (a + 2 * n - 1);
    return n + middle + ((a + n) * (lambda + 1 + n * (1 + y))) / (a + 2 * n + 1);
  }
}

function checkBeta(a: number, b: number): void {
  if (!(a > 0 && b > 0 && a < Infinity && b < Infinity)) {
    throw new RangeError(`a beta distribution needs two shapes above 0: ${a}, ${b}`);
  }
}
