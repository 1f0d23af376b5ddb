import { type ClusteredEstimate, clusteredContrast, clusteredMean } from "../../stats/clustered.ts";
import { krippendorffAlpha } from "../../stats/krippendorff.ts";
import { fitOrdinal } from "../../stats/ordinal.ts";
import { studentCdf, studentTwoSided } from "../../stats/student-t.ts";
import { type Finding, figure, sentence } from "../../study/finding.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, Rating } from "../data.ts";
import { groupedBy } from "../groups.ts";
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
    const tasks = [...groupedBy(data.ratings, ({ task }) => task)].map(([task, own]) =>
      ratedOf(task, own, data),
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
  readonly agreement: { readonly ordinal: number | undefined; readonly interval: number | undefined };
}

/** Mean rating of human stories less that of machine stories. */
interface Difference extends ClusteredEstimate {
  readonly differenceP: number;
  readonly equivalenceP: number;
  readonly verdict: "equivalent" | "different" | "inconclusive";
}

function ratedOf(task: string, own: readonly Rating[], { settings }: Data): Rated {
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
    difference: differenceOf(own, settings),
    ordinal: ordinal.fitted
      ? { odds: Math.exp(ordinal.coefficients[0]!), p: ordinal.pValues[0]! }
      : { reason: ordinal.reason },
    agreement: {
      ordinal: table && krippendorffAlpha(table, "ordinal"),
      interval: table && krippendorffAlpha(table, "interval"),
    },
  };
}

function differenceOf(
  own: readonly Rating[],
  { level, alpha, ratingMargin }: Data["settings"],
): Difference | undefined {
  const origins = new Set(own.map(({ origin }) => origin));
  if (origins.size < 2) return undefined;
  const estimate = clusteredContrast(
    own.map(({ rating }) => rating),
    {
      clusters: [own.map(({ participant }) => participant), own.map(({ stimulus }) => stimulus)],
      groups: own.map(({ origin }) => origin),
      weights: new Map([
        ["human", 1],
        ["machine", -1],
      ]),
      level,
    },
  );
  const { standardError, degrees, estimate: value } = estimate;
  const known = degrees > 0 && standardError > 0;
  const differenceP = known ? studentTwoSided(value / standardError, degrees) : 1;
  const equivalenceP = known
    ? studentCdf(Math.max(-ratingMargin - value, value - ratingMargin) / standardError, degrees)
    : 1;
  const verdict = equivalenceP <= alpha ? "equivalent" : differenceP <= alpha ? "different" : "inconclusive";
  return { ...estimate, differenceP, equivalenceP, verdict };
}

function ratedFindings(rated: Rated, { settings }: Data): Finding[] {
  const { task, groups, agreement } = rated;
  return [
    sentence("result", sayDifference(rated, settings)),
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
          rows: groups.map(({ of, group, estimate, interval, observations }) => ({
            of,
            group,
            estimate,
            low: Number.isFinite(interval.low) ? interval.low : null,
            high: Number.isFinite(interval.high) ? interval.high : null,
            counts: observations,
          })),
        },
        encode: { x: "estimate", low: "low", high: "high", y: "of", group: "group" },
        labels: { x: "Mean rating" },
      },
    ),
    sentence("detail", sayOrdinal(rated)),
    sentence(
      "detail",
      agreement.ordinal === undefined
        ? "Agreement cannot be told: no two people rated one story differently or alike."
        : `Agreement of readers: Krippendorff’s alpha is ${printed(agreement.ordinal, "number")} (ordinal) and ${printed(agreement.interval ?? 0, "number")} (interval); 1 is full agreement, 0 what chance gives.`,
    ),
  ];
}

function sayDifference(
  { task, ratings: count, difference }: Rated,
  { ratingMargin, level }: Data["settings"],
): string {
  const begin = `${task}: ${counted(count, "rating")}`;
  if (!difference) return `${begin}, of one kind of story only, so that nothing can be compared.`;
  if (!Number.isFinite(difference.standardError)) {
    return `${begin}; one reader, or one story of a kind, cannot stand for many: inconclusive.`;
  }
  const { estimate, interval, differenceP, equivalenceP, verdict } = difference;
  const points = printed(Math.abs(estimate), "number");
  const which = estimate >= 0 ? "above" : "below";
  return `${begin}. Human stories are rated ${points} points ${which} machine stories (${Math.round(level * 100)} % interval of the difference ${printed(interval.low, "number")} to ${printed(interval.high, "number")}): ${verdict}, with ${pValue(equivalenceP)} for equivalence within ${ratingMargin} points and ${pValue(differenceP)} for a difference.`;
}

const sayOrdinal = ({ ordinal }: Rated): string =>
  "odds" in ordinal
    ? `By a model that takes ratings as steps and not as distances (proportional odds), the odds of a higher rating are ${printed(ordinal.odds, "number")} times as high for human stories (${pValue(ordinal.p)}).`
    : `A model that takes ratings as steps has no fit: ${ordinal.reason}.`;

const method = ({ settings: { ratingMargin, alpha } }: Data): string =>
  `Mean ratings and their difference have intervals clustered by reader and by story, stories within their origin; equivalence within ${ratingMargin} points of the scale was tested by two one-sided tests at alpha ${alpha}. The ordinal model is the cumulative logit with proportional odds (McCullagh 1980) with errors clustered both ways. Agreement is Krippendorff’s alpha (2019).`;
