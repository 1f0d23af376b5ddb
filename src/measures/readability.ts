import { readingEase } from "../text/readability.ts";
import type { QuickMeasure } from "./measure.ts";

export const readability: QuickMeasure = {
  name: "reading_ease",
  label: "reading ease",
  meaning: "Flesch reading ease: about 100 for a children’s book, 30 for an academic paper",
  unit: "points",
  format: "number",
  version: 1,
  of: ({ plain }) => readingEase(plain),
};
