import { defineTask } from "./task.ts";

const answers = ["never", "seldom", "sometimes", "often"];

/**
 * An instruction to choose a certain answer. It is explicit, as the rules of recruiting services require. It comes
 * between the stories; its score is 1 if the instruction was followed.
 */
export const attentionCheck = defineTask({
  name: "attention-check",
  kind: "check",
  rightAnswer: "seldom",
  phrases: {
    en: {
      ask: "This question is here to see that questions are read. Please choose “Seldom”.",
      never: "Never",
      seldom: "Seldom",
      sometimes: "Sometimes",
      often: "Often",
    },
    de: {
      ask: "Diese Frage zeigt, ob Fragen gelesen werden. Bitte wählen Sie „Selten“.",
      never: "Nie",
      seldom: "Selten",
      sometimes: "Manchmal",
      often: "Oft",
    },
  },
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("ask"),
      options: answers.map((answer) => [answer, words(answer)] as const),
      required: true,
    },
  ],
});
