import { confidenceAndReason } from "./items.ts";
import { defineTask } from "./task.ts";

/** Which of two stories did a person write? A bias towards `human` has no effect here. */
export const whichIsHuman = defineTask({
  name: "which-is-human",
  kind: "pair",
  asksOrigin: true,
  phrases: {
    en: {
      asked: "which of two stories a person wrote",
      ask: "One of the two was written by a person. Which one?",
      left: "The first",
      right: "The second",
    },
    de: {
      asked: "welche von zwei Geschichten ein Mensch geschrieben hat",
      ask: "Eine der beiden hat ein Mensch geschrieben. Welche?",
      left: "Die erste",
      right: "Die zweite",
    },
  },
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("ask"),
      options: ["left", "right"].map((side) => [side, words(side)] as const),
      required: true,
    },
    ...confidenceAndReason(words),
  ],
});
