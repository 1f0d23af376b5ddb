/**
 * The quantile of the values, with linear interpolation (Hyndman and Fan's type 7, R's default). Throws RangeError on an empty list or a share outside [0, 1].
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), share);
}

/** The quantile of sorted values. */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new RangeError("an empty list has no quantiles");
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a share must be from 0 to 1: ${share}`);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (place - below) * (high - low);
}

/** The middle value. Throws RangeError on an empty list. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** The arithmetic mean. Throws RangeError on an empty list. */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new RangeError("an empty list has no mean");
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}

/** The sample standard deviation (divisor n - 1). Throws RangeError with fewer than two values. */
export function standardDeviation(values: ArrayLike<number>): number {
  if (values.length < 2) throw new RangeError("a standard deviation needs two values");
  const centre = mean(values);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += (values[at]! - centre) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}
