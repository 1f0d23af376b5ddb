import { boundedInterval } from "../stats/bounded-interval.ts";
import { type VerdictWord, wordOf } from "../stats/claim.ts";
import { type ClusteredEstimate, clusteredMean } from "../stats/clustered.ts";
import { type DifferenceVerdict, differenceVerdict } from "../stats/difference-verdict.ts";
import { krippendorffAlpha } from "../stats/krippendorff.ts";
import { holm } from "../stats/multiple-tests.ts";
import { fitOrdinal } from "../stats/ordinal.ts";
import { groupedBy } from "../study/groups.ts";
import type { Data, Rating } from "./data.ts";
import { errorsOf, whyWithheld } from "./look.ts";
import { raterTable } from "./raters.ts";
import { type RatingScale, ratingScale } from "./rating-scale.ts";

/** What the ratings of one task say, in numbers. */
export interface Rated {
  readonly task: string;
  readonly ratings: number;
  readonly groups: readonly (ClusteredEstimate & { readonly of: string; readonly group: string })[];
  readonly difference: Difference | undefined;
  readonly balance: Balance;
  readonly scale: RatingScale;
  readonly ordinal: { readonly odds: number; readonly p: number } | { readonly reason: string };
  /** The lowest and the highest rating given. */
  readonly range: readonly [number, number];
  readonly agreement: { readonly ordinal: number | undefined; readonly interval: number | undefined };
}

/** Mean rating of human stories less that of machine stories; p-values by Holm over the tasks. */
export interface Difference extends DifferenceVerdict {
  readonly differenceHolm: number;
  readonly equivalenceHolm: number;
}

/** The ratings of one task: means, their difference, its ordinal model, and how far readers agree. */
export function ratedOf(task: string, own: readonly Rating[], data: Data): Rated {
  const { settings } = data;
  const columns = (rows: readonly Rating[]) => [
    rows.map(({ participant }) => participant),
    rows.map(({ stimulus }) => stimulus),
  ];
  const groups = new Map<string, { rows: Rating[]; group: string }>();
  for (const rating of own) {
    for (const of of rating.origin === "human" ? ["Human stories"] : ["Machine stories", rating.model]) {
      if (of === "") continue;
      const there = groups.get(of) ?? { rows: [], group: rating.origin };
      there.rows.push(rating);
      groups.set(of, there);
    }
  }
  // A lone model says what "machine stories" say already.
  if (groups.size === 3 && groups.has("Machine stories"))
    groups.delete([...groups.keys()].find((name) => !/ stories$/.test(name)) ?? "");
  const ordinal = fitOrdinal(
    own.map(({ origin }) => [origin === "human" ? 1 : 0]),
    own.map(({ rating }) => rating),
    { clusters: columns(own), groups: own.map(({ origin }) => origin) },
  );
  const table = raterTable(own, ({ rating }) => rating);
  const values = own.map(({ rating }) => rating);
  const scale = ratingScale(task, values);
  return {
    task,
    ratings: own.length,
    groups: [...groups].sort(inOrder).map(([of, { rows, group }]) => ({
      of,
      group,
      ...meanOf(rows, columns(rows), scale, settings.level),
    })),
    difference: differenceOf(own, data),
    balance: balanceOf(own, data),
    scale,
    ordinal: ordinal.fitted
      ? { odds: Math.exp(ordinal.coefficients[0]!), p: ordinal.pValues[0]! }
      : { reason: ordinal.reason },
    range: rangeOf(values),
    agreement: {
      ordinal: table && krippendorffAlpha(table, "ordinal"),
      interval: table && krippendorffAlpha(table, "interval"),
    },
  };
}

/** Several scales are several claims: their p-values by Holm, and the verdicts that these carry. */
export function corrected(tasks: readonly Rated[], data: Data): Rated[] {
  const compared = tasks.flatMap(({ difference }) => difference ?? []);
  const equivalence = holm(compared.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(compared.map(({ differenceP }) => differenceP));
  return tasks.map((rated) => {
    if (!rated.difference) return rated;
    const at = compared.indexOf(rated.difference);
    const [equivalenceHolm, differenceHolm] = [equivalence[at]!, difference[at]!];
    const verdict: VerdictWord =
      whyWithheld(data) === undefined
        ? wordOf({ equivalenceP: equivalenceHolm, differenceP: differenceHolm }, errorsOf(data))
        : "inconclusive";
    return { ...rated, difference: { ...rated.difference, verdict, equivalenceHolm, differenceHolm } };
  });
}

/** Human stories, the machine's, then each model's by name. */
const inOrder = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number => {
  const place = (of: string) => ["Human stories", "Machine stories", of].indexOf(of);
  return place(one) - place(other) || (one < other ? -1 : 1);
};

/** A mean with its clustered interval, within the two ends of the scale. */
function meanOf(
  rows: readonly Rating[],
  clusters: readonly string[][],
  scale: RatingScale,
  level: number,
): ClusteredEstimate {
  const mean = clusteredMean(
    rows.map(({ rating }) => rating),
    clusters,
    level,
  );
  const interval = scale.low < scale.high ? boundedInterval(mean, scale, level) : mean.interval;
  return { ...mean, interval };
}

/**
 * Readers whose ratings hold another mix of the two kinds than most readers': what they give freely or sparingly falls
 * on one of them.
 */
interface Balance {
  readonly readers: number;
  readonly uneven: number;
  /** The difference over the others; undefined where nobody is uneven. */
  readonly even: Difference | undefined;
}

function balanceOf(own: readonly Rating[], data: Data): Balance {
  const readers = [...groupedBy(own, ({ participant }) => participant).values()];
  const mixes = groupedBy(
    readers,
    (rows) => rows.filter(({ origin }) => origin === "human").length / rows.length,
  );
  const even = [...mixes.values()].reduce((most, one) => (one.length > most.length ? one : most));
  const uneven = readers.length - even.length;
  return {
    readers: readers.length,
    uneven,
    even: uneven > 0 ? differenceOf(even.flat(), data) : undefined,
  };
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

function differenceOf(own: readonly Rating[], data: Data): Difference | undefined {
  const origins = new Set(own.map(({ origin }) => origin));
  if (origins.size < 2) return undefined;
  const test = differenceVerdict(
    {
      values: own.map(({ rating }) => rating),
      readers: own.map(({ participant }) => participant),
      stories: own.map(({ stimulus }) => stimulus),
      groups: own.map(({ origin }) => origin),
    },
    ["human", "machine"],
    { margin: data.settings.ratingMargin, ...errorsOf(data) },
  );
  return { ...test, equivalenceHolm: test.equivalenceP, differenceHolm: test.differenceP };
}
