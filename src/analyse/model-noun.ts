import { conditionName, type Generation, shortConditions } from "../study/generation.ts";
import { counted, listed } from "../study/print.ts";
import type { Data } from "./data.ts";

/**
 * What the rows of machine stories are: models, or conditions if one model wrote under several (other settings, another
 * prompt). Without a study, what its table calls models.
 */
export const modelNoun = ({ study }: Pick<Data, "study">): "model" | "condition" => {
  const generations = study?.generations ?? [];
  const conditions = new Set(generations.map(conditionName));
  return conditions.size > modelsOf(generations).length ? "condition" : "model";
};

/** A fact for the first page: the models, and under which conditions they wrote if one wrote under several. */
export function modelsText(generations: readonly Generation[]): string {
  const models = modelsOf(generations);
  const name = models.length === 1 ? "Model" : "Models";
  const conditions = [...new Map(generations.map((one) => [conditionName(one), one] as const))];
  const short = shortConditions(conditions.map(([condition]) => condition));
  if (conditions.length === models.length) {
    const named = conditions.map(([condition, { model }]) =>
      short(condition) === model.address ? model.address : `${short(condition)} (${model.address})`,
    );
    return `${name}: ${listed(named)}`;
  }
  const differing = settingNames.filter(
    ([of]) => new Set(conditions.map(([, one]) => String(one.settings[of]))).size > 1,
  );
  const each = conditions.map(([condition, { settings }]) => {
    const values = differing.map(([of, label]) => `${label} ${settings[of]}`);
    return `${short(condition)}${values.length > 0 ? ` (${values.join(", ")})` : ""}`;
  });
  return `${name}: ${listed(models)}, in ${counted(conditions.length, "condition")}: ${listed(each)}`;
}

/** The settings of sampling by which conditions of one model may differ, with their names in a sentence. */
const settingNames = [
  ["temperature", "temperature"],
  ["topP", "top-p"],
  ["topK", "top-k"],
  ["minP", "min-p"],
  ["repeatPenalty", "repeat penalty"],
  ["leastTokens", "tokens at least"],
  ["mostTokens", "tokens at most"],
] as const;

/** A condition that is a model alone is named by the model; two conditions of one model have one address. */
const modelsOf = (generations: readonly Generation[]): string[] => [
  ...new Set(generations.map(({ model }) => model.address)),
];
