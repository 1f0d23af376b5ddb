import type { Interval } from "../stats/interval.ts";
import type { RatingMargin } from "../study/settings/analyse.ts";
import { taskNamed } from "../tasks/tasks.ts";

/** The two ends of a scale, and whether the task declares them or they are taken from the ratings. */
export interface RatingScale extends Interval {
  readonly declared: boolean;
}

/**
 * The scale of a task's ratings: the task's own, or the range of the ratings given if the task is unknown or ratings lie
 * outside its scale.
 */
export function ratingScale(task: string, ratings: readonly number[]): RatingScale {
  const given = ratings.reduce(
    (ends, rating) => ({ low: Math.min(ends.low, rating), high: Math.max(ends.high, rating) }),
    { low: Infinity, high: -Infinity },
  );
  const scale = taskNamed(task)
    ?.plainItems()
    .find((item) => item.kind === "scale" && item.name === "answer");
  const levels = scale?.kind === "scale" ? scale.levels.map(Number) : [];
  const own = { low: Math.min(...levels), high: Math.max(...levels) };
  return own.low <= given.low && own.high >= given.high
    ? { ...own, declared: true }
    : { ...given, declared: false };
}

/** A margin in points of a scale. */
export function pointsOf(margin: RatingMargin, { low, high }: Interval): number {
  return typeof margin === "number" ? margin : (Number.parseFloat(margin) / 100) * (high - low);
}

/** The widest margin, as a share of the scale: beyond it, very different means would count as equal. */
export const widestShare = 0.25;
