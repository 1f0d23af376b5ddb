// A task that asks about origin. With `asksOrigin`, participants are told that some stories are by a machine, answers are
// right or wrong, and the verdict is based on them. study.yaml uses it with `compose: {tasks: [{task: who-wrote-it}]}`.
import { defineTask } from "tinylove";

export default defineTask({
  name: "who-wrote-it",
  kind: "choice",
  asksOrigin: true,
  phrases: {
    en: {
      asked: "who you think wrote each story",
      ask: "Do you think that a human author wrote this?",
      human: "Yes, a human author",
      machine: "No, a computer program",
      why: "What made you decide?",
    },
    de: {
      asked: "wer Ihrer Meinung nach jede Geschichte geschrieben hat",
      ask: "Glauben Sie, dass ein Mensch das geschrieben hat?",
      human: "Ja, ein Mensch",
      machine: "Nein, ein Computerprogramm",
      why: "Woran haben Sie das gemerkt?",
    },
  },
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("ask"),
      // A task that asks about origin has the answers `human` and `machine`; the labels are yours to choose.
      options: [
        ["human", words("human")],
        ["machine", words("machine")],
      ],
      required: true,
    },
    { kind: "text", name: "reason", ask: words("why"), most: 500, rows: 2 },
  ],
});
