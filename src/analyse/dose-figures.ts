import { clusteredMean } from "../stats/clustered.ts";
import { mean, standardDeviation } from "../stats/quantile.ts";
import type { Figure } from "../study/finding.ts";
import { counted } from "../study/print.ts";
import type { Corrected, Outcome } from "./doses.ts";

const levelColumn = { key: "level", label: "level asked for", format: "integer" as const };

/** The mean of an outcome at each level, with an interval that is clustered as its trend is. */
function byLevel({ data, key }: Outcome, confidence: number, scaled: (value: number) => number) {
  // An interval by Student's t knows nothing of the ends of a scale.
  const [least, most] = (scales[key] ?? [-Infinity, Infinity]).map(scaled) as [number, number];
  const levels = Array.from(data.levels);
  return [...new Set(levels)]
    .sort((one, other) => one - other)
    .map((level) => {
      const places = levels.flatMap((each, at) => (each === level ? [at] : []));
      const { estimate, interval } = clusteredMean(
        places.map((at) => scaled(data.values[at]!)),
        data.clusters.map((labels) => places.map((at) => labels[at]!)),
        confidence,
      );
      const known = Number.isFinite(interval.low);
      return {
        level,
        mean: estimate,
        low: known ? Math.max(least, interval.low) : null,
        high: known ? Math.min(most, interval.high) : null,
        count: places.length,
      };
    });
}

const scales: Partial<Record<Outcome["key"], readonly [number, number]>> = { moved: [1, 7], named: [0, 1] };

/** One outcome by the level asked for, in its own unit. */
export function alone(outcome: Outcome, human: readonly number[], confidence: number): Figure {
  const { key, label } = outcome;
  const format = key === "named" ? ("percent" as const) : ("number" as const);
  return {
    draw: "curve",
    table: {
      columns: [
        levelColumn,
        { key: "mean", label, format },
        { key: "low", label: `${Math.round(confidence * 100)} % interval`, format },
        { key: "high", label: "to", format },
        { key: "count", label: key === "words" ? "texts" : "ratings", format: "integer" },
      ],
      rows: byLevel(outcome, confidence, (value) => value),
    },
    encode: { x: "level", y: "mean", low: "low", high: "high" },
    labels: { x: "level asked for", y: label },
    ...(key === "words" &&
      human.length > 0 && { marks: [{ axis: "y" as const, at: mean(human), label: "people’s stories" }] }),
  };
}

/** All outcomes on one scale: how many of its own standard deviations each lies from its own mean. */
export function together(outcomes: readonly Outcome[], confidence: number): Figure {
  const rows = outcomes.flatMap((outcome) => {
    const values = Array.from(outcome.data.values);
    const [middle, spread] = [mean(values), standardDeviation(values) || 1];
    return byLevel(outcome, confidence, (value) => (value - middle) / spread).map((row) => ({
      of: shortLabels[outcome.key],
      ...row,
    }));
  });
  return {
    draw: "curve",
    table: {
      columns: [
        { key: "of", label: "of", format: "text" },
        levelColumn,
        { key: "mean", label: "standard deviations from its mean", format: "number" },
        { key: "low", label: `${Math.round(confidence * 100)} % interval`, format: "number" },
        { key: "high", label: "to", format: "number" },
      ],
      rows: rows.map(({ count: _, ...row }) => row),
    },
    encode: { x: "level", y: "mean", low: "low", high: "high", group: "of" },
    labels: { x: "level asked for", y: "standard deviations from the mean" },
  };
}

const shortLabels: Record<Outcome["key"], string> = {
  words: "sad words",
  moved: "moved",
  named: "felt the tone",
};

/** The trend of every outcome, a level. */
export const trendsTable = (outcomes: readonly Corrected[], confidence: number) => ({
  columns: [
    { key: "of", label: "of", format: "text" as const },
    { key: "slope", label: "a level", format: "number" as const },
    { key: "low", label: `${Math.round(confidence * 100)} % interval`, format: "number" as const },
    { key: "high", label: "to", format: "number" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
    { key: "values", label: "values", format: "integer" as const },
    { key: "clusters", label: "clusters", format: "text" as const },
  ],
  rows: outcomes.map(({ key, label, found, corrected }) => ({
    of: label,
    slope: found.estimate,
    low: Number.isFinite(found.interval.low) ? found.interval.low : null,
    high: Number.isFinite(found.interval.high) ? found.interval.high : null,
    p: corrected,
    values: found.observations,
    clusters: clustersIn(key, found.clusters),
  })),
});

const clustersIn = (key: Outcome["key"], clusters: readonly number[]): string =>
  key === "words"
    ? counted(clusters[0]!, "title")
    : `${counted(clusters[0]!, "reader")}, ${counted(clusters[1]!, "title")}`;
