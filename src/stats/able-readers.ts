import { checkJudgments, type Judgments } from "./judgments.ts";
import { indexLabels, type Label } from "./labels.ts";
import { logGamma } from "./log-gamma.ts";
import { holm } from "./multiple-tests.ts";

/** Right answers to human and to machine stories, or all answers to them. */
type Pair = readonly [human: number, machine: number];

/** One reader's score. */
export interface ReaderScore {
  readonly reader: Label;
  readonly right: Pair;
  readonly judged: Pair;
}

/** A score with the probability that guessing, at the reader's own bias, does as well. */
export interface TestedScore extends ReaderScore {
  readonly p: number;
  /** By Holm over all readers. */
  readonly holm: number;
}

/** The scores of readers who judged stories of both origins, in order of first appearance. Throws as `checkJudgments`. */
export function readerScores(judgments: Judgments): ReaderScore[] {
  checkJudgments(judgments);
  const { index, names } = indexLabels(judgments.readers);
  const right = names.map((): [number, number] => [0, 0]);
  const judged = names.map((): [number, number] => [0, 0]);
  for (let at = 0; at < index.length; at++) {
    const kind = judgments.origins[at] === "human" ? 0 : 1;
    judged[index[at]!]![kind]++;
    right[index[at]!]![kind] += Number(judgments.correct[at]);
  }
  return names
    .map((reader, at) => ({ reader, right: right[at]!, judged: judged[at]! }))
    .filter(({ judged: [human, machine] }) => human > 0 && machine > 0);
}

/**
 * Tests each reader by a one-sided Fisher's exact test: given the number of stories that the reader called human, the
 * probability that at least as many of them are human by chance. So bias is not counted as skill. Holm's correction over
 * the readers.
 */
export function testedReaders(scores: readonly ReaderScore[]): TestedScore[] {
  const p = scores.map(({ right, judged }) => guessingP(right, judged));
  const adjusted = holm(p);
  return scores.map((score, at) => ({ ...score, p: p[at]!, holm: adjusted[at]! }));
}

const cachedP = new Map<string, number>();

/** The probability that guessing does at least as well: the hypergeometric tail. */
export function guessingP([human, machine]: Pair, judged: Pair): number {
  const key = `${human} ${machine} ${judged[0]} ${judged[1]}`;
  const before = cachedP.get(key);
  if (before !== undefined) return before;
  const logs = logTerms(judged, human + judged[1] - machine);
  const tail = logs.filter(({ hits }) => hits >= human);
  const p = Math.min(1, Math.exp(logSum(tail.map(({ log }) => log)) - logSum(logs.map(({ log }) => log))));
  if (cachedP.size > 100_000) cachedP.clear();
  cachedP.set(key, p);
  return p;
}

/**
 * The fewest answers (half about human stories, all right) with which one of `readers` can be significant: guessing does as
 * well with probability 1 / C(n, n/2), which must be at most alpha / readers.
 */
export function fewestAnswersForName(readers: number, alpha = 0.05): number {
  for (let half = 1; ; half++) if (guessingP([half, half], [half, half]) <= alpha / readers) return 2 * half;
}

/** The estimated share of readers who can tell. */
export interface AbleShare {
  /** The maximum-likelihood share, and the accuracy of such readers. */
  readonly estimate: number;
  readonly accuracy: number;
  readonly interval: { readonly low: number; readonly high: number };
  /** One-sided upper bound, at level 1 - alpha, on the share of readers who are right in 95 %. */
  readonly most: number;
}

/**
 * Estimates the share of readers who can tell by a mixture of two kinds: readers who guess, and readers with an accuracy of
 * at least 75 %, which is estimated too. The likelihood of a reader is that of the number of human stories among those
 * called human (Fisher's noncentral hypergeometric distribution), so bias does not matter. The interval is from the
 * posterior under a uniform prior on shares and on accuracies from 75 to 99 %: with none of n readers able it reaches 3/n.
 * `most` is for readers right in 95 %. Undefined if no reader judged both origins.
 */
export function ableShare(
  scores: readonly ReaderScore[],
  { level = 0.95, alpha = 0.05 } = {},
): AbleShare | undefined {
  if (scores.length === 0) return undefined;
  const sameScores = new Map<string, { score: ReaderScore; count: number }>();
  for (const score of scores) {
    const key = [...score.right, ...score.judged].join(" ");
    const one = sameScores.get(key) ?? { score, count: 0 };
    one.count++;
    sameScores.set(key, one);
  }
  // The likelihood ratio of each score: a reader who can tell against one who guesses.
  const kinds = [...sameScores.values()];
  const counts = kinds.map(({ count }) => count);
  const logLikelihoods = accuracies.map((accuracy) => {
    const ratios = kinds.map(({ score }) => Math.exp(logLikelihoodRatio(score, accuracy)));
    return shares.map((share) =>
      ratios.reduce((sum, ratio, at) => sum + counts[at]! * Math.log(1 - share + share * ratio), 0),
    );
  });
  const best = Math.max(...logLikelihoods.flat());
  const row = logLikelihoods.findIndex((one) => one.includes(best));
  const posterior = shares.map((_, at) =>
    logLikelihoods.reduce((sum, logs) => sum + Math.exp(logs[at]! - best), 0),
  );
  const named = logLikelihoods[accuracies.indexOf(expertAccuracy)]!;
  const highest = Math.max(...named);
  return {
    estimate: shares[logLikelihoods[row]!.indexOf(best)]!,
    accuracy: accuracies[row]!,
    interval: { low: quantileOf(posterior, (1 - level) / 2), high: quantileOf(posterior, (1 + level) / 2) },
    most: quantileOf(
      named.map((log) => Math.exp(log - highest)),
      1 - alpha,
    ),
  };
}

const expertAccuracy = 0.95;
const accuracies = [0.75, 0.79, 0.83, 0.87, 0.91, expertAccuracy, 0.99];
/** A finer grid near 0, where most studies are. */
const shares = Array.from({ length: 401 }, (_, at) => (at / 400) ** 2);

/** Log likelihood ratio of the score, this accuracy on both kinds against guessing, given the number called human. */
function logLikelihoodRatio({ right: [human, machine], judged }: ReaderScore, accuracy: number): number {
  const logOdds = 2 * Math.log(accuracy / (1 - accuracy));
  const logs = logTerms(judged, human + judged[1] - machine);
  const plain = logSum(logs.map(({ log }) => log));
  const tilted = logSum(logs.map(({ log, hits }) => log + hits * logOdds));
  return human * logOdds + plain - tilted;
}

/** Log of C(human, hits) C(machine, called - hits) for each possible number of hits. */
function logTerms([human, machine]: Pair, called: number) {
  const terms: { readonly hits: number; readonly log: number }[] = [];
  for (let hits = Math.max(0, called - machine); hits <= Math.min(human, called); hits++) {
    terms.push({ hits, log: logChoose(human, hits) + logChoose(machine, called - hits) });
  }
  return terms;
}

const logChoose = (of: number, some: number): number =>
  logGamma(of + 1) - logGamma(some + 1) - logGamma(of - some + 1);

function logSum(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

/** The quantile of a density over `shares`, by trapezoids. */
function quantileOf(density: readonly number[], level: number): number {
  const pieces = shares
    .slice(1)
    .map((share, at) => ((density[at]! + density[at + 1]!) / 2) * (share - shares[at]!));
  const all = pieces.reduce((sum, piece) => sum + piece, 0);
  let below = 0;
  for (const [at, piece] of pieces.entries()) {
    if (below + piece >= level * all) {
      return shares[at]! + ((level * all - below) / piece) * (shares[at + 1]! - shares[at]!);
    }
    below += piece;
  }
  return 1;
}
