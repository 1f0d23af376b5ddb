import { type Measure, measureLabel } from "../../measures/measure.ts";
import { type Finding, table } from "../../study/finding.ts";
import { type DescribedText, type FindingInput, numbersOf, type Spread, spreadOf } from "../described.ts";

/** All numeric measures of human and machine texts, with the difference in pooled standard deviations (Cohen's d). */
export const comparison = ({ texts: { measures, human, machine } }: FindingInput): Finding[] => [
  comparisonTable(
    "Human and machine texts compared: means and standard deviations of all measures, with Cohen’s d (machine minus human)",
    measures,
    [
      { name: "human", texts: human },
      { name: "machine", texts: machine },
    ],
  ),
];

interface Side {
  readonly name: string;
  readonly texts: readonly DescribedText[];
}

/** A table of the means of all measures on two sides, with Cohen's d (second minus first). */
export function comparisonTable(
  caption: string,
  measures: readonly Measure[],
  [one, other]: readonly [Side, Side],
): Finding {
  const rows = measures.flatMap((measure) => {
    const { name, unit, format } = measure;
    const [first, second] = [one, other].map(({ texts }) => spreadOf(numbersOf(texts, name))) as [
      Spread,
      Spread,
    ];
    if (first.n + second.n === 0) return [];
    return [
      {
        measure: measureLabel(measure),
        unit: format === "percent" ? "share of yes" : unit,
        first: finite(first.mean),
        first_deviation: first.n > 1 ? first.deviation : null,
        second: finite(second.mean),
        second_deviation: second.n > 1 ? second.deviation : null,
        difference: cohensD(first, second),
      },
    ];
  });
  return table("detail", caption, {
    columns: [
      { key: "measure", label: "measure", format: "text" },
      { key: "unit", label: "unit", format: "text" },
      { key: "first", label: one.name, format: "number" },
      { key: "first_deviation", label: "sd", format: "number" },
      { key: "second", label: other.name, format: "number" },
      { key: "second_deviation", label: "sd", format: "number" },
      { key: "difference", label: "d", format: "number" },
    ],
    rows,
  });
}

function cohensD(one: Spread, other: Spread): number | null {
  if (one.n < 2 || other.n < 2) return null;
  const squares = (one.n - 1) * one.deviation ** 2 + (other.n - 1) * other.deviation ** 2;
  const pooled = Math.sqrt(squares / (one.n + other.n - 2));
  return pooled === 0 ? null : (other.mean - one.mean) / pooled;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
