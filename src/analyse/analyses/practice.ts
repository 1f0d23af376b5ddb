import { fitMixedLogistic, type MixedLogistic } from "../../stats/mixed-logistic.ts";
import { studentQuantile } from "../../stats/student-t.ts";
import { type Figure, type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { capital, counted, printed } from "../../study/print.ts";
import { levelText } from "../accuracy-text.ts";
import type { Analysis } from "../analysis.ts";
import { type Choice, type Data, readersOf } from "../data.ts";
import { verdictOnChoices } from "../judged.ts";
import { meanReaderScale } from "../mean-reader.ts";
import { sharedTitles } from "../titles.ts";

/** Whether skill changes with the number of stories read, and with the time taken; each reader has their own slopes. */
export const practice: Analysis = {
  name: "practice",
  question: "Do readers get better with practice, or by taking longer?",
  needs: ["choices"],
  run(data) {
    const trends = predictors.flatMap((predictor) => {
      const known = data.choices.filter((choice) => predictor.of(choice) !== undefined);
      const values = predictor.values(known);
      return new Set(values).size < 3 ? [] : [trendOf(predictor, known, values, data)];
    });
    if (trends.length === 0) {
      return {
        findings: [
          sentence("result", "Nothing to compare: the data have neither the order of the stories nor times."),
        ],
        numbers: {},
      };
    }
    const findings: Finding[] = [
      ...trends.map((trend) => sentence("result", trendText(trend))),
      ...trends.map(({ predictor, figure: drawn }) => figure("result", predictor.caption, drawn)),
      ...(trends.some(({ changes }) => changes)
        ? [
            table(
              "detail",
              "Changes of d′ and c, and their spread between readers",
              changesTable(trends, data),
            ),
          ]
        : []),
      sentence("method", method(data)),
    ];
    return {
      findings,
      numbers: Object.fromEntries(
        trends.map(({ predictor, changes, reason, figure: drawn }) => [
          predictor.name,
          { ...(changes ?? { fitted: false, reason }), accuracy: drawn.table.rows },
        ]),
      ),
    };
  },
};

/** What skill may depend on within a reader. */
interface Predictor {
  readonly name: "trial" | "time";
  readonly of: (choice: Choice) => number | undefined;
  /** The values of the model, a unit of which is `unit`. */
  readonly values: (choices: readonly Choice[]) => number[];
  readonly unit: string;
  readonly caption: string;
  readonly axis: string;
}

const predictors: readonly Predictor[] = [
  {
    name: "trial",
    of: ({ order }) => order,
    values: (choices) => centred(choices.map(({ order }) => order! / 10)),
    unit: "for every ten stories read",
    caption:
      "Accuracy (mean of both kinds of story) by the place of the story in the reader’s order, in up to five groups",
    axis: "Place in the order",
  },
  {
    name: "time",
    of: ({ ms }) => (ms !== undefined && ms > 0 ? ms : undefined),
    values: (choices) => {
      const logs = choices.map(({ ms }) => Math.log2(ms!));
      const sums = new Map<string, { sum: number; count: number }>();
      for (const [at, { participant }] of choices.entries()) {
        const own = sums.get(participant) ?? { sum: 0, count: 0 };
        sums.set(participant, { sum: own.sum + logs[at]!, count: own.count + 1 });
      }
      // A reader is compared with themselves only: slow readers may differ from fast ones in much else.
      return choices.map(({ participant }, at) => {
        const { sum, count } = sums.get(participant)!;
        return logs[at]! - sum / count;
      });
    },
    unit: "if a reader takes twice as long as usual",
    caption:
      "Accuracy (mean of both kinds of story) by the time taken compared with the reader’s own mean, in up to five groups",
    axis: "Time taken",
  },
];

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** A change of the mean reader per unit of the predictor, with its interval and its standard deviation between readers. */
interface Change {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly spread: number;
}

interface Changes {
  readonly fitted: true;
  readonly judgments: number;
  /** Whether titles have random effects. */
  readonly titles: boolean;
  readonly logLikelihood: number;
  /** On the probit: intercept, origin, change of bias, change of skill; and the standard deviations by name. */
  readonly coefficients: readonly number[];
  readonly deviations: Readonly<Record<string, number>>;
  readonly sensitivity: Change;
  readonly criterion: Change;
  readonly converged: boolean;
}

interface Trend {
  readonly predictor: Predictor;
  readonly changes: Changes | undefined;
  /** Why there is no model. */
  readonly reason: string;
  readonly figure: Figure;
}

/** With more judgments or crossed effects a model takes minutes, and is fitted only with `models: always`. */
const mostJudgments = 10_000;
const mostCrossed = 500;
const onRequest =
  "takes minutes and is fitted only on request (`--models`; for a study `models: always` under `analyse`)";

function trendOf(
  predictor: Predictor,
  choices: readonly Choice[],
  values: readonly number[],
  data: Data,
): Trend {
  const found = changesOf(choices, values, data.settings);
  return {
    predictor,
    changes: "fitted" in found ? found : undefined,
    reason: "fitted" in found ? "" : found.reason,
    figure: figureOf(predictor, choices, values, data),
  };
}

/**
 * A probit mixed model of saying "human" with origin, the predictor and their product; random intercepts of readers, stories and shared
 * titles, and random slopes of all three by reader, of the predictor by story and of origin by title.
 */
function changesOf(
  choices: readonly Choice[],
  values: readonly number[],
  { level, models }: Pick<Data["settings"], "level" | "models">,
): Changes | { readonly reason: string } {
  const asked = models === "always";
  if (!asked && choices.length > mostJudgments)
    return { reason: `with more than ${printed(mostJudgments, "integer")} judgments the model ${onRequest}` };
  const origin = choices.map((choice) => (choice.origin === "human" ? 0.5 : -0.5));
  const product = values.map((value, at) => value * origin[at]!);
  const readers = choices.map(({ participant }) => participant);
  const stories = choices.map(({ stimulus }) => stimulus);
  const titles = sharedTitles(choices);
  const [readerCount, storyCount] = [new Set(readers).size, new Set(stories).size];
  if (readerCount < 3 || storyCount < 4) return { reason: "there are too few readers or stories" };
  const crossed = readerCount >= storyCount ? 2 * storyCount : 4 * readerCount;
  if (!asked && crossed + 2 * new Set(titles ?? []).size > mostCrossed)
    return { reason: `with more than ${mostCrossed} crossed random effects the model ${onRequest}` };
  const fit = fitMixedLogistic({
    link: "probit",
    design: choices.map((_, at) => [1, origin[at]!, values[at]!, product[at]!]),
    outcomes: choices.map(({ answer }) => Number(answer === "human")),
    groups: { reader: readers, story: stories, ...(titles && { title: titles }) },
    slopes: {
      "origin by reader": { within: "reader", by: origin },
      "change by reader": { within: "reader", by: values },
      "skill change by reader": { within: "reader", by: product },
      "change by story": { within: "story", by: values },
      ...(titles && { "origin by title": { within: "title", by: origin } }),
    },
  });
  if (!fit.fitted) return { reason: fit.reason };
  return {
    fitted: true,
    judgments: choices.length,
    titles: titles !== undefined,
    logLikelihood: fit.logLikelihood,
    coefficients: [...fit.coefficients],
    deviations: fit.deviations,
    converged: fit.converged,
    ...changesIn(fit, readerCount, storyCount, level),
  };
}

/** On the scale of the mean reader's d' (`meanReader`), with Student's t and errors widened for few readers or stories. */
function changesIn(
  { coefficients, standardErrors, deviations }: MixedLogistic,
  readers: number,
  stories: number,
  level: number,
): Pick<Changes, "sensitivity" | "criterion"> {
  const scale = meanReaderScale(deviations);
  const units = Math.min(readers, stories - 1);
  const wide = studentQuantile(0.5 + level / 2, units - 1) * Math.sqrt(units / (units - 1));
  const change = (at: number, sign: number, spread: number): Change => {
    const [value, half] = [sign * scale * coefficients[at]!, scale * wide * standardErrors[at]!];
    return { value, low: value - half, high: value + half, spread: scale * spread };
  };
  return {
    sensitivity: change(3, 1, deviations["skill change by reader"]!),
    criterion: change(2, -1, deviations["change by reader"]!),
  };
}

function trendText({ predictor, changes, reason }: Trend): string {
  if (!changes) return `How skill changes ${predictor.unit} is not estimated: ${reason}.`;
  const { sensitivity, criterion, converged } = changes;
  const interval = ({ low, high }: Change) => `(${printed(low, "number")} to ${printed(high, "number")})`;
  const shown =
    sensitivity.low! > 0
      ? "so skill rises"
      : sensitivity.high! < 0
        ? "so skill falls"
        : "so no change of skill is shown";
  const bias =
    criterion.low! > 0
      ? " Readers then say “human” less often"
      : criterion.high! < 0
        ? " Readers then say “human” more often"
        : " No change of bias is shown";
  const rely = converged ? "" : " The model did not converge: do not rely on it.";
  return `${capital(predictor.unit)}, the mean reader’s d′ (skill without bias) changes by ${printed(sensitivity.value, "number")} ${interval(sensitivity)}, ${shown}. Readers differ in this change by a standard deviation of ${printed(sensitivity.spread, "number")}.${bias} (c changes by ${printed(criterion.value, "number")}, ${interval(criterion).slice(1, -1)}).${rely}`;
}

const changesTable = (trends: readonly Trend[], { settings }: Data): Table => ({
  columns: [
    { key: "change", label: "Change", format: "text" },
    { key: "value", label: "Value", format: "number" },
    { key: "low", label: `${levelText(settings.level)} interval`, format: "number" },
    { key: "high", label: "to", format: "number" },
    { key: "spread", label: "SD between readers", format: "number" },
  ],
  rows: trends.flatMap(({ predictor, changes }) =>
    changes
      ? [
          { change: `d′ ${predictor.unit}`, ...changes.sensitivity },
          { change: `c ${predictor.unit}`, ...changes.criterion },
        ]
      : [],
  ),
});

/** Balanced accuracy in up to five groups of similar size by the predictor, with the clustered interval of the verdict. */
function figureOf(
  predictor: Predictor,
  choices: readonly Choice[],
  values: readonly number[],
  data: Data,
): Figure {
  const sorted = [...values].sort((one, other) => one - other);
  const cuts = [0.2, 0.4, 0.6, 0.8].map((share) => sorted[Math.floor(share * sorted.length)]!);
  const groups = groupedBy([...choices.keys()], (at) =>
    String(cuts.filter((cut) => values[at]! >= cut).length),
  );
  const rows = [...groups]
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([, own]) => {
      const { overall } = verdictOnChoices(
        own.map((at) => choices[at]!),
        data,
      );
      const known = overall.degrees > 0;
      return {
        group: groupText(
          predictor,
          own.map((at) => ({ choice: choices[at]!, value: values[at]! })),
        ),
        accuracy: overall.estimate ?? null,
        low: known ? overall.interval.low : null,
        high: known ? overall.interval.high : null,
        judgments: own.length,
      };
    });
  return {
    draw: "intervals",
    table: {
      columns: [
        { key: "group", label: predictor.axis, format: "text" },
        { key: "accuracy", label: "Accuracy", format: "percent" },
        { key: "low", label: "Interval", format: "percent" },
        { key: "high", label: "to", format: "percent" },
        { key: "judgments", label: "Judgments", format: "integer" },
      ],
      rows,
    },
    encode: { x: "accuracy", low: "low", high: "high", y: "group" },
    labels: { x: "Share of right answers" },
    marks: [{ axis: "x", at: 0.5, label: "guessing" }],
  };
}

function groupText(
  { name }: Predictor,
  own: readonly { readonly choice: Choice; readonly value: number }[],
): string {
  if (name === "trial") {
    const places = own.map(({ choice }) => choice.order!);
    const [first, last] = [
      places.reduce((least, one) => Math.min(least, one)),
      places.reduce((most, one) => Math.max(most, one)),
    ];
    return first === last ? `story ${first}` : `stories ${first} to ${last}`;
  }
  const ratios = own.map(({ value }) => 2 ** value);
  const [least, most] = [
    ratios.reduce((low, one) => Math.min(low, one)),
    ratios.reduce((high, one) => Math.max(high, one)),
  ];
  return `${printed(least, "number")} to ${printed(most, "number")} times the mean time`;
}

const method = ({ choices, settings }: Data): string =>
  `Practice and time: for each of the two, a probit mixed model of saying “human” has origin, the place of the story in the reader’s order (or the base-2 logarithm of the time, less the reader’s own mean) and their product, whose coefficient is the change of d′. ${capital(counted(readersOf(choices).length, "reader"))} have random intercepts and random slopes of all three (uncorrelated), stories a random intercept and slope. ${levelText(settings.level)} intervals use Student’s t with the fewer of readers and stories. The analysis is exploratory; time is not assigned by chance, so an effect of it need not be a cause.`;
