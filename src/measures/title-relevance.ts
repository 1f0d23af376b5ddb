import type { QuickMeasure } from "./measure.ts";

export const titleRelevance: QuickMeasure = {
  name: "title_relevance",
  means:
    "how much the text has to do with its title: the mean cosine of stems and of letter runs under TF-IDF",
  unit: "0 to 1",
  format: "number",
  version: 1,
  dependsOn: ["title", "stories"],
  of: ({ text, plain }, { likeness }) => likeness(text.title, plain),
};
