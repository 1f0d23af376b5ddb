import { fileURLToPath } from "node:url";
import type { LlamaModel } from "node-llama-cpp";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";
import { catalogueFile, catalogueModel } from "./catalogue.ts";
import { type BatchEvaluator, batchEvaluatorOf } from "./llama/batch-evaluator.ts";
import type { Continuation, Continued, ModelPrompt } from "./llama/continuation.ts";
import { continueInStep, type Hooks, promptTokens, type Starts, startsOf } from "./llama/continue-in-step.ts";
import { loadedModel, openContext } from "./llama/loading.ts";
import { type Scored, scored } from "./llama/scoring.ts";

export type { ChatMessage } from "./llama/chat.ts";
export type { Continuation, Continued, Draw, ModelPrompt } from "./llama/continuation.ts";
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
  /** How many tokens a text has. */
  count(text: string): number;
  /** How many tokens a prompt has, as the model is given it. */
  countPrompt(prompt: ModelPrompt): Promise<number>;
  /** Says that a prompt and its text do not fit in the model's memory; undefined when they do. */
  tooLong(continuation: Continuation): Promise<string | undefined>;
  /** Makes room for prompts and texts of so many tokens. It has no effect once there is a first text. */
  reserve(tokens: number): void;
  /**
   * Goes on with up to `parallel` prompts, all in step: each token of every text is worked out in one batch, and the
   * next batch waits for all of them. So the outcome follows from the list alone, on one kind of machine: were
   * batches put together by who comes first, the last bits of the logits, and with them now and then a word, would
   * follow from timing.
   *
   * Until `leastTokens` the end of text and the stop are not drawn: where one is, the tokens back to its beginning
   * are taken back and drawn again from what is left of the distribution. At `mostTokens` the text is cut.
   */
  continueAll(continuations: readonly Continuation[], hooks?: Hooks): Promise<Continued[]>;
  /**
   * The log-probability of `text` after `before`, by teacher forcing at temperature 1. With nothing before it the
   * model's beginning-of-text stands there, or its end-of-text where it has no other.
   */
  score(text: string, before?: ModelPrompt, hooks?: Hooks): Promise<Scored>;
  /** Tokens of prompts that were worked out so far: what prompts share is counted once. */
  evaluatedTokens(): Promise<number>;
  close(): Promise<void>;
}

export interface LlamaSettings {
  /** A GGUF file. */
  readonly file: string;
  /** A LoRA adapter, a GGUF file too. */
  readonly adapter?: string | undefined;
  /** Default: the cores but one, at most 4. More threads than there are idle cores are a hundred times slower. */
  readonly threads?: number | undefined;
  /** False: attention in f32, see `ContextSettings`. Default true. */
  readonly flashAttention?: boolean | undefined;
  /** Texts written at the same time. Default 1. */
  readonly parallel?: number | undefined;
  /** Room for the prompt and the text of each, in tokens; at most what the model was trained for. Default 1024. */
  readonly contextTokens?: number | undefined;
}

/** The model that comes with the package. */
export const embeddedModelFile = fileURLToPath(new URL("models/tiny-love.gguf", packageFolder));

/** The file that an address names after `llama:`: `embedded`, a model of the catalogue, or a path relative to the study. */
export function llamaFileNamed(target: string, study: Study): string {
  if (target === "embedded") return embeddedModelFile;
  const known = catalogueModel(target);
  return known ? catalogueFile(known) : study.path(target);
}

/** Loads a GGUF file; throws StudyError when it is missing, broken, of a kind that cannot be run, or too big. */
export async function openLlama(settings: LlamaSettings): Promise<LlamaModelInMemory> {
  const model = await loadedModel(settings.file, settings.adapter);
  const parallel = settings.parallel ?? 1;
  let contextTokens = roomOf(settings.contextTokens ?? 1024, model);
  let evaluated = 0;
  let opened: Promise<Opened> | undefined;
  const atDesk = () => {
    opened ??= openDesk(model, settings, parallel, contextTokens);
    return opened;
  };
  const countPrompt = async (prompt: ModelPrompt) => (await promptTokens(model, prompt)).length;
  const tooLong = async ({ prompt, draw: { mostTokens } }: Continuation) => {
    const needed = (await countPrompt(prompt)) + mostTokens;
    return needed < contextTokens
      ? undefined
      : `a prompt with ${mostTokens} new tokens takes ${needed} tokens, the model holds ${contextTokens}`;
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
      if (!opened) contextTokens = roomOf(tokens, model);
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
      const { desk, starts } = await atDesk();
      return continueInStep(desk, starts, continuations, hooks, (tokens) => {
        evaluated += tokens;
      });
    },
    async score(text, before = "", { signal } = {}) {
      signal?.throwIfAborted();
      return scored((await atDesk()).desk, text, before);
    },
    async close() {
      const atWork = await opened?.catch(() => undefined);
      await atWork?.desk.close();
      await model.dispose();
    },
  };
}

interface Opened {
  readonly desk: BatchEvaluator;
  readonly starts: Starts;
}

async function openDesk(
  model: LlamaModel,
  settings: LlamaSettings,
  sequences: number,
  contextTokens: number,
): Promise<Opened> {
  const desk = batchEvaluatorOf(model, await openContext(model, { ...settings, sequences, contextTokens }));
  return { desk, starts: startsOf(desk) };
}

/** The library makes room by 256 tokens, whatever it is asked for. */
const roomOf = (tokens: number, model: LlamaModel): number =>
  Math.min(256 * Math.ceil(tokens / 256), model.trainContextSize);
