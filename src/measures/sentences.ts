import type { QuickMeasure } from "./measure.ts";

export const sentences: QuickMeasure = {
  name: "sentences",
  meaning: "number of sentences",
  unit: "sentences",
  format: "number",
  version: 1,
  of: ({ sentences }) => sentences.length,
};
