import { defineTask } from "./task.ts";

/** How well does the story fit its title, from 1 to 5? */
export const fitsItsTitle = defineTask({
  name: "fits-its-title",
  kind: "rating",
  phrases: {
    en: {
      asked: "how well a story fits its title",
      ask: "How well does the story fit its title?",
      low: "not at all",
      high: "perfectly",
    },
    de: {
      asked: "wie gut eine Geschichte zu ihrem Titel passt",
      ask: "Wie gut passt die Geschichte zu ihrem Titel?",
      low: "gar nicht",
      high: "genau",
    },
  },
  items: (words) => [
    {
      kind: "scale",
      name: "answer",
      ask: words("ask"),
      levels: ["1", "2", "3", "4", "5"],
      ends: [words("low"), words("high")],
      required: true,
    },
  ],
});
