import { checkLengths, indexLabels, type Label } from "./labels.ts";

/**
 * The share of variance between clusters (ICC), by one-way analysis of variance: (MSB - MSW) / (MSB +
 * (m0 - 1) MSW), m0 the adjusted mean size of a cluster (Donner 1986). May fall below 0. Undefined with fewer than
 * two clusters, with one observation in each, or where nothing varies. Throws RangeError when columns differ in
 * length.
 */
export function intraclassCorrelation(
  values: ArrayLike<number>,
  clusters: ArrayLike<Label>,
): number | undefined {
  checkLengths(values.length, { clusters });
  const { index, names } = indexLabels(clusters);
  const groups = names.length;
  const all = values.length;
  if (groups < 2 || all === groups) return undefined;
  const sums = new Float64Array(groups);
  const sizes = new Float64Array(groups);
  let total = 0;
  for (let at = 0; at < all; at++) {
    sums[index[at]!]! += values[at]!;
    sizes[index[at]!]!++;
    total += values[at]!;
  }
  let between = 0;
  let squaredSizes = 0;
  for (let group = 0; group < groups; group++) {
    between += sizes[group]! * (sums[group]! / sizes[group]! - total / all) ** 2;
    squaredSizes += sizes[group]! ** 2;
  }
  let within = 0;
  for (let at = 0; at < all; at++) within += (values[at]! - sums[index[at]!]! / sizes[index[at]!]!) ** 2;
  const meanBetween = between / (groups - 1);
  const meanWithin = within / (all - groups);
  const size = (all - squaredSizes / all) / (groups - 1);
  const spread = meanBetween + (size - 1) * meanWithin;
  return spread > 0 ? (meanBetween - meanWithin) / spread : undefined;
}

/**
 * The factor by which clustering multiplies the variance of a mean: 1 + (m - 1) ICC, m observations per cluster (Kish 1965).
 * Throws RangeError on a size below 1.
 */
export function designEffect(size: number, correlation: number): number {
  if (!(size >= 1)) throw new RangeError(`a cluster must have at least 1 observation: ${size}`);
  return 1 + (size - 1) * correlation;
}
