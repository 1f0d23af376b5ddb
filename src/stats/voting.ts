import { checkJudgments, type Judgments } from "./judgments.ts";
import { indexLabels } from "./labels.ts";
import { logGamma } from "./log-gamma.ts";

/** The accuracy of the majority vote of several readers. */
export interface Vote {
  readonly readers: number;
  readonly accuracy: number;
}

/**
 * The accuracy of majority votes of k readers, for odd k up to the smallest number of judgments of a story, at most 25: for
 * each story the probability that more than half of k of its readers were right (the hypergeometric tail, which is
 * unbiased), averaged over human and over machine stories, then over both. Empty if one origin was not judged. Throws as `checkJudgments`.
 */
export function votes(judgments: Judgments): Vote[] {
  checkJudgments(judgments);
  const { index, names } = indexLabels(judgments.stories);
  const right = new Float64Array(names.length);
  const judged = new Float64Array(names.length);
  const human = new Uint8Array(names.length);
  for (let at = 0; at < index.length; at++) {
    const story = index[at]!;
    right[story]! += Number(judgments.correct[at]);
    judged[story]!++;
    human[story] = judgments.origins[at] === "human" ? 1 : 0;
  }
  const stories = names.map((_, at) => at);
  const kinds = [stories.filter((at) => human[at] === 1), stories.filter((at) => human[at] === 0)];
  if (kinds.some((own) => own.length === 0)) return [];
  const most = judged.reduce((least, own) => Math.min(least, own), 25);
  return [1, 3, 5, 9, 15, 25]
    .filter((readers) => readers <= most)
    .map((readers) => {
      const shares = kinds.map(
        (own) => own.reduce((sum, at) => sum + majority(readers, right[at]!, judged[at]!), 0) / own.length,
      );
      return { readers, accuracy: (shares[0]! + shares[1]!) / 2 };
    });
}

/** The probability that most of `readers` drawn from the `judged` are among the `right` ones. */
function majority(readers: number, right: number, judged: number): number {
  const all = logChoose(judged, readers);
  let sum = 0;
  for (let hits = (readers + 1) / 2; hits <= Math.min(readers, right); hits++) {
    if (readers - hits > judged - right) continue;
    sum += Math.exp(logChoose(right, hits) + logChoose(judged - right, readers - hits) - all);
  }
  return sum;
}

const logChoose = (of: number, some: number): number =>
  logGamma(of + 1) - logGamma(some + 1) - logGamma(of - some + 1);
