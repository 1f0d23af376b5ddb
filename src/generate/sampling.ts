import type { Sampling } from "../study/generation.ts";
import type { GenerateSettings } from "../study/settings/generate.ts";
import { isServed, type ModelSettings } from "../study/settings/models.ts";
import { StudyError } from "../workbench/errors.ts";
import { nameOf } from "./model.ts";
import type { Template } from "./template.ts";

/**
 * The sampling of a model: its own settings, else those for all models. For chat, `least` is 0 unless the model sets
 * it: an instructed model gets a length in words and repeats itself if it may not end. Throws StudyError if the least
 * number of tokens is above the most, or if a local model has a setting `provider`.
 */
export function samplingOf(
  all: GenerateSettings,
  model: ModelSettings,
  api: Template["api"] = "completions",
): Sampling {
  const least = model.tokens?.least ?? (api === "chat" ? 0 : all.tokens.least);
  const most = model.tokens?.most ?? all.tokens.most;
  if (least > most) {
    const where = model.tokens ? `generate.models: tokens of ${nameOf(model)}` : "generate.tokens";
    throw new StudyError(`${where}: least ${least} is above most ${most}`, {
      hint: model.tokens ? "give the model both, the lesser first" : "swap them",
    });
  }
  const sampling = {
    temperature: model.temperature ?? all.temperature,
    topP: model.topP ?? all.topP,
    topK: model.topK ?? all.topK,
    minP: model.minP ?? all.minP,
    repeatPenalty: model.repeatPenalty ?? all.repeatPenalty,
    leastTokens: least,
    mostTokens: most,
  };
  const left = Object.entries(sampling).find(([, value]) => value === "provider");
  if (left && !isServed(model)) {
    throw new StudyError(`${model.address}: ${left[0]} is \`provider\`, but a local model has no provider`, {
      hint: `give the model a number: \`${left[0]}: ...\``,
    });
  }
  return sampling;
}

/** Sampling with numbers only. */
type Numbers = { readonly [Field in keyof Sampling]: number };

/** The sampling of a local model; `samplingOf` has checked that all values are numbers. */
export const numericSampling = (sampling: Sampling): Numbers => sampling as Numbers;
