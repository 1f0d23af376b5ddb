import { type Finding, table } from "../../study/finding.ts";
import { type DescribedText, type DescriptionInput, idsOf } from "../described.ts";

/** The least and the greatest of every measure, with the texts that have them: the way from a figure to the story. */
export function ranges({ texts: { measures, all } }: DescriptionInput): Finding[] {
  const rows = measures.flatMap(({ name }) => {
    const sorted = all
      .filter(({ values }) => typeof values[name] === "number")
      .sort((one, other) => number(one, name) - number(other, name));
    if (sorted.length === 0) return [];
    const [least, greatest] = [number(sorted[0]!, name), number(sorted.at(-1)!, name)];
    if (least === greatest) return [];
    return [
      {
        measure: name,
        least,
        least_in: idsOf(having(sorted, name, least)),
        greatest,
        greatest_in: idsOf(having(sorted, name, greatest)),
      },
    ];
  });
  if (rows.length === 0) return [];
  return [
    table("detail", "The least and the greatest of every measure, and where", {
      columns: [
        { key: "measure", label: "measure", format: "text" },
        { key: "least", label: "least", format: "number" },
        { key: "least_in", label: "in", format: "ids" },
        { key: "greatest", label: "greatest", format: "number" },
        { key: "greatest_in", label: "in", format: "ids" },
      ],
      rows,
    }),
  ];
}

const number = ({ values }: DescribedText, name: string): number => Number(values[name]);

const having = (texts: readonly DescribedText[], name: string, value: number): DescribedText[] =>
  texts.filter((text) => number(text, name) === value);
