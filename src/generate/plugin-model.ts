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

/** A kind of model of one's own, as `defineModel` takes it. */
export interface ModelDefinition<Settings extends Shape = Shape> {
  /** What its addresses begin with: lower-case letters. `parrot` makes `address: parrot:NAME`. */
  readonly scheme: string;
  /** What writes, in a few words. */
  readonly summary: string;
  /** Settings of its own by name, each a zod schema with its default. None by default. Any other key is an error. */
  readonly settings?: Settings;
  /** Whether it continues a text (`completions`, the default) or answers messages (`chat`). */
  readonly takes?: "completions" | "chat";
  /** True where it only exercises the pipeline: the report then says that these are no texts of a model. */
  readonly pretend?: boolean;
  /** Files that its texts depend on, relative to the study or absolute; a changed one makes the texts stale. */
  files?(settings: SettingsIn<Settings>, study: Study): readonly string[];
  /** Makes the model ready. It costs little: load what is big when the first text is asked for. */
  open(settings: SettingsIn<Settings>, study: Study, effects: Effects): OpenModel | Promise<OpenModel>;
}

/** The settings that every model has, and the kind's own. */
export type SettingsIn<Settings extends Shape> = ModelSettings & {
  readonly [Name in keyof Settings]: z.infer<Settings[Name]>;
};

/** A model that can be asked. */
export interface OpenModel {
  /**
   * Writes one text: resolves to what the model wrote, as it came. What it throws is recorded as a failed attempt, and
   * the study continues; a StudyError ends the run.
   */
  write(request: Request): Promise<string | ModelText>;
  /** Requests under way at the same time. Default: the setting `parallel`, else 1. */
  readonly maxConcurrency?: number;
  close?(): Promise<void>;
}

/** A text with what the model says about it. */
export interface ModelText {
  readonly raw: string;
  /** `limit`: it was cut at the token limit. Default: `end of text`. */
  readonly end?: "stop" | "limit" | "refused" | "end of text";
  /** Tokens read and written. Default: a token for every four bytes. */
  readonly tokens?: { readonly prompt: number; readonly generated: number };
}

/**
 * Defines a kind of model for `plugins:` of study.yaml. Its name is the scheme of an address; study.yaml stays strict:
 * a setting that neither every model nor this kind has is an error that names it.
 */
export const defineModel = <const Settings extends Shape = Record<never, never>>(
  model: ModelDefinition<Settings>,
): ModelDefinition<Settings> => markDefinition("model", model);

/** A plugin's model as all others are asked. */
export const providerOfPlugin = ({ definition, hash }: PluginModel): Provider => {
  const kind = definition as ModelDefinition;
  return {
    files: (settings, study) => kind.files?.(settings, study) ?? [],
    promptFormat: async () =>
      kind.takes === "chat" ? { apis: ["chat"], defaultPrompt: "chat" } : baseFormat,
    async open(settings, study, effects) {
      const model = await kind.open(settings, study, effects);
      return {
        address: settings.address,
        // Texts of a changed program are not those of the former one.
        hash: sha256(`${kind.scheme}\n${hash}`),
        variant: JSON.stringify(settings),
        ...(kind.pretend && { pretend: true }),
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
