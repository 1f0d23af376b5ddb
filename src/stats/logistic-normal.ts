/**
 * The mean of 1 / (1 + exp(-x)) for normal x: the share of right answers over readers and stories with varying logits. Trapezoid sum over ten standard deviations to each side, which is exact to about 12 digits for an
 * analytic integrand. Throws RangeError on a negative deviation.
 */
export function logisticNormalMean(mean: number, deviation: number): number {
  if (!(deviation >= 0)) throw new RangeError(`a standard deviation must be 0 or more: ${deviation}`);
  if (deviation === 0) return logistic(mean);
  let sum = 0;
  for (let at = 0; at < places.length; at++) sum += densities[at]! * logistic(mean + deviation * places[at]!);
  return sum / allDensities;
}

/** The places of the sum, and the normal density at each but for a factor. Computed once: this sum is most of a plan. */
const places = Float64Array.from({ length: 321 }, (_, at) => at / 16 - 10);
const densities = places.map((z) => Math.exp(-0.5 * z * z));
const allDensities = densities.reduce((sum, density) => sum + density, 0);

/** The mean logit at which the share is `share`: the inverse of the above, by bisection. RangeError unless 0 < share < 1. */
export function logisticNormalLogit(share: number, deviation: number): number {
  if (!(share > 0 && share < 1)) throw new RangeError(`a share must be between 0 and 1: ${share}`);
  let low = -40 - 10 * deviation;
  let high = -low;
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (logisticNormalMean(middle, deviation) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The variance, between units whose logits deviate by `between`, of their expected shares, where the rest of the
 * logit deviates by `within`: what readers or stories add to a proportion's error.
 */
export function logisticNormalVariance(mean: number, between: number, within: number): number {
  if (between === 0) return 0;
  const overall = logisticNormalMean(mean, Math.hypot(between, within));
  let sum = 0;
  let weights = 0;
  for (let z = -8; z <= 8; z += 1 / 8) {
    const weight = Math.exp(-0.5 * z * z);
    sum += weight * (logisticNormalMean(mean + between * z, within) - overall) ** 2;
    weights += weight;
  }
  return sum / weights;
}

/** 1 / (1 + exp(-x)), without overflow. */
export function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
