import { type Claim, claimOf, reasonOf } from "./claim.ts";
import { clusteredContrast } from "./clustered.ts";
import { fewestClusters } from "./clustered-share.ts";
import type { Interval } from "./interval.ts";
import type { Clusters } from "./judgments.ts";
import { checkLengths, indexLabels, type Label } from "./labels.ts";
import { whyTooFew } from "./too-few.ts";
import { checkAlpha } from "./tost.ts";

/** Ratings, or any other values, of two kinds of stories. */
export interface DifferenceData {
  readonly values: ArrayLike<number>;
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  /** The kind of each story: its origin, its model. */
  readonly groups: ArrayLike<Label>;
  /** Further clusters: titles of stories, classes of readers. */
  readonly clusters?: readonly Clusters[];
}

/** If a larger share of values is the same, the scale was not used and there is no verdict. */
const largestEqualShare = 0.95;

/** The verdict on a difference of means, in the units of the values. */
export interface DifferenceVerdict extends Claim {
  readonly reason: string;
  /** Mean of the first kind minus mean of the second; undefined if one has no values. */
  readonly estimate: number | undefined;
  readonly standardError: number;
  readonly degrees: number;
  readonly values: number;
}

/**
 * Whether the means of two kinds of story are equivalent within a margin (in the units of the values), different, or
 * neither, with readers and stories both random. The standard error is that of `clusteredContrast`, never below that of
 * independent values with one value added at each end of the `scale`, so that few values can't look certain. There is no
 * verdict if values never vary within a kind, or more than 95 % of them are the same.
 * Throws RangeError when columns differ in length, or margin or alpha are impossible.
 */
export function differenceVerdict(
  data: DifferenceData,
  [first, second]: readonly [Label, Label],
  {
    margin,
    alpha = 0.05,
    equivalenceAlpha = alpha,
    scale,
  }: {
    readonly margin: number;
    readonly alpha?: number;
    readonly equivalenceAlpha?: number;
    readonly scale?: Interval;
  },
): DifferenceVerdict {
  checkLengths(data.values.length, { readers: data.readers, stories: data.stories, groups: data.groups });
  checkAlpha(alpha);
  checkAlpha(equivalenceAlpha);
  const errors = { alpha, equivalenceAlpha };
  if (!(margin > 0 && margin < Infinity)) throw new RangeError(`a margin must be above 0: ${margin}`);
  const { values, readers, stories, groups, clusters } = rowsOf(data, first, second);
  const variances = [first, second].map((kind) => meanVariance(values, groups, kind, scale));
  if (variances.includes(undefined))
    return withoutEstimate(values.length, alpha, "one of the kinds has no values");

  const weights = new Map([
    [first, 1],
    [second, -1],
  ]);
  const clustered = clusteredContrast(values, {
    clusters: [readers, stories, ...clusters.map(({ labels }) => labels)],
    groups,
    weights,
  });
  const independent = Math.sqrt(variances[0]! + variances[1]!);
  const reason = noVerdict();
  const figure =
    reason === undefined
      ? { ...clustered, standardError: Math.max(clustered.standardError, independent) }
      : { ...clustered, standardError: Infinity, degrees: 0 };
  const claim = claimOf(figure, { value: 0, margin, ...errors });
  return {
    ...claim,
    reason: reason ?? reasonOf(claim.verdict, errors, "0"),
    estimate: clustered.estimate,
    standardError: figure.standardError,
    degrees: figure.degrees,
    values: values.length,
  };

  function noVerdict(): string | undefined {
    if (clustered.degrees === 0) return whyTooFew({ readers, stories, groups });
    if ([first, second].every((kind) => meanVariance(values, groups, kind, undefined) === 0))
      return "the values do not vary within a kind";
    const { most, share } = mostFrequent(values);
    if (share > largestEqualShare)
      return `${share === 1 ? "all" : `${(100 * share).toFixed(1)} % of the`} values are ${most}, so the scale was not used`;
    const tooFew = clusters
      .map(({ name, labels }) => ({ name, count: indexLabels(labels).names.length }))
      .find(({ count }) => count < fewestClusters);
    if (tooFew)
      return `there ${tooFew.count === 1 ? "is one cluster" : `are ${tooFew.count} clusters`} by ${tooFew.name}, and at least ${fewestClusters} are needed`;
    return undefined;
  }
}

/** The most frequent value, and its share. */
function mostFrequent(values: readonly number[]): { readonly most: number; readonly share: number } {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [most, count] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best));
  return { most, share: count / values.length };
}

function rowsOf(
  { values, readers, stories, groups, clusters = [] }: DifferenceData,
  first: Label,
  second: Label,
) {
  const rows: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if (groups[at] === first || groups[at] === second) rows.push(at);
  }
  return {
    values: rows.map((at) => values[at]!),
    readers: rows.map((at) => readers[at]!),
    stories: rows.map((at) => stories[at]!),
    groups: rows.map((at) => groups[at]!),
    clusters: clusters.map(({ name, labels }) => ({ name, labels: rows.map((at) => labels[at]!) })),
  };
}

/**
 * The variance of a mean of independent values, with one value added at each end of a known scale; 0 for a single value
 * without a scale, undefined without values.
 */
function meanVariance(
  values: readonly number[],
  groups: readonly Label[],
  kind: Label,
  scale: Interval | undefined,
): number | undefined {
  const given = values.filter((_, at) => groups[at] === kind);
  if (given.length === 0) return undefined;
  const own = scale ? [...given, scale.low, scale.high] : given;
  if (own.length === 1) return 0;
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  return own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1) / given.length;
}

function withoutEstimate(values: number, alpha: number, reason: string): DifferenceVerdict {
  const noEstimate = { estimate: Number.NaN, standardError: Infinity, degrees: 0 };
  const claim = claimOf(noEstimate, { value: 0, margin: 1, alpha });
  return { ...claim, reason, estimate: undefined, standardError: Infinity, degrees: 0, values };
}
