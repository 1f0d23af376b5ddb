import { boundedInterval } from "../stats/bounded-interval.ts";
import { conclusionOf } from "../stats/claim.ts";
import { type ClusteredEstimate, clusteredMean } from "../stats/clustered.ts";
import { type DifferenceVerdict, differenceVerdict } from "../stats/difference-verdict.ts";
import { krippendorffAlpha } from "../stats/krippendorff.ts";
import type { Label } from "../stats/labels.ts";
import { holm } from "../stats/multiple-tests.ts";
import { fitOrdinal } from "../stats/ordinal.ts";
import { groupedBy } from "../study/groups.ts";
import type { Data, Rating } from "./data.ts";
import { alphaLevelsOf, whyWithheld } from "./interim-analysis.ts";
import { clustersOf } from "./judged.ts";
import { raterTable } from "./raters.ts";
import { pointsOf, type RatingScale, ratingScale, widestShare } from "./rating-scale.ts";

/** The analysis of the ratings of one task. */
export interface Rated {
  readonly task: string;
  readonly ratings: number;
  readonly groups: readonly (ClusteredEstimate & { readonly of: string; readonly group: string })[];
  readonly difference: Difference | undefined;
  readonly balance: Balance;
  readonly scale: RatingScale;
  /** The equivalence margin in points. */
  readonly margin: number;
  /** Whether the margin is too wide a part of the scale for equivalence. */
  readonly tooWide: boolean;
  readonly ordinal: { readonly odds: number; readonly p: number } | { readonly reason: string };
  /** The lowest and the highest rating given. */
  readonly range: readonly [number, number];
  readonly agreement: { readonly ordinal: number | undefined; readonly interval: number | undefined };
}

/** Mean rating of human stories minus that of machine stories; p-values corrected by Holm over the tasks. */
export interface Difference extends DifferenceVerdict {
  readonly readers: number;
  readonly differenceHolm: number;
  readonly equivalenceHolm: number;
}

/**
 * The ratings of one task: means, their difference, the ordinal model and agreement. Default: the task's scale and
 * `analyse.ratingMargin`.
 */
export function ratedOf(
  task: string,
  own: readonly Rating[],
  data: Data,
  given?: { readonly scale: RatingScale; readonly margin: number },
): Rated {
  const { settings } = data;
  const values = own.map(({ rating }) => rating);
  const scale = given?.scale ?? ratingScale(task, values);
  const margin = given?.margin ?? pointsOf(settings.ratingMargin, scale);
  const groups = new Map<string, { rows: Rating[]; group: string }>();
  for (const rating of own) {
    for (const of of rating.origin === "human" ? ["Human stories"] : ["Machine stories", rating.model]) {
      if (of === "") continue;
      const there = groups.get(of) ?? { rows: [], group: rating.origin };
      there.rows.push(rating);
      groups.set(of, there);
    }
  }
  // A single model would repeat "Machine stories".
  if (groups.size === 3 && groups.has("Machine stories"))
    groups.delete([...groups.keys()].find((name) => !/ stories$/.test(name)) ?? "");
  const difference = differenceOf(own, scale, margin, data);
  const table = raterTable(own, ({ rating }) => rating);
  return {
    task,
    ratings: own.length,
    groups: [...groups].sort(compareGroups).map(([of, { rows, group }]) => ({
      of,
      group,
      ...meanOf(rows, columnsOf(rows, data), scale, settings.level),
    })),
    difference,
    balance: balanceOf(own, scale, margin, data),
    scale,
    margin,
    tooWide: scale.high > scale.low && margin > widestShare * (scale.high - scale.low) + 1e-9,
    ordinal: ordinalOf(own, difference, data),
    range: rangeOf(values),
    agreement: {
      ordinal: table && krippendorffAlpha(table, "ordinal"),
      interval: table && krippendorffAlpha(table, "interval"),
    },
  };
}

/** The clusters of ratings: readers, stories, and those that the settings declare (titles by default). */
const columnsOf = (rows: readonly Rating[], data: Data): ArrayLike<Label>[] => [
  rows.map(({ participant }) => participant),
  rows.map(({ stimulus }) => stimulus),
  ...clustersOf(rows, data).map(({ labels }) => labels),
];

/** The odds of a higher rating for human stories, with the clusters and degrees of freedom of the verdict. */
function ordinalOf(own: readonly Rating[], difference: Difference | undefined, data: Data): Rated["ordinal"] {
  const values = own.map(({ rating }) => rating);
  const groups = own.map(({ origin }) => origin);
  const fit = fitOrdinal(
    groups.map((origin) => [origin === "human" ? 1 : 0]),
    values,
    { clusters: columnsOf(own, data), groups },
  );
  if (!fit.fitted) return { reason: fit.reason };
  if (difference?.degrees === 0 || fit.degrees[0] === 0)
    return { reason: difference?.reason ?? "there are too few readers or stories" };
  return { odds: Math.exp(fit.coefficients[0]!), p: fit.pValues[0]! };
}

/** Corrects p-values by Holm over the scales, and the verdicts accordingly. */
export function withHolm(tasks: readonly Rated[], data: Data): Rated[] {
  const compared = tasks.flatMap(({ difference }) => difference ?? []);
  const equivalence = holm(compared.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(compared.map(({ differenceP }) => differenceP));
  return tasks.map((rated) => {
    if (!rated.difference) return rated;
    const at = compared.indexOf(rated.difference);
    const [equivalenceHolm, differenceHolm] = [equivalence[at]!, difference[at]!];
    const errors = alphaLevelsOf(data);
    const open = whyWithheld(data) === undefined;
    const withinMargin = open && !rated.tooWide && equivalenceHolm <= errors.equivalenceAlpha;
    const conclusion = conclusionOf({ equivalenceP: equivalenceHolm, differenceP: differenceHolm }, errors);
    const verdict = open && (conclusion !== "equivalent" || withinMargin) ? conclusion : "inconclusive";
    const withHolm = { verdict, withinMargin, equivalenceHolm, differenceHolm };
    return { ...rated, difference: { ...rated.difference, ...withHolm } };
  });
}

/** Order: human stories, machine stories, then each model by name. */
const compareGroups = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number => {
  const place = (of: string) => ["Human stories", "Machine stories", of].indexOf(of);
  return place(one) - place(other) || (one < other ? -1 : 1);
};

/** A mean with its clustered interval, within the two ends of the scale. */
function meanOf(
  rows: readonly Rating[],
  clusters: readonly ArrayLike<Label>[],
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
 * Readers who rated a different mix of the two kinds than most: their high or low ratings affect one kind more.
 */
interface Balance {
  readonly readers: number;
  readonly uneven: number;
  /** The difference without them; undefined if there are none. */
  readonly even: Difference | undefined;
}

function balanceOf(own: readonly Rating[], scale: RatingScale, margin: number, data: Data): Balance {
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
    even: uneven > 0 ? differenceOf(even.flat(), scale, margin, data) : undefined,
  };
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

function differenceOf(
  own: readonly Rating[],
  scale: RatingScale,
  margin: number,
  data: Data,
): Difference | undefined {
  const origins = new Set(own.map(({ origin }) => origin));
  if (origins.size < 2) return undefined;
  const test = differenceVerdict(
    {
      values: own.map(({ rating }) => rating),
      readers: own.map(({ participant }) => participant),
      stories: own.map(({ stimulus }) => stimulus),
      groups: own.map(({ origin }) => origin),
      clusters: clustersOf(own, data),
    },
    ["human", "machine"],
    { margin: margin || Number.MIN_VALUE, scale, ...alphaLevelsOf(data) },
  );
  return {
    ...test,
    readers: new Set(own.map(({ participant }) => participant)).size,
    equivalenceHolm: test.equivalenceP,
    differenceHolm: test.differenceP,
  };
}
