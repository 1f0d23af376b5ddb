import type { Interval } from "./interval.ts";
import { alphaOf } from "./interval.ts";
import { checkLengths, type IndexedLabels, indexLabels, indexPairs, type Label } from "./labels.ts";
import { studentQuantile } from "./student-t.ts";

/** A mean, or a weighted sum of group means, with its clustered standard error. */
export interface ClusteredEstimate {
  readonly estimate: number;
  /** Infinity if a clustering has only one cluster, or without observations. */
  readonly standardError: number;
  /** Degrees of freedom for Student's t; 0 if the error is infinite. */
  readonly degrees: number;
  readonly interval: Interval;
  readonly observations: number;
  /** The number of clusters of each clustering, in the order given. */
  readonly clusters: readonly number[];
}

export interface ClusteredOptions {
  /** One to four clusterings, each with a label per observation: readers, stories, titles, classes. */
  readonly clusters: readonly ArrayLike<Label>[];
  /** The group of each observation, human or machine; one group by default. */
  readonly groups?: ArrayLike<Label>;
  /** The weight of each group's mean; a mean over the groups by default. Groups without a weight count 0. */
  readonly weights?: ReadonlyMap<Label, number>;
  /** The weight of each observation within its group's mean, above 0; equal by default. */
  readonly observationWeights?: ArrayLike<number> | undefined;
  /** 0.95 by default. */
  readonly level?: number;
}

/**
 * A mean (or a contrast of group means: a difference, a balanced accuracy) of values clustered by reader and by story. The
 * variance of each clustering is that of the leave-one-out jackknife over clusters: (G - 1)/G times the sum of
 * squared changes of the estimate (CV3; Bell and McCaffrey 2002; MacKinnon, Nielsen and Webb 2023). For clusters of equal
 * size this is the usual sandwich times G/(G - 1); for unequal sizes the sandwich would be too small. If clusters are
 * nested in groups (stories in origins), each group has its own variance. A clustering nested in another (readers in
 * classes, stories in titles) is dropped. Two clusterings combine as V1 + V2 - V12 (Cameron, Gelbach and Miller 2011),
 * three and four by inclusion and exclusion, never below the variance of a single one or of a pair. With one observation
 * per cluster this is Welch's t-test.
 *
 * Degrees of freedom are those of the clustering with the fewest: G - 1 for clusters of equal size, fewer for unequal ones,
 * and Welch's for clusters nested in groups. With a third or fourth clustering, which often has few clusters, they are
 * Satterthwaite's over the clusterings, never below the fewest.
 *
 * Throws RangeError when columns differ in length, values are not numbers or there are more than four clusterings.
 */
export function clusteredContrast(values: ArrayLike<number>, options: ClusteredOptions): ClusteredEstimate {
  const { clusters, groups } = options;
  checkLengths(values.length, { groups, importance: options.observationWeights });
  for (const clustering of clusters) checkLengths(values.length, { clusters: clustering });
  return contrastIn(values, clusteringOf(clusters, groups ?? new Uint8Array(values.length)), options);
}

/** Clusterings, prepared once for any number of contrasts of the same observations. */
export interface Clustering {
  readonly groups: IndexedLabels;
  readonly clusterings: readonly IndexedLabels[];
  /** All combinations of the clusterings that are not nested in another; the single ones come first. */
  readonly combined: readonly Intersection[];
}

/** The clusters of one clustering, or the intersections of several; `members` are their positions. */
interface Intersection extends IndexedLabels {
  readonly members: readonly number[];
}

/** Prepares clusterings. Throws RangeError unless there are one to four. */
export function clusteringOf(clusters: readonly ArrayLike<Label>[], groups: ArrayLike<Label>): Clustering {
  if (clusters.length < 1 || clusters.length > 4) {
    throw new RangeError(`there must be one to four clusterings: ${clusters.length}`);
  }
  const clusterings = clusters.map(indexLabels);
  const outermost = clusterings.flatMap((clustering, at) =>
    clusterings.some(
      (other, otherAt) =>
        otherAt !== at && isNestedIn(clustering, other) && (otherAt < at || !isNestedIn(other, clustering)),
    )
      ? []
      : [at],
  );
  const combined: Intersection[] = outermost.map((at) => ({
    members: [at],
    ...clusterings[at]!,
  }));
  // Each combination is extended only by later clusterings, so that none is repeated.
  for (let from = 0; from < combined.length; from++) {
    const one = combined[from]!;
    for (const at of outermost.filter((clustering) => clustering > one.members.at(-1)!)) {
      combined.push({ members: [...one.members, at], ...indexPairs(one, clusterings[at]!) });
    }
  }
  return { groups: indexLabels(groups), clusterings, combined };
}

/** `clusteredContrast` with prepared clusterings. */
export function contrastIn(
  values: ArrayLike<number>,
  { groups: grouped, clusterings, combined }: Clustering,
  options: Pick<ClusteredOptions, "weights" | "observationWeights" | "level">,
): ClusteredEstimate {
  const { level = 0.95, observationWeights } = options;
  alphaOf(level);
  const weights = groupWeights(grouped, options.weights);
  const { influence, estimate } = influences(values, grouped.index, weights, observationWeights);
  const parts = combined.map((one) =>
    jackknifeVariance(influence, one, grouped.index, weights, observationWeights),
  );
  const single = parts.filter((_, at) => combined[at]!.members.length === 1);
  const fewest = values.length === 0 ? 0 : Math.min(...single.map((part) => part.degrees));
  const whole = fewest > 0 ? combinedVariance(parts, combined) : Infinity;
  const named = combined.some(({ members: of }) => of.length === 1 && of[0]! > 1);
  const degrees = fewest > 0 && named ? Math.max(fewest, satterthwaite(whole, single)) : fewest;
  const standardError = Math.sqrt(whole);
  return {
    estimate,
    standardError,
    degrees,
    interval: studentInterval(estimate, standardError, degrees, level),
    observations: values.length,
    clusters: clusterings.map((clustering) => clustering.names.length),
  };
}

/** The mean of clustered values: `clusteredContrast` with one group. */
export function clusteredMean(
  values: ArrayLike<number>,
  clusters: readonly ArrayLike<Label>[],
  level = 0.95,
): ClusteredEstimate {
  return clusteredContrast(values, { clusters, level });
}

/** estimate +/- t standard errors; unbounded without a standard error. */
export function studentInterval(
  estimate: number,
  standardError: number,
  degrees: number,
  level: number,
): Interval {
  if (!(degrees > 0) || standardError === Infinity) return { low: -Infinity, high: Infinity };
  const half = studentQuantile(1 - alphaOf(level) / 2, degrees) * standardError;
  return { low: estimate - half, high: estimate + half };
}

/** The variance and degrees of freedom of one clustering. */
export interface VarianceEstimate {
  readonly variance: number;
  readonly degrees: number;
}

function groupWeights(grouped: IndexedLabels, weights: ReadonlyMap<Label, number> | undefined): Float64Array {
  for (const [label, weight] of weights ?? []) {
    if (weight !== 0 && !grouped.names.includes(label)) {
      throw new RangeError(`no observation belongs to the group ${label}`);
    }
  }
  return Float64Array.from(grouped.names, (name) =>
    weights ? (weights.get(name) ?? 0) : 1 / grouped.names.length,
  );
}

/** The influence of each observation on the estimate: weight (value - group mean) / group size. */
function influences(
  values: ArrayLike<number>,
  groups: Int32Array,
  weights: Float64Array,
  importance: ArrayLike<number> | undefined,
): { readonly influence: Float64Array; readonly estimate: number } {
  const sums = new Float64Array(weights.length);
  const sizes = new Float64Array(weights.length);
  for (let at = 0; at < values.length; at++) {
    if (!Number.isFinite(values[at])) throw new RangeError(`a value is not a number: ${values[at]}`);
    const own = importance?.[at] ?? 1;
    sums[groups[at]!]! += own * values[at]!;
    sizes[groups[at]!]! += own;
  }
  const influence = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const group = groups[at]!;
    const own = importance?.[at] ?? 1;
    influence[at] = (weights[group]! * own * (values[at]! - sums[group]! / sizes[group]!)) / sizes[group]!;
  }
  let estimate = 0;
  for (let group = 0; group < weights.length; group++)
    estimate += (weights[group]! * sums[group]!) / sizes[group]!;
  return { influence, estimate };
}

/** Inclusion and exclusion over the clusterings; never below a single one or a pair, which sampling error could cause. */
export function combinedVariance(
  parts: readonly VarianceEstimate[],
  combined: readonly Intersection[],
): number {
  const of = (wanted: (clusterings: readonly number[]) => boolean) =>
    combined.reduce(
      (sum, { members }, at) =>
        wanted(members) ? sum + (members.length % 2 === 1 ? 1 : -1) * parts[at]!.variance : sum,
      0,
    );
  const pairs = combined.filter(({ members }) => members.length <= 2);
  return Math.max(
    ...pairs.map((pair) =>
      of((clusterings) => clusterings.every((clustering) => pair.members.includes(clustering))),
    ),
    of(() => true),
  );
}

/** Satterthwaite's degrees of freedom of a sum of variances (1946), at most the largest of them. */
function satterthwaite(whole: number, single: readonly VarianceEstimate[]): number {
  const scale = single.reduce((sum, part) => sum + part.variance ** 2 / part.degrees, 0);
  const most = Math.max(...single.map((part) => part.degrees));
  return scale > 0 ? Math.min(most, whole ** 2 / scale) : 0;
}

/** Whether a clustering is nested in the other. */
function isNestedIn(clustering: IndexedLabels, other: IndexedLabels): boolean {
  if (clustering.names.length < other.names.length) return false;
  const within = new Int32Array(clustering.names.length).fill(-1);
  for (let at = 0; at < clustering.index.length; at++) {
    const known = within[clustering.index[at]!]!;
    if (known < 0) within[clustering.index[at]!] = other.index[at]!;
    else if (known !== other.index[at]!) return false;
  }
  return true;
}

/**
 * The jackknife variance of one clustering: changes of the estimate when each cluster is left out in turn, by group if
 * clusters are nested in groups.
 */
function jackknifeVariance(
  influence: Float64Array,
  clustering: Intersection,
  groups: Int32Array,
  weights: Float64Array,
  importance: ArrayLike<number> | undefined,
): VarianceEstimate {
  const width = weights.length;
  const sums = new Float64Array(clustering.names.length * width);
  const sizes = new Float64Array(clustering.names.length * width);
  const groupSizes = new Float64Array(width);
  for (let at = 0; at < influence.length; at++) {
    const group = groups[at]!;
    if (weights[group] === 0) continue;
    const cell = clustering.index[at]! * width + group;
    const own = importance?.[at] ?? 1;
    sums[cell]! += influence[at]!;
    sizes[cell]! += own;
    groupSizes[group]! += own;
  }
  const moves = new JackknifeChanges(width);
  const nested = isNestedInGroups(sizes, width);
  for (let cluster = 0; cluster < clustering.names.length; cluster++) {
    let move = 0;
    let size = 0;
    let stratum = 0;
    for (let group = 0; group < width; group++) {
      const own = sizes[cluster * width + group]!;
      if (own === 0) continue;
      const left = groupSizes[group]! - own;
      // Without this cluster the group would be empty, so there is no jackknife.
      if (left <= 1e-9 * groupSizes[group]!) return { variance: Infinity, degrees: 0 };
      move += (sums[cluster * width + group]! * groupSizes[group]!) / left;
      size += own;
      if (nested) stratum = group;
    }
    if (size > 0) moves.add(stratum, move, size);
  }
  return moves.part();
}

function isNestedInGroups(sizes: Float64Array, width: number): boolean {
  for (let start = 0; start < sizes.length; start += width) {
    let groups = 0;
    for (let at = start; at < start + width; at++) if (sizes[at]! > 0) groups++;
    if (groups > 1) return false;
  }
  return true;
}

/** Collects the jackknife's changes of an estimate by stratum. */
export class JackknifeChanges {
  readonly #counts: Float64Array;
  readonly #squares: Float64Array;
  readonly #sizes: Float64Array;
  readonly #squaredSizes: Float64Array;

  constructor(strata: number) {
    this.#counts = new Float64Array(strata);
    this.#squares = new Float64Array(strata);
    this.#sizes = new Float64Array(strata);
    this.#squaredSizes = new Float64Array(strata);
  }

  add(stratum: number, move: number, size: number): void {
    this.#counts[stratum]!++;
    this.#squares[stratum]! += move ** 2;
    this.#sizes[stratum]! += size;
    this.#squaredSizes[stratum]! += size ** 2;
  }

  /**
   * The variance over strata; degrees of freedom by Welch (1947) and Satterthwaite (1946). The effective number of
   * clusters of unequal size is (sum of n)^2 / sum of n^2 (Kish 1965).
   */
  part(): VarianceEstimate {
    let total = 0;
    let scale = 0;
    let smallest = Infinity;
    for (const [stratum, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const shrink = (count - 1) / count;
      const degrees = shrink * (this.#sizes[stratum]! ** 2 / this.#squaredSizes[stratum]!);
      const jackknifeVariance = shrink * this.#squares[stratum]!;
      total += jackknifeVariance;
      scale += jackknifeVariance ** 2 / degrees;
      smallest = Math.min(smallest, degrees);
    }
    if (smallest === Infinity) return { variance: Infinity, degrees: 0 };
    return { variance: total, degrees: scale > 0 ? total ** 2 / scale : smallest };
  }
}
