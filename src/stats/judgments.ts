import { checkLengths, type Label } from "./labels.ts";

/** Who wrote a story. */
export type Origin = "human" | "machine";

/** Single judgments as columns of equal length: who read, what was read, who wrote it, and whether the guess was right. */
export interface Judgments {
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  readonly origins: ArrayLike<Origin>;
  readonly correct: ArrayLike<boolean>;
}

/** Throws RangeError when columns differ in length, or one story has two origins. */
export function checkJudgments({ readers, stories, origins, correct }: Judgments): void {
  checkLengths(correct.length, { readers, stories, origins });
  const origin = new Map<Label, Origin>();
  for (let at = 0; at < stories.length; at++) {
    const known = origin.get(stories[at]!);
    if (known === undefined) origin.set(stories[at]!, origins[at]!);
    else if (known !== origins[at]) throw new RangeError(`the story ${stories[at]} has two origins`);
  }
}

/** Right answers as 1, wrong ones as 0, and what counts in part as it is. */
export function asNumbers(correct: ArrayLike<boolean | number>): Float64Array {
  return Float64Array.from(correct, Number);
}
