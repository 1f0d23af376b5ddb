import { normalQuantile } from "../stats/normal.ts";
import { declaredPercent, marginBetween, marginRange, printed } from "../study/print.ts";
import type { Data } from "./data.ts";

/** The accuracies that count as guessing: `40 % to 60 %`. */
export const withinMargin = ({ settings: { margin } }: Data): string => marginRange(margin);

/** These accuracies in a sentence: `between 40 % and 60 %`. */
export const betweenMargins = ({ settings: { margin } }: Data): string => marginBetween(margin);

/** Why the margin has its width, or what it means if nobody declared a reason. `chance` is the share of guessing. */
export function marginReasonText(
  { settings: { margin, marginReason } }: Pick<Data, "settings">,
  chance = 0.5,
): string {
  const points = declaredPercent(margin).replace(" %", " points");
  if (marginReason !== undefined && marginReason !== "")
    return `The reason declared for the margin of ${points}: ${marginReason.trim().replace(/\.$/, "")}.`;
  const sensitivity =
    chance === 0.5 ? `, a d′ of ${printed(2 * normalQuantile(0.5 + margin), "number")} without bias` : "";
  return `No reason for the margin of ${points} was declared. At its upper end readers are right in ${declaredPercent(chance + margin)} of their answers${sensitivity}.`;
}

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
