import type { LlamaContext, LlamaModel, Token } from "node-llama-cpp";

/**
 * Evaluates several texts at once in batches: keeps what the model has read of each, and gives its next-token
 * distributions. It calls the library's native part directly: the library's own loop takes locks and creates promises
 * for each token, which costs a small model a fifth of its speed, and can score only the likeliest token. The native
 * part is a private API, so package.json pins the exact version of the library.
 */
export interface BatchEvaluator {
  readonly model: LlamaModel;
  /** The most tokens per text. */
  readonly contextTokens: number;
  /** The tokens of a text that are in the model's memory. */
  tokensOf(sequence: number): readonly Token[];
  /**
   * Evaluates all requests in as few batches as possible. `take` is called for each of the `outputs`, while the
   * distribution at that token is available.
   */
  evaluate(requests: readonly EvalRequest[]): Promise<void>;
  /** Removes all but the first `kept` tokens of a text from memory. */
  truncate(sequence: number, kept: number): Promise<void>;
  /** Copies the memory of one text to another. */
  copy(from: number, to: number): Promise<void>;
  sampler(): Sampler;
  /** The log-probability of a token at an output, natural logarithm, at temperature 1. */
  logProbability(place: number, token: Token): Promise<number>;
  close(): Promise<void>;
}

export interface EvalRequest {
  readonly sequence: number;
  readonly tokens: readonly Token[];
  /** Indexes in `tokens` whose distributions are needed, ascending. */
  readonly outputs: readonly number[];
  take(index: number, place: number): Promise<void>;
}

/** Draws tokens for one text; it keeps its state from token to token. */
export interface Sampler {
  configure(config: SamplerConfig): void;
  draw(place: number): Promise<Token>;
  /** The tokens that it would draw from, with probabilities. */
  candidates(place: number): Promise<[Token, number][]>;
  close(): void;
}

/** Steps that are left out do not change the distribution. */
export interface SamplerConfig {
  readonly temperature: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly repeatPenalty?: number;
  readonly repeatPenaltyMaxTokens?: number;
  readonly repeatPenaltyTokens?: Uint32Array;
}

export function batchEvaluatorOf(model: LlamaModel, context: LlamaContext): BatchEvaluator {
  const { _ctx: native } = context as unknown as { _ctx: NativeContext };
  const { _model: nativeModel, _llama: library } = model as unknown as NativeModel;
  const read: Token[][] = Array.from({ length: context.totalSequences }, () => []);
  const samplerOf = () => new library._bindings.AddonSampler(nativeModel);
  const greedy = samplerOf();
  greedy.applyConfig({ temperature: 0 });

  let scoring: Promise<unknown> = Promise.resolve();

  /** The sum of weights is relative to the logit of the likeliest token, which the greedy sampler selects. */
  async function logProbabilityAt(place: number, token: Token): Promise<number> {
    const filter: LogitFilter = [[token], false, false, true, 0];
    const [likeliest, , , logits, weights] = await native.sampleToken(
      place,
      greedy,
      false,
      false,
      filter,
      true,
    );
    const logit = new Map(pairsOf(logits!));
    return logit.get(token)! - logit.get(likeliest)! - Math.log(weights!);
  }

  async function readBatch(requests: readonly EvalRequest[]): Promise<void> {
    native.initBatch(requests.reduce((sum, { tokens }) => sum + tokens.length, 0));
    const places = requests.map(({ sequence, tokens, outputs }) =>
      native.addToBatch(
        sequence,
        read[sequence]!.length,
        Uint32Array.from(tokens),
        Uint32Array.from(outputs),
      ),
    );
    await native.decodeBatch();
    for (const { sequence, tokens } of requests) read[sequence]!.push(...tokens);
    await Promise.all(
      requests.flatMap(({ outputs, take }, at) =>
        outputs.map((index, which) => take(index, places[at]![which]!)),
      ),
    );
  }

  const evaluator: BatchEvaluator = {
    model,
    contextTokens: context.contextSize,
    tokensOf: (sequence) => read[sequence]!,
    async evaluate(requests) {
      for (const batch of batchesOf(requests, context.batchSize)) await readBatch(batch);
    },
    async truncate(sequence, kept) {
      const tokens = read[sequence]!;
      if (kept >= tokens.length) return;
      read[sequence] = tokens.slice(0, kept);
      if (native.removeTokenCellsFromSequence(sequence, kept, -1)) return;
      // A recurrent model cannot go back, so it reads the tokens again.
      native.disposeSequence(sequence);
      read[sequence] = [];
      if (kept > 0) await evaluator.evaluate([withoutOutputs(sequence, tokens.slice(0, kept))]);
    },
    async copy(from, to) {
      await native.copySequenceStateFromOtherSequence(to, from);
      read[to] = [...read[from]!];
    },
    sampler() {
      const sampler = samplerOf();
      return {
        configure: (config) => sampler.applyConfig(config),
        draw: (place) => native.sampleToken(place, sampler),
        async candidates(place) {
          const [, pairs = []] = await native.sampleToken(place, sampler, true, false);
          return pairsOf(pairs);
        },
        close: () => sampler.dispose(),
      };
    },
    logProbability(place, token) {
      // A sampler has only one list of candidates, so outputs are scored one after the other.
      const found = scoring.then(() => logProbabilityAt(place, token));
      scoring = found.catch(() => {});
      return found;
    },
    async close() {
      greedy.dispose();
      await context.dispose();
    },
  };
  return evaluator;
}

/** A request without outputs. */
export const withoutOutputs = (sequence: number, tokens: readonly Token[]): EvalRequest => ({
  sequence,
  tokens,
  outputs: [],
  take: async () => {},
});

/** Requests in order, split where a batch is full. */
function batchesOf(requests: readonly EvalRequest[], size: number): EvalRequest[][] {
  const batches: EvalRequest[][] = [[]];
  let room = size;
  for (const request of requests) {
    for (let from = 0; from < request.tokens.length; ) {
      if (room === 0) {
        batches.push([]);
        room = size;
      }
      const to = Math.min(request.tokens.length, from + room);
      batches.at(-1)!.push(from === 0 && to === request.tokens.length ? request : partOf(request, from, to));
      room -= to - from;
      from = to;
    }
  }
  return batches.filter((batch) => batch.length > 0);
}

const partOf = ({ sequence, tokens, outputs, take }: EvalRequest, from: number, to: number): EvalRequest => ({
  sequence,
  tokens: tokens.slice(from, to),
  outputs: outputs.filter((index) => index >= from && index < to).map((index) => index - from),
  take: (index, place) => take(index + from, place),
});

/** The native part returns tokens and values alternately. */
const pairsOf = (flat: readonly number[]): [Token, number][] =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] as Token, flat[2 * at + 1]!]);

/**
 * Which logits to return: of these tokens, of the likeliest, of the least likely, of the selected one, of the top n.
 */
type LogitFilter = readonly [readonly Token[], boolean, boolean, boolean, number];

/** The selected token, then if requested: probabilities, the confidence, logits, the sum of exp(logit - highest). */
type SampleReply = readonly [Token, number[]?, number?, number[]?, number?];

interface NativeSampler {
  applyConfig(config: SamplerConfig): void;
  dispose(): void;
}

interface NativeModel {
  readonly _model: unknown;
  readonly _llama: { readonly _bindings: { AddonSampler: new (model: unknown) => NativeSampler } };
}

interface NativeContext {
  initBatch(tokens: number): void;
  /** Returns the positions of the outputs. */
  addToBatch(sequence: number, from: number, tokens: Uint32Array, outputs: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(place: number, sampler: NativeSampler): Promise<Token>;
  sampleToken(
    place: number,
    sampler: NativeSampler,
    probabilities: boolean,
    confidence: boolean,
    logits?: LogitFilter,
    totalWeight?: boolean,
  ): Promise<SampleReply>;
  /** False if the model's memory cannot be cut there. */
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
  disposeSequence(sequence: number): void;
  copySequenceStateFromOtherSequence(to: number, from: number): Promise<number>;
}
