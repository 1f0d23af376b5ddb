import { type VerdictWord, wordOf } from "../stats/claim.ts";
import { holm } from "../stats/multiple-tests.ts";
import type { StudyVerdict, Verdict } from "../stats/verdict-test.ts";
import { type Finding, sentence, table } from "../study/finding.ts";
import { percent } from "../study/print.ts";
import { levelOf } from "./accuracy-words.ts";
import type { Data } from "./data.ts";
import { errorsOf, whyWithheld } from "./interim-analysis.ts";
import { verdictOnChoices } from "./judged.ts";

/** The verdict on one model of several. */
export interface ModelVerdict extends Verdict {
  readonly model: string;
  readonly machineStories: number;
  readonly equivalenceHolm: number;
  readonly differenceHolm: number;
}

/**
 * Each model's stories beside all human ones: equivalent where balanced accuracy and both kinds are (so the largest
 * of three p-values counts), different where balanced accuracy is; p-values by Holm over the models. Empty where one
 * model wrote.
 */
export function modelVerdicts(data: Data): ModelVerdict[] {
  const { choices } = data;
  const models = [...new Set(choices.map(({ model }) => model))].filter(Boolean).sort();
  if (models.length < 2) return [];
  const tests = models.map((model) => {
    const own = choices.filter((choice) => choice.origin === "human" || choice.model === model);
    const { overall, human, machine } = verdictOnChoices(own, data);
    const equivalenceP = Math.max(overall.equivalenceP, human.equivalenceP, machine.equivalenceP);
    return { ...overall, equivalenceP, machineStories: machine.stories };
  });
  const equivalence = holm(tests.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(tests.map(({ differenceP }) => differenceP));
  return tests.map((test, at) => {
    const [equivalenceHolm, differenceHolm] = [equivalence[at]!, difference[at]!];
    const errors = errorsOf(data);
    const open = whyWithheld(data) === undefined;
    const word: VerdictWord = open
      ? wordOf({ equivalenceP: equivalenceHolm, differenceP: differenceHolm }, errors)
      : "inconclusive";
    const withinMargin = open && equivalenceHolm <= (errors.equivalenceAlpha ?? errors.alpha);
    return { ...test, verdict: word, withinMargin, model: models[at]!, equivalenceHolm, differenceHolm };
  });
}

/** What the verdict on all models together does not say of each. */
export function sayModels({ together }: StudyVerdict, models: readonly ModelVerdict[]): Finding[] {
  if (models.length === 0) return [];
  const words: readonly VerdictWord[] = ["equivalent", "different", "inconclusive"];
  const each = words.flatMap((word) => {
    const own = models.filter(({ verdict: its }) => its === word).map(({ model }) => model);
    return own.length > 0 ? [`${word}: ${own.join(", ")}`] : [];
  });
  return [
    sentence(
      models.every(({ verdict: word }) => word === together) ? "result" : "verdict",
      `The ${models.length} models are judged together here. Each by itself, with Holm’s correction, is ${each.join("; ")}.`,
    ),
  ];
}

/** The headline where some model of several is shown to differ: each by name, with its balanced accuracy. */
export function sayDifferentModels(models: readonly ModelVerdict[]): string {
  const of = (word: VerdictWord) => models.filter(({ verdict: its }) => its === word);
  const different = of("different").map(
    ({ model, estimate }) =>
      `${model} ${estimate! > 0.5 ? "is recognised" : "passes as human"} (${percent(estimate!)})`,
  );
  const rest = [
    ...of("equivalent").map(({ model }) => `${model} is equivalent to guessing`),
    ...of("inconclusive").map(({ model }) => `of ${model} these data cannot say`),
  ];
  return `Different: ${[different.join(", "), ...rest].join("; ")}.`;
}

/** The verdicts on the models as a table; nothing where one model wrote. */
export const modelFindings = (models: readonly ModelVerdict[], { settings: { alpha } }: Data): Finding[] =>
  models.length === 0
    ? []
    : [
        table(
          "result",
          `Each model beside all human stories: p-values by Holm over the models, intervals (${levelOf(1 - alpha)}) each by itself. Equivalent means that balanced accuracy, human and machine stories all are`,
          {
            columns: [
              { key: "model", label: "Model", format: "text" },
              { key: "verdict", label: "Verdict", format: "text" },
              { key: "stories", label: "Its stories", format: "integer" },
              { key: "estimate", label: "Balanced accuracy", format: "percent" },
              { key: "low", label: "Interval", format: "percent" },
              { key: "high", label: "to", format: "percent" },
              { key: "equivalence_p", label: "p, equivalence", format: "p" },
              { key: "difference_p", label: "p, difference", format: "p" },
            ],
            rows: models.map(
              ({ model, verdict: word, estimate, interval, equivalenceHolm, differenceHolm, ...rest }) => ({
                model,
                verdict: word,
                stories: rest.machineStories,
                estimate: estimate ?? null,
                // One story stands for no others, and carries no interval.
                low: rest.degrees > 0 ? interval.low : null,
                high: rest.degrees > 0 ? interval.high : null,
                equivalence_p: equivalenceHolm,
                difference_p: differenceHolm,
              }),
            ),
          },
        ),
      ];
