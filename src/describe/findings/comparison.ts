import type { Measure } from "../../measures/measure.ts";
import { type Finding, table } from "../../study/finding.ts";
import { type DescribedText, type DescriptionInput, numbersOf, type Spread, spreadOf } from "../described.ts";

/** Every measure in numbers, human beside machine, with their difference in pooled standard deviations (Cohen's d). */
export const beside = ({ texts: { measures, human, machine } }: DescriptionInput): Finding[] => [
  besideTable(
    "Human beside machine: the mean of every measure, and by how many standard deviations the machine’s lies above",
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

/** The mean of every measure on two sides, and by how many standard deviations the second lies above the first. */
export function besideTable(
  caption: string,
  measures: readonly Measure[],
  [one, other]: readonly [Side, Side],
): Finding {
  const rows = measures.flatMap(({ name, unit, format }) => {
    const [first, second] = [one, other].map(({ texts }) => spreadOf(numbersOf(texts, name))) as [
      Spread,
      Spread,
    ];
    if (first.n + second.n === 0) return [];
    return [
      {
        measure: name,
        unit: format === "percent" ? "share of yes" : unit,
        first: finite(first.mean),
        first_deviation: first.n > 1 ? first.deviation : null,
        second: finite(second.mean),
        second_deviation: second.n > 1 ? second.deviation : null,
        difference: differenceIn(first, second),
      },
    ];
  });
  return table("detail", caption, {
    columns: [
      { key: "measure", label: "measure", format: "text" },
      { key: "unit", label: "in", format: "text" },
      { key: "first", label: one.name, format: "number" },
      { key: "first_deviation", label: "sd", format: "number" },
      { key: "second", label: other.name, format: "number" },
      { key: "second_deviation", label: "sd", format: "number" },
      { key: "difference", label: "apart, in sd", format: "number" },
    ],
    rows,
  });
}

function differenceIn(one: Spread, other: Spread): number | null {
  if (one.n < 2 || other.n < 2) return null;
  const squares = (one.n - 1) * one.deviation ** 2 + (other.n - 1) * other.deviation ** 2;
  const pooled = Math.sqrt(squares / (one.n + other.n - 2));
  return pooled === 0 ? null : (other.mean - one.mean) / pooled;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
