import type { Claim } from "../stats/claim.ts";
import { marginRange } from "../study/print.ts";
import type { Data } from "./data.ts";

/** Accuracies that count as guessing. */
export const withinMargin = ({ settings: { margin } }: Data): string => marginRange(margin);

/** What intervals of accuracy are held against: guessing, and the ends of the margin. */
export const marksOf = ({ settings: { margin } }: Data): number[] => [0.5 - margin, 0.5, 0.5 + margin];

/** Beyond this, readers whose d′ is above 1 would count as guessing, and nobody would call that indistinguishable. */
const wide = 0.2;

/**
 * Equivalence in one sentence, and no more than the intervals carry: "indistinguishable" only where no difference from
 * guessing is shown either, and the margin leaves no room for plain skill. `share` names what lies within.
 */
export function sayEquivalent(
  { differenceP, estimate }: Pick<Claim, "differenceP"> & { readonly estimate: number | undefined },
  { share, alpha }: { readonly share: string; readonly alpha: number },
  data: Data,
): string {
  const within = `${share} lies within ${withinMargin(data)}, where guessing gives 50 %`;
  if (differenceP <= alpha) {
    const side = estimate! > 0.5 ? "above" : "below";
    return `Equivalent within the margin, but not the same as guessing: ${within}, and is shown to lie ${side} one half.`;
  }
  if (data.settings.margin > wide) {
    return `Equivalent within a wide margin: ${within}. So wide a margin leaves room for readers who plainly can tell.`;
  }
  return `Indistinguishable within the margin: ${within}, and no difference from it is shown.`;
}
