import type { Interval } from "../../stats/interval.ts";
import { type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { missedReadersFindings } from "../missed-readers.ts";
import { type Difference, type Rated, ratedOf, withHolm } from "../rated.ts";
import type { RatingScale } from "../rating-scale.ts";

/** Ratings of human and machine stories (how moving, how well they fit their title): difference and equivalence. */
export const ratings: Analysis = {
  name: "ratings",
  asks: "How are human and machine stories rated?",
  needs: ["ratings"],
  section: "what moved readers",
  run(data) {
    if (data.ratings.length === 0) {
      return { findings: [sentence("result", "Nobody has rated a story yet.")], numbers: { ratings: 0 } };
    }
    const tasks = withHolm(
      [...groupedBy(data.ratings, ({ task }) => task)].map(([task, own]) => ratedOf(task, own, data)),
      data,
    );
    return {
      findings: [
        ...tasks.map((rated) => sentence("result", differenceText(rated, data))),
        ...tasks.flatMap(marginFindings),
        table("result", scalesCaption(tasks, data), scalesTable(tasks)),
        ...missedReadersInRatings(tasks),
        ...tasks.flatMap((rated) => ratedFindings(rated, data)),
        sentence("method", method(data)),
      ],
      numbers: Object.fromEntries(tasks.map(({ task, ...figures }) => [task, figures])),
    };
  },
};

function ratedFindings(rated: Rated, data: Data): Finding[] {
  const { settings } = data;
  const { task, groups, agreement } = rated;
  return [
    ...balanceFindings(rated),
    figure(
      "result",
      `Mean ratings, ${task}, with ${Math.round(settings.level * 100)} % intervals clustered by reader and by story; the axis is the whole scale`,
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
          // Ratings that are all the same, or from one reader or of one story, give no interval.
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
        marks: [
          { axis: "x", at: rated.scale.low, label: rated.scale.declared ? "lowest" : "lowest given" },
          { axis: "x", at: rated.scale.high, label: rated.scale.declared ? "highest" : "highest given" },
        ],
      },
    ),
    sentence("detail", ordinalText(rated)),
    sentence(
      "detail",
      agreement.ordinal === undefined
        ? "Agreement cannot be computed: no story was rated by two readers, or all ratings are the same."
        : `Agreement of readers: Krippendorff’s alpha is ${printed(agreement.ordinal, "number")} (ordinal)${agreement.interval === undefined ? "" : ` and ${printed(agreement.interval, "number")} (interval)`}; 1 is full agreement, 0 is chance.`,
    ),
  ];
}

function differenceText(
  { task, ratings: count, difference, scale, margin, tooWide }: Rated,
  data: Data,
): string {
  const begin = `${task}: ${counted(count, "rating")}`;
  if (!difference) return `${begin} of one kind of story only, so there is nothing to compare.`;
  if (difference.degrees === 0) {
    return `${begin}. Inconclusive, because ${difference.reason}.`;
  }
  const { estimate, interval, differenceHolm, equivalenceHolm } = difference;
  const isCorrected =
    differenceHolm !== difference.differenceP || equivalenceHolm !== difference.equivalenceP;
  const apart = printed(Math.abs(estimate!), "number");
  const which = estimate! >= 0 ? "above" : "below";
  const rated = estimate === 0 ? "as high as machine stories" : `${apart} points ${which} machine stories`;
  const level = Number(((1 - alphaLevelsOf(data).alpha) * 100).toPrecision(4));
  const why = whyWithheld(data);
  return `${begin}. Human stories are rated ${rated} (${level} % interval of the difference ${intervalText(interval, scale)}): ${why === undefined ? conclusionText(difference) : `no verdict yet, because ${why}`}, with ${tooWide ? "" : `${pValue(equivalenceHolm)} for equivalence within ${pointsText(margin)} points and `}${pValue(differenceHolm)} for a difference${isCorrected ? " (corrected for the number of scales)" : ""}.`;
}

/** A difference cannot exceed the length of the scale. */
function intervalText({ low, high }: Interval, scale: RatingScale): string {
  const most = scale.high - scale.low;
  return `${printed(Math.max(-most, low), "number")} to ${printed(Math.min(most, high), "number")}`;
}

/**
 * The difference without readers who rated a different mix of the two kinds than most, for example because they left
 * half-way.
 */
function balanceFindings({ balance: { readers, uneven, even } }: Rated): Finding[] {
  if (uneven === 0) return [];
  const who = `${uneven} of ${counted(readers, "reader")} rated a different mix of human and machine stories than the others, for example because they left half-way. Whether such readers rate high or low affects one kind of story more.`;
  if (even?.estimate === undefined || even.degrees === 0) {
    return [sentence("detail", `${who} The other readers are too few for a separate comparison.`)];
  }
  const side = even.estimate >= 0 ? "above" : "below";
  return [
    sentence(
      "detail",
      `${who} Without them human stories are ${printed(Math.abs(even.estimate), "number")} points ${side} machine stories (${printed(even.interval.low, "number")} to ${printed(even.interval.high, "number")}). The verdict uses all ratings.`,
    ),
  ];
}

const conclusionText = ({ verdict, withinMargin }: Difference): string =>
  verdict === "different" && withinMargin ? "different, but within the margin" : verdict;

const pointsText = (points: number): string => String(Number(points.toPrecision(3)));

/** All scales in one table: means, their difference, both tests and the verdict. */
function scalesTable(tasks: readonly Rated[]): Table {
  const meanOf = ({ groups }: Rated, of: string) => groups.find((group) => group.of === of)?.estimate ?? null;
  return {
    columns: [
      { key: "scale", label: "Scale", format: "text" },
      { key: "ratings", label: "Ratings", format: "integer" },
      { key: "human", label: "Human", format: "number" },
      { key: "machine", label: "Machine", format: "number" },
      { key: "difference", label: "Difference", format: "number" },
      { key: "low", label: "Interval", format: "number" },
      { key: "high", label: "to", format: "number" },
      { key: "margin", label: "Margin", format: "number" },
      { key: "equivalence_p", label: "p, equivalence", format: "p" },
      { key: "difference_p", label: "p, difference", format: "p" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: tasks.map((rated) => {
      const { task, ratings: count, difference, margin, scale, tooWide } = rated;
      const known = difference !== undefined && difference.degrees > 0;
      const most = scale.high - scale.low;
      return {
        scale: task,
        ratings: count,
        human: meanOf(rated, "Human stories"),
        machine: meanOf(rated, "Machine stories"),
        difference: difference?.estimate ?? null,
        low: known ? Math.max(-most, difference.interval.low) : null,
        high: known ? Math.min(most, difference.interval.high) : null,
        margin,
        equivalence_p: known && !tooWide ? difference.equivalenceHolm : null,
        difference_p: known ? difference.differenceHolm : null,
        verdict: difference ? conclusionText(difference) : "nothing to compare",
      };
    }),
  };
}

function scalesCaption(tasks: readonly Rated[], data: Data): string {
  const level = Number(((1 - alphaLevelsOf(data).alpha) * 100).toPrecision(4));
  return `Human and machine stories on ${tasks.length === 1 ? "the scale" : `all ${tasks.length} scales`}: means, their difference with its ${level} % interval, and the verdict${tasks.length > 1 ? "; p-values corrected by Holm over the scales" : ""}`;
}

/** A note for the claim with the fewest readers. */
function missedReadersInRatings(tasks: readonly Rated[]): Finding[] {
  const claims = tasks.flatMap(({ difference }) =>
    difference && difference.verdict !== "inconclusive" ? difference.readers : [],
  );
  return claims.length === 0 ? [] : missedReadersFindings(Math.min(...claims));
}

/** A note where the margin is wide for the scale, or for the ratings given. */
function marginFindings({ task, range: [low, high], scale, margin, tooWide }: Rated): Finding[] {
  const declare =
    "Declare one that fits: `analyse.ratingMargin` in study.yaml, or `--rating-margin 10%` for a table.";
  if (tooWide) {
    return [
      sentence(
        "warning",
        `${task}: the margin of ${pointsText(margin)} points is ${printed(margin / (scale.high - scale.low), "percent")} of the scale from ${scale.low} to ${scale.high}, so no equivalence is claimed. ${declare}`,
      ),
    ];
  }
  if (high === low || margin <= (high - low) / 4) return [];
  return [
    sentence(
      "result",
      `${task}: ratings ranged from ${low} to ${high}, so the margin of ${pointsText(margin)} points is ${printed(margin / (high - low), "percent")} of the range used. Means that are equivalent within it may still differ a lot.`,
    ),
  ];
}

const ordinalText = ({ ordinal }: Rated): string =>
  "odds" in ordinal
    ? `In an ordinal model (proportional odds; p not corrected), the odds of a higher rating are ${printed(ordinal.odds, "number")} times as high for human stories (${pValue(ordinal.p)}).`
    : `The ordinal model could not be fitted: ${ordinal.reason}.`;

const method = ({ settings: { ratingMargin, alpha } }: Data): string =>
  `Mean ratings and their difference have intervals clustered by reader, by story (nested in origin) and by the title that human and machine stories share. Intervals of means stay within the scale: Student’s t on the logit of the position between its ends (Lesaffre, Rizopoulos and Tsonaka 2007). The ends are those of the task, or the lowest and highest rating given if the task is unknown. Intervals of differences are cut at the length of the scale. Equivalence within ${typeof ratingMargin === "number" ? `${ratingMargin} points` : ratingMargin} of the scale was tested by two one-sided tests (TOST) at alpha ${alpha}. With several scales, p-values are corrected by Holm; intervals are not. No standard error is below that of independent ratings with one rating added at each end of the scale. If more than 95 % of ratings are the same, there is no verdict. The ordinal model is the cumulative logit with proportional odds (McCullagh 1980) with the same clusters, jackknife and degrees of freedom. Agreement is Krippendorff’s alpha (2019).`;
