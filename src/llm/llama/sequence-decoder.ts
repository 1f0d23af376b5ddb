import type { Token } from "node-llama-cpp";
import { type Random, randomFrom } from "../../stats/random.ts";
import type { BatchEvaluator, EvalRequest, Sampler } from "./batch-evaluator.ts";
import type { Continuation, Continued, Draw } from "./continuation.ts";
import { stopPlace, uncertain } from "./stopping.ts";

/** One text in the making. */
export interface SequenceDecoder {
  /** Tokens of the text so far. */
  readonly tokens: number;
  readonly end: Continued["end"] | undefined;
  /** Set by whoever holds the clock. */
  ms: number;
  /** What the model has to read for the next token, which is drawn as soon as it has. */
  next(): EvalRequest;
  /** Takes back what the last step found must not be there. */
  settle(): Promise<void>;
  /** What is certain and was not told before. */
  news(): string;
  continued(): Continued;
  close(): void;
}

/**
 * Until `leastTokens` the end of text and the stop are not drawn: where one is, the tokens back to its beginning are
 * taken back and drawn again from what is left of the distribution. At `mostTokens` the text is cut.
 */
export function sequenceDecoderOf(
  desk: BatchEvaluator,
  sequence: number,
  { stop, seed, draw, logProbabilities: wanted = false }: Continuation,
  { tokens: prompt, rendered }: { readonly tokens: readonly Token[]; readonly rendered?: string | undefined },
): SequenceDecoder {
  const { model } = desk;
  const sampler = samplerOf(desk, draw, seed);
  let tokens: Token[] = [];
  let logProbabilities: number[] = [];
  /** What may not stand at a place, given what stands before it. */
  let banned = new Map<number, Set<Token>>();
  /** The place whose token has to be drawn again. */
  let again: number | undefined;
  let redraws = 0;
  let told = 0;

  async function drawn(place: number): Promise<Token | undefined> {
    sampler.goOn(tokens);
    if (again === undefined) return sampler.draw(place);
    const bans = banned.get(again);
    again = undefined;
    const left = (await sampler.candidates(place)).filter(([token]) => !bans?.has(token));
    return chosen(left, draw.temperature, randomFrom(seed, "again", redraws++));
  }

  /** Takes back the tokens from `place` on, and never puts this one there again. */
  function takeBack(place: number): void {
    const bans = banned.get(place) ?? new Set();
    bans.add(tokens[place]!);
    banned = new Map([...banned].filter(([at]) => at < place));
    banned.set(place, bans);
    tokens = tokens.slice(0, place);
    logProbabilities = logProbabilities.slice(0, place);
    again = place;
  }

  /** What the text's newest token means for it. */
  function judge(token: Token): Continued["end"] | undefined {
    if (model.isEogToken(token)) {
      if (tokens.length > draw.leastTokens) {
        tokens.pop();
        return "end of text";
      }
      takeBack(tokens.length - 1);
      return undefined;
    }
    const stopped = stop ? stopPlace(model, tokens, stop) : undefined;
    if (stopped !== undefined && stopped >= draw.leastTokens) return "stop";
    if (stopped !== undefined) takeBack(stopped);
    return tokens.length >= draw.mostTokens ? "limit" : undefined;
  }

  let end: Continued["end"] | undefined;
  // What an instructed model writes between its template's special tokens (its thinking) must be told from its text.
  const text = () => model.detokenize(tokens, rendered !== undefined);
  const pen: SequenceDecoder = {
    ms: 0,
    get tokens() {
      return tokens.length;
    },
    get end() {
      return end;
    },
    next() {
      const all = [...prompt, ...tokens];
      const unread = all.slice(desk.read(sequence).length);
      return {
        sequence,
        tokens: unread,
        asked: [unread.length - 1],
        async take(_, place) {
          const token = await drawn(place);
          if (token === undefined) {
            end = "end of text";
            return;
          }
          if (wanted) logProbabilities.push(await desk.logProbability(place, token));
          tokens.push(token);
          end = judge(token);
        },
      };
    },
    async settle() {
      // The token before the place is read again: the new one is drawn from what is expected after it.
      if (again !== undefined) await desk.forget(sequence, prompt.length + again - 1);
    },
    news() {
      const whole = text();
      const certain = end ? whole.length : whole.length - uncertain(whole, stop);
      const added = whole.slice(told, certain);
      told = Math.max(told, certain);
      return added;
    },
    continued: () => ({
      text: text(),
      end: end!,
      promptTokens: prompt.length,
      generatedTokens: tokens.length,
      ...(rendered !== undefined && { rendered }),
      ...(wanted && { logProbabilities: logProbabilities.slice(0, tokens.length) }),
      ms: Math.round(pen.ms),
    }),
    close: () => sampler.close(),
  };
  return pen;
}

/** Tokens at the end of a text that a repeat penalty looks at. */
const lookback = 64;

/** Draws as `draw` says; `goOn` tells it what the text has by now, where that matters. */
function samplerOf(
  desk: BatchEvaluator,
  { temperature, topP, topK, minP, repeatPenalty }: Draw,
  seed: number,
): Sampler & { goOn(tokens: readonly Token[]): void } {
  const sampler = desk.sampler();
  // The library reads a topK of 0 as "sort the whole vocabulary", which takes longer than the model itself where that
  // is small; without the step the outcome is the same.
  const config = { temperature, topP, minP, seed, ...(topK > 0 && { topK }) };
  sampler.configure(config);
  return {
    ...sampler,
    goOn(tokens) {
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

/** A token by its share of what is left; the most likely one under greedy drawing. */
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
