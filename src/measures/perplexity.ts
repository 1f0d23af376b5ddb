import { llamaFileNamed, openLlama } from "../llm/llama.ts";
import type { StudyConfig } from "../study/config.ts";
import { type SettingsOf, schemeOf } from "../study/settings/models.ts";
import { exists, hashOf } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { RunningInstrument, SlowMeasure } from "./measure.ts";

/**
 * Perplexity under the study's own local model: lower for meaningful prose than for word salad, and lowest for repetitive
 * text. The model is the first of `generate.models` with a `llama:` address; without one, or without its file, there is no
 * such measure.
 */
export const perplexity: SlowMeasure = {
  name: "perplexity",
  meaning: "perplexity of the text under the study’s local model",
  unit: "tokens",
  format: "number",
  version: 2,
  async instrument(study) {
    const local = await localModel(study);
    return local && { key: await keyOf(local), start: () => startModel(local) };
  },
};

async function startModel(local: LocalModel): Promise<RunningInstrument> {
  const model = await openLlama(local);
  return {
    async of({ plain }) {
      // One token of the context is needed before the text.
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

/** The settings of the model used for perplexity. */
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
