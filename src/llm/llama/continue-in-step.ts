import type { LlamaModel, Token } from "node-llama-cpp";
import { type BatchEvaluator, type EvalRequest, withoutOutputs } from "./batch-evaluator.ts";
import { type ChatMessage, type RenderedChat, renderedChat } from "./chat.ts";
import type { Continuation, Continued, ModelPrompt } from "./continuation.ts";
import { type SequenceDecoder, sequenceDecoderOf } from "./sequence-decoder.ts";

export interface Hooks {
  readonly signal?: AbortSignal | undefined;
  /** Called with text added to the text at `index`, without an ending that may become the stop. */
  readonly onText?: ((index: number, added: string) => void) | undefined;
  /** Called after each step with the total number of tokens so far. */
  readonly onTokens?: ((tokens: number) => void) | undefined;
}

/**
 * Continues prompts in step: each batch computes the next token of every text. Calls `evaluated` with the number of
 * prompt tokens that were evaluated.
 */
export async function continueInStep(
  evaluator: BatchEvaluator,
  starts: PromptStarts,
  continuations: readonly Continuation[],
  { signal, onText, onTokens }: Hooks,
  evaluated: (tokens: number) => void,
): Promise<Continued[]> {
  const started = performance.now();
  const decoders: SequenceDecoder[] = [];
  try {
    for (const [sequence, continuation] of continuations.entries()) {
      const { text: rendered, tokens } = await renderedPrompt(evaluator.model, continuation.prompt);
      // Prompt starts are evaluated alone, so that they do not depend on the other texts of the batch.
      const start = await sharedTokens(evaluator.model, continuation, tokens);
      evaluated(await starts.keep(sequence, start));
      evaluated(tokens.length - start.length);
      decoders.push(sequenceDecoderOf(evaluator, sequence, continuation, { tokens, rendered }));
    }
    for (
      let live: readonly SequenceDecoder[] = decoders;
      live.length > 0;
      live = live.filter((decoder) => !decoder.end)
    ) {
      signal?.throwIfAborted();
      await evaluator.evaluate(live.map((decoder): EvalRequest => decoder.next()));
      for (const decoder of live) {
        if (decoder.end) decoder.ms = performance.now() - started;
        else await decoder.removeRejected();
      }
      onTokens?.(decoders.reduce((sum, { tokens }) => sum + tokens, 0));
      if (onText) for (const [index, decoder] of decoders.entries()) onText(index, decoder.newText());
    }
    return decoders.map((decoder) => decoder.continued());
  } finally {
    for (const decoder of decoders) decoder.close();
  }
}

/**
 * A prompt's tokens, with the beginning-of-text token if the model was trained with one. Throws StudyError for
 * messages to a model without a chat template.
 */
export async function promptTokens(model: LlamaModel, prompt: ModelPrompt): Promise<readonly Token[]> {
  return (await renderedPrompt(model, prompt)).tokens;
}

/** `text` is only set for messages. */
async function renderedPrompt(
  model: LlamaModel,
  prompt: ModelPrompt,
): Promise<Partial<RenderedChat> & Pick<RenderedChat, "tokens">> {
  if (typeof prompt !== "string") return renderedChat(model, prompt);
  const bos = model.tokens.shouldPrependBosToken ? model.tokens.bos : null;
  return { tokens: [...(bos === null ? [] : [bos]), ...model.tokenize(prompt)] };
}

/** The tokens of the prompt's shared start, without the last one, because it may merge with what follows. */
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

/** Cuts the message in which the shared start ends, and marks the cut with a character that starts no title. */
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

/** The prompt start in each sequence's memory, which later prompts may share. */
export interface PromptStarts {
  /** Leaves exactly `start` in the sequence's memory; returns how many tokens had to be evaluated. */
  keep(sequence: number, start: readonly Token[]): Promise<number>;
}

export function promptStartsOf(evaluator: BatchEvaluator): PromptStarts {
  const starts = new Map<number, readonly Token[]>();
  return {
    async keep(sequence, start) {
      const hasStart = beginsWith(evaluator.tokensOf(sequence), start) && start.length > 0;
      await evaluator.truncate(sequence, hasStart ? start.length : 0);
      const copySource = [...starts].find(
        ([other, cached]) =>
          other !== sequence && same(cached, start) && evaluator.tokensOf(other).length === start.length,
      );
      starts.set(sequence, start);
      if (hasStart || start.length === 0) return 0;
      if (copySource && start.length >= worthCopying) {
        await evaluator.copy(copySource[0], sequence);
        return 0;
      }
      await evaluator.evaluate([withoutOutputs(sequence, start)]);
      return start.length;
    },
  };
}

const same = (one: readonly Token[], other: readonly Token[]): boolean =>
  one.length === other.length && beginsWith(one, other);

const beginsWith = (tokens: readonly Token[], start: readonly Token[]): boolean =>
  start.every((token, at) => token === tokens[at]);

/** The number of tokens from which copying is faster than evaluating. */
const worthCopying = 16;
