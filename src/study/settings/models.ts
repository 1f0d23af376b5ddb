import { z } from "zod";
import { anthropic } from "./providers/anthropic.ts";
import { echo } from "./providers/echo.ts";
import { gemini } from "./providers/gemini.ts";
import { hf } from "./providers/hf.ts";
import { llama } from "./providers/llama.ts";
import { lmstudio } from "./providers/lmstudio.ts";
import { ollama } from "./providers/ollama.ts";
import { openai } from "./providers/openai.ts";
import { openrouter } from "./providers/openrouter.ts";
import type { ModelKind } from "./providers/provider.ts";
import { tuned } from "./providers/tuned.ts";

/**
 * Kinds of models by the scheme of their address. A kind on a server is one file in `providers/` and one line here; a
 * kind that runs on this machine also has a line in `generate/models.ts`.
 */
const kinds = { llama, hf, tuned, openai, anthropic, gemini, openrouter, ollama, lmstudio, echo };

export type Scheme = keyof typeof kinds;

/** The schemes of models on a server. */
export type ServedScheme = {
  [Kind in Scheme]: (typeof kinds)[Kind] extends { readonly server: object } ? Kind : never;
}[Scheme];

export type SettingsOf<Kind extends Scheme> = Readonly<z.infer<(typeof kinds)[Kind]["settings"]>>;
export type ModelSettings = { [Kind in Scheme]: SettingsOf<Kind> }[Scheme];

/** A GGUF file that is run in this process. */
export type GgufSettings = SettingsOf<"llama" | "hf">;
/** A model that runs on this machine. */
export type LocalSettings = GgufSettings | SettingsOf<"tuned">;
/** A model on a server. */
export type ServedSettings = SettingsOf<ServedScheme>;

/** Kinds of plugins, by scheme. */
const added = new Map<string, ModelKind>();

/** Adds a kind of model; the returned function removes it. */
export function addModelKind(scheme: string, kind: ModelKind): () => void {
  added.set(scheme, kind);
  return () => void (added.get(scheme) === kind && added.delete(scheme));
}

/** The kinds that come with Tiny Love. */
export const builtInKinds = (): readonly ModelKind[] => Object.values(kinds);

/** All schemes, built-in ones first. */
export const schemes = (): string[] => [...Object.keys(kinds), ...added.keys()];

/** The kind of model of a scheme; undefined if there is none. */
export const kindOfScheme = (scheme: string): ModelKind | undefined =>
  Object.hasOwn(kinds, scheme) ? kinds[scheme as Scheme] : added.get(scheme);

/** The scheme of an address; undefined if it is unknown. */
export function schemeOf(address: string): string | undefined {
  const scheme = /^([a-z]+):/.exec(address)?.[1];
  return scheme !== undefined && kindOfScheme(scheme) ? scheme : undefined;
}

/** The kind of model of an address; undefined if its scheme is unknown. */
export const kindOf = (address: string): ModelKind | undefined => kindOfScheme(schemeOf(address) ?? "");

/**
 * A model by its address: `llama:FILE.gguf`, `llama:embedded`, `openai:MODEL`, `anthropic:MODEL`, `tuned:DIR`, `echo:`.
 * A union discriminated by the address, so that errors are those of the model's own kind.
 */
export const ModelSettings = z.unknown().transform((model, context): ModelSettings => {
  const { address } = Addressed.safeParse(model).data ?? {};
  const kind = address === undefined ? undefined : kindOf(address);
  const result = (kind?.settings ?? (address === undefined ? Addressed : Unknown)).safeParse(model, {
    reportInput: true,
  });
  if (result.success) return result.data as ModelSettings;
  for (const issue of result.error.issues)
    context.issues.push({ ...issue, input: issue.input } as z.core.$ZodRawIssue);
  return z.NEVER;
});

const Addressed = z.looseObject({ address: z.string() });
const Unknown = z.looseObject({ address: z.string().refine(() => false, "not a model's address") });

/** The part of the address after the scheme. */
export const targetOf = ({ address }: Pick<ModelSettings, "address">): string =>
  address.slice(address.indexOf(":") + 1);

/** Whether a model is on a server. */
export const isServed = (model: ModelSettings): model is ServedSettings =>
  kindOf(model.address)?.server !== undefined;
