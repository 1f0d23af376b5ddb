import type { LlamaContext, LlamaModel, Token } from "node-llama-cpp";

/**
 * A model at work on several texts at once: what it has read of each, and what it expects next. The library's own loop
 * takes locks and makes promises for each token of each text, which costs a small model a fifth of its speed, and
 * its way of scoring tells nothing of any token but the likeliest; so its native part is asked straight, in a loop
 * of ours. That part is not promised to last: package.json names the library's version to the digit.
 */
export interface BatchEvaluator {
  readonly model: LlamaModel;
  /** Tokens that each text may have. */
  readonly contextTokens: number;
  /** What the model has in memory of a text. */
  read(sequence: number): readonly Token[];
  /**
   * Lets the model read on, all pieces together, in as few batches as hold them. `take` is called after each token
   * that was `asked` about, while what the model expects there can be looked at.
   */
  readOn(pieces: readonly EvalRequest[]): Promise<void>;
  /** Forgets all but the first so many tokens of a text. */
  forget(sequence: number, kept: number): Promise<void>;
  /** Gives one text all that the model has read of another. */
  copy(from: number, to: number): Promise<void>;
  sampler(): Sampler;
  /** The logarithm of the probability of a token at a place, natural, at temperature 1. */
  logProbability(place: number, token: Token): Promise<number>;
  close(): Promise<void>;
}

export interface EvalRequest {
  readonly sequence: number;
  readonly tokens: readonly Token[];
  /** Indexes in `tokens`, ascending. */
  readonly asked: readonly number[];
  take(index: number, place: number): Promise<void>;
}

/** Draws tokens for one text: it has a state, which goes on from token to token. */
export interface Sampler {
  configure(config: SamplerConfig): void;
  draw(place: number): Promise<Token>;
  /** What it would draw from, with probabilities. */
  candidates(place: number): Promise<[Token, number][]>;
  close(): void;
}

/** What is left out is not done to the distribution. */
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

  /** The greedy sampler selects the likeliest token, whose logit the sum of weights is relative to. */
  async function logProbabilityAt(place: number, token: Token): Promise<number> {
    const wanted: LogitFilter = [[token], false, false, true, 0];
    const [likeliest, , , logits, weights] = await native.sampleToken(
      place,
      greedy,
      false,
      false,
      wanted,
      true,
    );
    const logit = new Map(pairsOf(logits!));
    return logit.get(token)! - logit.get(likeliest)! - Math.log(weights!);
  }

  async function readBatch(pieces: readonly EvalRequest[]): Promise<void> {
    native.initBatch(pieces.reduce((sum, { tokens }) => sum + tokens.length, 0));
    const places = pieces.map(({ sequence, tokens, asked }) =>
      native.addToBatch(sequence, read[sequence]!.length, Uint32Array.from(tokens), Uint32Array.from(asked)),
    );
    await native.decodeBatch();
    for (const { sequence, tokens } of pieces) read[sequence]!.push(...tokens);
    await Promise.all(
      pieces.flatMap(({ asked, take }, at) => asked.map((index, which) => take(index, places[at]![which]!))),
    );
  }

  const desk: BatchEvaluator = {
    model,
    contextTokens: context.contextSize,
    read: (sequence) => read[sequence]!,
    async readOn(pieces) {
      for (const batch of batchesOf(pieces, context.batchSize)) await readBatch(batch);
    },
    async forget(sequence, kept) {
      const tokens = read[sequence]!;
      if (kept >= tokens.length) return;
      read[sequence] = tokens.slice(0, kept);
      if (native.removeTokenCellsFromSequence(sequence, kept, -1)) return;
      // A recurrent model has one state and no way back: it reads again.
      native.disposeSequence(sequence);
      read[sequence] = [];
      if (kept > 0) await desk.readOn([silent(sequence, tokens.slice(0, kept))]);
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
      // A sampler has one list of candidates: it is asked for one place after the other.
      const found = scoring.then(() => logProbabilityAt(place, token));
      scoring = found.catch(() => {});
      return found;
    },
    async close() {
      greedy.dispose();
      await context.dispose();
    },
  };
  return desk;
}

/** A piece that nothing is asked about. */
export const silent = (sequence: number, tokens: readonly Token[]): EvalRequest => ({
  sequence,
  tokens,
  asked: [],
  take: async () => {},
});

/** Pieces in order, parted where a batch is full. */
function batchesOf(pieces: readonly EvalRequest[], size: number): EvalRequest[][] {
  const batches: EvalRequest[][] = [[]];
  let room = size;
  for (const piece of pieces) {
    for (let from = 0; from < piece.tokens.length; ) {
      if (room === 0) {
        batches.push([]);
        room = size;
      }
      const to = Math.min(piece.tokens.length, from + room);
      batches.at(-1)!.push(from === 0 && to === piece.tokens.length ? piece : partOf(piece, from, to));
      room -= to - from;
      from = to;
    }
  }
  return batches.filter((batch) => batch.length > 0);
}

const partOf = ({ sequence, tokens, asked, take }: EvalRequest, from: number, to: number): EvalRequest => ({
  sequence,
  tokens: tokens.slice(from, to),
  asked: asked.filter((index) => index >= from && index < to).map((index) => index - from),
  take: (index, place) => take(index + from, place),
});

/** The native part gives tokens and values by turns. */
const pairsOf = (flat: readonly number[]): [Token, number][] =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] as Token, flat[2 * at + 1]!]);

/** Of these tokens, of the likeliest, of the least likely, of the selected one, of so many at the top. */
type LogitFilter = readonly [readonly Token[], boolean, boolean, boolean, number];

/** The selected token, then where asked for: probabilities, the confidence, logits, the sum of exp(logit - highest). */
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
  /** Returns the places of the tokens that were asked about. */
  addToBatch(sequence: number, from: number, tokens: Uint32Array, asked: Uint32Array): Uint32Array;
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
  /** False where the model's memory cannot be cut there. */
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
  disposeSequence(sequence: number): void;
  copySequenceStateFromOtherSequence(to: number, from: number): Promise<number>;
}
