import type { TextRequest } from "../llm/served/dialect.ts";
import type { Answer } from "../llm/served/reply.ts";
import { type ModelSettings, targetOf } from "../study/settings/models.ts";
import { portableName } from "../text/file-name.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import type { Prompt, Template } from "./template.ts";

/**
 * A request for one text. The model may stop where it writes `stop`, the start of the next title. The request is part
 * of the reply's key in the journal.
 */
export interface Request extends TextRequest {
  readonly prompt: Prompt;
}

/** What a model wrote, or why it failed. */
export type Reply = Written | Failed;

export interface Written extends Omit<Answer, "end" | "sent"> {
  readonly end: Answer["end"] | "end of text";
  /** Mean log-probability of the generated tokens (natural logarithm), for models that report only the mean. */
  readonly logProbability?: number | undefined;
  /** The prompt as the model's own chat template rendered it. */
  readonly rendered?: string | undefined;
  /** The fields that were sent to a server. */
  readonly sent?: Answer["sent"] | undefined;
  readonly ms: number;
  readonly at: string;
}

export interface Failed {
  readonly failed: string;
  /** Whether it would fail the same way again; then the failure is kept as the answer. */
  readonly permanent?: boolean;
  readonly ms: number;
  readonly at: string;
}

/** Callbacks while a model writes, if it supports them. */
export interface WriteHooks {
  /** Called with text added to the text at `index`. */
  readonly onText?: (index: number, added: string) => void;
  /** Called with the number of tokens of the batch so far. */
  readonly onTokens?: (tokens: number) => void;
}

/** A model that writes texts. Opening it is cheap: weights are loaded with the first text. */
export interface Model {
  readonly address: string;
  /** SHA-256 of the model file, or the model's name on its server. */
  readonly hash: string;
  /** A non-default way of computing that changes the texts; part of a reply's key in the journal. */
  readonly variant?: string;
  /** True for a dummy that only tests the pipeline. */
  readonly dummy?: boolean;
  /**
   * The number of requests per batch. The replies of a batch depend on each other (a local model computes them in
   * step), so a batch is cached and repeated as a whole.
   */
  readonly batchSize: number;
  /** The largest number of batches at the same time. */
  readonly maxConcurrency: number;
  /** Called once before the first uncached batch, with all requests to come. */
  prepare?(requests: readonly Request[]): Promise<void>;
  /**
   * Returns one reply per request, in order. A failure of one request is a reply; a problem with all of them (no such
   * file, no key) is thrown as StudyError.
   */
  write(batch: readonly Request[], hooks?: WriteHooks): Promise<readonly Reply[]>;
  /** Sends all requests as one job, if the model supports it; each reply is then cached separately. */
  writeMany?(requests: readonly Request[]): Promise<readonly Reply[]>;
  close(): Promise<void>;
}

/** The kinds of prompts that a model accepts. */
export interface PromptFormat {
  /** A local instructed model accepts both: chat messages, and plain text to continue. */
  readonly apis: readonly Template["api"][];
  /** The built-in prompt that is used by default. */
  readonly defaultPrompt: string;
}

/** How a kind of model writes. Its settings are in `study/settings/providers/`. */
export interface Provider<Settings = ModelSettings> {
  /** Files that the result depends on, absolute or relative to the study. */
  files(settings: Settings, study: Study): readonly string[];
  /** Undefined if it is not known yet (the file is not downloaded). */
  promptFormat(settings: Settings, study: Study): Promise<PromptFormat | undefined>;
  open(settings: Settings, study: Study, effects: Effects): Promise<Model>;
}

/** A model that continues a text. */
export const baseFormat: PromptFormat = { apis: ["completions"], defaultPrompt: "one-shot" };

/** The model's `name`, or its shortened address: `llama:models/a.gguf` is `a`. */
export function nameOf(settings: ModelSettings): string {
  const target = targetOf(settings)
    .replace(/\.gguf$/i, "")
    .split("/")
    .filter(Boolean)
    .at(-1);
  const name = settings.name ?? target ?? settings.address.replace(/:$/, "");
  return portableName(name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "")) || "model";
}
