import { checkLengths, indexLabels, indexPairs, type Label } from "./labels.ts";

/** Who wrote a story. */
export type Origin = "human" | "machine";

/** Single judgments as columns of equal length: reader, story, its origin, and whether the judgment was right. */
export interface Judgments {
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  readonly origins: ArrayLike<Origin>;
  readonly correct: ArrayLike<boolean>;
  /** Further clusters: titles of stories, classes of readers, forms. */
  readonly clusters?: readonly Clusters[] | undefined;
}

/** A named clustering, with a cluster label per judgment. */
export interface Clusters {
  readonly name: string;
  readonly labels: ArrayLike<Label>;
}

/** Throws RangeError when columns differ in length, or one story has two origins. */
export function checkJudgments({ readers, stories, origins, correct, clusters = [] }: Judgments): void {
  checkLengths(correct.length, { readers, stories, origins });
  for (const { name, labels } of clusters) checkLengths(correct.length, { [name]: labels });
  const origin = new Map<Label, Origin>();
  for (let at = 0; at < stories.length; at++) {
    const known = origin.get(stories[at]!);
    if (known === undefined) origin.set(stories[at]!, origins[at]!);
    else if (known !== origins[at]) throw new RangeError(`the story ${stories[at]} has two origins`);
  }
}

/** Right answers as 1, wrong ones as 0, partial ones as they are. */
export function asNumbers(correct: ArrayLike<boolean | number>): Float64Array {
  return Float64Array.from(correct, Number);
}

/**
 * Weights that give each reader equal weight: 1 over the number of the reader's judgments in the group, so that the
 * weighted mean over a group's judgments is the mean of its readers' means.
 */
export function equalReaderWeights(readers: ArrayLike<Label>, groups: ArrayLike<Label>): Float64Array {
  const { index, names } = indexPairs(indexLabels(readers), indexLabels(groups));
  const counts = new Float64Array(names.length);
  for (const cell of index) counts[cell]!++;
  return Float64Array.from(index, (cell) => 1 / counts[cell]!);
}
