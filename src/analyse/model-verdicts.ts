import { type Conclusion, conclusionOf } from "../stats/claim.ts";
import { holm } from "../stats/multiple-tests.ts";
import type { StudyVerdict, Verdict } from "../stats/verdict-test.ts";
import { type Finding, sentence } from "../study/finding.ts";
import { percent } from "../study/print.ts";
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
      models.every(({ verdict: conclusion }) => conclusion === together) ? "detail" : "verdict",
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
