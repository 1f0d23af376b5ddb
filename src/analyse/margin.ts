import { declaredPercent, marginBetween, marginRange } from "../study/print.ts";
import type { Data } from "./data.ts";

/** The accuracies that count as guessing: `40 % to 60 %`. */
export const withinMargin = ({ settings: { margin } }: Data): string => marginRange(margin);

/** These accuracies in a sentence: `between 40 % and 60 %`. */
export const betweenMargins = ({ settings: { margin } }: Data): string => marginBetween(margin);

/** The reference values for intervals of accuracy: chance and the ends of the margin. */
export const referencesOf = ({ settings: { margin } }: Data): number[] => [0.5 - margin, 0.5, 0.5 + margin];

/** A wider margin would count readers with d′ above 1 as guessing, which nobody would call indistinguishable. */
const widestMargin = 0.2;

/** Whether the margin is too wide for equivalence within it to be called "indistinguishable". */
export const isWideMargin = ({ settings: { margin } }: Data): boolean => margin > widestMargin;

/**
 * Equivalence in one sentence: "indistinguishable" only where the margin is not too wide. `share` names what is
 * equivalent.
 */
export function equivalentText({ share }: { readonly share: string }, data: Data): string {
  const within = `${share} lies ${betweenMargins(data)}, where guessing gives 50 %`;
  if (isWideMargin(data)) {
    return `Equivalent within a wide margin: ${within}. A margin this wide includes readers who can clearly tell.`;
  }
  return `Indistinguishable within the margin: ${within}, and no difference from it is shown.`;
}

/**
 * The headline for a difference from guessing: `Readers can tell`, or `Readers are misled` if they are right less often
 * than by guessing. `what` says what they do, `isSmall` whether it also lies within the margin.
 */
export function differentText(
  { isMore, isSmall, what }: { readonly isMore: boolean; readonly isSmall: boolean; readonly what: string },
  { settings: { margin } }: Pick<Data, "settings">,
): string {
  const conclusion = isMore ? "Readers can tell" : "Readers are misled";
  return isSmall
    ? `${conclusion}, but only a little: ${what}, within the margin of ${declaredPercent(margin).replace(" %", " points")}.`
    : `${conclusion}: ${what}.`;
}
