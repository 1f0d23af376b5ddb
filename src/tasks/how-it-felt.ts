import { defineTask } from "./task.ts";

/** The emotions that readers can choose from. */
export const emotions = [
  "tenderness",
  "joy",
  "amusement",
  "longing",
  "sadness",
  "anger",
  "fear",
  "wonder",
  "none",
] as const;

/** How much did the story move you, from 1 to 7, and which emotion did you feel most? It is optional. */
export const howItFelt = defineTask({
  name: "how-it-felt",
  kind: "rating",
  asksFeeling: true,
  phrases: {
    en: {
      asked: "how much a story moved you",
      ask: "How much did this story move you?",
      low: "not at all",
      high: "very much",
      emotion: "What did you feel most of all? (optional)",
      tenderness: "Tenderness",
      joy: "Joy",
      amusement: "Amusement",
      longing: "Longing",
      sadness: "Sadness",
      anger: "Anger",
      fear: "Fear",
      wonder: "Wonder",
      none: "Nothing much",
    },
    de: {
      asked: "wie sehr eine Geschichte Sie bewegt hat",
      ask: "Wie sehr hat Sie diese Geschichte bewegt?",
      low: "gar nicht",
      high: "sehr",
      emotion: "Was haben Sie am ehesten gefühlt? (freiwillig)",
      tenderness: "Zärtlichkeit",
      joy: "Freude",
      amusement: "Heiterkeit",
      longing: "Sehnsucht",
      sadness: "Trauer",
      anger: "Ärger",
      fear: "Angst",
      wonder: "Staunen",
      none: "Nicht viel",
    },
  },
  items: (words) => [
    {
      kind: "scale",
      name: "answer",
      ask: words("ask"),
      levels: ["1", "2", "3", "4", "5", "6", "7"],
      ends: [words("low"), words("high")],
      required: true,
    },
    {
      kind: "choice",
      name: "emotion",
      ask: words("emotion"),
      options: emotions.map((emotion) => [emotion, words(emotion)] as const),
      required: false,
      small: true,
    },
  ],
});
