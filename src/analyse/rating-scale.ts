import type { Interval } from "../stats/interval.ts";
import type { RatingMargin } from "../study/settings/analyse.ts";
import { taskNamed } from "../tasks/tasks.ts";

/** The two ends of a scale, and whether the task itself says so or only the ratings do. */
export interface RatingScale extends Interval {
  readonly declared: boolean;
}

/**
 * The scale that ratings of a task stand on: the task's own, or from the least to the greatest rating that was given,
 * where a table brings a task that is not ours or ratings beyond its scale.
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

/** Beyond this share of a scale, means that are far apart would count as equal. */
export const widestShare = 0.25;
