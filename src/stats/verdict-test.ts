import { type Claim, claimOf, reasonOf, type VerdictWord, wordOf } from "./claim.ts";
import { type Counts, countsOf, errorOf, type Share, withinUnit } from "./clustered-share.ts";
import { asNumbers, checkJudgments, type Judgments, type Origin } from "./judgments.ts";
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
}

/**
 * One verdict on a share and all that it stands on. Intervals are cut to [0, 1]. Where nothing can be estimated the
 * share is undefined and both p are 1.
 */
export interface Verdict extends Claim {
  /** Why, in one clause without figures of the study: "the 90 % interval lies within the margin". */
  readonly reason: string;
  readonly estimate: number | undefined;
  /** Clustered by reader and by story; Infinity where there is one reader or one story. */
  readonly standardError: number;
  readonly degrees: number;
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
   * Equivalent where all three are (an intersection-union test, so no correction); different where `overall` is;
   * else inconclusive. A class alone may differ by bias without any skill.
   */
  readonly together: VerdictWord;
}

/**
 * The verdict of a study: equivalent to chance within the margin, different from chance, or inconclusive, with
 * readers and stories both random. Each accuracy has a standard error clustered by reader and by story, stories
 * within their origin, and Student's t with the degrees of the way that has fewer clusters (`clusteredContrast`).
 * The error is never below that of independent judgments at rates of (right + 1) / (judgments + 2), so that few
 * judgments, or all alike, can't look certain. Equivalence goes before difference: a difference shown to lie below
 * the margin is equivalent, and `differenceP` tells of it.
 *
 * In `bench/stats-calibration.ts`, at alpha 5 %, false "different" and false "equivalent" stay below 6 % where
 * the binomial test of pooled judgments errs in 24 % of studies, where readers and stories are even and uneven alike.
 *
 * Throws RangeError when columns differ in length, a story has two origins, or margin, chance or alpha are
 * impossible.
 */
export function verdictTest(judgments: Judgments, options: VerdictOptions): StudyVerdict {
  checkJudgments(judgments);
  const { readers, stories, origins, correct } = judgments;
  const shared = { correct: asNumbers(correct), readers, stories, groups: origins };
  const overall = verdictOf({ ...shared, weights: weightsOf(0.5, 0.5) }, options);
  const human = verdictOf({ ...shared, weights: weightsOf(1, 0) }, options);
  const machine = verdictOf({ ...shared, weights: weightsOf(0, 1) }, options);
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
  },
  options: VerdictOptions,
): Verdict {
  const { readers, stories, sides, places = ["left", "right"] } = data;
  const correct = asNumbers(data.correct);
  checkLengths(correct.length, { readers, stories, sides });
  const groups: ArrayLike<Label> = sides ?? new Uint8Array(correct.length);
  const weighed = (weights: [Label, number][]) =>
    verdictOf({ correct, readers, stories, groups, weights: new Map(weights) }, options);
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
  if (mean.verdict !== "equivalent") return mean;
  const { alpha = 0.05, equivalenceAlpha = alpha } = options;
  const equivalenceP = Math.max(mean.equivalenceP, ...places.map(({ test }) => test.equivalenceP));
  const verdict = wordOf({ ...mean, equivalenceP }, { alpha, equivalenceAlpha });
  const open = places.find(({ test }) => test.equivalenceP > equivalenceAlpha);
  const reason =
    verdict === "equivalent" || open === undefined
      ? mean.reason
      : `equivalence is not shown where the right answer stood ${standing(open.place)}, so that a preference for a ${places.length > 2 ? "place" : "side"} may hide skill`;
  return { ...mean, equivalenceP, verdict, reason };
}

const standing = (place: Label): string =>
  place === "left" || place === "right" ? `on the ${place}` : `at place ${place}`;

function weightsOf(human: number, machine: number): ReadonlyMap<Label, number> {
  return new Map<Origin, number>([
    ["human", human],
    ["machine", machine],
  ]);
}

function verdictOf(data: Share, options: VerdictOptions): Verdict {
  const { margin, chance = 0.5, alpha = 0.05, equivalenceAlpha = alpha } = options;
  checkOptions(margin, chance, alpha);
  checkAlpha(equivalenceAlpha);
  const share = only(data);
  const counts = countsOf(share);
  const missing = [...share.weights.keys()].find((group) => !counts.groups.has(group));
  if (missing !== undefined) return unknown(counts, nothingOf(missing, counts));

  const { estimate, standardError, degrees } = errorOf(share, counts.groups);
  const errors = { alpha, equivalenceAlpha };
  const claim = claimOf({ estimate, standardError, degrees }, { value: chance, margin, ...errors });
  return {
    ...claim,
    equivalenceInterval: withinUnit(claim.equivalenceInterval),
    interval: withinUnit(claim.interval),
    reason: degrees === 0 ? tooFew(share) : reasonOf(claim.verdict, errors, "chance"),
    estimate,
    standardError,
    degrees,
    ...counts.figures,
  };
}

/** Drops what weighs nothing, so that readers and stories are counted where they judge or are judged. */
function only(share: Share): Share {
  const weights = new Map([...share.weights].filter(([, weight]) => weight !== 0));
  const rows: number[] = [];
  for (let at = 0; at < share.correct.length; at++) if (weights.has(share.groups[at]!)) rows.push(at);
  return {
    correct: Float64Array.from(rows, (at) => share.correct[at]!),
    readers: rows.map((at) => share.readers[at]!),
    stories: rows.map((at) => share.stories[at]!),
    groups: rows.map((at) => share.groups[at]!),
    weights,
  };
}

function unknown(counts: Counts, reason: string): Verdict {
  return {
    verdict: "inconclusive",
    reason,
    estimate: undefined,
    standardError: Infinity,
    degrees: 0,
    equivalenceInterval: { low: 0, high: 1 },
    interval: { low: 0, high: 1 },
    equivalenceP: 1,
    differenceP: 1,
    ...counts.figures,
  };
}

function nothingOf(group: Label, { figures: { judgments, readers } }: Counts): string {
  if (group === "human" || group === "machine") return `there are no judgments of ${group} stories`;
  if (judgments === 0) return "there are no judgments";
  if (readers === 1) return "one reader can't stand for readers";
  return `the right answer never stood ${standing(group)}, so that skill can't be told from a preference for a side`;
}

function together(verdicts: readonly [Verdict, Verdict, Verdict]): VerdictWord {
  if (verdicts.every(({ verdict }) => verdict === "equivalent")) return "equivalent";
  return verdicts[0].verdict === "different" ? "different" : "inconclusive";
}

function checkOptions(margin: number, chance: number, alpha: number): void {
  checkMargin({ chance, margin });
  checkAlpha(alpha);
  if (margin >= Math.min(chance, 1 - chance)) {
    throw new RangeError(`a margin of ${margin} around ${chance} would call everything equivalent`);
  }
}
