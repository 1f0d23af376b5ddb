import { endsCutOff } from "../text/sentences.ts";
import type { QuickMeasure } from "./measure.ts";

export const cutOff: QuickMeasure = {
  name: "cut_off",
  label: "broken-off end",
  meaning: "whether the text ends in the middle of a sentence",
  unit: "yes or no",
  format: "percent",
  version: 1,
  of: ({ text }) => endsCutOff(text.text),
};
