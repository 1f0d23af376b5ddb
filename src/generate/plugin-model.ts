import type { z } from "zod";
import type { PluginModel } from "../plugins/model.ts";
import { markDefinition } from "../plugins/plugin.ts";
import type { ModelSettings } from "../study/settings/models.ts";
import { sha256 } from "../text/hash.ts";
import { type Effects, timestamp } from "../workbench/effects.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { baseFormat, type Provider, type Reply, type Request } from "./model.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** A plugin's kind of model, the argument of `defineModel`. */
export interface ModelDefinition<Settings extends Shape = Shape> {
  /** The start of its addresses, in lower-case letters: with `parrot` they are `parrot:NAME`. */
  readonly scheme: string;
  /** A short description, for lists. */
  readonly summary: string;
  /** The kind's own settings by name, each a zod schema with its default. Default: none. Any other key is an error. */
  readonly settings?: Settings;
  /** Whether it continues a text (`completions`, the default) or answers messages (`chat`). */
  readonly api?: "completions" | "chat";
  /** True for a dummy that only tests the pipeline; the report then says that its texts are not by a model. */
  readonly dummy?: boolean;
  /** Files that its texts depend on, relative to the study or absolute; if one changes, the texts are stale. */
  files?(settings: SettingsIn<Settings>, study: Study): readonly string[];
  /** Prepares the model. It should be quick: load large files only when the first text is requested. */
  open(settings: SettingsIn<Settings>, study: Study, effects: Effects): OpenModel | Promise<OpenModel>;
}

/** The settings that every model has, and those of the kind. */
export type SettingsIn<Settings extends Shape> = ModelSettings & {
  readonly [Name in keyof Settings]: z.infer<Settings[Name]>;
};

/** A model that is ready to write. */
export interface OpenModel {
  /**
   * Writes one text and resolves to the model's unchanged output. An error is recorded as a failed attempt, and the
   * study continues; a StudyError ends the run.
   */
  write(request: Request): Promise<string | ModelText>;
  /** The largest number of requests at the same time. Default: the setting `parallel`, else 1. */
  readonly maxConcurrency?: number;
  close?(): Promise<void>;
}

/** A text with facts about how it was written. */
export interface ModelText {
  readonly raw: string;
  /** How it ended; `limit` if it was cut at the token limit. Default: `end of text`. */
  readonly end?: "stop" | "limit" | "refused" | "end of text";
  /** The number of tokens read and written. Default: one token per four bytes. */
  readonly tokens?: { readonly prompt: number; readonly generated: number };
}

/**
 * Defines a kind of model for `plugins:` of study.yaml. Its scheme is the start of its addresses. A setting that is
 * neither one of all models nor one of this kind is an error.
 */
export const defineModel = <const Settings extends Shape = Record<never, never>>(
  model: ModelDefinition<Settings>,
): ModelDefinition<Settings> => markDefinition("model", model);

/** A plugin's model with the interface of the built-in ones. */
export const providerOfPlugin = ({ definition, hash }: PluginModel): Provider => {
  const kind = definition as ModelDefinition;
  return {
    files: (settings, study) => kind.files?.(settings, study) ?? [],
    promptFormat: async () => (kind.api === "chat" ? { apis: ["chat"], defaultPrompt: "chat" } : baseFormat),
    async open(settings, study, effects) {
      const model = await kind.open(settings, study, effects);
      return {
        address: settings.address,
        // A changed program may write other texts, so the hash includes it.
        hash: sha256(`${kind.scheme}\n${hash}`),
        variant: JSON.stringify(settings),
        ...(kind.dummy && { dummy: true }),
        batchSize: 1,
        maxConcurrency: model.maxConcurrency ?? settings.parallel ?? 1,
        write: async ([request]) => [await replyTo(request!, model, effects)],
        close: async () => model.close?.(),
      };
    },
  };
};

async function replyTo(request: Request, model: OpenModel, effects: Effects): Promise<Reply> {
  const started = effects.now();
  const ended = () => ({ ms: effects.now() - started, at: timestamp(effects) });
  try {
    const written = await model.write(request);
    const { raw, end = "end of text", tokens } = typeof written === "string" ? { raw: written } : written;
    const counted = tokens ?? { prompt: tokensIn(request.prompt.text), generated: tokensIn(raw) };
    return { raw, end, tokens: counted, ...ended() };
  } catch (thrown) {
    effects.signal.throwIfAborted();
    if (thrown instanceof StudyError) throw thrown;
    return { failed: messageOf(thrown), ...ended() };
  }
}

const tokensIn = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);
