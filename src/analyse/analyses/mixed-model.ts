import type { MixedLogistic } from "../../stats/mixed-logistic.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Choice } from "../data.ts";
import { type Effect, effectsOf } from "../fixed-effects.ts";
import { type Coefficient, type EffectTest, type FittedMixed, fitMixed } from "../mixed.ts";

/** A logistic mixed model of saying "human", with readers, stories and shared titles as random effects. */
export const mixedModel: Analysis = {
  name: "mixed-model",
  question: "What makes readers say “human”, with readers and stories as random effects?",
  needs: ["choices"],
  section: "robustness",
  run(data) {
    const { choices, settings } = data;
    if (choices.length === 0) {
      return { findings: [sentence("result", "No model yet: nobody has judged a story.")], numbers: {} };
    }
    const effects = effectsOf(settings.effects, data);
    const rows = completeRows(effects, choices.length);
    const mixed = fitMixed(
      rows.map((at) => choices[at]!),
      effects.map((effect) => atRows(effect, rows)),
      settings,
    );
    if (!mixed.fitted) {
      const outcome = mixed.onRequest ? "was left out" : "could not be fitted";
      return {
        findings: [sentence("result", `The mixed model ${outcome}: ${mixed.reason}.`)],
        numbers: { fitted: false, reason: mixed.reason },
      };
    }
    const { fit, formula, coefficients, tests } = mixed;
    const findings: Finding[] = [
      ...skillFindings(mixed, choices),
      sentence("detail", fitText(fit, choices.length - rows.length)),
      ...coefficientFigure(coefficients),
      ...(tests.length > 0 ? [table("detail", "Tests of each effect", testsTable(tests))] : []),
      table(
        "detail",
        "Random effects: standard deviations between readers, stories and titles",
        spreadTable(fit),
      ),
      sentence("method", method(effects, formula)),
    ];
    return {
      findings,
      numbers: {
        fitted: true,
        formula,
        ...withoutEffects(fit),
        coefficients,
        tests,
      },
    };
  },
};

/** Rows in which every effect is known. */
function completeRows(effects: readonly Effect[], count: number): number[] {
  const columns = effects.flatMap((effect) => effect.columns);
  return Array.from({ length: count }, (_, at) => at).filter((at) =>
    columns.every(({ values }) => values[at] !== undefined),
  );
}

const atRows = ({ name, columns }: Effect, rows: readonly number[]): Effect => ({
  name,
  columns: columns.map(({ label, values }) => ({ label, values: rows.map((at) => values[at]) })),
});

function skillFindings({ coefficients, tests }: FittedMixed, choices: readonly Choice[]): Finding[] {
  const origin = coefficients.find(({ effect }) => effect === "origin");
  const test = tests.find(({ effect }) => effect === "origin");
  if (!origin) return [];
  // Nearly separated data give odds too extreme to print.
  const odds = (logit: number) =>
    logit > 7 ? "above 1,000" : logit < -7 ? "below 0.001" : printed(Math.exp(logit), "number");
  const begin = `The odds of being called human are ${odds(origin.estimate)} times as high for a human story as for a machine story`;
  if (!test || origin.low === undefined) {
    const readers = new Set(choices.map(({ participant }) => participant)).size;
    return [
      sentence(
        "result",
        `${begin}. With ${counted(readers, "reader")} and their stories no test is possible.`,
      ),
    ];
  }
  return [
    sentence(
      "result",
      `${begin} (${odds(origin.low)} to ${odds(origin.high!)}; ${pValue(test.p)}). An odds ratio of 1 means no skill. The model is exploratory; the verdict does not use it.`,
    ),
  ];
}

function fitText(fit: MixedLogistic, missing: number): string {
  const rows = `The model uses ${counted(fit.observations, "judgment")}`;
  const left = missing > 0 ? `; ${missing} with a missing value are left out` : "";
  const converged = fit.converged ? "It converged" : "It did not converge: do not rely on its figures";
  const singular = fit.singular
    ? ", with at least one variance estimated as 0 (a singular fit), which does not show that there is none"
    : "";
  return `${rows}${left}. ${converged}${singular}.`;
}

const coefficientFigure = (coefficients: readonly Coefficient[]): Finding[] => [
  figure("detail", "Effects on the log-odds of saying “human”, with Wald intervals by Student’s t", {
    draw: "intervals",
    table: {
      columns: [
        { key: "term", label: "Effect", format: "text" },
        { key: "estimate", label: "Log-odds", format: "number" },
        { key: "low", label: "Interval", format: "number" },
        { key: "high", label: "to", format: "number" },
        { key: "standardError", label: "Standard error", format: "number" },
      ],
      rows: coefficients.map(({ effect, term, estimate, low, high, standardError }) => ({
        term: effect === "intercept" ? "Intercept: bias towards “human”" : `${effect}: ${term}`,
        estimate,
        low: low ?? null,
        high: high ?? null,
        standardError,
      })),
    },
    encode: { x: "estimate", low: "low", high: "high", y: "term" },
    labels: { x: "Log-odds of saying “human”" },
    marks: [{ axis: "x", at: 0, label: "no effect" }],
  }),
];

const testsTable = (tests: readonly EffectTest[]) => ({
  columns: [
    { key: "effect", label: "Effect", format: "text" as const },
    { key: "f", label: "F", format: "number" as const },
    { key: "columns", label: "df", format: "integer" as const },
    { key: "degrees", label: "and", format: "integer" as const },
    { key: "p", label: "p", format: "p" as const },
  ],
  rows: tests.map((test) => ({ ...test })),
});

const spreadTable = ({ deviations }: MixedLogistic) => ({
  columns: [
    { key: "of", label: "Between", format: "text" as const },
    { key: "deviation", label: "Standard deviation (log-odds)", format: "number" as const },
  ],
  rows: Object.entries(deviations).map(([of, deviation]) => ({ of: betweenLabels[of] ?? of, deviation })),
});

const betweenLabels: Readonly<Record<string, string>> = {
  reader: "readers, in bias",
  story: "stories, in looking human",
  title: "titles, in looking human",
  "origin by reader": "readers, in skill",
  "origin by title": "titles, in how easy they are",
};

/** The fit without the maps of all readers and stories. */
const withoutEffects = ({
  deviations,
  logLikelihood,
  observations,
  parameters,
  converged,
  singular,
}: MixedLogistic) => ({
  deviations,
  logLikelihood,
  observations,
  parameters,
  converged,
  singular,
});

const method = (effects: readonly Effect[], formula: string): string =>
  `A logistic mixed model of saying “human” was fitted by the Laplace approximation, as in lme4 (Bates, Maechler, Bolker and Walker 2015): ${formula}. Each effect has a random slope by reader and by story where it varies within them (Barr, Levy, Scheepers and Tily 2013); origin also has one by shared title. Measures are standardised, order counts positions; origin is coded +1/2 for human and −1/2 for machine stories. Tests are Wald F tests with the degrees of freedom of the fewest readers, stories or titles that determine an effect, and standard errors widened for small numbers of units${effects.length > 1 ? "; p-values are not corrected for the number of effects" : ""}.`;
