import { type Claim, claimOf, reasonOf, type VerdictWord, wordOf } from "./claim.ts";
import {
  type EstimateMethod,
  errorOf,
  fewestClusters,
  figuresOf,
  type Shares,
  sharesIn,
  type Weighing,
  withinUnit,
} from "./clustered-share.ts";
import { type Clusters, checkJudgments, type Judgments, type Origin } from "./judgments.ts";
import { checkLengths, type Label } from "./labels.ts";
import { tooFew } from "./too-few.ts";
import { checkAlpha, checkMargin } from "./tost.ts";

/** What is held equivalent, and at what error. */
export interface VerdictOptions {
  /** Half-width around chance, declared before data; below `chance` and `1 - chance`. */
  readonly margin: number;
  /** The share under guessing; 0.5 unless told. */
  readonly chance?: number;
  /** The error of each test, 0.05 unless told. */
  readonly alpha?: number;
  /** The error of the equivalence tests where it is another, as at a look before the planned end; `alpha` unless told. */
  readonly equivalenceAlpha?: number;
  /** Whether all judgments count alike (unless told), or all readers, however many judgments each gave. */
  readonly weigh?: Weighing;
}

/**
 * One verdict on a share and all that it stands on. Intervals are cut to [0, 1]. Where nothing can be estimated the
 * share is undefined and both p are 1.
 */
export interface Verdict extends Claim {
  /** Why, in one clause without figures of the study: "the 90 % interval lies within the margin". */
  readonly reason: string;
  readonly estimate: number | undefined;
  /** Clustered by reader, by story and by named clusters; Infinity where there is one reader or one story, or too few. */
  readonly standardError: number;
  readonly degrees: number;
  /** What the error rests on: readers, stories, titles ... without those that are contained in another way. */
  readonly ways: readonly EstimateMethod[];
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
   * Different where `overall` is; else equivalent where all three lie within the margin (an intersection-union test, so
   * no correction); else inconclusive. A class alone may differ by bias without any skill.
   */
  readonly together: VerdictWord;
}

/**
 * The verdict of a study: equivalent to chance within the margin, different from chance, or inconclusive, with
 * readers and stories both random. Each accuracy has a standard error clustered by reader and by story, stories
 * within their origin, by named clusters as well (titles that human and machine stories share, classes, forms), and
 * Student's t with the degrees of the way that has the fewest clusters (`clusteredContrast`). Fewer named clusters than
 * `fewestClusters` give no verdict, and the reason says so.
 * The error is never below that of independent judgments at rates of (right + 1) / (judgments + 2), so that few
 * judgments, or all alike, can't look certain. The test of a difference goes first, so that no margin turns the word: a
 * difference shown to lie below the margin is different and `withinMargin`.
 *
 * In `bench/stats-calibration.ts`, at alpha 5 %, false "different" and false "equivalent" stay below 6 % where
 * the binomial test of pooled judgments errs in 24 % of studies, where readers and stories are even and uneven alike.
 *
 * Throws RangeError when columns differ in length, a story has two origins, or margin, chance or alpha are
 * impossible.
 */
export function verdictTest(judgments: Judgments, options: VerdictOptions): StudyVerdict {
  checkJudgments(judgments);
  const { origins, ...rest } = judgments;
  const shares = sharesIn({ ...rest, groups: origins }, options.weigh ?? "judgments");
  const of = (human: number, machine: number) =>
    verdictOf({ ...rest, groups: origins }, shares, weightsOf(human, machine), options);
  const [overall, human, machine] = [of(0.5, 0.5), of(1, 0), of(0, 1)];
  return { overall, human, machine, together: together([overall, human, machine]) };
}

/**
 * The verdict on one share of right answers without classes: pairs, where each story stands for the pair shown, or one
 * choice of several. A tie counts as what guessing gives. `sides` says where the right answer stood, among `places` (left
 * and right unless given); the share is then the mean of the shares at each place, so that a reader who always takes the
 * left one scores `chance` however often the right answer stood there. No verdict is given where it never stood at one of
 * them, and equivalence has to hold at each place too, as it has for both classes of stories: whoever always takes one
 * place never showed whether they could tell. As `verdictTest`.
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
  const shares = sharesIn(judged, options.weigh ?? "judgments");
  const weighed = (weights: [Label, number][]) => verdictOf(judged, shares, new Map(weights), options);
  if (!sides) return weighed([[0, 1]]);
  const mean = weighed(places.map((place) => [place, 1 / places.length]));
  if (mean.equivalenceP >= 1) return mean;
  return atEachPlace(
    mean,
    places.map((place) => ({ place, test: weighed([[place, 1]]) })),
    options,
  );
}

/** Equivalent only where each place is: the largest of the p-values counts (an intersection-union test). */
function atEachPlace(
  mean: Verdict,
  places: readonly { readonly place: Label; readonly test: Verdict }[],
  options: VerdictOptions,
): Verdict {
  if (!mean.withinMargin) return mean;
  const { alpha = 0.05, equivalenceAlpha = alpha } = options;
  const equivalenceP = Math.max(mean.equivalenceP, ...places.map(({ test }) => test.equivalenceP));
  const withinMargin = equivalenceP <= equivalenceAlpha;
  const verdict = wordOf({ ...mean, equivalenceP }, { alpha, equivalenceAlpha });
  const open = places.find(({ test }) => !test.withinMargin);
  const reason =
    verdict === "inconclusive" && open
      ? `equivalence is not shown where the right answer stood ${standing(open.place)}, so that a preference for a ${places.length > 2 ? "place" : "side"} may hide skill`
      : mean.reason;
  return { ...mean, equivalenceP, withinMargin, verdict, reason };
}

const standing = (place: Label): string =>
  place === "left" || place === "right" ? `on the ${place}` : `at place ${place}`;

function weightsOf(human: number, machine: number): ReadonlyMap<Label, number> {
  return new Map<Origin, number>([
    ["human", human],
    ["machine", machine],
  ]);
}

/** The columns that a verdict explains itself by. */
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
  const figures = figuresOf(shares, used);
  const missing = [...used.keys()].find((group) => !shares.counts.has(group));
  if (missing !== undefined) return unknown(figures, nothingOf(missing, figures));

  const { estimate, standardError, degrees, ways, few } = errorOf(shares, used);
  const errors = { alpha, equivalenceAlpha };
  const claim = claimOf({ estimate, standardError, degrees }, { value: chance, margin, ...errors });
  const whyNot = () =>
    few
      ? `${few.clusters === 1 ? "there is one cluster" : `there are ${few.clusters} clusters`} by ${few.name}, and it takes ${fewestClusters} to know how much they differ`
      : tooFew(only(judged, used));
  return {
    ...claim,
    equivalenceInterval: withinUnit(claim.equivalenceInterval),
    interval: withinUnit(claim.interval),
    reason: degrees === 0 ? whyNot() : reasonOf(claim.verdict, errors, "chance"),
    estimate,
    standardError,
    degrees,
    ways,
    ...figures,
  };
}

/** Drops what weighs nothing, so that the reason speaks of readers and stories where they judge or are judged. */
function only({ readers, stories, groups }: Judged, weights: ReadonlyMap<Label, number>): Judged {
  const rows: number[] = [];
  for (let at = 0; at < groups.length; at++) if (weights.has(groups[at]!)) rows.push(at);
  return {
    readers: rows.map((at) => readers[at]!),
    stories: rows.map((at) => stories[at]!),
    groups: rows.map((at) => groups[at]!),
  };
}

function unknown(figures: ReturnType<typeof figuresOf>, reason: string): Verdict {
  return {
    verdict: "inconclusive",
    withinMargin: false,
    reason,
    estimate: undefined,
    standardError: Infinity,
    degrees: 0,
    ways: [],
    equivalenceInterval: { low: 0, high: 1 },
    interval: { low: 0, high: 1 },
    equivalenceP: 1,
    differenceP: 1,
    ...figures,
  };
}

function nothingOf(group: Label, { judgments, readers }: ReturnType<typeof figuresOf>): string {
  if (group === "human" || group === "machine") return `there are no judgments of ${group} stories`;
  if (judgments === 0) return "there are no judgments";
  if (readers === 1) return "one reader can't stand for readers";
  return `the right answer never stood ${standing(group)}, so that skill can't be told from a preference for a side`;
}

function together(verdicts: readonly [Verdict, Verdict, Verdict]): VerdictWord {
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
