import { studentInterval } from "./clustered.ts";
import type { Interval } from "./interval.ts";
import { studentCdf, studentTwoSided } from "./student-t.ts";

/** What the data carry about a figure against a value named beforehand. */
export type VerdictWord = "equivalent" | "different" | "inconclusive";

/** A verdict on one figure, with both tests and their intervals. */
export interface Claim {
  readonly verdict: VerdictWord;
  /** Level 1 - 2 alpha: equivalent means that it lies within the margin. */
  readonly equivalenceInterval: Interval;
  /** Level 1 - alpha: different means that it leaves the value out. */
  readonly interval: Interval;
  readonly equivalenceP: number;
  readonly differenceP: number;
}

/**
 * Tests a figure with a Student's t error against `value`: for equivalence within the margin by two one-sided tests
 * (Schuirmann 1987), for a difference two-sided. Equivalence goes before difference: a difference shown to lie
 * below the margin is equivalent, and `differenceP` tells of it. No degrees of freedom give p = 1 and no claim.
 */
export function claimOf(
  figure: { readonly estimate: number; readonly standardError: number; readonly degrees: number },
  { value, margin, alpha }: { readonly value: number; readonly margin: number; readonly alpha: number },
): Claim {
  const { estimate, standardError, degrees } = figure;
  const known = degrees > 0 && standardError > 0 && standardError < Infinity;
  const off = estimate - value;
  const equivalenceP = known ? studentCdf((Math.abs(off) - margin) / standardError, degrees) : 1;
  const differenceP = known ? studentTwoSided(off / standardError, degrees) : 1;
  return {
    verdict: wordOf(equivalenceP, differenceP, alpha),
    equivalenceInterval: intervalOf(1 - 2 * alpha),
    interval: intervalOf(1 - alpha),
    equivalenceP,
    differenceP,
  };

  function intervalOf(level: number): Interval {
    return studentInterval(estimate, standardError, known ? degrees : 0, level);
  }
}

/** Why a verdict came out as it did, in one clause. */
export function reasonOf(word: VerdictWord, alpha: number, nothing: string): string {
  const percent = (level: number) => `${Number((100 * level).toPrecision(6))} %`;
  if (word === "equivalent") return `the ${percent(1 - 2 * alpha)} interval lies within the margin`;
  if (word === "different") return `the ${percent(1 - alpha)} interval leaves ${nothing} out`;
  return `the ${percent(1 - 2 * alpha)} interval reaches beyond the margin, and the ${percent(1 - alpha)} interval holds ${nothing}`;
}

function wordOf(equivalenceP: number, differenceP: number, alpha: number): VerdictWord {
  if (equivalenceP <= alpha) return "equivalent";
  return differenceP <= alpha ? "different" : "inconclusive";
}
