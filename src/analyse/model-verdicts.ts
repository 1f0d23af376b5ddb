import { type Conclusion, conclusionOf } from "../stats/claim.ts";
import { holm } from "../stats/multiple-tests.ts";
import type { StudyVerdict, Verdict } from "../stats/verdict-test.ts";
import { type Finding, sentence } from "../study/finding.ts";
import { listed, percent } from "../study/print.ts";
import type { Data } from "./data.ts";
import { alphaLevelsOf, whyWithheld } from "./interim-analysis.ts";
import { verdictOnChoices } from "./judged.ts";
import { modelNoun } from "./model-noun.ts";

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
export function modelConclusions(
  { together }: StudyVerdict,
  models: readonly ModelVerdict[],
  data: Data,
): Finding[] {
  if (models.length === 0) return [];
  const noun = modelNoun(data);
  const words: readonly Conclusion[] = ["equivalent", "different", "inconclusive"];
  const each = words.flatMap((conclusion) => {
    const own = models.filter(({ verdict: its }) => its === conclusion).map(({ model }) => model);
    return own.length > 0 ? [`${conclusion}: ${own.join(", ")}`] : [];
  });
  return [
    sentence(
      models.every(({ verdict: conclusion }) => conclusion === together) ? "detail" : "verdict",
      `This verdict is for all ${models.length} ${noun}s combined. For each ${noun}, with Holm’s correction: ${each.join("; ")}.`,
    ),
  ];
}

/** The headline if at least one of several models is different: each by name, with its balanced accuracy. */
export function differentModelsText(models: readonly ModelVerdict[], data: Data): string {
  const { recognised } = differentOf(models);
  const conclusion =
    recognised.length === 0
      ? "Readers are misled"
      : recognised.length === models.length
        ? "Readers can tell"
        : `Readers can tell some ${modelNoun(data)}s`;
  return `${conclusion}: ${modelsParts(models)}.`;
}

/** The models that are recognised, and those that pass as human. */
function differentOf(models: readonly ModelVerdict[]) {
  const different = models.filter(({ verdict: its }) => its === "different");
  return {
    recognised: different.filter(({ estimate }) => estimate! > 0.5),
    misleading: different.filter(({ estimate }) => estimate! <= 0.5),
  };
}

/** What was found for each model, in half a sentence. */
export function modelsParts(models: readonly ModelVerdict[]): string {
  const of = (conclusion: Conclusion) => models.filter(({ verdict: its }) => its === conclusion);
  const named = ({ model, estimate }: ModelVerdict) => `${model} (${percent(estimate!)})`;
  const { recognised, misleading } = differentOf(models);
  const part = (some: readonly ModelVerdict[], begin: string, end: string) =>
    some.length === 0 ? [] : [`${begin} ${listed(some.map(named))} ${end}`];
  return [
    ...part(recognised, "stories by", "are recognised"),
    ...part(misleading, "stories by", "pass as human"),
    ...part(of("equivalent"), "accuracy on", "is equivalent to guessing"),
    ...part(of("inconclusive"), "the result on", "is inconclusive"),
  ].join("; ");
}
