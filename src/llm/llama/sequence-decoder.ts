import type { Token } from "node-llama-cpp";
import { type Random, randomFrom } from "../../stats/random.ts";
import type { BatchEvaluator, EvalRequest, Sampler } from "./batch-evaluator.ts";
import type { Continuation, Continued, Sampling } from "./continuation.ts";
import { stopPosition, uncertain } from "./stopping.ts";

/** Writes one text, token by token. */
export interface SequenceDecoder {
  /** Tokens of the text so far. */
  readonly tokens: number;
  readonly end: Continued["end"] | undefined;
  /** Milliseconds from the start to the end; set by the caller. */
  ms: number;
  /** The tokens to evaluate next; a token is drawn as soon as that is done. */
  next(): EvalRequest;
  /** Removes tokens that the last step rejected. */
  removeRejected(): Promise<void>;
  /** The text that is final and was not returned before. */
  newText(): string;
  continued(): Continued;
  close(): void;
}

/**
 * Before `leastTokens` a text may not end or reach the stop: if it does, the tokens back to its start are removed and
 * drawn again from the rest of the distribution. At `mostTokens` the text is cut.
 */
export function sequenceDecoderOf(
  evaluator: BatchEvaluator,
  sequence: number,
  { stop, seed, sampling, logProbabilities: scored = false }: Continuation,
  { tokens: prompt, rendered }: { readonly tokens: readonly Token[]; readonly rendered?: string | undefined },
): SequenceDecoder {
  const { model } = evaluator;
  const sampler = samplerOf(evaluator, sampling, seed);
  let tokens: Token[] = [];
  let logProbabilities: number[] = [];
  /** Tokens that are forbidden at a position, given the tokens before it. */
  let banned = new Map<number, Set<Token>>();
  /** The position whose token has to be drawn again. */
  let redrawAt: number | undefined;
  let redraws = 0;
  let reported = 0;

  async function drawn(logitsIndex: number): Promise<Token | undefined> {
    sampler.update(tokens);
    if (redrawAt === undefined) return sampler.draw(logitsIndex);
    const bans = banned.get(redrawAt);
    redrawAt = undefined;
    const left = (await sampler.candidates(logitsIndex)).filter(([token]) => !bans?.has(token));
    return chosen(left, sampling.temperature, randomFrom(seed, "again", redraws++));
  }

  /** Removes the tokens from `position` on, and forbids the removed token there. */
  function reject(position: number): void {
    const bans = banned.get(position) ?? new Set();
    bans.add(tokens[position]!);
    banned = new Map([...banned].filter(([at]) => at < position));
    banned.set(position, bans);
    tokens = tokens.slice(0, position);
    logProbabilities = logProbabilities.slice(0, position);
    redrawAt = position;
  }

  /** Whether the newest token ends the text. */
  function judge(token: Token): Continued["end"] | undefined {
    if (model.isEogToken(token)) {
      if (tokens.length > sampling.leastTokens) {
        tokens.pop();
        return "end of text";
      }
      reject(tokens.length - 1);
      return undefined;
    }
    const stopped = stop ? stopPosition(model, tokens, stop) : undefined;
    if (stopped !== undefined && stopped >= sampling.leastTokens) return "stop";
    if (stopped !== undefined) reject(stopped);
    return tokens.length >= sampling.mostTokens ? "limit" : undefined;
  }

  let end: Continued["end"] | undefined;
  // Special tokens of an instructed model are kept, because they separate thinking from text.
  const text = () => model.detokenize(tokens, rendered !== undefined);
  const decoder: SequenceDecoder = {
    ms: 0,
    get tokens() {
      return tokens.length;
    },
    get end() {
      return end;
    },
    next() {
      const all = [...prompt, ...tokens];
      const unread = all.slice(evaluator.tokensOf(sequence).length);
      return {
        sequence,
        tokens: unread,
        outputs: [unread.length - 1],
        async take(_, logitsIndex) {
          const token = await drawn(logitsIndex);
          if (token === undefined) {
            end = "end of text";
            return;
          }
          if (scored) logProbabilities.push(await evaluator.logProbability(logitsIndex, token));
          tokens.push(token);
          end = judge(token);
        },
      };
    },
    async removeRejected() {
      // The token before the position is evaluated again, since the new token is drawn from its distribution.
      if (redrawAt !== undefined) await evaluator.truncate(sequence, prompt.length + redrawAt - 1);
    },
    newText() {
      const whole = text();
      const certain = end ? whole.length : whole.length - uncertain(whole, stop);
      const added = whole.slice(reported, certain);
      reported = Math.max(reported, certain);
      return added;
    },
    continued: () => ({
      text: text(),
      end: end!,
      promptTokens: prompt.length,
      generatedTokens: tokens.length,
      ...(rendered !== undefined && { rendered }),
      ...(scored && { logProbabilities: logProbabilities.slice(0, tokens.length) }),
      ms: Math.round(decoder.ms),
    }),
    close: () => sampler.close(),
  };
  return decoder;
}

/** The number of last tokens that the repeat penalty uses. */
const lookback = 64;

/** A sampler with the settings `sampling`; `update` gives it the tokens so far, for the repeat penalty. */
function samplerOf(
  evaluator: BatchEvaluator,
  { temperature, topP, topK, minP, repeatPenalty }: Sampling,
  seed: number,
): Sampler & { update(tokens: readonly Token[]): void } {
  const sampler = evaluator.sampler();
  // The library takes a topK of 0 as "sort the whole vocabulary", which is slower than a small model itself. Without
  // the step the result is the same.
  const config = { temperature, topP, minP, seed, ...(topK > 0 && { topK }) };
  sampler.configure(config);
  return {
    ...sampler,
    update(tokens) {
      if (repeatPenalty === 1) return;
      sampler.configure({
        ...config,
        repeatPenalty,
        repeatPenaltyMaxTokens: lookback,
        repeatPenaltyTokens: Uint32Array.from(tokens.slice(-lookback)),
      });
    },
  };
}

/** Draws a token from the remaining probabilities, or takes the likeliest one at temperature 0. */
function chosen(
  left: readonly (readonly [Token, number])[],
  temperature: number,
  random: Random,
): Token | undefined {
  if (temperature === 0)
    return left.reduce((best, next) => (next[1] > best[1] ? next : best), left[0] ?? none)[0];
  const sum = left.reduce((total, [, probability]) => total + probability, 0);
  let rest = random.next() * sum;
  for (const [token, probability] of left) {
    rest -= probability;
    if (rest < 0) return token;
  }
  return left[0]?.[0];
}

const none: readonly [undefined, number] = [undefined, 0];
