import { clusteredShare } from "../../stats/clustered-share.ts";
import type { Interval } from "../../stats/interval.ts";
import { clopperPearson, wilson } from "../../stats/intervals.ts";
import { type Figure, type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { counted, percent, printed } from "../../study/print.ts";
import { methodOf } from "../../study/settings/analyse.ts";
import { marginMarks } from "../accuracy-figure.ts";
import type { Analysis } from "../analysis.ts";
import { type Choice, type Data, type Origin, readersOf } from "../data.ts";
import { clustersOf } from "../judged.ts";
import { modelNoun } from "../model-noun.ts";
import { leftOutFindings, noJudgmentsFinding } from "../ready.ts";
import { formScores, scoresFigure } from "../scores.ts";

/** Accuracy with intervals: by form (with scores), overall, by origin and by model. */
export const accuracy: Analysis = {
  name: "accuracy",
  question: "How often are readers right?",
  needs: ["choices"],
  section: "result",
  run(data) {
    if (data.choices.length === 0) return { findings: [noJudgmentsFinding(data)], numbers: { judgments: 0 } };
    const shares = sharesOf(data);
    const scores = formScores(data);
    const findings: Finding[] = [
      sentence("detail", sharesText(shares, data)),
      ...leftOutFindings(data),
      ...scores.sentences,
      ...(scores.table ? [table("detail", "Responses and scores by form", scores.table)] : []),
      ...scoresFigure(scores),
      ...modelFigure(shares, data),
      table("detail", intervalsCaption(data), sharesTable(shares)),
      sentence("method", intervalsMethod),
    ];
    return { findings, numbers: { judgments: data.choices.length, shares, forms: scores.forms } };
  },
};

/** Accuracy on one kind of story, with its intervals. */
export interface Share {
  readonly of: string;
  readonly kind: "overall" | "origin" | "model";
  readonly right: number;
  readonly judgments: number;
  readonly share: number;
  /** The share with equal weight for each reader, where the settings ask for it. */
  readonly weighted: number;
  readonly readers: number;
  readonly stories: number;
  readonly wilson: Interval;
  readonly clopperPearson: Interval;
  /** Clustered by reader and by story, as in the verdict; undefined with one reader or one story. */
  readonly clustered: Interval | undefined;
  readonly standardError: number | undefined;
}

/** Overall, human, machine, and every model where there are several. */
export function sharesOf(data: Pick<Data, "choices" | "settings">): Share[] {
  const { choices } = data;
  const of = (name: string, kind: Share["kind"], own: readonly Choice[]) =>
    own.length > 0 ? [shareOf(name, kind, own, data)] : [];
  const models = [...new Set(choices.map(({ model }) => model))].filter(Boolean).sort();
  const byOrigin = (origin: Origin) => choices.filter((choice) => choice.origin === origin);
  return [
    ...of("All stories", "overall", choices),
    ...of("Human stories", "origin", byOrigin("human")),
    ...of("Machine stories", "origin", byOrigin("machine")),
    ...(models.length > 1 ? models : []).flatMap((model) =>
      of(
        model,
        "model",
        choices.filter((choice) => choice.model === model),
      ),
    ),
  ];
}

function shareOf(
  of: string,
  kind: Share["kind"],
  own: readonly Choice[],
  data: Pick<Data, "settings">,
): Share {
  const { level } = data.settings;
  const right = own.filter((choice) => choice.right).length;
  const readers = own.map(({ participant }) => participant);
  const stories = own.map(({ stimulus }) => stimulus);
  const correct = own.map((choice) => choice.right);
  const groups = own.map(({ origin }) => origin);
  const clusters = clustersOf(own, data);
  const { weighting } = methodOf(data.settings);
  const clustered = clusteredShare({ correct, readers, stories, groups, clusters }, level, weighting);
  const known = clustered.degrees > 0;
  return {
    of,
    kind,
    right,
    judgments: own.length,
    share: right / own.length,
    weighted: clustered.estimate,
    readers: new Set(readers).size,
    stories: new Set(stories).size,
    wilson: wilson(right, own.length, level),
    clopperPearson: clopperPearson(right, own.length, level),
    clustered: known ? clustered.interval : undefined,
    standardError: known ? clustered.standardError : undefined,
  };
}

function sharesText(shares: readonly Share[], { choices }: Data): string {
  const [all, ...parts] = shares.filter(({ kind }) => kind !== "model");
  const readers = counted(readersOf(choices).length, "reader");
  const each = parts.map(
    ({ of, right, judgments, share }) =>
      `${inAll(right, judgments)} on ${of.toLowerCase()} (${percent(share)})`,
  );
  return `${readers} gave ${counted(all!.judgments, "judgment")}: ${inAll(all!.right, all!.judgments)} ${all!.right === 1 ? "was" : "were"} right (${percent(all!.share)}), with ${each.join(" and ")}.`;
}

const inAll = (right: number, judgments: number): string =>
  `${printed(right, "integer")} of ${printed(judgments, "integer")}`;

function sharesTable(shares: readonly Share[]): Table {
  return {
    columns: [
      { key: "of", label: "Judgments of", format: "text" },
      { key: "right", label: "Right", format: "integer" },
      { key: "judgments", label: "of", format: "integer" },
      { key: "share", label: "Accuracy", format: "percent" },
      { key: "clustered_low", label: "Clustered", format: "percent" },
      { key: "clustered_high", label: "to", format: "percent" },
      { key: "wilson_low", label: "Wilson", format: "percent" },
      { key: "wilson_high", label: "to", format: "percent" },
      { key: "exact_low", label: "Clopper-Pearson", format: "percent" },
      { key: "exact_high", label: "to", format: "percent" },
    ],
    rows: shares.map(({ of, right, judgments, share, ...intervals }) => ({
      of,
      right,
      judgments,
      share,
      clustered_low: intervals.clustered?.low ?? null,
      clustered_high: intervals.clustered?.high ?? null,
      wilson_low: intervals.wilson.low,
      wilson_high: intervals.wilson.high,
      exact_low: intervals.clopperPearson.low,
      exact_high: intervals.clopperPearson.high,
    })),
  };
}

const intervalsCaption = ({ settings: { level } }: Data): string =>
  `Accuracy with ${Math.round(level * 100)} % intervals. Use the clustered interval: readers and stories repeat. It is missing with only one reader or one story. Wilson and Clopper–Pearson intervals treat judgments as independent and are too narrow here. If human and machine stories were judged equally often, the first row is balanced accuracy, as in the verdict; otherwise it is the share of all judgments`;

const intervalsMethod =
  "Clustered intervals of accuracy are those of the verdict: clustering by reader, by story and by the declared clusters, with Student’s t and the verdict’s degrees of freedom, never narrower than for independent judgments. They are omitted with only one reader or one story. Wilson (1927) and Clopper–Pearson (1934) intervals are shown for comparison; both assume independent judgments.";

/** With several models, the accuracy on each, against chance and the margin. */
function modelFigure(shares: readonly Share[], data: Data): Finding[] {
  const { settings } = data;
  const models = shares.filter(({ kind }) => kind === "model");
  if (models.length === 0) return [];
  return [
    figure(
      "detail",
      `How often the stories of each ${modelNoun(data)} were recognised, with clustered ${Math.round(settings.level * 100)} % intervals, not corrected for the number of ${modelNoun(data)}s. A bias towards “human” or “machine” shifts all of them; the verdict compares each ${modelNoun(data)} with the human stories`,
      sharesFigure(models, settings.margin),
    ),
  ];
}

/** Accuracies with their clustered intervals; none with only one reader or one story. */
export function sharesFigure(shares: readonly Share[], margin: number): Figure {
  return {
    draw: "intervals",
    table: {
      columns: [
        { key: "of", label: "Judgments of", format: "text" },
        { key: "share", label: "Accuracy", format: "percent" },
        { key: "low", label: "Interval", format: "percent" },
        { key: "high", label: "to", format: "percent" },
        { key: "counts", label: "Right", format: "text" },
      ],
      rows: shares.map(({ of, share, right, judgments, clustered }) => ({
        of,
        share,
        low: clustered?.low ?? null,
        high: clustered?.high ?? null,
        counts: inAll(right, judgments),
      })),
    },
    encode: { x: "share", low: "low", high: "high", y: "of", note: "counts" },
    labels: { x: "Share of right answers" },
    marks: marginMarks(margin),
  };
}
