import { studentInterval } from "./clustered.ts";
import type { Interval } from "./interval.ts";
import { studentCdf, studentTwoSided } from "./student-t.ts";

/** What the data carry about a figure against a value named beforehand. */
export type VerdictWord = "equivalent" | "different" | "inconclusive";

/** A verdict on one figure, with both tests and their intervals. */
export interface Claim {
  readonly verdict: VerdictWord;
  /** Equivalence is shown, whether or not a difference is shown as well. */
  readonly withinMargin: boolean;
  /** Level 1 - 2 alpha: equivalent means that it lies within the margin. */
  readonly equivalenceInterval: Interval;
  /** Level 1 - alpha: different means that it leaves the value out. */
  readonly interval: Interval;
  readonly equivalenceP: number;
  readonly differenceP: number;
}

interface Tested {
  readonly value: number;
  readonly margin: number;
}

/** The error of the test of a difference, and of that of equivalence where it is another. */
export interface Errors {
  readonly alpha: number;
  readonly equivalenceAlpha?: number;
}

/**
 * Tests a figure with a Student's t error against `value`: for equivalence within the margin by two one-sided tests
 * (Schuirmann 1987), for a difference two-sided. The test of a difference decides "different", so that no margin turns
 * the word; a difference shown to lie below the margin is `withinMargin` too. No degrees of freedom give p = 1 and no
 * claim.
 */
export function claimOf(
  figure: { readonly estimate: number; readonly standardError: number; readonly degrees: number },
  { value, margin, alpha, equivalenceAlpha = alpha }: Tested & Errors,
): Claim {
  const { estimate, standardError, degrees } = figure;
  const known = degrees > 0 && standardError > 0 && standardError < Infinity;
  const off = estimate - value;
  const equivalenceP = known ? studentCdf((Math.abs(off) - margin) / standardError, degrees) : 1;
  const differenceP = known ? studentTwoSided(off / standardError, degrees) : 1;
  return {
    verdict: wordOf({ equivalenceP, differenceP }, { alpha, equivalenceAlpha }),
    withinMargin: equivalenceP <= equivalenceAlpha,
    equivalenceInterval: intervalOf(1 - 2 * equivalenceAlpha),
    interval: intervalOf(1 - alpha),
    equivalenceP,
    differenceP,
  };

  function intervalOf(level: number): Interval {
    return studentInterval(estimate, standardError, known ? degrees : 0, level);
  }
}

/** Why a verdict came out as it did, in one clause. */
export function reasonOf(
  word: VerdictWord,
  { alpha, equivalenceAlpha = alpha }: Errors,
  nothing: string,
): string {
  const percent = (level: number) => `${Number((100 * level).toPrecision(6))} %`;
  const [inner, outer] = [percent(1 - 2 * equivalenceAlpha), percent(1 - alpha)];
  if (word === "equivalent") return `the ${inner} interval lies within the margin`;
  if (word === "different") return `the ${outer} interval leaves ${nothing} out`;
  return `the ${inner} interval reaches beyond the margin, and the ${outer} interval holds ${nothing}`;
}

/** The word that both p-values carry at these errors: a difference that is shown goes before equivalence. */
export function wordOf(
  { equivalenceP, differenceP }: Pick<Claim, "equivalenceP" | "differenceP">,
  { alpha, equivalenceAlpha = alpha }: Errors,
): VerdictWord {
  if (differenceP <= alpha) return "different";
  return equivalenceP <= equivalenceAlpha ? "equivalent" : "inconclusive";
}
