import { type Finding, figure, sentence } from "../../study/finding.ts";
import { percent } from "../../study/print.ts";
import { type DescribedText, type DescriptionInput, idsOf, numbersOf } from "../described.ts";

/** How long the texts are, against the rule, in bands of ten words. */
export function lengths({ texts, rule }: DescriptionInput): Finding[] {
  if (!texts.has("words")) return [];
  const groups = [
    { who: "the human stories", texts: texts.human },
    { who: "the machine’s texts", texts: texts.machine },
  ].filter((group) => group.texts.length > 0);
  const kept = groups.map((group) => {
    const words = numbersOf(group.texts, "words");
    const within = words.filter((count) => count <= rule).length / words.length;
    return `${percent(within)} of ${group.who}`;
  });
  return [
    sentence("result", `At most ${rule} words have ${kept.join(" and ")}.`),
    ...groups.map((group) =>
      figure("detail", `How many words ${group.who} have, in tens; the rule is at most ${rule}`, {
        draw: "histogram",
        table: {
          columns: [
            { key: "over", label: "more words than", format: "integer" },
            { key: "most", label: "up to", format: "integer" },
            { key: "count", label: "texts", format: "integer" },
            { key: "texts", label: "which", format: "ids" },
          ],
          rows: bandsOf(group.texts, texts.all),
        },
        encode: { x: "over", to: "most", y: "count" },
        labels: { x: "words", y: "texts" },
        marks: [{ axis: "x", at: rule, label: "the rule" }],
      }),
    ),
  ];
}

const width = 10;

/** Bands from the shortest of all texts to the longest, so that figures of two groups stand on one axis. */
function bandsOf(texts: readonly DescribedText[], all: readonly DescribedText[]) {
  const mostOf = ({ values }: DescribedText) =>
    Math.max(1, Math.ceil(Number(values["words"]) / width)) * width;
  const tops = all.map(mostOf);
  const least = Math.min(...tops);
  return Array.from({ length: (Math.max(...tops) - least) / width + 1 }, (_, at) => {
    const most = least + at * width;
    const within = texts.filter((text) => mostOf(text) === most);
    return { over: most - width, most, count: within.length, texts: idsOf(within) };
  });
}
