import type { QuickMeasure } from "./measure.ts";

export const titleRelevance: QuickMeasure = {
  name: "title_relevance",
  label: "fit to the title",
  meaning: "similarity of text and title: mean TF-IDF cosine of stems and of letter n-grams",
  unit: "0 to 1",
  format: "number",
  version: 1,
  dependsOn: ["title", "stories"],
  of: ({ text, plain }, { similarity }) => similarity(text.title, plain),
};
