import { type Finding, figure, sentence } from "../../study/finding.ts";
import { capital, percent } from "../../study/print.ts";
import { type DescribedText, type FindingInput, idsOf, numbersOf } from "../described.ts";

/** Lengths of the texts in bands of ten words, compared with the limit. */
export function lengths({ texts, wordLimit }: FindingInput): Finding[] {
  if (!texts.has("words")) return [];
  const groups = [
    { who: "human stories", texts: texts.human },
    { who: "machine texts", texts: texts.machine },
  ].filter((group) => group.texts.length > 0);
  const kept = groups.map((group) => {
    const words = numbersOf(group.texts, "words");
    const within = words.filter((count) => count <= wordLimit).length / words.length;
    return `${within === 1 ? "all" : percent(within)} ${within === 1 ? "" : "of "}${group.who}`;
  });
  return [
    sentence("result", `${capital(kept.join(" and "))} have at most ${wordLimit} words.`),
    ...groups.map((group) =>
      figure("detail", `Lengths of ${group.who} in words; the limit is ${wordLimit}`, {
        draw: "histogram",
        table: {
          columns: [
            { key: "over", label: "words above", format: "integer" },
            { key: "most", label: "up to", format: "integer" },
            { key: "count", label: "texts", format: "integer" },
            { key: "texts", label: "which", format: "ids" },
          ],
          rows: bandsOf(group.texts, texts.all),
        },
        encode: { x: "over", to: "most", y: "count" },
        labels: { x: "words", y: "texts" },
        marks: [{ axis: "x", at: wordLimit, label: "limit" }],
      }),
    ),
  ];
}

const width = 10;

/** Bands from the shortest to the longest of all texts, so that the figures of both groups have the same axis. */
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
