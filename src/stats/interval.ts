/** Two ends of a confidence interval, the lower first. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Throws RangeError unless `level` lies between 0 and 1, and gives the share left out: 0.05 for 0.95. */
export function shareLeftOut(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`a confidence level lies between 0 and 1: ${level}`);
  return 1 - level;
}

/** Throws RangeError unless `successes` of `trials` can be counted. */
export function checkCounts(successes: number, trials: number): void {
  if (!Number.isInteger(trials) || trials < 0) throw new RangeError(`trials are a count: ${trials}`);
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new RangeError(`successes are a count from 0 to ${trials}: ${successes}`);
  }
}
