import type { Interval } from "./interval.ts";
import { alphaOf } from "./interval.ts";
import { checkLengths, indexLabels, type Label } from "./labels.ts";
import { quantileOfSorted } from "./quantile.ts";
import type { Random } from "./random.ts";

/** The bootstrap distribution of a statistic. */
export interface Bootstrap {
  /** The statistic of the data. */
  readonly estimate: number;
  /** The standard deviation of the draws. */
  readonly standardError: number;
  /** Percentiles of the draws. */
  readonly interval: Interval;
  /** Draws in which the statistic was defined. */
  readonly draws: number;
}

export interface BootstrapData {
  readonly values: ArrayLike<number>;
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  /** The group of each value, numbered in order of first appearance; one group by default. */
  readonly groups?: ArrayLike<Label>;
}

/** A statistic from each group's sum of values and number of observations: `(sums, sizes) => sums[0] / sizes[0]`. */
export type GroupStatistic = (sums: Float64Array, sizes: Float64Array) => number;

/**
 * The crossed bootstrap: readers and stories are both resampled with replacement, and a value counts as often as its
 * reader times its story (the pigeonhole bootstrap, Owen 2007). It is conservative (residual variance counts up to three
 * times), so the verdict doesn't use it. 10,000 draws by default; `level` 0.95. Draws in which the statistic is not
 * defined, for example without a human story, are left out. Undefined without values, or if no draw has the statistic. Throws RangeError when columns differ in length.
 */
export function crossedBootstrap(
  data: BootstrapData,
  statistic: GroupStatistic,
  { draws = 10_000, level = 0.95 }: { readonly draws?: number; readonly level?: number },
  random: Random,
): Bootstrap | undefined {
  const { values, readers, stories, groups } = data;
  const tail = alphaOf(level) / 2;
  checkLengths(values.length, { readers, stories, groups });
  if (!Number.isInteger(draws) || draws < 1)
    throw new RangeError(`draws must be a whole number from 1: ${draws}`);
  if (values.length === 0) return undefined;
  const reader = indexLabels(readers);
  const story = indexLabels(stories);
  const group = indexLabels(groups ?? new Uint8Array(values.length));
  const sums = new Float64Array(group.names.length);
  const sizes = new Float64Array(group.names.length);
  const readerTimes = new Int32Array(reader.names.length).fill(1);
  const storyTimes = new Int32Array(story.names.length).fill(1);
  const estimate = figure();

  const figures: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    drawTimes(readerTimes, random);
    drawTimes(storyTimes, random);
    const drawn = figure();
    if (Number.isFinite(drawn)) figures.push(drawn);
  }
  if (figures.length === 0 || !Number.isFinite(estimate)) return undefined;
  const sorted = Float64Array.from(figures).sort();
  return {
    estimate,
    standardError: deviation(sorted),
    interval: { low: quantileOfSorted(sorted, tail), high: quantileOfSorted(sorted, 1 - tail) },
    draws: figures.length,
  };

  function figure(): number {
    sums.fill(0);
    sizes.fill(0);
    for (let at = 0; at < values.length; at++) {
      const times = readerTimes[reader.index[at]!]! * storyTimes[story.index[at]!]!;
      if (times === 0) continue;
      const number = group.index[at]!;
      sums[number]! += times * values[at]!;
      sizes[number]! += times;
    }
    return statistic(sums, sizes);
  }
}

function drawTimes(times: Int32Array, random: Random): void {
  times.fill(0);
  for (let draw = 0; draw < times.length; draw++) times[random.integer(0, times.length - 1)]!++;
}

function deviation(values: Float64Array): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
