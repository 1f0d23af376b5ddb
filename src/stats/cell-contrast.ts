import { clusteredContrast } from "./clustered.ts";
import type { Interval } from "./interval.ts";
import type { Origin } from "./judgments.ts";
import type { Label } from "./labels.ts";
import { normalDensity, normalQuantile } from "./normal.ts";
import { studentTwoSided } from "./student-t.ts";

/** Answers as columns, in cells of a condition (or group of readers) and the story's origin. */
export interface CellData {
  /** 1 for "human" and 0 for "machine", or a rating. */
  readonly values: ArrayLike<number>;
  readonly conditions: ArrayLike<string>;
  readonly origins: ArrayLike<Origin>;
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  /** Further clusterings; at most two are used. */
  readonly clusters?: readonly ArrayLike<Label>[];
}

export interface CellContrast {
  readonly estimate: number;
  readonly standardError: number;
  /** 0 if there are too few readers or stories for a test. */
  readonly degrees: number;
  readonly interval: Interval;
  /** 1 if no test is possible. */
  readonly p: number;
}

/**
 * A condition compared with a reference. `interaction`: how much more the answers to human and to machine stories differ; for
 * choices, the difference of d'. `condition`: how much higher the answers are, over both kinds of story with equal weight; for
 * choices, the criterion c with its sign turned.
 *
 * Shares called human are compared as normal quantiles, with the log-linear correction (Hautus 1995): on the scale of shares, a
 * mere bias towards one answer would look like an interaction (delta method for the errors). Standard errors are
 * clustered by reader, by story and by the further clusters (`clusteredContrast`), and never below those of independent answers.
 * Rows of other conditions are ignored; each of the four cells needs a value.
 */
export function cellContrast(
  of: "interaction" | "condition",
  kind: "choices" | "ratings",
  [condition, reference]: readonly [string, string],
  data: CellData,
  level: number,
): CellContrast {
  const rows: number[] = [];
  for (let at = 0; at < data.values.length; at++)
    if (data.conditions[at] === condition || data.conditions[at] === reference) rows.push(at);
  const column = <Value>(values: ArrayLike<Value>) => rows.map((at) => values[at]!);
  const values = column(data.values);
  const groups = rows.map((at) => cellName(data.conditions[at]!, data.origins[at]!));
  const inCells = new Map<string, number[]>();
  for (const [at, group] of groups.entries()) {
    const own = inCells.get(group);
    if (own) own.push(values[at]!);
    else inCells.set(group, [values[at]!]);
  }
  const cells = [condition, reference].flatMap((one, at) =>
    (["human", "machine"] as const).map((origin) => {
      const group = cellName(one, origin);
      const sign = of === "condition" ? 0.5 : origin === "human" ? 1 : -1;
      return { group, weight: (at === 0 ? 1 : -1) * sign, ...scaleOf(inCells.get(group)!, kind) };
    }),
  );
  const weights = new Map<Label, number>(cells.map(({ group, weight, slope }) => [group, weight * slope]));
  const estimate = cells.reduce((sum, { weight, mean }) => sum + weight * mean, 0);
  const found = clusteredContrast(values, {
    clusters: [data.readers, data.stories, ...(data.clusters ?? [])].slice(0, 4).map(column),
    groups,
    weights,
    level,
  });
  const standardError = Math.max(found.standardError, independentError(inCells, weights));
  const wider = standardError / found.standardError;
  const half = ((found.interval.high - found.interval.low) / 2) * (Number.isFinite(wider) ? wider : 1);
  const p =
    found.degrees > 0 && standardError > 0 ? studentTwoSided(estimate / standardError, found.degrees) : 1;
  return {
    ...{ estimate, standardError, degrees: found.degrees, p },
    interval: { low: estimate - half, high: estimate + half },
  };
}

/** A cell's mean on the scale of the comparison, and the slope of that scale there. */
function scaleOf(
  values: readonly number[],
  kind: "choices" | "ratings",
): { readonly mean: number; readonly slope: number } {
  const sum = values.reduce((total, value) => total + value, 0);
  if (kind === "ratings") return { mean: sum / values.length, slope: 1 };
  const mean = normalQuantile((sum + 0.5) / (values.length + 1));
  return { mean, slope: 1 / normalDensity(mean) };
}

const cellName = (condition: string, origin: Origin): string => `${condition} ${origin}`;

/** The standard error if all answers were independent. */
function independentError(
  inCells: ReadonlyMap<string, readonly number[]>,
  weights: ReadonlyMap<Label, number>,
): number {
  let variance = 0;
  for (const [group, own] of inCells) {
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const squares = own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    if (own.length > 1) variance += (weights.get(group)! ** 2 * squares) / (own.length - 1) / own.length;
  }
  return Math.sqrt(variance);
}
