import type { CorpusSummary } from "../study/corpus.ts";
import { groupedBy } from "../study/groups.ts";
import type { Split, Story } from "../study/story.ts";
import type { Rejection } from "./source.ts";
import type { Remark } from "./validate.ts";

/** A summary of the corpus, for the report. */
export function summaryOf(
  stories: readonly Story[],
  rejected: readonly Rejection[],
  warned: readonly Remark[],
  about: {
    readonly source: string;
    readonly from: readonly string[];
    readonly note: string;
    readonly limit: number;
  },
): CorpusSummary {
  const humans = stories.flatMap(({ origin }) => (origin.by === "human" ? [origin] : []));
  const inPart = (part: Split) => stories.filter(({ split }) => split === part).length;
  return {
    source: about.source,
    from: [...about.from],
    note: about.note,
    stories: stories.length,
    authors: new Set(humans.map(({ author }) => author).filter(Boolean)).size,
    groups: new Set(stories.map(({ group }) => group)).size,
    licences: countsOf(humans.map(({ licence }) => licence)),
    split: { train: inPart("train"), validation: inPart("validation"), test: inPart("test") },
    words: lengthsOf(
      stories.map(({ words }) => words),
      about.limit,
    ),
    rejected: countsOf(rejected.map(({ reason }) => reason)),
    warned: [...warned],
  };
}

/** Remarks by reason, the most frequent first. */
export const byReason = <T extends { readonly reason: string }>(
  remarks: readonly T[],
): [reason: string, remarks: T[]][] =>
  [...groupedBy(remarks, ({ reason }) => reason)].sort(([, one], [, other]) => other.length - one.length);

function countsOf(values: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
}

function lengthsOf(words: readonly number[], limit: number): CorpusSummary["words"] {
  const sorted = [...words].sort((one, other) => one - other);
  return {
    least: sorted[0] ?? 0,
    lowerQuartile: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    upperQuartile: quantile(sorted, 0.75),
    most: sorted.at(-1) ?? 0,
    mean: words.reduce((sum, count) => sum + count, 0) / Math.max(1, words.length),
    aboveLimit: words.filter((count) => count > limit).length,
    limit,
  };
}

/** The quantile of sorted numbers, linear between them (type 7 of Hyndman and Fan 1996, as R's default). */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
