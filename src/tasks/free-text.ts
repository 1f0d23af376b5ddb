import { defineTask } from "./task.ts";

/** A remark; optional. */
export const freeText = defineTask({
  name: "free-text",
  kind: "text",
  phrases: {
    en: {
      ask: "Is there anything you would like to add? (optional)",
    },
    de: {
      ask: "Möchten Sie noch etwas hinzufügen? (freiwillig)",
    },
  },
  items: (words) => [{ kind: "text", name: "answer", ask: words("ask"), most: 4000, rows: 6 }],
});
