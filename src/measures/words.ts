import { countWords } from "../text/words.ts";
import type { QuickMeasure } from "./measure.ts";

/** Words are counted as for the limit of 100 words. */
export const words: QuickMeasure = {
  name: "words",
  meaning: "number of words (anything between white space with a letter or digit)",
  unit: "words",
  format: "integer",
  version: 1,
  of: ({ text }) => countWords(text.text),
};
