import type { PluginModel } from "../plugins/model.ts";
import {
  isServed,
  kindOf,
  type ModelSettings,
  type Scheme,
  type ServedScheme,
  schemeOf,
} from "../study/settings/models.ts";
import type { Effects } from "../workbench/effects.ts";
import { unknownAddress } from "../workbench/model-address.ts";
import type { Study } from "../workbench/study.ts";
import { baseFormat, type PromptFormat, type Provider } from "./model.ts";
import { providerOfPlugin } from "./plugin-model.ts";

/** Kinds of models that run on this machine, by scheme. Each is imported only if a study uses it. */
const localProviders: Readonly<Record<Exclude<Scheme, ServedScheme>, () => Promise<unknown>>> = {
  llama: async () => (await import("./models/llama.ts")).llama,
  hf: async () => (await import("./models/hub.ts")).hf,
  tuned: async () => (await import("./models/tuned.ts")).tuned,
  echo: async () => (await import("./models/echo.ts")).echo,
};

/** The kind of model of an address; throws StudyError that lists all kinds. */
export async function providerOf(model: ModelSettings): Promise<Provider> {
  const kind = kindOf(model.address);
  if (!kind) throw unknownAddress("generate.models", model.address);
  if (kind.plugin) return providerOfPlugin(kind.plugin as PluginModel);
  if (isServed(model)) return (await import("./models/served.ts")).served as Provider;
  return (await localProviders[schemeOf(model.address) as keyof typeof localProviders]()) as Provider;
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
