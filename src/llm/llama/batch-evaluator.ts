import type { LlamaContext, LlamaModel, Token } from "node-llama-cpp";
import { StudyError } from "../../workbench/errors.ts";

/**
 * Evaluates several texts at once with one model, and keeps the evaluated tokens of each. The library's own loop takes
 * locks and makes promises for each token of each text, which costs a small model a fifth of its speed, and its
 * scoring reports only the likeliest token. So our own loop calls the library's native part directly. That part is
 * private: package.json pins the exact version of the library, and `nativeOf` checks that everything is there.
 */
export interface BatchEvaluator {
  readonly model: LlamaModel;
  /** The most tokens per text. */
  readonly contextTokens: number;
  /** The tokens of a text that the model has in memory. */
  tokensOf(sequence: number): readonly Token[];
  /**
   * Evaluates the requests together, in as few batches as possible. `take` is called for each token in `outputs`, while
   * the logits after it are available, with the index of these logits.
   */
  evaluate(requests: readonly EvalRequest[]): Promise<void>;
  /** Removes all but the first `kept` tokens of a text from memory. */
  truncate(sequence: number, kept: number): Promise<void>;
  /** Copies the evaluated tokens of one text to another. */
  copy(from: number, to: number): Promise<void>;
  sampler(): Sampler;
  /** The natural logarithm of the probability of a token by the logits at `logitsIndex`, at temperature 1. */
  logProbability(logitsIndex: number, token: Token): Promise<number>;
  close(): Promise<void>;
}

export interface EvalRequest {
  readonly sequence: number;
  readonly tokens: readonly Token[];
  /** Indexes in `tokens`, ascending, after which the logits are needed. */
  readonly outputs: readonly number[];
  take(index: number, logitsIndex: number): Promise<void>;
}

/** Draws tokens for one text; its state carries over from token to token. */
export interface Sampler {
  configure(config: SamplerConfig): void;
  draw(logitsIndex: number): Promise<Token>;
  /** The tokens it would draw from, with probabilities. */
  candidates(logitsIndex: number): Promise<[Token, number][]>;
  close(): void;
}

/** A setting that is left out does not change the distribution. */
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

/** Throws StudyError if the library lacks a private part that this needs. */
export function batchEvaluatorOf(model: LlamaModel, context: LlamaContext): BatchEvaluator {
  const { native, nativeModel, AddonSampler } = nativeOf(model, context);
  const evaluated: Token[][] = Array.from({ length: context.totalSequences }, () => []);
  const samplerOf = () => new AddonSampler(nativeModel);
  const greedy = samplerOf();
  greedy.applyConfig({ temperature: 0 });

  let scoring: Promise<unknown> = Promise.resolve();

  /** The sum of weights is relative to the logit of the likeliest token, which the greedy sampler selects. */
  async function logProbabilityAt(logitsIndex: number, token: Token): Promise<number> {
    const filter: LogitFilter = [[token], false, false, true, 0];
    const [likeliest, , , logits, weights] = await native.sampleToken(
      logitsIndex,
      greedy,
      false,
      false,
      filter,
      true,
    );
    const logit = new Map(pairsOf(logits!));
    return logit.get(token)! - logit.get(likeliest)! - Math.log(weights!);
  }

  async function evaluateBatch(requests: readonly EvalRequest[]): Promise<void> {
    native.initBatch(requests.reduce((sum, { tokens }) => sum + tokens.length, 0));
    const logitsIndexes = requests.map(({ sequence, tokens, outputs }) =>
      native.addToBatch(
        sequence,
        evaluated[sequence]!.length,
        Uint32Array.from(tokens),
        Uint32Array.from(outputs),
      ),
    );
    await native.decodeBatch();
    for (const { sequence, tokens } of requests) evaluated[sequence]!.push(...tokens);
    await Promise.all(
      requests.flatMap(({ outputs, take }, at) =>
        outputs.map((index, which) => take(index, logitsIndexes[at]![which]!)),
      ),
    );
  }

  const evaluator: BatchEvaluator = {
    model,
    contextTokens: context.contextSize,
    tokensOf: (sequence) => evaluated[sequence]!,
    async evaluate(requests) {
      for (const batch of batchesOf(requests, context.batchSize)) await evaluateBatch(batch);
    },
    async truncate(sequence, kept) {
      const tokens = evaluated[sequence]!;
      if (kept >= tokens.length) return;
      evaluated[sequence] = tokens.slice(0, kept);
      if (native.removeTokenCellsFromSequence(sequence, kept, -1)) return;
      // A recurrent model has one state and cannot go back, so it evaluates the text again.
      native.disposeSequence(sequence);
      evaluated[sequence] = [];
      if (kept > 0) await evaluator.evaluate([withoutOutputs(sequence, tokens.slice(0, kept))]);
    },
    async copy(from, to) {
      await native.copySequenceStateFromOtherSequence(to, from);
      evaluated[to] = [...evaluated[from]!];
    },
    sampler() {
      const sampler = samplerOf();
      return {
        configure: (config) => sampler.applyConfig(config),
        draw: (logitsIndex) => native.sampleToken(logitsIndex, sampler),
        async candidates(logitsIndex) {
          const [, pairs = []] = await native.sampleToken(logitsIndex, sampler, true, false);
          return pairsOf(pairs);
        },
        close: () => sampler.dispose(),
      };
    },
    logProbability(logitsIndex, token) {
      // The sampler has one list of candidates, so tokens are scored one after the other.
      const found = scoring.then(() => logProbabilityAt(logitsIndex, token));
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

/** The requests in order, split where a batch is full. */
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
  take: (index, logitsIndex) => take(index + from, logitsIndex),
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

type NativeSamplerClass = new (model: unknown) => NativeSampler;

/** The private parts as they may be, in a version of the library that is not the pinned one. */
interface PrivateParts {
  readonly _ctx?: Partial<NativeContext>;
  readonly _model?: unknown;
  readonly _llama?: { readonly _bindings?: { readonly AddonSampler?: NativeSamplerClass } };
}

interface NativeContext {
  initBatch(tokens: number): void;
  /** Returns the index of the logits of each token in `outputs`. */
  addToBatch(sequence: number, from: number, tokens: Uint32Array, outputs: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(logitsIndex: number, sampler: NativeSampler): Promise<Token>;
  sampleToken(
    logitsIndex: number,
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

/** Every method of the native context that is called here. */
const contextMethods = Object.keys({
  initBatch: true,
  addToBatch: true,
  decodeBatch: true,
  sampleToken: true,
  removeTokenCellsFromSequence: true,
  disposeSequence: true,
  copySequenceStateFromOtherSequence: true,
} satisfies Record<keyof NativeContext, true>) as (keyof NativeContext)[];

/** The library's native part. Throws StudyError that names everything it lacks. */
function nativeOf(model: LlamaModel, context: LlamaContext) {
  const { _ctx: native } = context as unknown as PrivateParts;
  const { _model: nativeModel, _llama: library } = model as unknown as PrivateParts;
  const AddonSampler = library?._bindings?.AddonSampler;
  const missing = [
    ...contextMethods.filter((name) => typeof native?.[name] !== "function").map((name) => `_ctx.${name}`),
    ...(nativeModel ? [] : ["_model"]),
    ...(["applyConfig", "dispose"] as const)
      .filter((name) => typeof AddonSampler?.prototype?.[name] !== "function")
      .map((name) => `AddonSampler.${name}`),
  ];
  if (missing.length > 0) {
    throw new StudyError(
      `node-llama-cpp is not the version that Tiny Love needs: it lacks ${missing.join(", ")}`,
      {
        hint: "reinstall Tiny Love, which installs the right version with it",
      },
    );
  }
  return { native: native as NativeContext, nativeModel, AddonSampler: AddonSampler as NativeSamplerClass };
}
