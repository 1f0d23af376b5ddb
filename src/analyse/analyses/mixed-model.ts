import type { MixedLogistic } from "../../stats/mixed-logistic.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Choice } from "../data.ts";
import { type Effect, effectsOf } from "../fixed-effects.ts";
import { type Coefficient, type EffectTest, type FittedMixed, fitMixed, meanReader } from "../mixed.ts";

/** What moves readers to say "human", with readers, stories and shared titles all random. */
export const mixedModel: Analysis = {
  name: "mixed-model",
  asks: "What moves readers to say “human”, when readers and stories both vary?",
  needs: ["choices"],
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
      settings.level,
    );
    if (!mixed.fitted) {
      return {
        findings: [sentence("result", `The mixed model has no fit: ${mixed.reason}.`)],
        numbers: { fitted: false, reason: mixed.reason },
      };
    }
    const { fit, formula, coefficients, tests } = mixed;
    const findings: Finding[] = [
      ...saySkill(mixed, choices),
      ...saySensitivity(mixed),
      sentence("detail", sayFit(fit, choices.length - rows.length)),
      ...coefficientFigure(coefficients),
      ...(tests.length > 0 ? [table("result", "Tests of each effect", testsTable(tests))] : []),
      table("detail", "How much effects differ between readers, stories and titles", spreadTable(fit)),
      sentence("method", method(effects, formula)),
    ];
    return {
      findings,
      numbers: {
        fitted: true,
        formula,
        ...plain(fit),
        coefficients,
        tests,
        meanReader: meanReader(mixed) ?? null,
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

function saySkill({ coefficients, tests }: FittedMixed, choices: readonly Choice[]): Finding[] {
  const origin = coefficients.find(({ effect }) => effect === "origin");
  const test = tests.find(({ effect }) => effect === "origin");
  if (!origin) return [];
  // Odds that nobody can read come of stories or readers who nearly all were judged alike.
  const odds = (logit: number) =>
    logit > 7 ? "above 1,000" : logit < -7 ? "below 0.001" : printed(Math.exp(logit), "number");
  const begin = `The odds of being called human are ${odds(origin.estimate)} times as high for a human story as for a machine’s`;
  if (!test || origin.low === undefined) {
    const readers = new Set(choices.map(({ participant }) => participant)).size;
    return [
      sentence("result", `${begin}. ${counted(readers, "reader")} and their stories are too few for a test.`),
    ];
  }
  return [
    sentence(
      "result",
      `${begin} (${odds(origin.low)} to ${odds(origin.high!)}; ${pValue(test.p)}). 1 would be no skill. The model explains; the verdict does not rest on it.`,
    ),
  ];
}

function saySensitivity(mixed: FittedMixed): Finding[] {
  const found = meanReader(mixed);
  if (!found || Math.abs(found.sensitivity) > 4) return [];
  return [
    sentence(
      "detail",
      `The mean reader’s d′ by this model is ${printed(found.sensitivity, "number")}, and readers lie apart in it by ${printed(found.spread, "number")} (standard deviation). The d′ beside the verdict is that of all judgments pooled.`,
    ),
  ];
}

function sayFit(fit: MixedLogistic, missing: number): string {
  const rows = `The model rests on ${counted(fit.observations, "judgment")}`;
  const left = missing > 0 ? `; ${missing} are left out because a value is missing` : "";
  const converged = fit.converged ? "It converged" : "It did not converge: do not rely on its figures";
  const singular = fit.singular
    ? ", with a variance estimated at its boundary of 0: no more variation is seen there than chance would bring, which does not show that there is none"
    : "";
  return `${rows}${left}. ${converged}${singular}.`;
}

const coefficientFigure = (coefficients: readonly Coefficient[]): Finding[] => [
  figure("result", "Effects on the log-odds of saying “human”, with Wald intervals by Student’s t", {
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
        term: effect === "leaning" ? "Leaning towards “human”" : `${effect}: ${term}`,
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
  rows: Object.entries(deviations).map(([of, deviation]) => ({ of: among[of] ?? of, deviation })),
});

const among: Readonly<Record<string, string>> = {
  reader: "readers, in leaning",
  story: "stories, in looking human",
  title: "titles, in looking human",
  "origin by reader": "readers, in skill",
  "origin by title": "titles, in skill on them",
};

/** Full precision without the maps of every reader and story. */
const plain = ({
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
  `A logistic mixed model of saying “human” was fitted by Laplace’s approximation, as lme4 does (Bates, Maechler, Bolker and Walker 2015): ${formula}. Effects have a random slope for each reader within whom they vary and each story within which they vary (Barr, Levy, Scheepers and Tily 2013), origin also for each title that human and machine stories share. Measures count per standard deviation, order per place; origin is coded +1/2 for human and −1/2 for machine stories. Tests are Wald’s F with the degrees of freedom of the fewest readers, stories or titles that carry an effect, errors widened for so few units${effects.length > 1 ? ", without correction for the number of effects" : ""}.`;
