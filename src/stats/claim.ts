import { studentInterval } from "./clustered.ts";
import type { Interval } from "./interval.ts";
import { studentCdf, studentTwoSided } from "./student-t.ts";

/** The conclusion on an estimate, compared with a value declared in advance. */
export type Conclusion = "equivalent" | "different" | "inconclusive";

/** The verdict on one estimate, with both tests and their intervals. */
export interface Claim {
  readonly verdict: Conclusion;
  /** Equivalence is shown, whether or not a difference is shown too. */
  readonly withinMargin: boolean;
  /** Level 1 - 2 alpha. Equivalent: it lies within the margin. */
  readonly equivalenceInterval: Interval;
  /** Level 1 - alpha. Different: it excludes the value. */
  readonly interval: Interval;
  readonly equivalenceP: number;
  readonly differenceP: number;
}

interface Tested {
  readonly value: number;
  readonly margin: number;
}

/** Alpha of the test of a difference, and of the test of equivalence if it is another. */
export interface AlphaLevels {
  readonly alpha: number;
  readonly equivalenceAlpha?: number;
}

/**
 * Tests an estimate against `value` by Student's t: for equivalence within the margin by two one-sided tests (Schuirmann
 * 1987), and for a difference by a two-sided test. A significant difference is "different" at any margin; if it also lies
 * within the margin, `withinMargin` is true. Without degrees of freedom both p are 1.
 */
export function claimOf(
  figure: { readonly estimate: number; readonly standardError: number; readonly degrees: number },
  { value, margin, alpha, equivalenceAlpha = alpha }: Tested & AlphaLevels,
): Claim {
  const { estimate, standardError, degrees } = figure;
  const known = degrees > 0 && standardError > 0 && standardError < Infinity;
  const off = estimate - value;
  const equivalenceP = known ? studentCdf((Math.abs(off) - margin) / standardError, degrees) : 1;
  const differenceP = known ? studentTwoSided(off / standardError, degrees) : 1;
  return {
    verdict: conclusionOf({ equivalenceP, differenceP }, { alpha, equivalenceAlpha }),
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

/** The reason of a verdict, in one clause. `value` names the value of the test. */
export function reasonOf(
  conclusion: Conclusion,
  { alpha, equivalenceAlpha = alpha }: AlphaLevels,
  value: string,
): string {
  const percent = (level: number) => `${Number((100 * level).toPrecision(6))} %`;
  const [inner, outer] = [percent(1 - 2 * equivalenceAlpha), percent(1 - alpha)];
  if (conclusion === "equivalent") return `the ${inner} interval lies within the margin`;
  if (conclusion === "different") return `the ${outer} interval excludes ${value}`;
  return `the ${inner} interval extends beyond the margin, and the ${outer} interval includes ${value}`;
}

/** The conclusion from both p-values; a significant difference goes before equivalence. */
export function conclusionOf(
  { equivalenceP, differenceP }: Pick<Claim, "equivalenceP" | "differenceP">,
  { alpha, equivalenceAlpha = alpha }: AlphaLevels,
): Conclusion {
  if (differenceP <= alpha) return "different";
  return equivalenceP <= equivalenceAlpha ? "equivalent" : "inconclusive";
}
