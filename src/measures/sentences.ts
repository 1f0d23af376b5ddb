import type { QuickMeasure } from "./measure.ts";

export const sentences: QuickMeasure = {
  name: "sentences",
  means: "how many sentences it has",
  unit: "sentences",
  format: "number",
  version: 1,
  of: ({ sentences }) => sentences.length,
};
