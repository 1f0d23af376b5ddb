import { confidenceAndReason } from "./items.ts";
import { defineTask } from "./task.ts";

/** Did a person or a machine write this story? With optional confidence and reason. */
export const humanOrMachine = defineTask({
  name: "human-or-machine",
  kind: "choice",
  asksOrigin: true,
  phrases: {
    en: {
      asked: "whether a person or a machine wrote a story",
      ask: "Who wrote this story?",
      human: "A person",
      machine: "A machine",
    },
    de: {
      asked: "ob ein Mensch oder eine Maschine eine Geschichte geschrieben hat",
      ask: "Wer hat diese Geschichte geschrieben?",
      human: "Ein Mensch",
      machine: "Eine Maschine",
    },
  },
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("ask"),
      options: ["human", "machine"].map((answer) => [answer, words(answer)] as const),
      required: true,
    },
    ...confidenceAndReason(words),
  ],
});
