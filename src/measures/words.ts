import { countWords } from "../text/words.ts";
import type { QuickMeasure } from "./measure.ts";

/** Length by the rule of "under 100 words". */
export const words: QuickMeasure = {
  name: "words",
  means: "what stands between white space and holds a letter or digit",
  unit: "words",
  format: "integer",
  version: 1,
  of: ({ text }) => countWords(text.text),
};
