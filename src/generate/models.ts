import { type ModelSettings, type Scheme, schemeOf } from "../study/settings/models.ts";
import type { Effects } from "../workbench/effects.ts";
import { unknownAddress } from "../workbench/model-address.ts";
import type { Study } from "../workbench/study.ts";
import { baseFormat, type PromptFormat, type Provider } from "./model.ts";

/** All kinds of models, by the scheme of their address. Each is imported only if a study uses it. */
const providers: Readonly<Record<Scheme, () => Promise<unknown>>> = {
  llama: async () => (await import("./models/llama.ts")).llama,
  hf: async () => (await import("./models/hub.ts")).hf,
  tuned: async () => (await import("./models/tuned.ts")).tuned,
  openai: async () => (await import("./models/served.ts")).openai,
  anthropic: async () => (await import("./models/served.ts")).anthropic,
  gemini: async () => (await import("./models/served.ts")).gemini,
  openrouter: async () => (await import("./models/served.ts")).openrouter,
  ollama: async () => (await import("./models/served.ts")).ollama,
  lmstudio: async () => (await import("./models/served.ts")).lmstudio,
  echo: async () => (await import("./models/echo.ts")).echo,
};

/** The kind of model of an address; throws StudyError that lists all kinds. */
export async function providerOf({ address }: ModelSettings): Promise<Provider> {
  const scheme = schemeOf(address);
  if (!scheme) throw unknownAddress("generate.models", address);
  return (await providers[scheme]()) as Provider;
}

/** The kinds of prompts that a model accepts; downloads the model first if only its file shows it. */
export async function promptFormatOf(
  model: ModelSettings,
  study: Study,
  effects: Effects,
): Promise<PromptFormat> {
  const provider = await providerOf(model);
  const known = await provider.promptFormat(model, study);
  if (known) return known;
  await (await provider.open(model, study, effects)).close();
  return (await provider.promptFormat(model, study)) ?? baseFormat;
}
