import { checkJudgments, type Judgments } from "./judgments.ts";
import { indexLabels } from "./labels.ts";
import { studentTwoSided } from "./student-t.ts";

/** The difference between equal weight for each judgment and equal weight for each reader. */
export interface WeightingGap {
  /** Balanced accuracy with equal weight for each judgment minus that with equal weight for each reader; positive if readers with more answers were right more often. */
  readonly gap: number;
  readonly standardError: number;
  /** Two-sided p-value of a gap of 0; 1 if it cannot be tested. */
  readonly p: number;
}

/**
 * Tests whether readers' accuracy is related to their number of answers: the difference of the two estimates of balanced
 * accuracy, with the jackknife over readers and Student's t. Undefined if one origin was not judged.
 * Throws as `checkJudgments`.
 */
export function weightingGap(judgments: Judgments): WeightingGap | undefined {
  checkJudgments(judgments);
  const { index, names } = indexLabels(judgments.readers);
  const kinds = [0, 1].map(() => ({
    right: new Float64Array(names.length),
    all: new Float64Array(names.length),
  }));
  for (let at = 0; at < index.length; at++) {
    const kind = kinds[judgments.origins[at] === "human" ? 0 : 1]!;
    kind.right[index[at]!]! += Number(judgments.correct[at]);
    kind.all[index[at]!]!++;
  }
  const sums = kinds.map(({ right, all }) => {
    let [hits, count, means, readers] = [0, 0, 0, 0];
    for (let reader = 0; reader < names.length; reader++) {
      if (all[reader] === 0) continue;
      hits += right[reader]!;
      count += all[reader]!;
      means += right[reader]! / all[reader]!;
      readers++;
    }
    return { hits, count, means, readers };
  });
  if (sums.some(({ readers }) => readers === 0)) return undefined;
  const gap = sums.reduce(
    (sum, { hits, count, means, readers }) => sum + (hits / count - means / readers) / 2,
    0,
  );
  if (sums.some(({ readers }) => readers < 3)) return { gap, standardError: Infinity, p: 1 };
  let squares = 0;
  for (let reader = 0; reader < names.length; reader++) {
    let without = 0;
    for (const [at, { right, all }] of kinds.entries()) {
      const { hits, count, means, readers } = sums[at]!;
      const judged = all[reader]! > 0;
      const own = judged ? right[reader]! / all[reader]! : 0;
      without +=
        ((hits - right[reader]!) / (count - all[reader]!) - (means - own) / (readers - Number(judged))) / 2;
    }
    squares += (without - gap) ** 2;
  }
  const standardError = Math.sqrt(((names.length - 1) / names.length) * squares);
  const p = standardError > 1e-12 ? studentTwoSided(gap / standardError, names.length - 1) : 1;
  return { gap, standardError, p };
}
