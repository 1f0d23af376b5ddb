import type { Interval } from "../../stats/interval.ts";
import { type Finding, figure, inSection, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { capital, counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Data, type Rating, readersOf } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { missedReadersFindings } from "../missed-readers.ts";
import { type Difference, type Rated, ratedOf, withHolm } from "../rated.ts";
import type { RatingScale } from "../rating-scale.ts";

/** Ratings of human and machine stories (how moving, how well they fit their title): difference and equivalence. */
export const ratings: Analysis = {
  name: "ratings",
  question: "How are human and machine stories rated?",
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
    // Where readers are asked nothing else, the first scale carries the verdict.
    const leads = !data.questionKinds.has("choices") && !data.questionKinds.has("pairs");
    const weightOf = (at: number) => (leads && at === 0 ? "verdict" : "result");
    return {
      findings: [
        ...(leads ? factsOf(data) : []),
        ...tasks.map((rated, at) => sentence(weightOf(at), differenceText(rated, data))),
        ...tasks.flatMap(marginFindings),
        table("result", scalesCaption(tasks, data), scalesTable(tasks)),
        ...inSection("limits", ...missedReadersInRatings(tasks)),
        ...tasks.flatMap((rated, at) => ratedFindings(rated, weightOf(at), data)),
        ...emotionFindings(data.ratings),
        sentence("method", method(data)),
      ],
      numbers: Object.fromEntries(tasks.map(({ task, ...figures }) => [task, figures])),
    };
  },
};

/** The name of a scale in the report: `how-it-felt` as “How it felt”. */
const scaleName = (task: string): string => capital(task.replaceAll("-", " "));

const factsOf = ({ ratings: all, settings }: Data): Finding[] => [
  sentence(
    "fact",
    `Readers: ${printed(readersOf(all).length, "integer")}, with ${counted(all.length, "rating")}`,
  ),
  sentence(
    "fact",
    `Margin: ${typeof settings.ratingMargin === "number" ? `${settings.ratingMargin} points` : `${settings.ratingMargin} of the scale`}`,
  ),
];

/** The strongest emotion that readers named, by who wrote the story. */
function emotionFindings(all: readonly Rating[]): Finding[] {
  const named = all.filter(({ emotion }) => emotion !== undefined);
  if (named.length === 0) return [];
  const of = (origin: Rating["origin"]) => named.filter((one) => one.origin === origin);
  const [human, machine] = [of("human"), of("machine")];
  const share = (own: readonly Rating[], emotion: string) =>
    own.length === 0 ? null : own.filter((one) => one.emotion === emotion).length / own.length;
  const emotions = [...groupedBy(named, ({ emotion }) => emotion!)]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([emotion]) => emotion);
  return [
    table(
      "result",
      `What readers felt most, in ${counted(named.length, "answer")} (${human.length} on human and ${machine.length} on machine stories)`,
      {
        columns: [
          { key: "emotion", label: "Emotion", format: "text" },
          { key: "human", label: "Human stories", format: "percent" },
          { key: "machine", label: "Machine stories", format: "percent" },
        ],
        rows: emotions.map((emotion) => ({
          emotion: emotion === "none" ? "nothing much" : emotion,
          human: share(human, emotion),
          machine: share(machine, emotion),
        })),
      },
    ),
  ];
}

function ratedFindings(rated: Rated, role: "verdict" | "result", data: Data): Finding[] {
  const { settings } = data;
  const { task, groups, agreement } = rated;
  return [
    ...balanceFindings(rated),
    figure(
      role,
      `Mean ratings: ${scaleName(task).toLowerCase()}, with ${Math.round(settings.level * 100)} % intervals clustered by reader and by story; the axis is the whole scale`,
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
    sentence("detail", `${scaleName(task)}. ${ordinalText(rated)}`),
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
  const begin = `${scaleName(task)}: ${counted(count, "rating")}`;
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
  return `${begin}. Human stories are rated ${rated} (${level} % interval of the difference ${intervalText(interval, scale)}): ${why === undefined ? conclusionText(difference) : `no verdict yet, because ${why}`}. ${tooWide ? "Difference" : `Equivalence within ${pointsText(margin)} points: ${pValue(equivalenceHolm)}; difference`}: ${pValue(differenceHolm)}${isCorrected ? " (corrected for the number of scales)" : ""}.`;
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
  return {
    columns: [
      { key: "scale", label: "Scale", format: "text" },
      { key: "ratings", label: "Ratings", format: "integer" },
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
        scale: scaleName(task),
        ratings: count,
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
  return `Ratings of human and machine stories on ${tasks.length === 1 ? "the scale" : `all ${tasks.length} scales`}: their difference with its ${level} % interval, and the verdict${tasks.length > 1 ? "; p-values corrected by Holm over the scales" : ""}`;
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
        `${scaleName(task)}: the margin of ${pointsText(margin)} points is ${printed(margin / (scale.high - scale.low), "percent")} of the scale from ${scale.low} to ${scale.high}, so no equivalence is claimed. ${declare}`,
      ),
    ];
  }
  if (high === low || margin <= (high - low) / 4) return [];
  return [
    sentence(
      "result",
      `${scaleName(task)}: ratings ranged from ${low} to ${high}, so the margin of ${pointsText(margin)} points is ${printed(margin / (high - low), "percent")} of the range used. Means that are equivalent within it may still differ a lot.`,
    ),
  ];
}

const ordinalText = ({ ordinal }: Rated): string =>
  "odds" in ordinal
    ? `In an ordinal model (proportional odds; p not corrected), the odds of a higher rating are ${printed(ordinal.odds, "number")} times as high for human stories (${pValue(ordinal.p)}).`
    : `The ordinal model could not be fitted: ${ordinal.reason}.`;

const method = ({ settings: { ratingMargin, alpha } }: Data): string =>
  `Mean ratings and their difference have intervals clustered by reader, by story (nested in origin) and by the title that human and machine stories share. Intervals of means stay within the scale: Student’s t on the logit of the position between its ends (Lesaffre, Rizopoulos and Tsonaka 2007). The ends are those of the task, or the lowest and highest rating given if the task is unknown. Intervals of differences are cut at the length of the scale. Equivalence within ${typeof ratingMargin === "number" ? `${ratingMargin} points` : ratingMargin} of the scale was tested by two one-sided tests (TOST) at alpha ${alpha}. With several scales, p-values are corrected by Holm; intervals are not. No standard error is below that of independent ratings with one rating added at each end of the scale. If more than 95 % of ratings are the same, there is no verdict. The ordinal model is the cumulative logit with proportional odds (McCullagh 1980) with the same clusters, jackknife and degrees of freedom. Agreement is Krippendorff’s alpha (2019).`;
