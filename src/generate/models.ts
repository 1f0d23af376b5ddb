import type { ModelSettings } from "../study/settings/generate.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { baseForm, type Form, type Provider } from "./model.ts";

/** Kinds of models by the scheme of their address. Each is imported only when a study uses it. */
const providers: Readonly<Record<string, () => Promise<Provider>>> = {
  llama: async () => (await import("./models/llama.ts")).llama,
  hf: async () => (await import("./models/hub.ts")).hf,
  openai: async () => (await import("./models/openai.ts")).openai,
  tuned: async () => (await import("./models/tuned.ts")).tuned,
  echo: async () => (await import("./models/echo.ts")).echo,
};

/** The kind of model that an address names; throws StudyError with the kinds that there are. */
export async function providerOf({ address }: ModelSettings): Promise<Provider> {
  const scheme = /^([a-z]+):/.exec(address)?.[1];
  const provider = scheme && Object.hasOwn(providers, scheme) ? providers[scheme] : undefined;
  if (!provider) {
    const known = Object.keys(providers).map((name) => `${name}:`);
    throw new StudyError(`generate.models: unknown address ${address}`, { hint: `try ${known.join(", ")}` });
  }
  return provider();
}

/** How a model wants to be asked; where that is told by a file that is not here yet, it is downloaded first. */
export async function formOf(model: ModelSettings, study: Study, effects: Effects): Promise<Form> {
  const provider = await providerOf(model);
  const known = await provider.form(model, study);
  if (known) return known;
  await (await provider.open(model, study, effects)).close();
  return (await provider.form(model, study)) ?? baseForm;
}
