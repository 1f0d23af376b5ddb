import type { Sampling } from "../study/generation.ts";
import type { GenerateSettings } from "../study/settings/generate.ts";
import { isServed, type ModelSettings } from "../study/settings/models.ts";
import { StudyError } from "../workbench/errors.ts";
import { nameOf } from "./model.ts";
import type { Template } from "./template.ts";

/**
 * How a model is sampled: by its own settings, and where it has none by those of all models. An instructed model is
 * asked for a length in words: where it is kept from ending it runs in circles, so there `least` is 0 unless the model
 * has one of its own. Throws StudyError where the least number of tokens is above the most, and where a model of this
 * machine is to be left to a provider.
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
    throw new StudyError(`${model.address}: ${left[0]} is left to the provider, and there is none`, {
      hint: `give the model a number: \`${left[0]}: ...\``,
    });
  }
  return sampling;
}

/** Sampling in which nothing is left to a provider. */
type Numbers = { readonly [Field in keyof Sampling]: number };

/** The sampling of a model that runs on this machine: `samplingOf` has made sure that all of it is numbers. */
export const sampledHere = (sampling: Sampling): Numbers => sampling as Numbers;
