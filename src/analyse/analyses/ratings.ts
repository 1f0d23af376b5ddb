import type { Interval } from "../../stats/interval.ts";
import { type Finding, figure, sentence } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { errorsOf, whyWithheld } from "../look.ts";
import { corrected, type Rated, ratedOf } from "../rated.ts";
import type { RatingScale } from "../rating-scale.ts";

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

function ratedFindings(rated: Rated, data: Data): Finding[] {
  const { settings } = data;
  const { task, groups, agreement } = rated;
  return [
    sentence("result", sayDifference(rated, data)),
    ...sayWideMargin(rated, data),
    ...sayBalance(rated),
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
        marks: [
          { axis: "x", at: rated.scale.low, label: rated.scale.declared ? "lowest" : "lowest given" },
          { axis: "x", at: rated.scale.high, label: rated.scale.declared ? "highest" : "highest given" },
        ],
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

function sayDifference({ task, ratings: count, difference, scale }: Rated, data: Data): string {
  const { ratingMargin } = data.settings;
  const begin = `${task}: ${counted(count, "rating")}`;
  if (!difference) return `${begin}, of one kind of story only, so that nothing can be compared.`;
  if (difference.degrees === 0 || difference.standardError === 0) {
    return `${begin}: inconclusive, for ${difference.reason}.`;
  }
  const { estimate, interval, differenceHolm, equivalenceHolm, verdict } = difference;
  const isCorrected =
    differenceHolm !== difference.differenceP || equivalenceHolm !== difference.equivalenceP;
  const apart = printed(Math.abs(estimate!), "number");
  const which = estimate! >= 0 ? "above" : "below";
  const rated = estimate === 0 ? "as high as machine stories" : `${apart} points ${which} machine stories`;
  const level = Number(((1 - errorsOf(data).alpha) * 100).toPrecision(4));
  const why = whyWithheld(data);
  return `${begin}. Human stories are rated ${rated} (${level} % interval of the difference ${intervalText(interval, scale)}): ${why === undefined ? verdict : `no verdict yet, for ${why}`}, with ${pValue(equivalenceHolm)} for equivalence within ${ratingMargin} points and ${pValue(differenceHolm)} for a difference${isCorrected ? " (corrected for the number of scales)" : ""}.`;
}

/** No difference reaches beyond the length of the scale. */
function intervalText({ low, high }: Interval, scale: RatingScale): string {
  const most = scale.high - scale.low;
  return `${printed(Math.max(-most, low), "number")} to ${printed(Math.min(most, high), "number")}`;
}

/**
 * Where readers rated unlike mixes of the two kinds, as where a form was left half-way or asks about another mix, the
 * difference once more without them.
 */
function sayBalance({ balance: { readers, uneven, even } }: Rated): Finding[] {
  if (uneven === 0) return [];
  const who = `${uneven} of ${counted(readers, "reader")} rated another mix of human and machine stories than the others, as where a form was left half-way or asks about another mix, so that whether they rate high or low falls on one kind.`;
  if (even?.estimate === undefined || even.degrees === 0) {
    return [sentence("detail", `${who} The others are too few to be compared by themselves.`)];
  }
  const side = even.estimate >= 0 ? "above" : "below";
  return [
    sentence(
      "detail",
      `${who} Without them human stories lie ${printed(Math.abs(even.estimate), "number")} points ${side} machine stories (${printed(even.interval.low, "number")} to ${printed(even.interval.high, "number")}); the verdict stands on all ratings.`,
    ),
  ];
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
  `Mean ratings and their difference have intervals clustered by reader and by story, stories within their origin. Those of means lie within the scale: Student’s t on the logit of the place between its ends (Lesaffre, Rizopoulos and Tsonaka 2007), which are the task’s own, or the least and the greatest rating given where the task is not one of ours. Those of differences are cut where the scale allows no more. Equivalence within ${ratingMargin} points of the scale was tested by two one-sided tests at alpha ${alpha}, with p-values by Holm over the scales where there are several (intervals are each by itself). The ordinal model is the cumulative logit with proportional odds (McCullagh 1980) with errors clustered both ways. Agreement is Krippendorff’s alpha (2019).`;
