import { declaredPercent, marginRange } from "../study/print.ts";
import type { Data } from "./data.ts";

/** Accuracies that count as guessing. */
export const withinMargin = ({ settings: { margin } }: Data): string => marginRange(margin);

/** What intervals of accuracy are held against: guessing, and the ends of the margin. */
export const marksOf = ({ settings: { margin } }: Data): number[] => [0.5 - margin, 0.5, 0.5 + margin];

/** Beyond this, readers whose d′ is above 1 would count as guessing, and nobody would call that indistinguishable. */
const wide = 0.2;

/** Whether the margin leaves room for plain skill, so that no equivalence within it is called indistinguishable. */
export const isWide = ({ settings: { margin } }: Data): boolean => margin > wide;

/**
 * Equivalence in one sentence, and no more than the intervals carry: "indistinguishable" only where the margin leaves no
 * room for plain skill. `share` names what lies within.
 */
export function sayEquivalent({ share }: { readonly share: string }, data: Data): string {
  const within = `${share} lies within ${withinMargin(data)}, where guessing gives 50 %`;
  if (isWide(data)) {
    return `Equivalent within a wide margin: ${within}. So wide a margin leaves room for readers who plainly can tell.`;
  }
  return `Indistinguishable within the margin: ${within}, and no difference from it is shown.`;
}

/** How a difference begins that is shown, and shown to lie within the margin too. */
export const differentWithin = ({ settings: { margin } }: Data): string =>
  `Different, but within the margin of ${declaredPercent(margin).replace(" %", " points")}`;
