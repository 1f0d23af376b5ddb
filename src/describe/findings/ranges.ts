import { measureLabel } from "../../measures/measure.ts";
import { type Finding, table } from "../../study/finding.ts";
import { type DescribedText, type FindingInput, idsOf } from "../described.ts";

/** The minimum and maximum of every measure, with the texts that have them. */
export function ranges({ texts: { measures, all } }: FindingInput): Finding[] {
  const rows = measures.flatMap((measured) => {
    const { name } = measured;
    const sorted = all
      .filter(({ values }) => typeof values[name] === "number")
      .sort((one, other) => measureValue(one, name) - measureValue(other, name));
    if (sorted.length === 0) return [];
    const [least, greatest] = [measureValue(sorted[0]!, name), measureValue(sorted.at(-1)!, name)];
    if (least === greatest) return [];
    return [
      {
        measure: measureLabel(measured),
        least,
        least_in: idsOf(textsWith(sorted, name, least)),
        greatest,
        greatest_in: idsOf(textsWith(sorted, name, greatest)),
      },
    ];
  });
  if (rows.length === 0) return [];
  return [
    table("detail", "Minimum and maximum of every measure, with the texts", {
      columns: [
        { key: "measure", label: "measure", format: "text" },
        { key: "least", label: "minimum", format: "number" },
        { key: "least_in", label: "in", format: "ids" },
        { key: "greatest", label: "maximum", format: "number" },
        { key: "greatest_in", label: "in", format: "ids" },
      ],
      rows,
    }),
  ];
}

const measureValue = ({ values }: DescribedText, name: string): number => Number(values[name]);

const textsWith = (texts: readonly DescribedText[], name: string, value: number): DescribedText[] =>
  texts.filter((text) => measureValue(text, name) === value);
