/** Two ends of a confidence interval, the lower first. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 1 - level: 0.05 for 0.95. Throws RangeError unless `level` is between 0 and 1. */
export function alphaOf(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`a confidence level must be between 0 and 1: ${level}`);
  return 1 - level;
}

/** Throws RangeError unless `successes` is a whole number from 0 to `trials`. */
export function checkCounts(successes: number, trials: number): void {
  if (!Number.isInteger(trials) || trials < 0)
    throw new RangeError(`trials must be a whole number from 0: ${trials}`);
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new RangeError(`successes must be a whole number from 0 to ${trials}: ${successes}`);
  }
}
