import {
  type ClusteredEstimate,
  type Clustering,
  clusteringOf,
  contrastIn,
  studentInterval,
} from "./clustered.ts";
import type { Interval } from "./interval.ts";
import { asNumbers, type Clusters, equalReaderWeights } from "./judgments.ts";
import type { Label } from "./labels.ts";

/** Equal weight for each judgment, or for each reader. */
export type Weighting = "judgments" | "readers";

/**
 * With fewer named clusters (titles, classes, forms) there is no standard error: they say too little about how much such
 * clusters differ. `bench/verdict-clusters.ts` has the error rates with fewer.
 */
export const fewestClusters = 6;

/** Right answers with their clusters. */
export interface RightAnswers {
  readonly correct: ArrayLike<boolean | number>;
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  /** Whether each story is human or machine; one group by default. */
  readonly groups?: ArrayLike<Label> | undefined;
  readonly clusters?: readonly Clusters[] | undefined;
}

/**
 * A share of right answers with the standard error of the verdict: clustered by reader, by story (nested in `groups`) and
 * by named clusters, never below that of independent judgments. With the same number of judgments in each group it equals
 * balanced accuracy and its interval. `degrees` is 0 if there is no error: one reader, one story, or fewer named clusters
 * than `fewestClusters`.
 */
export function clusteredShare(
  data: RightAnswers,
  level: number,
  weighting: Weighting = "judgments",
): Pick<ClusteredEstimate, "estimate" | "standardError" | "degrees" | "interval"> {
  const shares = sharesIn(data, weighting);
  // Groups are weighted by their judgments, which gives the share of all judgments.
  const weights = new Map([...shares.counts].map(([group, { all }]) => [group, all / shares.right.length]));
  const { estimate, standardError, degrees } = errorOf(shares, weights);
  const interval = withinUnit(studentInterval(estimate, standardError, degrees, level));
  return { estimate, standardError, degrees, interval };
}

/** A clustering by its name (`reader`, `story`, or that of named clusters), with its number of clusters. */
export interface ClusterCount {
  readonly name: string;
  readonly clusters: number;
}

/** Right answers, prepared once for any weighting of the groups. */
export interface Shares {
  readonly right: Float64Array;
  readonly clustering: Clustering;
  readonly observationWeights: Float64Array | undefined;
  /** Right answers and number of judgments of each group. */
  readonly counts: ReadonlyMap<Label, { readonly right: number; readonly all: number }>;
  /** Names of the clusterings after readers and stories. */
  readonly names: readonly string[];
}

export function sharesIn(
  { correct, readers, stories, groups, clusters = [] }: RightAnswers,
  weighting: Weighting,
): Shares {
  const right = asNumbers(correct);
  const all = groups ?? new Uint8Array(right.length);
  const counts = new Map<Label, { right: number; all: number }>();
  for (let at = 0; at < right.length; at++) {
    const group = counts.get(all[at]!) ?? { right: 0, all: 0 };
    group.right += right[at]!;
    group.all++;
    counts.set(all[at]!, group);
  }
  return {
    right,
    clustering: clusteringOf([readers, stories, ...clusters.map(({ labels }) => labels)], all),
    observationWeights: weighting === "readers" ? equalReaderWeights(readers, all) : undefined,
    counts,
    names: clusters.map(({ name }) => name),
  };
}

/** Numbers of judgments, readers and stories in the groups with a weight. */
export function countsOf({ right, clustering }: Shares, weights: ReadonlyMap<Label, number>) {
  const { groups, clusterings } = clustering;
  const counted = groups.names.map((name) => (weights.get(name) ?? 0) !== 0);
  const [ofReaders, ofStories] = [clusterings[0]!, clusterings[1]!];
  const readerUsed = new Uint8Array(ofReaders.names.length);
  const storyUsed = new Uint8Array(ofStories.names.length);
  let [judgments, correct] = [0, 0];
  for (let at = 0; at < right.length; at++) {
    if (!counted[groups.index[at]!]) continue;
    judgments++;
    correct += right[at]!;
    readerUsed[ofReaders.index[at]!] = 1;
    storyUsed[ofStories.index[at]!] = 1;
  }
  const [readers, stories] = [readerUsed, storyUsed].map((flags) =>
    flags.reduce((sum, flag) => sum + flag, 0),
  );
  return { judgments, correct, readers: readers!, stories: stories! };
}

/** The share with the error of `clusteredShare` and its clusterings; `few` is the named one with too few clusters. */
export function errorOf(
  shares: Shares,
  weights: ReadonlyMap<Label, number>,
): Pick<ClusteredEstimate, "estimate" | "standardError" | "degrees"> & {
  readonly clusterings: readonly ClusterCount[];
  readonly few: ClusterCount | undefined;
} {
  const { right, clustering, observationWeights } = shares;
  const { estimate, standardError, degrees } = contrastIn(right, clustering, { weights, observationWeights });
  const clusterings = clusterCounts(shares, weights);
  const tooFew = clusterings
    .filter(({ name, clusters }) => name !== "reader" && name !== "story" && clusters < fewestClusters)
    .sort((one, other) => one.clusters - other.clusters)[0];
  if (tooFew) return { estimate, standardError: Infinity, degrees: 0, clusterings, few: tooFew };
  const error = Math.max(standardError, independentError(shares, weights));
  return { estimate, degrees, standardError: error, clusterings, few: tooFew };
}

/** The clusterings of an error, without those nested in another, and their numbers of clusters. */
function clusterCounts({ clustering, names }: Shares, weights: ReadonlyMap<Label, number>): ClusterCount[] {
  const { groups, combined } = clustering;
  const counted = groups.names.map((name) => (weights.get(name) ?? 0) !== 0);
  return combined
    .filter(({ members }) => members.length === 1)
    .map(({ members: [member], index, names: labels }) => {
      const used = new Uint8Array(labels.length);
      for (let at = 0; at < index.length; at++) if (counted[groups.index[at]!]) used[index[at]!] = 1;
      const clusters = used.reduce((sum, flag) => sum + flag, 0);
      return { name: ["reader", "story", ...names][member!]!, clusters };
    });
}

/** The error of independent judgments, at rates that never reach 0 or 1 (Agresti and Caffo 2000). */
function independentError(shares: Shares, weights: ReadonlyMap<Label, number>): number {
  const { right, clustering, observationWeights, counts } = shares;
  const { names, index } = clustering.groups;
  const sums = new Float64Array(names.length);
  const squares = new Float64Array(names.length);
  const hits = new Float64Array(names.length);
  for (let at = 0; at < right.length; at++) {
    const own = observationWeights?.[at] ?? 1;
    const group = index[at]!;
    sums[group]! += own;
    squares[group]! += own * own;
    hits[group]! += own * right[at]!;
  }
  let variance = 0;
  for (const [group, name] of names.entries()) {
    const weight = weights.get(name) ?? 0;
    const { all } = counts.get(name)!;
    const rate = ((hits[group]! / sums[group]!) * all + 1) / (all + 2);
    variance += weight * weight * rate * (1 - rate) * (squares[group]! / sums[group]! ** 2);
  }
  return Math.sqrt(variance);
}

/** The interval cut to [0, 1]. */
export function withinUnit({ low, high }: Interval): Interval {
  return { low: Math.max(0, low), high: Math.min(1, high) };
}
