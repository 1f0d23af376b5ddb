import { type Finding, figure, sentence } from "../../study/finding.ts";
import { percent } from "../../study/print.ts";
import { type DescribedText, idsOf, numbersOf, type Seen } from "../described.ts";

/** How long the texts are, against the rule, in bands of ten words. */
export function lengths({ texts, rule }: Seen): Finding[] {
  if (!texts.has("words")) return [];
  const groups = [
    { who: "the human stories", texts: texts.human },
    { who: "the machine's texts", texts: texts.machine },
  ].filter((group) => group.texts.length > 0);
  const kept = groups.map((group) => {
    const words = numbersOf(group.texts, "words");
    const within = words.filter((count) => count <= rule).length / words.length;
    return `${percent(within)} of ${group.who}`;
  });
  return [
    sentence("result", `At most ${rule} words have ${kept.join(" and ")}.`),
    ...groups.map((group) =>
      figure("detail", `How many words ${group.who} have; the rule is at most ${rule}`, {
        draw: "histogram",
        table: {
          columns: [
            { key: "band", label: "words", format: "text" },
            { key: "count", label: "texts", format: "integer" },
            { key: "texts", label: "which", format: "text" },
          ],
          rows: bandsOf(group.texts),
        },
        encode: { x: "band", y: "count" },
        labels: { x: "words", y: "texts" },
      }),
    ),
  ];
}

const width = 10;

function bandsOf(texts: readonly DescribedText[]) {
  const bandOf = ({ values }: DescribedText) => Math.floor((Number(values["words"]) - 1) / width);
  const bands = texts.map(bandOf);
  const first = Math.max(0, Math.min(...bands));
  return Array.from({ length: Math.max(...bands) - first + 1 }, (_, at) => {
    const band = first + at;
    const within = texts.filter((text) => Math.max(0, bandOf(text)) === band);
    return {
      band: `${band * width + 1}–${(band + 1) * width}`,
      count: within.length,
      texts: idsOf(within),
    };
  });
}
