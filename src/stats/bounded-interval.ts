import { type Interval, shareLeftOut } from "./interval.ts";
import { studentQuantile } from "./student-t.ts";

/**
 * The interval of a mean on a scale that has two ends, within them: Student's t on the logit of the place between the
 * ends, carried there by the delta method and back (Lesaffre, Rizopoulos and Tsonaka 2007). In the middle of the
 * scale it is Student's interval; near an end it leans inwards. The whole scale where nothing is known, or where the
 * mean stands at an end. Throws RangeError where the mean lies beyond the scale, or the scale has no length.
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
  if (!(low < high)) throw new RangeError(`a scale runs upwards: ${low} to ${high}`);
  if (!(estimate >= low && estimate <= high)) {
    throw new RangeError(`a mean of ${estimate} on a scale from ${low} to ${high}`);
  }
  const place = (estimate - low) / (high - low);
  const slope = place * (1 - place);
  if (!(degrees > 0) || standardError === Infinity || slope === 0) return { low, high };
  const half = (studentQuantile(1 - shareLeftOut(level) / 2, degrees) * standardError) / (high - low) / slope;
  const logit = Math.log(place / (1 - place));
  const at = (value: number) => low + (high - low) / (1 + Math.exp(-value));
  return { low: at(logit - half), high: at(logit + half) };
}
