import type { LlamaModel, Token } from "node-llama-cpp";
import { type BatchEvaluator, type EvalRequest, silent } from "./batch-evaluator.ts";
import { type ChatMessage, type RenderedChat, renderedChat } from "./chat.ts";
import type { Continuation, Continued, ModelPrompt } from "./continuation.ts";
import { type SequenceDecoder, sequenceDecoderOf } from "./sequence-decoder.ts";

export interface Hooks {
  readonly signal?: AbortSignal | undefined;
  /** Called with what was added to the text at `index`; what may still turn out to be the stop is held back. */
  readonly onText?: ((index: number, added: string) => void) | undefined;
  /** Called after each step with the tokens that all texts have by then. */
  readonly onTokens?: ((tokens: number) => void) | undefined;
}

/**
 * Goes on with prompts in step: each token of every text is worked out in one batch, and the next batch waits for all
 * of them. `evaluated` is told the tokens of prompts that were worked out.
 */
export async function continueInStep(
  desk: BatchEvaluator,
  starts: Starts,
  continuations: readonly Continuation[],
  { signal, onText, onTokens }: Hooks,
  evaluated: (tokens: number) => void,
): Promise<Continued[]> {
  const started = performance.now();
  const pens: SequenceDecoder[] = [];
  try {
    for (const [sequence, continuation] of continuations.entries()) {
      const { text: rendered, tokens } = await renderedPrompt(desk.model, continuation.prompt);
      // Prompt starts are evaluated alone, so that they come out the same whatever is written beside them.
      const start = await sharedTokens(desk.model, continuation, tokens);
      evaluated(await starts.keep(sequence, start));
      evaluated(tokens.length - start.length);
      pens.push(sequenceDecoderOf(desk, sequence, continuation, { tokens, rendered }));
    }
    for (
      let live: readonly SequenceDecoder[] = pens;
      live.length > 0;
      live = live.filter((pen) => !pen.end)
    ) {
      signal?.throwIfAborted();
      await desk.readOn(live.map((pen): EvalRequest => pen.next()));
      for (const pen of live) {
        if (pen.end) pen.ms = performance.now() - started;
        else await pen.settle();
      }
      onTokens?.(pens.reduce((sum, { tokens }) => sum + tokens, 0));
      if (onText) for (const [index, pen] of pens.entries()) onText(index, pen.news());
    }
    return pens.map((pen) => pen.continued());
  } finally {
    for (const pen of pens) pen.close();
  }
}

/**
 * A prompt's tokens. Texts begin as the model's training texts did: with its beginning-of-text where it has such a
 * habit. Throws StudyError for messages to a model without a chat template.
 */
export async function promptTokens(model: LlamaModel, prompt: ModelPrompt): Promise<readonly Token[]> {
  return (await renderedPrompt(model, prompt)).tokens;
}

/** The text is there for messages alone. */
async function renderedPrompt(
  model: LlamaModel,
  prompt: ModelPrompt,
): Promise<Partial<RenderedChat> & Pick<RenderedChat, "tokens">> {
  if (typeof prompt !== "string") return renderedChat(model, prompt);
  const bos = model.tokens.shouldPrependBosToken ? model.tokens.bos : null;
  return { tokens: [...(bos === null ? [] : [bos]), ...model.tokenize(prompt)] };
}

/** The tokens of the prompt's shared start. Its last one is left out, for what follows may merge with it. */
async function sharedTokens(
  model: LlamaModel,
  { prompt, shared = 0 }: Continuation,
  tokens: readonly Token[],
): Promise<readonly Token[]> {
  if (shared === 0) return [];
  const start = await promptTokens(model, beginningOf(prompt, shared));
  const other = start.findIndex((token, at) => token !== tokens[at]);
  const length = Math.min(other < 0 ? start.length : other, tokens.length - 1) - 1;
  return tokens.slice(0, Math.max(0, length));
}

/** Of messages the one that the shared start ends in is cut there, with a letter that no title begins with. */
function beginningOf(prompt: ModelPrompt, characters: number): ModelPrompt {
  if (typeof prompt === "string") return prompt.slice(0, characters);
  const begun: ChatMessage[] = [];
  let left = characters;
  for (const { role, content } of prompt) {
    const cut = left < content.length;
    begun.push({ role, content: cut ? `${content.slice(0, left)}\uE000` : content });
    if (cut) break;
    left -= content.length;
  }
  return begun;
}

/** The prompt start that each sequence of a desk has read, which the next prompts may have too. */
export interface Starts {
  /** Leaves exactly `start` in the sequence's memory; returns how many tokens were worked out for that. */
  keep(sequence: number, start: readonly Token[]): Promise<number>;
}

export function startsOf(desk: BatchEvaluator): Starts {
  const starts = new Map<number, readonly Token[]>();
  return {
    async keep(sequence, start) {
      const holds = beginsWith(desk.read(sequence), start) && start.length > 0;
      await desk.forget(sequence, holds ? start.length : 0);
      const donor = [...starts].find(
        ([other, held]) =>
          other !== sequence && same(held, start) && desk.read(other).length === start.length,
      );
      starts.set(sequence, start);
      if (holds || start.length === 0) return 0;
      if (donor && start.length >= worthCopying) {
        await desk.copy(donor[0], sequence);
        return 0;
      }
      await desk.readOn([silent(sequence, start)]);
      return start.length;
    },
  };
}

const same = (one: readonly Token[], other: readonly Token[]): boolean =>
  one.length === other.length && beginsWith(one, other);

const beginsWith = (tokens: readonly Token[], start: readonly Token[]): boolean =>
  start.every((token, at) => token === tokens[at]);

/** Tokens below which evaluating is as fast as copying. */
const worthCopying = 16;
