import { longestCommonRun } from "../text/copying.ts";
import type { QuickMeasure } from "./measure.ts";

/** Undefined for a text whose writer was shown no example. */
export const copiedFromExample: QuickMeasure = {
  name: "copied_from_example",
  means: "the longest run of words that it shares with an example that its model was shown",
  unit: "words",
  format: "number",
  version: 1,
  dependsOn: ["examples"],
  of({ plain, text: { examples } }) {
    if (examples.length === 0) return undefined;
    return Math.max(...examples.map((example) => longestCommonRun(plain, example).length));
  },
};

/** A story of the training part is not compared with itself. */
export const copiedFromTraining: QuickMeasure = {
  name: "copied_from_training",
  means: "the longest run of words, from three on, that it shares with any other training story",
  unit: "words",
  format: "number",
  version: 1,
  dependsOn: ["training"],
  of: ({ terms, text }, { training }) => training.longest(terms, text.id)?.length ?? 0,
};
