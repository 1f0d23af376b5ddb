import { boundedInterval } from "../stats/bounded-interval.ts";
import { clusteredMean } from "../stats/clustered.ts";
import type { Interval } from "../stats/interval.ts";
import { mean, standardDeviation } from "../stats/quantile.ts";
import type { Figure } from "../study/finding.ts";
import { counted } from "../study/print.ts";
import type { Corrected, DoseOutcome, DoseShare, Selected } from "./doses.ts";

/** An outcome with levels. */
export type LevelOutcome = DoseOutcome & Required<Pick<DoseOutcome, "data">>;

/** One outcome by the level asked for, in its own unit. */
export function outcomeCurve(outcome: LevelOutcome, human: readonly number[], confidence: number): Figure {
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
      human.length > 0 && { marks: [{ axis: "y" as const, at: mean(human), label: "human stories" }] }),
  };
}

/** All outcomes on one scale: standardised by their own mean and standard deviation. */
export function standardisedCurves(outcomes: readonly LevelOutcome[], confidence: number): Figure {
  const rows = outcomes.flatMap((outcome) => {
    const values = Array.from(outcome.data.values);
    const [middle, spread] = [mean(values), standardDeviation(values) || 1];
    return byLevel(outcome, confidence, (value) => (value - middle) / spread).map((row) => ({
      of: shortLabels[outcome.key] ?? outcome.label,
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

/** How often texts have what their prompt asked for, and how often other texts have it. */
export const sharesTable = (shares: readonly DoseShare[]) => ({
  columns: [
    { key: "category", label: "asked for", format: "text" as const },
    { key: "texts", label: "texts", format: "integer" as const },
    { key: "asked", label: "have it", format: "percent" as const },
    { key: "others", label: "of the other texts", format: "percent" as const },
  ],
  rows: shares.map((share) => ({ ...share })),
});

/** The means of texts that were chosen by the measure. */
export const selectedTable = (selected: readonly Selected[], label: string) => ({
  columns: [
    { key: "asked", label: "asked for", format: "text" as const },
    { key: "texts", label: "texts", format: "integer" as const },
    { key: "draws", label: "draws", format: "integer" as const },
    { key: "mean", label, format: "number" as const },
  ],
  rows: selected.map((each) => ({ ...each })),
});

/** The slope per level of every outcome. */
export const trendsTable = (outcomes: readonly Corrected[], confidence: number) => ({
  columns: [
    { key: "of", label: "of", format: "text" as const },
    { key: "slope", label: "slope per level", format: "number" as const },
    { key: "low", label: `${Math.round(confidence * 100)} % interval`, format: "number" as const },
    { key: "high", label: "to", format: "number" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
    { key: "values", label: "values", format: "integer" as const },
    { key: "clusters", label: "clusters", format: "text" as const },
  ],
  rows: outcomes.map(({ label, found, corrected }) => ({
    of: label,
    slope: found.estimate,
    low: Number.isFinite(found.interval.low) ? found.interval.low : null,
    high: Number.isFinite(found.interval.high) ? found.interval.high : null,
    p: corrected,
    values: found.observations,
    clusters: clusterCounts(found.clusters),
  })),
});

const levelColumn = { key: "level", label: "level asked for", format: "integer" as const };

/**
 * The mean of an outcome at each level, with an interval clustered like its trend and within its scale, if it has one.
 * No interval where all values are the same or come from one cluster.
 */
function byLevel({ data, key }: LevelOutcome, confidence: number, scaled: (value: number) => number) {
  const scale = scaleOf(key, data.values);
  const levels = Array.from(data.levels);
  return [...new Set(levels)]
    .sort((one, other) => one - other)
    .map((level) => {
      const places = levels.flatMap((each, at) => (each === level ? [at] : []));
      const found = clusteredMean(
        places.map((at) => data.values[at]!),
        data.clusters.map((labels) => places.map((at) => labels[at]!)),
        confidence,
      );
      const { low, high } = scale ? boundedInterval(found, scale, confidence) : found.interval;
      const known = Number.isFinite(found.standardError) && found.standardError > 0;
      return {
        level,
        mean: scaled(found.estimate),
        low: known ? scaled(low) : null,
        high: known ? scaled(high) : null,
        count: places.length,
      };
    });
}

/** The ends of the scale; none where a value is outside them. */
function scaleOf(key: DoseOutcome["key"], values: ArrayLike<number>): Interval | undefined {
  const scale = outcomeScales[key];
  const within = (value: number) => scale && value >= scale.low && value <= scale.high;
  return Array.from(values).every(within) ? scale : undefined;
}

const outcomeScales: Partial<Record<DoseOutcome["key"], Interval>> = {
  moved: { low: 1, high: 7 },
  named: { low: 0, high: 1 },
};

const shortLabels: Partial<Record<DoseOutcome["key"], string>> = {
  words: "sad words",
  moved: "moved",
  named: "felt the tone",
};

const clusterCounts = (clusters: readonly number[]): string =>
  clusters.length === 1
    ? counted(clusters[0]!, "title")
    : `${counted(clusters[0]!, "reader")}, ${counted(clusters[1]!, "title")}`;
