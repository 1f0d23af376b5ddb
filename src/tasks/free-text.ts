import { defineTask } from "./task.ts";

/** Whatever a participant would like to add; it may stay empty. */
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
