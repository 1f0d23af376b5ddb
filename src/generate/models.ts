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
import { baseForm, type Form, type Provider } from "./model.ts";
import { providerOfPlugin } from "./plugin-model.ts";

/** What runs here, by the scheme of its address. Each is imported only when a study uses it. */
const runHere: Readonly<Record<Exclude<Scheme, ServedScheme>, () => Promise<unknown>>> = {
  llama: async () => (await import("./models/llama.ts")).llama,
  hf: async () => (await import("./models/hub.ts")).hf,
  tuned: async () => (await import("./models/tuned.ts")).tuned,
  echo: async () => (await import("./models/echo.ts")).echo,
};

/** The kind of model that an address names; throws StudyError with the kinds that there are. */
export async function providerOf(model: ModelSettings): Promise<Provider> {
  const kind = kindOf(model.address);
  if (!kind) throw unknownAddress("generate.models", model.address);
  if (kind.plugin) return providerOfPlugin(kind.plugin as PluginModel);
  if (isServed(model)) return (await import("./models/served.ts")).served as Provider;
  return (await runHere[schemeOf(model.address) as keyof typeof runHere]()) as Provider;
}

/** How a model wants to be asked; where that is told by a file that is not here yet, it is downloaded first. */
export async function formOf(model: ModelSettings, study: Study, effects: Effects): Promise<Form> {
  const provider = await providerOf(model);
  const known = await provider.form(model, study);
  if (known) return known;
  await (await provider.open(model, study, effects)).close();
  return (await provider.form(model, study)) ?? baseForm;
}
