import type { Ask } from "../llm/served/dialect.ts";
import type { Answer } from "../llm/served/reply.ts";
import { type ModelSettings, targetOf } from "../study/settings/models.ts";
import { portableName } from "../text/file-name.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import type { Prompt, Template } from "./template.ts";

/**
 * What a model is asked: one text. Where `stop` begins the next title, the model need not go on. A request is part of
 * its answer's key.
 */
export interface Request extends Ask {
  readonly prompt: Prompt;
}

/** What a model wrote, or why it did not. */
export type Reply = Written | Failed;

export interface Written extends Omit<Answer, "end" | "sent"> {
  readonly end: Answer["end"] | "end of text";
  /** Mean over the generated tokens, natural logarithm, of a model that tells no more than that. */
  readonly logProbability?: number | undefined;
  /** Messages as the model was given them, where its own chat template put them into words. */
  readonly rendered?: string | undefined;
  /** Of a server. */
  readonly sent?: Answer["sent"] | undefined;
  readonly ms: number;
  readonly at: string;
}

export interface Failed {
  readonly failed: string;
  /** It would fail in the same way each time, so that it is an answer to keep. */
  readonly lasting?: boolean;
  readonly ms: number;
  readonly at: string;
}

/** Heard where the model tells. */
export interface WriteHooks {
  /** What was added to the text at `index`. */
  readonly onText?: (index: number, added: string) => void;
  /** How many tokens the texts of the batch have by now. */
  readonly onTokens?: (tokens: number) => void;
}

/** A model that can be asked. It costs nothing to open: what is big is loaded when the first text is due. */
export interface Model {
  readonly address: string;
  /** SHA-256 of the model file, or what a server says that it serves. */
  readonly hash: string;
  /** How it works texts out, where that is not the usual way and changes them: a part of an answer's key. */
  readonly variant?: string;
  /** True where it only exercises the way. */
  readonly dummy?: boolean;
  /**
   * How many requests are answered together. The answers of a batch hang together (a local model works them out in
   * step), so that a batch is cached whole and done again whole.
   */
  readonly batchSize: number;
  /** How many batches may be under way at the same time. */
  readonly maxConcurrency: number;
  /** Told once, before the first batch that is not cached, of every request that is still to come. */
  prepare?(requests: readonly Request[]): Promise<void>;
  /**
   * One reply for each request, in order. A failure of one request is a reply; what is wrong for all of them
   * (no such file, no key) is thrown as StudyError.
   */
  write(batch: readonly Request[], hooks?: WriteHooks): Promise<readonly Reply[]>;
  /** All that is due as one big job, where the model has a way for that; each reply is then cached by itself. */
  writeMany?(requests: readonly Request[]): Promise<readonly Reply[]>;
  close(): Promise<void>;
}

/** How a model wants to be asked. */
export interface Form {
  /** An instructed model that runs here takes both: messages in its own form, and a plain text to continue. */
  readonly takes: readonly Template["api"][];
  /** The built-in prompt that fits. */
  readonly prompt: string;
}

/** How a kind of model is asked. What it may be set to is in `study/settings/providers/`. */
export interface Provider<Settings = ModelSettings> {
  /** Files that the outcome depends on, absolute or relative to the study. */
  files(settings: Settings, study: Study): readonly string[];
  /** Undefined where that is not known yet, as for a file that is still to be downloaded. */
  form(settings: Settings, study: Study): Promise<Form | undefined>;
  open(settings: Settings, study: Study, effects: Effects): Promise<Model>;
}

/** A model that continues a text. */
export const baseForm: Form = { takes: ["completions"], prompt: "one-shot" };

/** The settings' name, or the address shortened to what tells models apart: `llama:models/a.gguf` is `a`. */
export function nameOf(settings: ModelSettings): string {
  const target = targetOf(settings)
    .replace(/\.gguf$/i, "")
    .split("/")
    .filter(Boolean)
    .at(-1);
  const name = settings.name ?? target ?? settings.address.replace(/:$/, "");
  return portableName(name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "")) || "model";
}
