import type { Verdict } from "../stats/verdict-test.ts";
import type { Figure } from "../study/finding.ts";
import { levelText } from "./accuracy-text.ts";
import type { Data } from "./data.ts";
import { alphaLevelsOf } from "./interim-analysis.ts";

/** Guessing and the ends of the margin on the axis of a share. */
export const marginMarks = (margin: number, chance = 0.5): NonNullable<Figure["marks"]> => [
  { axis: "x", at: chance, label: "guessing" },
  { axis: "x", at: chance - margin, label: "margin" },
  { axis: "x", at: chance + margin, label: "margin" },
];

/** A row of `accuracyFigure`: its name, the verdict, and its group if rows are coloured. */
export interface AccuracyRow {
  readonly name: string;
  readonly test: Verdict;
  readonly group?: string;
}

/**
 * Accuracies with the interval of the equivalence test (inner) and that of the test for a difference (outer). `isRounded`
 * labels the rows with whole percentages, where a table has the exact ones.
 */
export function accuracyFigure(
  key: string,
  label: string,
  shown: readonly AccuracyRow[],
  data: Data,
  { isRounded = false }: { readonly isRounded?: boolean } = {},
): Figure {
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const isGrouped = shown.some(({ group }) => group !== undefined);
  return {
    draw: "intervals",
    table: {
      columns: [
        { key, label, format: "text" },
        { key: "estimate", label: "Accuracy", format: "percent" },
        { key: "low", label: `${levelText(1 - 2 * equivalenceAlpha)} interval`, format: "percent" },
        { key: "high", label: "to", format: "percent" },
        { key: "outer_low", label: `${levelText(1 - alpha)} interval`, format: "percent" },
        { key: "outer_high", label: "to", format: "percent" },
      ],
      rows: shown.map(({ name, group, test: { estimate, degrees, equivalenceInterval, interval } }) => {
        // With one reader, or one story of a kind, there is no interval.
        const known = degrees > 0;
        return {
          [key]: name,
          ...(group !== undefined && { group }),
          estimate: estimate ?? null,
          low: known ? equivalenceInterval.low : null,
          high: known ? equivalenceInterval.high : null,
          outer_low: known ? interval.low : null,
          outer_high: known ? interval.high : null,
        };
      }),
    },
    encode: {
      ...{ x: "estimate", low: "low", high: "high", outerLow: "outer_low", outerHigh: "outer_high", y: key },
      ...(isGrouped && { group: "group" }),
    },
    labels: { x: "Share of right answers" },
    ...(isRounded && { rounded: true }),
    marks: marginMarks(data.settings.margin),
  };
}
