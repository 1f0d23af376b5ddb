import { fileURLToPath } from "node:url";
import type { LlamaModel } from "node-llama-cpp";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";
import { catalogueFile, catalogueModel } from "./catalogue.ts";
import { type BatchEvaluator, batchEvaluatorOf } from "./llama/batch-evaluator.ts";
import type { Continuation, Continued, ModelPrompt } from "./llama/continuation.ts";
import {
  continueInStep,
  type Hooks,
  type PromptStarts,
  promptStartsOf,
  promptTokens,
} from "./llama/continue-in-step.ts";
import { loadedModel, openContext } from "./llama/loading.ts";
import { type Scored, scored } from "./llama/scoring.ts";

export type { ChatMessage } from "./llama/chat.ts";
export type { Continuation, Continued, ModelPrompt, Sampling } from "./llama/continuation.ts";
export type { Hooks } from "./llama/continue-in-step.ts";
export {
  chatTemplateOf,
  type LlamaFile,
  memoryFree,
  memoryNeeded,
  readLlamaFile,
} from "./llama/gguf-file.ts";
export { defaultThreads, llamaBinding } from "./llama/loading.ts";
export type { Scored } from "./llama/scoring.ts";

/** A language model in memory. */
export interface LlamaModelInMemory {
  readonly parallel: number;
  readonly contextTokens: number;
  /** The number of tokens of a text. */
  count(text: string): number;
  /** The number of tokens of a prompt, as the model gets it. */
  countPrompt(prompt: ModelPrompt): Promise<number>;
  /** Why a prompt and its text do not fit in the model's context; undefined if they fit. */
  tooLong(continuation: Continuation): Promise<string | undefined>;
  /** Sets the context to this many tokens per text. It has no effect after the first text. */
  reserve(tokens: number): void;
  /**
   * Continues up to `parallel` prompts in step: one batch computes the next token of every text. So the result
   * depends only on the list, on one kind of machine. If batches were formed by arrival, the last bits of the logits,
   * and so now and then a word, would depend on timing.
   *
   * Before `leastTokens` a text may not end or reach the stop: if it does, the tokens back to its start are removed
   * and drawn again from the rest of the distribution. At `mostTokens` the text is cut.
   */
  continueAll(continuations: readonly Continuation[], hooks?: Hooks): Promise<Continued[]>;
  /**
   * The log-probability of `text` after `before`, by teacher forcing at temperature 1. If `before` is empty, the text
   * follows the model's beginning-of-text token, or its end-of-text token if it has no other.
   */
  score(text: string, before?: ModelPrompt, hooks?: Hooks): Promise<Scored>;
  /** The number of prompt tokens evaluated so far; shared prompt starts count once. */
  evaluatedTokens(): Promise<number>;
  close(): Promise<void>;
}

export interface LlamaSettings {
  /** A GGUF file. */
  readonly file: string;
  /** A LoRA adapter, also a GGUF file. */
  readonly adapter?: string | undefined;
  /** Default: the number of cores minus one, at most 4. More threads than idle cores are a hundred times slower. */
  readonly threads?: number | undefined;
  /** False computes attention in f32, see `ContextSettings`. Default: true. */
  readonly flashAttention?: boolean | undefined;
  /** Number of texts written at the same time. Default: 1. */
  readonly parallel?: number | undefined;
  /** Tokens per text, prompt included; at most what the model was trained for. Default: 1024. */
  readonly contextTokens?: number | undefined;
}

/** The model that comes with the package. */
export const embeddedModelFile = fileURLToPath(new URL("models/tiny-love.gguf", packageFolder));

/** The file of an address without `llama:`: `embedded`, a model of the catalogue, or a path relative to the study. */
export function llamaFileNamed(target: string, study: Study): string {
  if (target === "embedded") return embeddedModelFile;
  const known = catalogueModel(target);
  return known ? catalogueFile(known) : study.path(target);
}

/** Loads a GGUF file; throws StudyError if it is missing, broken, unsupported or too big. */
export async function openLlama(settings: LlamaSettings): Promise<LlamaModelInMemory> {
  const model = await loadedModel(settings.file, settings.adapter);
  const parallel = settings.parallel ?? 1;
  let contextTokens = contextSizeFor(settings.contextTokens ?? 1024, model);
  let evaluated = 0;
  let opened: Promise<Opened> | undefined;
  const open = () => {
    opened ??= openEvaluator(model, settings, parallel, contextTokens);
    return opened;
  };
  const countPrompt = async (prompt: ModelPrompt) => (await promptTokens(model, prompt)).length;
  const tooLong = async ({ prompt, sampling: { mostTokens } }: Continuation) => {
    const needed = (await countPrompt(prompt)) + mostTokens;
    return needed < contextTokens
      ? undefined
      : `the prompt and ${mostTokens} new tokens need ${needed} tokens, but the model's context has ${contextTokens}`;
  };
  return {
    parallel,
    tooLong,
    countPrompt,
    get contextTokens() {
      return contextTokens;
    },
    count: (text) => model.tokenize(text).length,
    reserve(tokens) {
      if (!opened) contextTokens = contextSizeFor(tokens, model);
    },
    evaluatedTokens: async () => evaluated,
    async continueAll(continuations, hooks = {}) {
      if (continuations.length > parallel)
        throw new RangeError(`${continuations.length} continuations for ${parallel} sequences`);
      for (const problem of await Promise.all(continuations.map(tooLong))) {
        if (problem) {
          throw new StudyError(problem, {
            hint: "use shorter or fewer examples, or lower generate.tokens.most",
          });
        }
      }
      const { evaluator, starts } = await open();
      return continueInStep(evaluator, starts, continuations, hooks, (tokens) => {
        evaluated += tokens;
      });
    },
    async score(text, before = "", { signal } = {}) {
      signal?.throwIfAborted();
      return scored((await open()).evaluator, text, before);
    },
    async close() {
      const current = await opened?.catch(() => undefined);
      await current?.evaluator.close();
      await model.dispose();
    },
  };
}

interface Opened {
  readonly evaluator: BatchEvaluator;
  readonly starts: PromptStarts;
}

async function openEvaluator(
  model: LlamaModel,
  settings: LlamaSettings,
  sequences: number,
  contextTokens: number,
): Promise<Opened> {
  const evaluator = batchEvaluatorOf(
    model,
    await openContext(model, { ...settings, sequences, contextTokens }),
  );
  return { evaluator, starts: promptStartsOf(evaluator) };
}

/** The library always rounds the context up to a multiple of 256 tokens. */
const contextSizeFor = (tokens: number, model: LlamaModel): number =>
  Math.min(256 * Math.ceil(tokens / 256), model.trainContextSize);
