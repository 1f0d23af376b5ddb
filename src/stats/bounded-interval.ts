import { alphaOf, type Interval } from "./interval.ts";
import { studentQuantile } from "./student-t.ts";

/**
 * The interval of a mean on a bounded scale: Student's t on the logit of the position between the ends, by the delta
 * method, transformed back (Lesaffre, Rizopoulos and Tsonaka 2007). In the middle of the scale it equals Student's
 * interval; it never leaves the scale. It is the whole scale without a standard error, or if the mean is at an end. Throws
 * RangeError if the mean is outside the scale, or the scale has no length.
 */
export function boundedInterval(
  {
    estimate,
    standardError,
    degrees,
  }: { readonly estimate: number; readonly standardError: number; readonly degrees: number },
  { low, high }: Interval,
  level: number,
): Interval {
  if (!(low < high)) throw new RangeError(`a scale must rise: ${low} to ${high}`);
  if (!(estimate >= low && estimate <= high)) {
    throw new RangeError(`the mean ${estimate} is outside the scale from ${low} to ${high}`);
  }
  const place = (estimate - low) / (high - low);
  const slope = place * (1 - place);
  if (!(degrees > 0) || standardError === Infinity || slope === 0) return { low, high };
  const half = (studentQuantile(1 - alphaOf(level) / 2, degrees) * standardError) / (high - low) / slope;
  const logit = Math.log(place / (1 - place));
  const at = (value: number) => low + (high - low) / (1 + Math.exp(-value));
  return { low: at(logit - half), high: at(logit + half) };
}
