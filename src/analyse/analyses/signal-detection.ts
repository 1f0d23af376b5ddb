import { binormalFit, clusteredArea, type RatedJudgments, rocPoints } from "../../stats/roc.ts";
import type { Estimate } from "../../stats/signal-detection.ts";
import { type Finding, figure, inSection, sentence, type Table, table } from "../../study/finding.ts";
import { counted, printed } from "../../study/print.ts";
import { levelText } from "../accuracy-text.ts";
import type { Analysis } from "../analysis.ts";
import type { Choice, Data } from "../data.ts";
import { asJudgments } from "../judged.ts";
import { type MeanReader, meanReader } from "../mean-reader.ts";
import { type Detection, detectionOf, detectionRows } from "../skill-and-bias.ts";

/** d' and c of the mean reader with their spread between readers, the pooled ones, and the ROC curve from confidence. */
export const signalDetection: Analysis = {
  name: "signal-detection",
  question: "How much of the readers’ answers is skill, and how much bias?",
  needs: ["choices"],
  run(data) {
    const { choices, settings } = data;
    if (choices.length === 0) {
      return { findings: [sentence("result", "No figures yet: nobody has judged a story.")], numbers: {} };
    }
    const mean = meanReader(choices, settings);
    const pooled = detectionOf(data);
    const roc = rocOf(data);
    const findings: Finding[] = [
      ...meanFindings(mean, pooled),
      table("detail", "Skill and bias", skillTable(mean, pooled, roc, data)),
      ...rocFindings(roc),
      sentence("method", method(mean, roc, data)),
    ];
    return { findings, numbers: { meanReader: numbersOf(mean), pooled, roc: roc ?? null } };
  },
};

function meanFindings(
  mean: MeanReader | { readonly fitted: false; readonly reason: string },
  pooled: Detection,
): Finding[] {
  if (!mean.fitted) {
    return inSection("result", sentence("result", `There is no d′ of the mean reader: ${mean.reason}.`));
  }
  const { sensitivity, criterion, mixed } = mean;
  const between = (figures: { low: number | undefined; high: number | undefined }) =>
    figures.low === undefined
      ? ""
      : ` (${printed(figures.low, "number")} to ${printed(figures.high, "number")})`;
  const most = 1.96 * sensitivity.spread;
  const range =
    sensitivity.spread < 0.005
      ? "No difference in skill between readers is estimated, which does not show that there is none."
      : `Readers differ in d′ by a standard deviation of ${printed(sensitivity.spread, "number")}: by the model 95 % of readers have a d′ between ${printed(sensitivity.value - most, "number")} and ${printed(sensitivity.value + most, "number")}.`;
  const lower =
    pooled.sensitivity && Math.abs(pooled.sensitivity.value) < Math.abs(sensitivity.value) - 0.05
      ? [
          sentence(
            "detail",
            `The pooled d′ is ${printed(pooled.sensitivity.value, "number")}, because readers differ in bias; the mean reader’s is the one to report.`,
          ),
        ]
      : [];
  const figures = [
    sentence(
      "result",
      `The mean reader’s d′ is ${printed(sensitivity.value, "number")}${between(sensitivity)}. This is skill without bias, the distance between human and machine stories in a reader’s eyes: 0 means no skill, 1 that an unbiased reader is right in 69 %. ${range}`,
    ),
    sentence(
      "result",
      `The mean reader’s c is ${printed(criterion.value, "number")}${between(criterion)}. This is bias: below 0 towards “human”, above 0 towards “machine”. Readers differ in c by a standard deviation of ${printed(criterion.spread, "number")}.`,
    ),
  ];
  return [
    ...inSection("result", ...figures),
    ...lower,
    ...(mixed.fit.converged
      ? []
      : [
          sentence(
            "warning",
            "The mixed probit model did not converge: do not rely on the mean reader’s d′.",
          ),
        ]),
  ];
}

/** The ROC curve from confidence; undefined if confidence was not asked for, or adds nothing to the answers. */
interface Roc {
  readonly mean: AreaFigure | undefined;
  readonly pooled: AreaFigure;
  /** The unequal-variance model, or why there is none. */
  readonly binormal:
    | {
        readonly fitted: true;
        readonly slope: Figures;
        readonly distance: Figures;
        readonly logLikelihood: number;
      }
    | { readonly fitted: false; readonly reason: string };
  readonly curve: readonly { readonly falseAlarms: number; readonly hits: number }[];
}

interface Figures {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

interface AreaFigure extends Figures {
  readonly standardError: number | null;
  readonly judgments: number;
  readonly readers: number;
}

function rocOf(data: Data): Roc | undefined {
  const rated = data.choices.filter(({ confidence }) => confidence !== undefined);
  const ratings = rated.map(signedConfidence);
  if (new Set(ratings).size < 3) return undefined;
  const judgments: RatedJudgments = { ...asJudgments(rated, data), ratings };
  const { level } = data.settings;
  const area = (pooled: boolean): AreaFigure | undefined => {
    const found = clusteredArea(judgments, { pooled, level });
    if (!found) return undefined;
    const { degrees, standardError, readers, judgments: count } = found;
    return {
      ...figuresOf(found, degrees > 0),
      standardError: degrees > 0 ? standardError : null,
      readers,
      judgments: count,
    };
  };
  const pooled = area(true);
  if (!pooled) return undefined;
  const fit = binormalFit(judgments, level);
  return {
    mean: area(false),
    pooled,
    binormal: fit.fitted
      ? {
          fitted: true,
          slope: figuresOf(fit.slope),
          distance: figuresOf(fit.distance),
          logLikelihood: fit.logLikelihood,
        }
      : fit,
    curve: rocPoints(ratings, judgments.origins),
  };
}

/** How human a story seemed: the confidence, negative if the answer was "machine". */
const signedConfidence = ({ answer, confidence }: Choice): number =>
  (answer === "human" ? 1 : -1) * confidence!;

const figuresOf = ({ value, interval }: Estimate, known = Number.isFinite(interval.low)): Figures => ({
  value,
  low: known ? interval.low : null,
  high: known ? interval.high : null,
});

function skillTable(
  mean: ReturnType<typeof meanReader>,
  pooled: Detection,
  roc: Roc | undefined,
  { settings }: Data,
): Table {
  const row = (
    measure: string,
    figures:
      | {
          readonly value: number;
          readonly low?: number | null | undefined;
          readonly high?: number | null | undefined;
        }
      | undefined,
    meaning: string,
    spread?: number,
  ) => ({
    measure,
    value: figures?.value ?? null,
    low: figures?.low ?? null,
    high: figures?.high ?? null,
    spread: spread ?? null,
    meaning,
  });
  const binormal = roc?.binormal.fitted ? roc.binormal : undefined;
  return {
    columns: [
      { key: "measure", label: "Measure", format: "text" },
      { key: "value", label: "Value", format: "number" },
      { key: "low", label: `${levelText(settings.level)} interval`, format: "number" },
      { key: "high", label: "to", format: "number" },
      { key: "spread", label: "SD between readers", format: "number" },
      { key: "meaning", label: "Meaning", format: "text" },
    ],
    rows: [
      ...(mean.fitted
        ? [
            row(
              "d′, mean reader",
              mean.sensitivity,
              "skill, independent of bias; 0 means none",
              mean.sensitivity.spread,
            ),
            row(
              "c, mean reader",
              mean.criterion,
              "bias; below 0 towards “human”, above 0 towards “machine”",
              mean.criterion.spread,
            ),
          ]
        : []),
      ...(roc?.mean
        ? [
            row(
              "AUC, mean reader",
              roc.mean,
              "how often a reader is surer that a human story is human than that a machine story is; 0.5 means no skill",
            ),
          ]
        : []),
      ...detectionRows(pooled).map(({ measure, figures, meaning }) => row(measure, figures, meaning)),
      ...(roc ? [row("AUC, pooled", roc.pooled, "the same over all answers of all readers")] : []),
      ...(binormal
        ? [
            row(
              "d_a, pooled",
              binormal.distance,
              "skill if human and machine stories may vary differently; 0 means none",
            ),
            row(
              "s, pooled",
              binormal.slope,
              "how much machine stories vary, divided by how much human stories vary; 1 means the same",
            ),
          ]
        : []),
    ],
  };
}

function rocFindings(roc: Roc | undefined): Finding[] {
  if (!roc) return [];
  const { mean, pooled, binormal } = roc;
  const interval = ({ low, high }: Figures) =>
    low === null ? "" : ` (${printed(low, "number")} to ${printed(high, "number")})`;
  const area = mean ?? pooled;
  return [
    sentence(
      "result",
      `With readers’ confidence, the area under the ROC curve (AUC) is ${printed(area.value, "number")}${interval(area)} ${mean ? "for the mean reader" : "over all answers"}: how often a reader is surer of “human” for a human story than for a machine story. Guessing gives 0.5.`,
    ),
    ...(binormal.fitted
      ? []
      : [sentence("detail", `There is no unequal-variance model of confidence: ${binormal.reason}.`)]),
    figure(
      "result",
      "ROC curve of all answers by confidence (pooled): each point counts as “human” all answers that are at least this sure of it",
      {
        draw: "curve",
        table: {
          columns: [
            { key: "false_alarms", label: "Machine stories called human", format: "percent" },
            { key: "hits", label: "Human stories called human", format: "percent" },
            { key: "line", label: "Line", format: "text" },
          ],
          rows: [
            ...roc.curve.map(({ falseAlarms, hits }) => ({
              false_alarms: falseAlarms,
              hits,
              line: "readers",
            })),
            ...[0, 1].map((at) => ({ false_alarms: at, hits: at, line: "guessing" })),
          ],
        },
        encode: { x: "false_alarms", y: "hits", group: "line" },
        labels: { x: "Machine stories called human", y: "Human stories called human" },
      },
    ),
  ];
}

/** The figures without the effects of all readers and stories. */
function numbersOf(mean: ReturnType<typeof meanReader>) {
  if (!mean.fitted) return mean;
  const { sensitivity, criterion, mixed } = mean;
  const { deviations, logLikelihood, converged, singular } = mixed.fit;
  return {
    fitted: true,
    formula: mixed.formula,
    sensitivity,
    criterion,
    deviations,
    logLikelihood,
    converged,
    singular,
  };
}

const method = (mean: ReturnType<typeof meanReader>, roc: Roc | undefined, { settings }: Data): string =>
  [
    mean.fitted
      ? `d′ and c of the mean reader are from a mixed probit model of saying “human” (${mean.mixed.formula}; Laplace approximation, as in lme4; Rouder and Lu 2005), divided by the square root of 1 + the variance between stories${mean.mixed.formula.includes("title") ? " and titles" : ""}, so that they are those of a reader’s own rates over all stories; ${levelText(settings.level)} intervals use Student’s t with the degrees of freedom of the fewest readers, stories or titles.`
      : "",
    "The pooled d′ and c are those of all answers together, with the log-linear correction (Hautus 1995) and clustered errors; they are smaller than those of the mean reader if readers differ in bias.",
    roc
      ? `The AUC is from ${counted(roc.pooled.judgments, "answer")} with a confidence, by its placements (DeLong, DeLong and Clarke-Pearson 1988) with the clusters of the verdict; that of the mean reader compares only answers of the same reader. The unequal-variance normal model was fitted to all answers by maximum likelihood (Dorfman and Alf 1969).`
      : "",
  ]
    .filter(Boolean)
    .join(" ");
