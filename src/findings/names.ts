/** What the report calls a text, a condition or a term, and its definition. */
export interface Names {
  /** Title and writer of a text (a story, a generation, a stimulus) by its id. */
  readonly texts: ReadonlyMap<string, { readonly title: string; readonly by: string }>;
  /** Definitions by term, shown on hover and focus: the measures of the texts. */
  readonly terms: ReadonlyMap<string, string>;
}

export const noNames: Names = { texts: new Map(), terms: new Map() };

/** Definitions of the statistics that reports use. */
export const statistics: ReadonlyMap<string, string> = new Map([
  [
    "Balanced accuracy",
    "The mean of the accuracies on human and on machine stories, so that always saying “human” scores one half.",
  ],
  [
    "balanced accuracy",
    "The mean of the accuracies on human and on machine stories, so that always saying “human” scores one half.",
  ],
  [
    "d′",
    "Sensitivity: how well readers tell the two kinds of story apart, whatever they prefer to say. 0 is guessing.",
  ],
  [
    "Youden’s J",
    "Accuracy on human stories plus accuracy on machine stories, minus 1. 0 is guessing, 1 is always right.",
  ],
  ["Krippendorff’s alpha", "How far readers agree: 1 is full agreement, 0 is what chance would give."],
  ["Fleiss’ kappa", "How far readers agree: 1 is full agreement, 0 is what chance would give."],
  ["Holm", "A correction for testing several things at once."],
  [
    "p, equivalence",
    "How likely data like these would be if accuracy were at the edge of the margin. Small values show equivalence.",
  ],
  [
    "p, difference",
    "How likely data like these would be if readers only guessed. Small values show a difference.",
  ],
  ["Standard error", "How far the estimate would vary between studies like this one."],
  ["df", "Degrees of freedom: how many readers, stories or titles carry the test."],
]);
