import { readingEase } from "../text/readability.ts";
import type { QuickMeasure } from "./measure.ts";

export const readability: QuickMeasure = {
  name: "reading_ease",
  means:
    "how easily a text reads: Flesch’s reading ease, about 100 for a child’s book, 30 for a learned paper",
  unit: "points",
  format: "number",
  version: 1,
  of: ({ plain }) => readingEase(plain),
};
