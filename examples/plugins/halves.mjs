// An analysis: do readers improve while they read? It compares the first half of each reader's stories with the second.
// Its findings are written to findings/halves.json and have a section in the report.
import { clusteredShare, defineAnalysis, sentence, table } from "tinylove";

export default defineAnalysis({
  name: "halves",
  question: "Do readers improve while they read?",
  needs: ["choices"],
  run({ choices, settings }) {
    const halves = { first: [], second: [] };
    for (const answers of byReader(choices).values()) {
      const ordered = answers.toSorted((one, other) => (one.order ?? 0) - (other.order ?? 0));
      const middle = Math.floor(ordered.length / 2);
      halves.first.push(...ordered.slice(0, middle));
      halves.second.push(...ordered.slice(ordered.length - middle));
    }
    const first = accuracyOf(halves.first, settings.level);
    const second = accuracyOf(halves.second, settings.level);
    const rows = [
      { half: "first", judgments: halves.first.length, ...first },
      { half: "second", judgments: halves.second.length, ...second },
    ];
    return {
      findings: [
        sentence(
          "result",
          `Readers are right ${percent(first.accuracy)} of the time in the first half of their stories and ${percent(second.accuracy)} in the second.`,
        ),
        table("detail", "Accuracy in each half, with readers and stories both counted as samples", {
          columns: [
            { key: "half", label: "Half", format: "text" },
            { key: "judgments", label: "Judgments", format: "integer" },
            { key: "accuracy", label: "Accuracy", format: "percent" },
            { key: "low", label: "Interval", format: "percent" },
            { key: "high", label: "to", format: "percent" },
          ],
          rows,
        }),
      ],
      // All numbers with full precision, for `tinylove analyse --json` and for other programs.
      numbers: { first, second },
    };
  },
});

function byReader(choices) {
  const readers = new Map();
  for (const choice of choices)
    readers.set(choice.participant, [...(readers.get(choice.participant) ?? []), choice]);
  return readers;
}

function accuracyOf(choices, level) {
  if (choices.length === 0) return { accuracy: null, low: 0, high: 1 };
  const { estimate, interval } = clusteredShare(
    {
      correct: choices.map(({ right }) => right),
      readers: choices.map(({ participant }) => participant),
      stories: choices.map(({ stimulus }) => stimulus),
      groups: choices.map(({ origin }) => origin),
    },
    level,
  );
  return { accuracy: estimate, low: interval.low, high: interval.high };
}

const percent = (share) => (share === null ? "no part" : `${(100 * share).toFixed(1)} %`);
