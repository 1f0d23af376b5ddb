import { type VerdictWord, wordOf } from "../../stats/claim.ts";
import { type ClusteredEstimate, clusteredMean } from "../../stats/clustered.ts";
import { type DifferenceVerdict, differenceVerdict } from "../../stats/difference-verdict.ts";
import { krippendorffAlpha } from "../../stats/krippendorff.ts";
import { holm } from "../../stats/multiple-tests.ts";
import { fitOrdinal } from "../../stats/ordinal.ts";
import { type Finding, figure, sentence } from "../../study/finding.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, Rating } from "../data.ts";
import { groupedBy } from "../groups.ts";
import { errorsOf, whyWithheld } from "../look.ts";
import { raterTable } from "../raters.ts";

/** How stories are rated (how they move, how they fit their title): human beside machine, with equivalence. */
export const ratings: Analysis = {
  name: "ratings",
  asks: "How are human and machine stories rated?",
  needs: ["ratings"],
  run(data) {
    if (data.ratings.length === 0) {
      return { findings: [sentence("result", "Nobody has rated a story yet.")], numbers: { ratings: 0 } };
    }
    const tasks = corrected(
      [...groupedBy(data.ratings, ({ task }) => task)].map(([task, own]) => ratedOf(task, own, data)),
      data,
    );
    return {
      findings: [...tasks.flatMap((rated) => ratedFindings(rated, data)), sentence("method", method(data))],
      numbers: Object.fromEntries(tasks.map(({ task, ...figures }) => [task, figures])),
    };
  },
};

interface Rated {
  readonly task: string;
  readonly ratings: number;
  readonly groups: readonly (ClusteredEstimate & { readonly of: string; readonly group: string })[];
  readonly difference: Difference | undefined;
  readonly ordinal: { readonly odds: number; readonly p: number } | { readonly reason: string };
  /** The lowest and the highest rating given. */
  readonly range: readonly [number, number];
  readonly agreement: { readonly ordinal: number | undefined; readonly interval: number | undefined };
}

/** Mean rating of human stories less that of machine stories; p-values by Holm over the tasks. */
interface Difference extends DifferenceVerdict {
  readonly differenceHolm: number;
  readonly equivalenceHolm: number;
}

/** Several scales are several claims: their p-values by Holm, and the verdicts that these carry. */
function corrected(tasks: readonly Rated[], data: Data): Rated[] {
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

function ratedOf(task: string, own: readonly Rating[], data: Data): Rated {
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
    columns(own),
  );
  const table = raterTable(own, ({ rating }) => rating);
  return {
    task,
    ratings: own.length,
    groups: [...groups].map(([of, { rows, group }]) => ({
      of,
      group,
      ...clusteredMean(
        rows.map(({ rating }) => rating),
        columns(rows),
        settings.level,
      ),
    })),
    difference: differenceOf(own, data),
    ordinal: ordinal.fitted
      ? { odds: Math.exp(ordinal.coefficients[0]!), p: ordinal.pValues[0]! }
      : { reason: ordinal.reason },
    range: rangeOf(own.map(({ rating }) => rating)),
    agreement: {
      ordinal: table && krippendorffAlpha(table, "ordinal"),
      interval: table && krippendorffAlpha(table, "interval"),
    },
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

function ratedFindings(rated: Rated, data: Data): Finding[] {
  const { settings } = data;
  const { task, groups, agreement } = rated;
  return [
    sentence("result", sayDifference(rated, data)),
    ...sayWideMargin(rated, data),
    figure(
      "result",
      `Mean ratings, ${task}, with ${Math.round(settings.level * 100)} % intervals clustered by reader and by story`,
      {
        draw: "intervals",
        table: {
          columns: [
            { key: "of", label: "Ratings of", format: "text" },
            { key: "estimate", label: "Mean", format: "number" },
            { key: "low", label: "Interval", format: "number" },
            { key: "high", label: "to", format: "number" },
            { key: "counts", label: "Ratings", format: "integer" },
          ],
          // Ratings that are all alike, or of one reader or one story, tell nothing of how others would rate.
          rows: groups.map(({ of, group, estimate, interval, standardError, observations }) => {
            const known = Number.isFinite(standardError) && standardError > 0;
            return {
              of,
              group,
              estimate,
              low: known ? interval.low : null,
              high: known ? interval.high : null,
              counts: observations,
            };
          }),
        },
        encode: { x: "estimate", low: "low", high: "high", y: "of", group: "group" },
        labels: { x: "Mean rating" },
      },
    ),
    sentence("detail", sayOrdinal(rated)),
    sentence(
      "detail",
      agreement.ordinal === undefined
        ? "Agreement cannot be told: no story was rated by two, or all ratings are alike."
        : `Agreement of readers: Krippendorff’s alpha is ${printed(agreement.ordinal, "number")} (ordinal)${agreement.interval === undefined ? "" : ` and ${printed(agreement.interval, "number")} (interval)`}; 1 is full agreement, 0 what chance gives.`,
    ),
  ];
}

function sayDifference({ task, ratings: count, difference }: Rated, data: Data): string {
  const { ratingMargin } = data.settings;
  const begin = `${task}: ${counted(count, "rating")}`;
  if (!difference) return `${begin}, of one kind of story only, so that nothing can be compared.`;
  if (difference.degrees === 0 || difference.standardError === 0) {
    return `${begin}: inconclusive, for ${difference.reason}.`;
  }
  const { estimate, interval, differenceHolm, equivalenceHolm, verdict } = difference;
  const apart = printed(Math.abs(estimate!), "number");
  const which = estimate! >= 0 ? "above" : "below";
  const rated = estimate === 0 ? "as high as machine stories" : `${apart} points ${which} machine stories`;
  const level = Number(((1 - errorsOf(data).alpha) * 100).toPrecision(4));
  const why = whyWithheld(data);
  return `${begin}. Human stories are rated ${rated} (${level} % interval of the difference ${printed(interval.low, "number")} to ${printed(interval.high, "number")}): ${why === undefined ? verdict : `no verdict yet, for ${why}`}, with ${pValue(equivalenceHolm)} for equivalence within ${ratingMargin} points and ${pValue(differenceHolm)} for a difference.`;
}

/** A margin of points means nothing apart from its scale: beyond a quarter of what was used, it is told. */
function sayWideMargin({ task, range: [low, high] }: Rated, { settings: { ratingMargin } }: Data): Finding[] {
  if (high === low || ratingMargin <= (high - low) / 4) return [];
  return [
    sentence(
      "result",
      `${task}: ratings ran from ${low} to ${high}, so the margin of ${ratingMargin} points is ${printed(ratingMargin / (high - low), "percent")} of the scale that was used. What is equivalent within it may be far apart.`,
    ),
  ];
}

const sayOrdinal = ({ ordinal }: Rated): string =>
  "odds" in ordinal
    ? `By a model that takes ratings as steps and not as distances (proportional odds; p by itself, without correction), the odds of a higher rating are ${printed(ordinal.odds, "number")} times as high for human stories (${pValue(ordinal.p)}).`
    : `A model that takes ratings as steps has no fit: ${ordinal.reason}.`;

const method = ({ settings: { ratingMargin, alpha } }: Data): string =>
  `Mean ratings and their difference have intervals clustered by reader and by story, stories within their origin; equivalence within ${ratingMargin} points of the scale was tested by two one-sided tests at alpha ${alpha}, with p-values by Holm over the scales where there are several (intervals are each by itself). The ordinal model is the cumulative logit with proportional odds (McCullagh 1980) with errors clustered both ways. Agreement is Krippendorff’s alpha (2019).`;
