import { longestCommonRun } from "../text/copying.ts";
import type { QuickMeasure } from "./measure.ts";

/** Undefined for a text that was written without an example. */
export const copiedFromExample: QuickMeasure = {
  name: "copied_from_example",
  label: "longest run copied from an example",
  meaning: "longest run of words shared with an example that the model was shown",
  unit: "words",
  format: "number",
  version: 1,
  dependsOn: ["examples"],
  of({ plain, text: { examples } }) {
    if (examples.length === 0) return undefined;
    return Math.max(...examples.map((example) => longestCommonRun(plain, example).length));
  },
};

/** A training story is not compared with itself. */
export const copiedFromTraining: QuickMeasure = {
  name: "copied_from_training",
  label: "longest run copied from a training story",
  meaning: "longest run of at least three words shared with any other training story",
  unit: "words",
  format: "number",
  version: 1,
  dependsOn: ["training"],
  of: ({ terms, text }, { training }) => training.longest(terms, text.id)?.length ?? 0,
};
