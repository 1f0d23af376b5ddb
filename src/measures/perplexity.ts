import { llamaFileNamed, openLlama } from "../llm/llama.ts";
import type { StudyConfig } from "../study/config.ts";
import { type SettingsOf, schemeOf } from "../study/settings/models.ts";
import { exists, hashOf } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { RunningInstrument, SlowMeasure } from "./measure.ts";

/**
 * How little the study's own local model expects a text, per token; prose that means something has less than word
 * salad, a text that repeats itself the least. The model is the first of `generate.models` with a `llama:`
 * address; where there is none, or its file is not there, there is no such measure.
 */
export const perplexity: SlowMeasure = {
  name: "perplexity",
  means: "how many tokens the study’s local model wavers between at each token of the text, on average",
  unit: "tokens",
  format: "number",
  version: 2,
  async instrument(study) {
    const local = await localModel(study);
    return local && { key: await keyOf(local), start: () => startedModel(local) };
  },
};

async function startedModel(local: LocalModel): Promise<RunningInstrument> {
  const model = await openLlama(local);
  return {
    async of({ plain }) {
      // A token less than the model holds: one stands before the text.
      if (model.count(plain) >= model.contextTokens) return undefined;
      return (await model.score(plain)).perplexity;
    },
    end: () => model.close(),
  };
}

interface LocalModel {
  readonly file: string;
  readonly adapter?: string;
  readonly threads?: number;
}

/** The model whose perplexity is taken, as the settings name it. */
export const localModelSettings = ({ generate }: StudyConfig): SettingsOf<"llama"> | undefined =>
  generate.models.find((model): model is SettingsOf<"llama"> => schemeOf(model.address) === "llama");

async function localModel(study: Study): Promise<LocalModel | undefined> {
  const settings = localModelSettings(study.config);
  if (!settings) return undefined;
  const file = llamaFileNamed(settings.address.slice("llama:".length), study);
  if (!(await exists(file))) return undefined;
  return {
    file,
    ...(settings.adapter && { adapter: study.path(settings.adapter) }),
    ...(settings.threads && { threads: settings.threads }),
  };
}

const keyOf = async ({ file, adapter }: LocalModel): Promise<string> =>
  [await hashOf(file), adapter && (await hashOf(adapter))].filter(Boolean).join(" ");
