import { type ClusteredEstimate, clusteredContrast, studentInterval } from "./clustered.ts";
import type { Interval } from "./interval.ts";
import { asNumbers } from "./judgments.ts";
import { indexLabels, type Label } from "./labels.ts";

/**
 * A share of right answers with the error that the verdict uses: clustered by reader and by story, stories within their
 * `groups`, never below that of independent judgments. Of equally many judgments in each group it is balanced accuracy
 * with its very interval. Undefined bounds are told by `degrees` 0, where one reader or one story is all there is.
 */
export function clusteredShare(
  data: {
    readonly correct: ArrayLike<boolean>;
    readonly readers: ArrayLike<Label>;
    readonly stories: ArrayLike<Label>;
    /** Whether each story is human or machine; one group unless told. */
    readonly groups?: ArrayLike<Label>;
  },
  level: number,
): Pick<ClusteredEstimate, "estimate" | "standardError" | "degrees" | "interval"> {
  const { readers, stories } = data;
  const correct = asNumbers(data.correct);
  const groups = data.groups ?? new Uint8Array(correct.length);
  const counts = countsOf({ correct, readers, stories, groups }).groups;
  // A group weighs as much as it has judgments, so that the share is that of all of them.
  const weights = new Map([...counts].map(([group, { all }]) => [group, all / correct.length]));
  const { estimate, standardError, degrees } = errorOf(
    { correct, readers, stories, groups, weights },
    counts,
  );
  const interval = withinUnit(studentInterval(estimate, standardError, degrees, level));
  return { estimate, standardError, degrees, interval };
}

/** Right answers in groups, human and machine stories, and what the share in each weighs. */
export interface Share {
  readonly correct: Float64Array;
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  readonly groups: ArrayLike<Label>;
  readonly weights: ReadonlyMap<Label, number>;
}

/** What was counted: right answers and all of each group, and all together. */
export interface Counts {
  readonly groups: ReadonlyMap<Label, { readonly right: number; readonly all: number }>;
  readonly figures: {
    readonly judgments: number;
    readonly correct: number;
    readonly readers: number;
    readonly stories: number;
  };
}

export function countsOf({ correct, readers, stories, groups }: Omit<Share, "weights">): Counts {
  const counts = new Map<Label, { right: number; all: number }>();
  for (let at = 0; at < correct.length; at++) {
    const group = counts.get(groups[at]!) ?? { right: 0, all: 0 };
    group.right += correct[at]!;
    group.all++;
    counts.set(groups[at]!, group);
  }
  return {
    groups: counts,
    figures: {
      judgments: correct.length,
      correct: correct.reduce((sum, right) => sum + right, 0),
      readers: indexLabels(readers).names.length,
      stories: indexLabels(stories).names.length,
    },
  };
}

/** The share with the error of `clusteredShare`. */
export function errorOf(
  share: Share,
  groups: Counts["groups"],
): Pick<ClusteredEstimate, "estimate" | "standardError" | "degrees"> {
  const { estimate, standardError, degrees } = clusteredContrast(share.correct, {
    clusters: [share.readers, share.stories],
    groups: share.groups,
    weights: share.weights,
  });
  return { estimate, degrees, standardError: Math.max(standardError, independentError(share, groups)) };
}

/** The error of independent judgments, at rates that never reach 0 or 1 (Agresti and Caffo 2000). */
function independentError({ weights }: Share, groups: Counts["groups"]): number {
  let variance = 0;
  for (const [group, weight] of weights) {
    const { right, all } = groups.get(group)!;
    const rate = (right + 1) / (all + 2);
    variance += (weight * weight * rate * (1 - rate)) / all;
  }
  return Math.sqrt(variance);
}

/** Cut to [0, 1], beyond which no share lies. */
export function withinUnit({ low, high }: Interval): Interval {
  return { low: Math.max(0, low), high: Math.min(1, high) };
}
