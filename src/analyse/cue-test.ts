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
  const said = ranksWithin(
    stories.map(({ saidHuman, judgments }) => saidHuman / judgments),
    sources,
  );
  // Within a source being right is saying "human", or the opposite for machine stories, so ranks only change their sign.
  const outcomes = [said, said.map((rank, at) => (stories[at]!.origin === "human" ? rank : -rank))];
  const measures = measuresOf(stories, sources);
  if (measures.length === 0) return [];
  const rows = [...stories.keys()];
  const arrangement = Int32Array.from([
    ...rows.filter((at) => stories[at]!.origin === "human"),
    ...rows.filter((at) => stories[at]!.origin !== "human"),
  ]);
  const humans = rows.filter((at) => stories[at]!.origin === "human").length;
  const arranged = measures.map((measure) => arrangedRanks(measure, arrangement));
  const answers = new Float64Array(stories.length);
  const strengths = (at: number): [number, number] => {
    const ranked = arranged[at]!;
    let [ofHumans, ofMachines] = [0, 0];
    for (let place = 0; place < humans; place++) ofHumans += ranked[place]! * answers[place]!;
    for (let place = humans; place < ranked.length; place++) ofMachines += ranked[place]! * answers[place]!;
    return [Math.abs(ofHumans + ofMachines), Math.abs(ofHumans - ofMachines)];
  };
  const order = Int32Array.from(rows);
  const arrange = () => {
    for (let place = 0; place < order.length; place++) answers[place] = said[order[arrangement[place]!]!]!;
  };
  arrange();
  const observed = measures.map((_, at) => strengths(at));

  const extreme = observed.map((reached) => reached.map(() => 0));
  const valuesPerDraw = measures.reduce((sum, measure) => sum + 2 * measure.rows.length, 0);
  const permutations = Math.max(999, Math.min(draws, Math.floor(4e8 / valuesPerDraw)));
  const blocks = exchangeableTitles(stories, sources);
  for (let draw = 0; draw < permutations; draw++) {
    for (const units of blocks) shuffleUnits(units, order, random);
    arrange();
    let most = 0;
    for (let at = 0; at < measures.length; at++) most = Math.max(most, ...strengths(at));
    for (const [at, reached] of observed.entries())
      for (const [which, own] of reached.entries()) if (most >= own - 1e-12) extreme[at]![which]!++;
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

/** The ranks of a measure in standard deviations, in the order of `arrangement`; 0 for a story without the measure. */
function arrangedRanks({ rows, ranked, length }: Measure, arrangement: Int32Array): Float64Array {
  const ofStory = new Float64Array(arrangement.length);
  for (const [at, story] of rows.entries()) ofStory[story] = ranked[at]! / length;
  return Float64Array.from(arrangement, (story) => ofStory[story]!);
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
