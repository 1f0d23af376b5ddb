import { ranks } from "../stats/correlation.ts";
import type { Random } from "../stats/random.ts";
import { groupedBy } from "../study/groups.ts";
import type { JudgedStory } from "./judged-stories.ts";
import { sharedTitles } from "./titles.ts";

/** How a measure is related to readers' answers and to their accuracy, within sources (people, or one model). */
export interface Cue {
  readonly measure: string;
  readonly stories: number;
  /** Rank correlation within sources with the share that said "human", and with the share that was right. */
  readonly saidHuman: number;
  readonly saidHumanP: number;
  readonly right: number;
  readonly rightP: number;
}

/** The minimum number of stories for a test. */
const minStories = 10;

/**
 * Tests every measure that varies over at least ten stories; the strongest comes first. Stories are compared by rank and
 * only within their source (people, or one model), so a measure in which human and machine stories merely differ is not a
 * cue. For p-values, readers' answers are permuted among the titles, all stories of a title together and each source with
 * itself, or among the stories of a source if titles are not shared. Each p is the share of permutations in which the
 * strongest of all measures is at least as strong (Westfall and Young 1993), so no further correction is needed. The
 * order of stories has no effect.
 */
export function testCues(judged: readonly JudgedStory[], draws: number, random: Random): Cue[] {
  const stories = judged.toSorted((one, other) => (one.stimulus < other.stimulus ? -1 : 1));
  const sources = stories.map(({ origin, model }) => `${origin} ${model}`);
  const outcomes = [
    ranksWithin(
      stories.map(({ saidHuman, judgments }) => saidHuman / judgments),
      sources,
    ),
    ranksWithin(
      stories.map(({ right, judgments }) => right / judgments),
      sources,
    ),
  ];
  const measures = measuresOf(stories, sources);
  if (measures.length === 0) return [];
  const observed = measures.map((measure) => outcomes.map((outcome) => scaledCovariance(measure, outcome)));

  const extreme = observed.map((reached) => reached.map(() => 0));
  const valuesPerDraw = measures.reduce((sum, { rows }) => sum + 2 * rows.length, 0);
  const permutations = Math.max(999, Math.min(draws, Math.floor(4e8 / valuesPerDraw)));
  const blocks = exchangeableTitles(stories, sources);
  const order = Int32Array.from(stories.keys());
  const permuted = new Float64Array(stories.length);
  for (let draw = 0; draw < permutations; draw++) {
    for (const units of blocks) shuffleUnits(units, order, random);
    let most = 0;
    for (const outcome of outcomes) {
      for (let at = 0; at < order.length; at++) permuted[at] = outcome[order[at]!]!;
      for (const measure of measures) most = Math.max(most, Math.abs(scaledCovariance(measure, permuted)));
    }
    for (const [at, reached] of observed.entries())
      for (const [which, own] of reached.entries()) if (most >= Math.abs(own) - 1e-12) extreme[at]![which]!++;
  }
  return measures
    .map(({ name, rows, ranked }, at) => {
      const [saidHuman, right] = outcomes.map((outcome) => correlationOf(ranked, rows, outcome, sources));
      const [saidHumanP, rightP] = extreme[at]!.map((count) => (1 + count) / (1 + permutations));
      return {
        measure: name,
        stories: rows.length,
        saidHuman: saidHuman!,
        saidHumanP: saidHumanP!,
        right: right!,
        rightP: rightP!,
      };
    })
    .sort((one, other) => Math.abs(other.saidHuman) - Math.abs(one.saidHuman));
}

/** A measure as ranks within sources, for the stories that have it. */
interface Measure {
  readonly name: string;
  readonly rows: Int32Array;
  readonly ranked: Float64Array;
  /** The root of the ranks' sum of squares. */
  readonly length: number;
}

function measuresOf(stories: readonly JudgedStory[], sources: readonly string[]): Measure[] {
  const names = [...new Set(stories.flatMap(({ measures }) => Object.keys(measures)))];
  return names.flatMap((name): Measure[] => {
    const rows = [...stories.keys()].filter((at) => stories[at]!.measures[name] !== undefined);
    if (rows.length < minStories) return [];
    const ranked = ranksWithin(
      rows.map((at) => stories[at]!.measures[name]!),
      rows.map((at) => sources[at]!),
    );
    const length = Math.sqrt(ranked.reduce((sum, rank) => sum + rank * rank, 0));
    return length > 1e-9 ? [{ name, rows: Int32Array.from(rows), ranked, length }] : [];
  });
}

/** Centred ranks within each source, divided by the number of its stories. */
function ranksWithin(values: readonly number[], sources: readonly string[]): Float64Array {
  const centred = new Float64Array(values.length);
  for (const rows of groupedBy(values.keys(), (at) => sources[at]!).values()) {
    const own = ranks(rows.map((at) => values[at]!));
    for (const [place, at] of rows.entries())
      centred[at] = (own[place]! - (rows.length + 1) / 2) / rows.length;
  }
  return centred;
}

/** The covariance of a measure with an outcome, in standard deviations of the measure: the test statistic. */
function scaledCovariance({ rows, ranked, length }: Measure, outcome: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < rows.length; at++) sum += ranked[at]! * outcome[rows[at]!]!;
  return sum / length;
}

function correlationOf(
  ranked: Float64Array,
  rows: Int32Array,
  outcome: Float64Array,
  sources: readonly string[],
): number {
  const own = ranksWithin(
    Array.from(rows, (at) => outcome[at]!),
    Array.from(rows, (at) => sources[at]!),
  );
  const [one, other] = [ranked, own].map((list) => Math.sqrt(list.reduce((sum, x) => sum + x * x, 0)));
  if (other! < 1e-9) return 0;
  return ranked.reduce((sum, x, at) => sum + x * own[at]!, 0) / (one! * other!);
}

/** Titles with stories from the same sources, which may be exchanged; each as its stories sorted by source. */
function exchangeableTitles(stories: readonly JudgedStory[], sources: readonly string[]): number[][][] {
  const titles = sharedTitles(stories);
  const units = [...groupedBy(stories.keys(), (at) => titles?.[at] ?? stories[at]!.stimulus).values()].map(
    (own) =>
      own.toSorted((one, other) =>
        sources[one]! < sources[other]! ? -1 : Number(sources[one] !== sources[other]),
      ),
  );
  return [...groupedBy(units, (own) => own.map((at) => sources[at]).join("\n")).values()];
}

/** Permutes the units (Fisher–Yates), story by story. */
function shuffleUnits(units: readonly (readonly number[])[], order: Int32Array, random: Random): void {
  for (let last = units.length - 1; last > 0; last--) {
    const other = units[random.integer(0, last)]!;
    for (const [place, at] of units[last]!.entries()) {
      const own = order[at]!;
      order[at] = order[other[place]!]!;
      order[other[place]!] = own;
    }
  }
}
