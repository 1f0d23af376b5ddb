import { type Conclusion, conclusionOf } from "../stats/claim.ts";
import { holm } from "../stats/multiple-tests.ts";
import type { StudyVerdict, Verdict } from "../stats/verdict-test.ts";
import { type Finding, sentence, table } from "../study/finding.ts";
import { percent } from "../study/print.ts";
import { levelText } from "./accuracy-text.ts";
import type { Data } from "./data.ts";
import { alphaLevelsOf, whyWithheld } from "./interim-analysis.ts";
import { verdictOnChoices } from "./judged.ts";

/** The verdict on one model of several. */
export interface ModelVerdict extends Verdict {
  readonly model: string;
  readonly machineStories: number;
  readonly equivalenceHolm: number;
  readonly differenceHolm: number;
}

/**
 * A verdict for each model, with all human stories. Equivalent if balanced accuracy and both accuracies are (the largest
 * of three p-values counts), different if balanced accuracy is; p-values corrected by Holm over the models. Empty with
 * one model.
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
    const errors = alphaLevelsOf(data);
    const open = whyWithheld(data) === undefined;
    const conclusion: Conclusion = open
      ? conclusionOf({ equivalenceP: equivalenceHolm, differenceP: differenceHolm }, errors)
      : "inconclusive";
    const withinMargin = open && equivalenceHolm <= (errors.equivalenceAlpha ?? errors.alpha);
    return {
      ...test,
      verdict: conclusion,
      withinMargin,
      model: models[at]!,
      equivalenceHolm,
      differenceHolm,
    };
  });
}

/** The conclusion for each model. */
export function modelConclusions({ together }: StudyVerdict, models: readonly ModelVerdict[]): Finding[] {
  if (models.length === 0) return [];
  const words: readonly Conclusion[] = ["equivalent", "different", "inconclusive"];
  const each = words.flatMap((conclusion) => {
    const own = models.filter(({ verdict: its }) => its === conclusion).map(({ model }) => model);
    return own.length > 0 ? [`${conclusion}: ${own.join(", ")}`] : [];
  });
  return [
    sentence(
      models.every(({ verdict: conclusion }) => conclusion === together) ? "result" : "verdict",
      `This verdict is for all ${models.length} models combined. For each model, with Holm’s correction: ${each.join("; ")}.`,
    ),
  ];
}

/** The headline if at least one of several models is different: each by name, with its balanced accuracy. */
export function differentModelsText(models: readonly ModelVerdict[]): string {
  const of = (conclusion: Conclusion) => models.filter(({ verdict: its }) => its === conclusion);
  const different = of("different").map(
    ({ model, estimate }) =>
      `${model} ${estimate! > 0.5 ? "is recognised" : "passes as human"} (${percent(estimate!)})`,
  );
  const rest = [
    ...of("equivalent").map(({ model }) => `${model} is equivalent to guessing`),
    ...of("inconclusive").map(({ model }) => `${model} is inconclusive`),
  ];
  return `Different: ${[different.join(", "), ...rest].join("; ")}.`;
}

/** A table of the verdicts on the models; nothing with one model. */
export const modelFindings = (models: readonly ModelVerdict[], { settings: { alpha } }: Data): Finding[] =>
  models.length === 0
    ? []
    : [
        table(
          "result",
          `Each model with all human stories. p-values are corrected by Holm over the models; ${levelText(1 - alpha)} intervals are not. “Equivalent” requires all three: balanced accuracy, human stories and machine stories`,
          {
            columns: [
              { key: "model", label: "Model", format: "text" },
              { key: "verdict", label: "Verdict", format: "text" },
              { key: "stories", label: "Stories", format: "integer" },
              { key: "estimate", label: "Balanced accuracy", format: "percent" },
              { key: "low", label: "Interval", format: "percent" },
              { key: "high", label: "to", format: "percent" },
              { key: "equivalence_p", label: "p, equivalence", format: "p" },
              { key: "difference_p", label: "p, difference", format: "p" },
            ],
            rows: models.map(
              ({
                model,
                verdict: conclusion,
                estimate,
                interval,
                equivalenceHolm,
                differenceHolm,
                ...rest
              }) => ({
                model,
                verdict: conclusion,
                stories: rest.machineStories,
                estimate: estimate ?? null,
                // One story gives no interval.
                low: rest.degrees > 0 ? interval.low : null,
                high: rest.degrees > 0 ? interval.high : null,
                equivalence_p: equivalenceHolm,
                difference_p: differenceHolm,
              }),
            ),
          },
        ),
      ];
