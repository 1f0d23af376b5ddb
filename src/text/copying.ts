import { shinglesOf } from "./ngrams.ts";
import { longestSharedRun } from "./shared-run.ts";
import { termsOf } from "./words.ts";

/**
 * The longest run of words that two texts share, ignoring case, quotes and punctuation: its length in words, and the
 * words. Length 0 if they share none.
 */
export function longestCommonRun(one: string, other: string): { length: number; text: string } {
  const ours = termsOf(one);
  const items = [...ours, undefined, ...termsOf(other)];
  const run = longestSharedRun(items, (first, second) => first < ours.length && second > ours.length);
  return { length: run.length, text: ours.slice(run.first, run.first + run.length).join(" ") };
}

/**
 * How much of a text is also in another: the share, 0 to 1, of its distinct runs of `n` words. Default: five words,
 * which two writers rarely share by chance.
 */
export function sharedNgrams(text: string, other: string, n = 5): number {
  const ours = shinglesOf(termsOf(text), n);
  return ours.size === 0 ? 0 : overlap(ours, shinglesOf(termsOf(other), n)) / ours.size;
}

/** Two texts by their positions in the list, the earlier first, and their similarity, 0 to 1. */
export type NearDuplicate = readonly [one: number, other: number, similarity: number];

/**
 * Pairs of texts that are nearly the same: the Jaccard similarity of their sets of runs of `n` words (by default
 * three: an exchanged word costs three runs of some ninety) is at least `threshold`. In the order of the list.
 *
 * Exact, and near to linear in the number of texts: of every text only the rarest runs are indexed, as many as a
 * pair above the threshold must share at least one of (prefix filtering, Bayardo, Ma and Srikant 2007).
 * Throws RangeError when the threshold is not above 0 and at most 1.
 */
export function nearDuplicates(texts: readonly string[], threshold = 0.5, n = 3): NearDuplicate[] {
  if (!(threshold > 0 && threshold <= 1))
    throw new RangeError(`a threshold is above 0, at most 1: ${threshold}`);
  const shingles = texts.map((text) => shinglesOf(termsOf(text), n));
  const frequency = new Map<string, number>();
  for (const set of shingles) for (const run of set) frequency.set(run, (frequency.get(run) ?? 0) + 1);

  const pairs: NearDuplicate[] = [];
  const index = new Map<string, number[]>();
  shingles.forEach((set, other) => {
    const prefix = rarest(set, frequency, set.size - Math.ceil(threshold * set.size - 1e-9) + 1);
    const candidates = new Set(prefix.flatMap((run) => index.get(run) ?? []));
    for (const one of [...candidates].sort((a, b) => a - b)) {
      const similarity = jaccard(shingles[one]!, set);
      if (similarity >= threshold) pairs.push([one, other, similarity]);
    }
    for (const run of prefix) push(index, run, other);
  });
  return pairs.sort(([a, b], [c, d]) => a - c || b - d);
}

/** Texts to look copies up in; see `ngramIndex`. */
export interface NgramIndex {
  /**
   * The text of the index that shares most runs with the given one: its position and the share of the given text's
   * runs. The earliest of several; undefined if no run is shared.
   */
  nearest(text: string): { index: number; share: number } | undefined;
}

/** An index of the runs of `n` words of many texts, to find what a new text was copied from. */
export function ngramIndex(texts: readonly string[], n = 5): NgramIndex {
  const textsByRun = new Map<string, number[]>();
  texts.forEach((text, index) => {
    for (const run of shinglesOf(termsOf(text), n)) push(textsByRun, run, index);
  });
  return {
    nearest(text) {
      const runs = shinglesOf(termsOf(text), n);
      const shared = new Map<number, number>();
      for (const run of runs) {
        for (const index of textsByRun.get(run) ?? []) shared.set(index, (shared.get(index) ?? 0) + 1);
      }
      let best: [number, number] | undefined;
      for (const [index, count] of shared) {
        if (!best || count > best[1] || (count === best[1] && index < best[0])) best = [index, count];
      }
      return best && { index: best[0], share: best[1] / runs.size };
    },
  };
}

function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let count = 0;
  for (const run of one) if (other.has(run)) count++;
  return count;
}

function jaccard(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const both = overlap(one, other);
  return both / (one.size + other.size - both);
}

/** The order of equally rare runs must be the same in every text, else a shared run may be missed. */
const rarest = (set: ReadonlySet<string>, frequency: ReadonlyMap<string, number>, count: number): string[] =>
  [...set]
    .sort((a, b) => frequency.get(a)! - frequency.get(b)! || (a < b ? -1 : 1))
    .slice(0, set.size === 0 ? 0 : count);

function push(index: Map<string, number[]>, run: string, text: number): void {
  const list = index.get(run);
  if (list) list.push(text);
  else index.set(run, [text]);
}
