import { type Claim, type Conclusion, claimOf, conclusionOf, reasonOf } from "./claim.ts";
import {
  type ClusterCount,
  countsOf,
  errorOf,
  fewestClusters,
  type Shares,
  sharesIn,
  type Weighting,
  withinUnit,
} from "./clustered-share.ts";
import { type Clusters, checkJudgments, type Judgments, type Origin } from "./judgments.ts";
import { checkLengths, type Label } from "./labels.ts";
import { whyTooFew } from "./too-few.ts";
import { checkAlpha, checkMargin } from "./tost.ts";

/** Margin, chance, alpha and weighting of the tests. */
export interface VerdictOptions {
  /** Half-width around chance, declared before data; below `chance` and `1 - chance`. */
  readonly margin: number;
  /** The share under guessing; 0.5 by default. */
  readonly chance?: number;
  /** The error of each test, 0.05 by default. */
  readonly alpha?: number;
  /** Alpha of the equivalence tests, if it is another (at an interim analysis); `alpha` by default. */
  readonly equivalenceAlpha?: number;
  /** Equal weight for each judgment (the default) or for each reader. */
  readonly weighting?: Weighting;
}

/**
 * The verdict on one share, with its figures. Intervals are cut to [0, 1]. Without an estimate the share is undefined and
 * both p are 1.
 */
export interface Verdict extends Claim {
  /** The reason in one clause, without figures: "the 90 % interval lies within the margin". */
  readonly reason: string;
  readonly estimate: number | undefined;
  /** Clustered by reader, by story and by named clusters; Infinity with one reader, one story or too few clusters. */
  readonly standardError: number;
  readonly degrees: number;
  /** The clusterings of the error (readers, stories, titles ...), without those nested in another. */
  readonly clusterings: readonly ClusterCount[];
  readonly judgments: number;
  readonly correct: number;
  readonly readers: number;
  readonly stories: number;
}

/** The verdicts on a study of single judgments. */
export interface StudyVerdict {
  /** Balanced accuracy: the mean of the accuracies on human and on machine stories, (1 + J) / 2, free of bias. */
  readonly overall: Verdict;
  readonly human: Verdict;
  readonly machine: Verdict;
  /**
   * Different if `overall` is; else equivalent if all three lie within the margin (an intersection-union test, so no
   * correction); else inconclusive. One kind of story alone may differ by bias without any skill.
   */
  readonly together: Conclusion;
}

/**
 * The verdict of a study: equivalent to chance within the margin, different from chance, or inconclusive, with
 * readers and stories both random. Each accuracy has a standard error clustered by reader and by story (nested in origin),
 * and by named clusters (titles that human and machine stories share, classes, forms), and Student's t with the degrees
 * of freedom of `clusteredContrast`. With fewer named clusters than
 * `fewestClusters` there is no verdict, and the reason says so.
 * The error is never below that of independent judgments at rates of (right + 1) / (judgments + 2), so that few
 * judgments, or identical ones, can't have a standard error of zero. A significant difference is "different" at any margin; if it also lies
 * within the margin, `withinMargin` is true.
 *
 * In `bench/stats-calibration.ts`, at alpha 5 %, false "different" and false "equivalent" stay below 6 % where
 * the binomial test of pooled judgments is wrong in 24 % of studies, in balanced and in unbalanced designs.
 *
 * Throws RangeError when columns differ in length, a story has two origins, or margin, chance or alpha are
 * impossible.
 */
export function verdictTest(judgments: Judgments, options: VerdictOptions): StudyVerdict {
  checkJudgments(judgments);
  const { origins, ...rest } = judgments;
  const shares = sharesIn({ ...rest, groups: origins }, options.weighting ?? "judgments");
  const of = (human: number, machine: number) =>
    verdictOf({ ...rest, groups: origins }, shares, weightsOf(human, machine), options);
  const [overall, human, machine] = [of(0.5, 0.5), of(1, 0), of(0, 1)];
  return { overall, human, machine, together: combinedConclusion([overall, human, machine]) };
}

/**
 * The verdict on one share of right answers: pairs, or choices among several stories. A tie counts as a guess. `sides` is
 * the position of the right answer, among `places` (left and right by default). The share is then the mean of the shares
 * at each position, so that a reader who always chooses the left one scores `chance`. There is no verdict if the right
 * answer never was at one of the positions, and equivalence must hold at each position: a reader who always chooses one
 * position doesn't show whether they can tell. Otherwise as `verdictTest`.
 */
export function proportionVerdict(
  data: {
    readonly correct: ArrayLike<boolean | number>;
    readonly readers: ArrayLike<Label>;
    readonly stories: ArrayLike<Label>;
    readonly sides?: ArrayLike<Label>;
    readonly places?: readonly Label[];
    readonly clusters?: readonly Clusters[];
  },
  options: VerdictOptions,
): Verdict {
  const { correct, readers, stories, sides, places = ["left", "right"], clusters = [] } = data;
  checkLengths(correct.length, { readers, stories, sides });
  for (const { name, labels } of clusters) checkLengths(correct.length, { [name]: labels });
  const judged = { correct, readers, stories, groups: sides ?? new Uint8Array(correct.length), clusters };
  const shares = sharesIn(judged, options.weighting ?? "judgments");
  const verdictWith = (weights: [Label, number][]) => verdictOf(judged, shares, new Map(weights), options);
  if (!sides) return verdictWith([[0, 1]]);
  const mean = verdictWith(places.map((place) => [place, 1 / places.length]));
  if (mean.equivalenceP >= 1) return mean;
  return atEachPosition(
    mean,
    places.map((place) => ({ place, test: verdictWith([[place, 1]]) })),
    options,
  );
}

/** Equivalence must hold at each position: the largest of the p-values counts (an intersection-union test). */
function atEachPosition(
  mean: Verdict,
  places: readonly { readonly place: Label; readonly test: Verdict }[],
  options: VerdictOptions,
): Verdict {
  if (!mean.withinMargin) return mean;
  const { alpha = 0.05, equivalenceAlpha = alpha } = options;
  const equivalenceP = Math.max(mean.equivalenceP, ...places.map(({ test }) => test.equivalenceP));
  const withinMargin = equivalenceP <= equivalenceAlpha;
  const verdict = conclusionOf({ ...mean, equivalenceP }, { alpha, equivalenceAlpha });
  const open = places.find(({ test }) => !test.withinMargin);
  const reason =
    verdict === "inconclusive" && open
      ? `equivalence is not shown when the right answer is ${atPosition(open.place)}, so a preference for a ${places.length > 2 ? "position" : "side"} may hide skill`
      : mean.reason;
  return { ...mean, equivalenceP, withinMargin, verdict, reason };
}

const atPosition = (place: Label): string =>
  place === "left" || place === "right" ? `on the ${place}` : `at position ${place}`;

function weightsOf(human: number, machine: number): ReadonlyMap<Label, number> {
  return new Map<Origin, number>([
    ["human", human],
    ["machine", machine],
  ]);
}

/** The columns that explain why there is no verdict. */
interface Judged {
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  readonly groups: ArrayLike<Label>;
}

function verdictOf(
  judged: Judged,
  shares: Shares,
  weights: ReadonlyMap<Label, number>,
  options: VerdictOptions,
): Verdict {
  const { margin, chance = 0.5, alpha = 0.05, equivalenceAlpha = alpha } = options;
  checkOptions(margin, chance, alpha);
  checkAlpha(equivalenceAlpha);
  const used = new Map([...weights].filter(([, weight]) => weight !== 0));
  const figures = countsOf(shares, used);
  const missing = [...used.keys()].find((group) => !shares.counts.has(group));
  if (missing !== undefined) return withoutEstimate(figures, whyMissing(missing, figures));

  const { estimate, standardError, degrees, clusterings, few } = errorOf(shares, used);
  const errors = { alpha, equivalenceAlpha };
  const claim = claimOf({ estimate, standardError, degrees }, { value: chance, margin, ...errors });
  const whyNot = () =>
    few
      ? `${few.clusters === 1 ? "there is one cluster" : `there are ${few.clusters} clusters`} by ${few.name}, and at least ${fewestClusters} are needed`
      : whyTooFew(rowsOf(judged, used));
  return {
    ...claim,
    equivalenceInterval: withinUnit(claim.equivalenceInterval),
    interval: withinUnit(claim.interval),
    reason: degrees === 0 ? whyNot() : reasonOf(claim.verdict, errors, "chance"),
    estimate,
    standardError,
    degrees,
    clusterings,
    ...figures,
  };
}

/** The rows of groups with a weight. */
function rowsOf({ readers, stories, groups }: Judged, weights: ReadonlyMap<Label, number>): Judged {
  const rows: number[] = [];
  for (let at = 0; at < groups.length; at++) if (weights.has(groups[at]!)) rows.push(at);
  return {
    readers: rows.map((at) => readers[at]!),
    stories: rows.map((at) => stories[at]!),
    groups: rows.map((at) => groups[at]!),
  };
}

function withoutEstimate(figures: ReturnType<typeof countsOf>, reason: string): Verdict {
  return {
    verdict: "inconclusive",
    withinMargin: false,
    reason,
    estimate: undefined,
    standardError: Infinity,
    degrees: 0,
    clusterings: [],
    equivalenceInterval: { low: 0, high: 1 },
    interval: { low: 0, high: 1 },
    equivalenceP: 1,
    differenceP: 1,
    ...figures,
  };
}

function whyMissing(group: Label, { judgments, readers }: ReturnType<typeof countsOf>): string {
  if (group === "human" || group === "machine") return `there are no judgments of ${group} stories`;
  if (judgments === 0) return "there are no judgments";
  if (readers === 1) return "one reader cannot represent readers in general";
  return `the right answer was never ${atPosition(group)}, so skill cannot be separated from a preference for a side`;
}

function combinedConclusion(verdicts: readonly [Verdict, Verdict, Verdict]): Conclusion {
  if (verdicts[0].verdict === "different") return "different";
  return verdicts.every(({ withinMargin }) => withinMargin) ? "equivalent" : "inconclusive";
}

function checkOptions(margin: number, chance: number, alpha: number): void {
  checkMargin({ chance, margin });
  checkAlpha(alpha);
  if (margin >= Math.min(chance, 1 - chance)) {
    throw new RangeError(`a margin of ${margin} around ${chance} would call everything equivalent`);
  }
}
