import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setImmediate as nextCycle } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Llama as Binding, LlamaContext, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { type Random, randomFrom } from "../stats/random.ts";
import { messageOf, StudyError } from "./errors.ts";
import { exists } from "./files.ts";
import { packageFolder } from "./version.ts";

/** The model that comes with the package. */
export const embeddedModelFile = fileURLToPath(new URL("models/tiny-love.gguf", packageFolder));

export interface LlamaSettings {
  /** A GGUF file. */
  readonly file: string;
  /** A LoRA adapter, a GGUF file too. */
  readonly adapter?: string | undefined;
  /** Default: the cores but one, at most 4. More threads than there are idle cores are a hundred times slower. */
  readonly threads?: number | undefined;
  /** Texts written at the same time. Default 1. */
  readonly parallel?: number | undefined;
  /** Room for the prompt and the text of each, in tokens; at most what the model was trained for. Default 1024. */
  readonly contextTokens?: number | undefined;
}

/** How the next token is drawn; nothing is left to a default of the library. */
export interface Draw {
  readonly temperature: number;
  readonly topP: number;
  /** 0 draws from the whole vocabulary. */
  readonly topK: number;
  readonly minP: number;
  readonly repeatPenalty: number;
  readonly leastTokens: number;
  readonly mostTokens: number;
}

export interface Continuation {
  readonly prompt: string;
  /** How many characters of the prompt's start other prompts may have too: they are evaluated once. Default 0. */
  readonly shared?: number | undefined;
  /** The text ends where the model begins to write this, unless a letter stands before it. */
  readonly stop?: string | undefined;
  readonly seed: number;
  readonly draw: Draw;
}

export interface Continued {
  /** What the model wrote, the stop included where it wrote one. */
  readonly text: string;
  readonly end: "stop" | "end of text" | "limit";
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** From the start of its batch to its last token. */
  readonly ms: number;
}

export interface Scored {
  /** Tokens that were scored. */
  readonly tokens: number;
  /** Sum of their log-probabilities, natural logarithm. */
  readonly logProbability: number;
  /** exp(-logProbability / tokens): how many tokens the model wavers between, on average. */
  readonly perplexity: number;
  readonly byToken: readonly { readonly text: string; readonly logProbability: number }[];
}

export interface Hooks {
  readonly signal?: AbortSignal | undefined;
  /** Called with what was added to the text at `index`; what may still turn out to be the stop is held back. */
  readonly onText?: ((index: number, added: string) => void) | undefined;
  /** Called after each step with the tokens that all texts have by then. */
  readonly onTokens?: ((tokens: number) => void) | undefined;
}

/** A language model in memory. */
export interface LlamaModelInMemory {
  readonly parallel: number;
  readonly contextTokens: number;
  /** How many tokens a text has. */
  count(text: string): number;
  /** Says that a prompt and its text do not fit in the model's memory; undefined when they do. */
  tooLong(continuation: Continuation): string | undefined;
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
  score(text: string, before?: string, hooks?: Hooks): Promise<Scored>;
  /** Tokens of prompts that were worked out so far: what prompts share is counted once. */
  evaluatedTokens(): Promise<number>;
  close(): Promise<void>;
}

/** What a GGUF file says of itself. Sizes in bytes. */
export interface LlamaFile {
  readonly name: string;
  readonly architecture: string;
  readonly licence: string;
  readonly parameters: number;
  /** The size of its weights. */
  readonly size: number;
  /** Tokens that it was trained for. */
  readonly contextTokens: number;
  /** What the memory of one token takes: keys and values of all layers, at two bytes each. */
  readonly cachePerToken: number;
}

/** Reads a GGUF file's head, without loading it; throws StudyError when it has none. */
export async function readLlamaFile(file: string): Promise<LlamaFile> {
  const { readGgufFileInfo, GgufInsights } = await import("node-llama-cpp");
  try {
    const info = await readGgufFileInfo(file, { logWarnings: false });
    const insights = await GgufInsights.from(info);
    const { general } = info.metadata;
    const { attention, embedding_length: width = 0, block_count: layers = 0 } = info.architectureMetadata;
    const heads = numberOf(attention?.head_count) || 1;
    const headsOfKeys = numberOf(attention?.head_count_kv) || heads;
    const keyLength = attention?.key_length ?? width / heads;
    const valueLength = attention?.value_length ?? width / heads;
    return {
      name: general.name ?? basename(file),
      architecture: general.architecture,
      licence: String(general.license ?? "not told"),
      parameters: insights.totalParameters,
      size: insights.modelSize,
      contextTokens: insights.trainContextSize ?? 0,
      cachePerToken: 2 * layers * headsOfKeys * (keyLength + valueLength),
    };
  } catch (cause) {
    throw new StudyError(`${file} is no GGUF file: ${messageOf(cause).split("\n")[0]}`, {
      hint: "give a whole GGUF file",
      cause,
    });
  }
}

/** A number of heads may be given layer by layer. */
const numberOf = (value: number | readonly number[] | undefined): number =>
  Math.max(0, ...[value ?? []].flat());

/** Bytes that loading a file takes, with room for so many tokens altogether. */
export const memoryNeeded = ({ size, cachePerToken }: LlamaFile, tokens: number): number =>
  size + cachePerToken * tokens;

/** Bytes that this process may still take, in a container too. */
export const memoryFree = (): number => process.availableMemory?.() ?? freemem();

/** Loads a GGUF file; throws StudyError when it is missing, broken, of a kind that cannot be run, or too big. */
export async function openLlama(settings: LlamaSettings): Promise<LlamaModelInMemory> {
  for (const file of [settings.file, ...(settings.adapter ? [settings.adapter] : [])]) {
    if (!(await exists(file)))
      throw new StudyError(`no model file ${file}`, { hint: "give the path of a GGUF file" });
  }
  const model = await loaded(settings.file);
  try {
    return inMemory(model, settings);
  } catch (thrown) {
    await model.dispose();
    throw thrown;
  }
}

/** One binding serves the process; its log is kept, for it says why a file would not load. */
let binding: Promise<Binding> | undefined;
const recentLog: string[] = [];

async function bound(): Promise<Binding> {
  const { getLlama, LlamaLogLevel } = await import("node-llama-cpp");
  binding ??= getLlama({
    build: "never",
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    logger: (_, message) => {
      recentLog.push(message.trim());
      if (recentLog.length > 5) recentLog.shift();
    },
  });
  return binding;
}

async function loaded(file: string): Promise<LlamaModel> {
  const llama = await bound();
  recentLog.length = 0;
  try {
    // Mapped weights are held twice once they are repacked for the processor.
    return await llama.loadModel({ modelPath: file, useMmap: false });
  } catch (cause) {
    const reason = recentLog.find((line) => line !== "") ?? messageOf(cause);
    throw new StudyError(`cannot load ${file}: ${reason.split("\n")[0]}`, {
      hint: "it has to be a whole GGUF file of a kind that llama.cpp runs",
      cause,
    });
  }
}

function inMemory(model: LlamaModel, settings: LlamaSettings): LlamaModelInMemory {
  const parallel = settings.parallel ?? 1;
  let contextTokens = roomOf(settings.contextTokens ?? 1024, model);
  let context: Promise<Desk> | undefined;
  const desk = () => {
    context ??= deskOf(model, settings, parallel, contextTokens);
    return context;
  };
  const tooLong = ({ prompt, draw: { mostTokens } }: Continuation) => {
    const needed = model.tokenize(prompt).length + mostTokens;
    return needed < contextTokens
      ? undefined
      : `a prompt with ${mostTokens} new tokens takes ${needed} tokens, the model holds ${contextTokens}`;
  };
  return {
    parallel,
    tooLong,
    get contextTokens() {
      return contextTokens;
    },
    count: (text) => model.tokenize(text).length,
    reserve(tokens) {
      if (!context) contextTokens = roomOf(tokens, model);
    },
    async evaluatedTokens() {
      const { sequences } = await desk();
      return sequences.reduce((sum, { tokenMeter }) => sum + tokenMeter.usedInputTokens, 0);
    },
    async continueAll(continuations, hooks = {}) {
      if (continuations.length > parallel)
        throw new RangeError(`${continuations.length} continuations for ${parallel} sequences`);
      for (const continuation of continuations) {
        const problem = tooLong(continuation);
        if (problem) {
          throw new StudyError(problem, {
            hint: "use shorter or fewer examples, or lower generate.tokens.most",
          });
        }
      }
      return inStep(await desk(), continuations, hooks);
    },
    score: async (text, before = "", hooks = {}) => score(await desk(), text, before, hooks),
    async close() {
      const opened = await context;
      if (opened?.saved) await rm(dirname(opened.saved.file), { recursive: true, force: true });
      await opened?.context.dispose();
      await model.dispose();
    },
  };
}

/** The library makes room by 256 tokens, whatever it is asked for. */
const roomOf = (tokens: number, model: LlamaModel): number =>
  Math.min(256 * Math.ceil(tokens / 256), model.trainContextSize);

/** A context with its sequences, and the prompt start that was evaluated alone in each of them. */
interface Desk {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly sequences: readonly LlamaContextSequence[];
  readonly starts: Map<LlamaContextSequence, readonly Token[]>;
  /** The start that `file` holds, to be read into other sequences. */
  saved: { readonly start: readonly Token[]; readonly file: string } | undefined;
}

/** A thread waits by spinning: where all cores are taken, each token waits for the scheduler, a hundredfold. */
export const defaultThreads = (): number => Math.max(1, Math.min(availableParallelism() - 1, 4));

async function deskOf(
  model: LlamaModel,
  { adapter, threads, file }: LlamaSettings,
  parallel: number,
  contextTokens: number,
): Promise<Desk> {
  recentLog.length = 0;
  try {
    const context = await model.createContext({
      sequences: parallel,
      contextSize: contextTokens,
      batchSize: Math.max(parallel, Math.min(512, contextTokens)),
      threads: { ideal: threads ?? defaultThreads(), min: threads ?? defaultThreads() },
      ...(adapter && { lora: adapter }),
    });
    const sequences = Array.from({ length: parallel }, () => context.getSequence());
    return { model, context, sequences, starts: new Map(), saved: undefined };
  } catch (cause) {
    const what = adapter ? `the adapter ${basename(adapter)} on ${basename(file)}` : basename(file);
    throw new StudyError(`cannot use ${what}: ${(recentLog[0] ?? messageOf(cause)).split("\n")[0]}`, {
      hint: adapter
        ? "an adapter fits only the model that it was trained on"
        : "lower the number of parallel texts",
      cause,
    });
  }
}

async function inStep(
  desk: Desk,
  continuations: readonly Continuation[],
  { signal, onText, onTokens }: Hooks,
): Promise<Continued[]> {
  const started = performance.now();
  const pens: Pen[] = [];
  for (const [index, continuation] of continuations.entries()) {
    const sequence = desk.sequences[index]!;
    const tokens = promptTokens(desk.model, continuation.prompt);
    // Prompt starts are evaluated alone, so that they come out the same whatever is written beside them.
    const kept = await keepStart(desk, sequence, sharedTokens(desk.model, continuation, tokens));
    pens.push(penOf(desk.model, sequence, continuation, tokens, kept));
  }
  for (let live = pens; live.length > 0; live = live.filter((pen) => !pen.end)) {
    signal?.throwIfAborted();
    // All steps are asked for in one cycle of the event loop: the library puts them into one batch.
    await Promise.all(live.map((pen) => pen.step()));
    for (const pen of live) if (pen.end) pen.ms = performance.now() - started;
    // Erasing what was taken back takes locks; the next steps wait until it is done.
    await Promise.all(live.map((pen) => pen.settle()));
    onTokens?.(pens.reduce((sum, { tokens }) => sum + tokens.length, 0));
    if (onText) for (const [index, pen] of pens.entries()) onText(index, pen.news());
    await nextCycle();
  }
  return pens.map((pen) => ({
    text: pen.text(),
    end: pen.end!,
    promptTokens: pen.promptTokens,
    generatedTokens: pen.tokens.length,
    ms: Math.round(pen.ms),
  }));
}

/** Prompts begin as the model's training texts did: with its beginning-of-text where it has such a habit. */
function promptTokens(model: LlamaModel, prompt: string): Token[] {
  const bos = model.tokens.shouldPrependBosToken ? model.tokens.bos : null;
  return [...(bos === null ? [] : [bos]), ...model.tokenize(prompt)];
}

/** The tokens of the prompt's shared start. Its last one is left out, for what follows may merge with it. */
function sharedTokens(model: LlamaModel, { prompt, shared = 0 }: Continuation, tokens: Token[]): Token[] {
  const start = shared > 0 ? promptTokens(model, prompt.slice(0, shared)) : [];
  const same = start.findIndex((token, at) => token !== tokens[at]);
  const length = Math.min(same < 0 ? start.length : same, tokens.length - 1) - 1;
  return tokens.slice(0, Math.max(0, length));
}

/** Leaves exactly `start` in the sequence's memory; evaluates it only where no sequence has it yet. */
async function keepStart(desk: Desk, sequence: LlamaContextSequence, start: Token[]): Promise<number> {
  const { starts } = desk;
  const holds = same(starts.get(sequence) ?? [], start);
  await sequence.eraseContextTokenRanges([{ start: holds ? start.length : 0, end: sequence.nextTokenIndex }]);
  if (!holds && start.length > 0) {
    const [donor] =
      [...starts].find(([other, held]) => same(held, start) && other.nextTokenIndex === start.length) ?? [];
    if (donor && start.length >= worthCopying) await copyStart(desk, donor, sequence, start);
    else await sequence.evaluateWithoutGeneratingNewTokens(start);
  }
  starts.set(sequence, start);
  return start.length;
}

const same = (one: readonly Token[], other: readonly Token[]): boolean =>
  one.length === other.length && one.every((token, at) => token === other[at]);

/** Tokens below which evaluating is faster than a file. */
const worthCopying = 16;

/** What a sequence remembers goes to another by way of a file: the library has no other way that is public. */
async function copyStart(
  desk: Desk,
  donor: LlamaContextSequence,
  sequence: LlamaContextSequence,
  start: readonly Token[],
): Promise<void> {
  if (!desk.saved || !same(desk.saved.start, start)) {
    const file = desk.saved?.file ?? join(await mkdtemp(join(tmpdir(), "tinylove-")), "start.bin");
    await donor.saveStateToFile(file);
    desk.saved = { start, file };
  }
  // The file is our own, of this very model and a moment old.
  await sequence.loadStateFromFile(desk.saved.file, { acceptRisk: true });
}

/** One text in the making. */
interface Pen {
  readonly promptTokens: number;
  readonly tokens: readonly Token[];
  end: Continued["end"] | undefined;
  ms: number;
  /** What is certain and was not told before. */
  news(): string;
  /** Draws one more token: exactly one batch has to be worked out for it. */
  step(): Promise<void>;
  /** Takes back what the last step found must not be there. */
  settle(): Promise<void>;
  text(): string;
}

function penOf(
  model: LlamaModel,
  sequence: LlamaContextSequence,
  { stop, seed, draw }: Continuation,
  prompt: readonly Token[],
  evaluated: number,
): Pen {
  let tokens: Token[] = [];
  /** The place whose token has to be drawn again. */
  let again: number | undefined;
  /** What may not stand at a place, given what stands before it. */
  let banned = new Map<number, Set<Token>>();
  let draws = 0;
  let told = 0;

  const options = {
    ...optionsOf(draw, seed),
    ...(draw.repeatPenalty !== 1 && {
      repeatPenalty: {
        penalty: draw.repeatPenalty,
        punishTokens: () => tokens.slice(-64),
        maxPunishTokens: 64,
      },
    }),
  };
  const stream = sequence.evaluate(prompt.slice(evaluated), { ...options, yieldEogToken: true });
  /** What the stream goes on with; undefined where it goes on with the token that it gave last. */
  let replacement: Token | undefined;

  async function drawn(): Promise<Token | undefined> {
    const { value } = replacement === undefined ? await stream.next() : await stream.next(replacement);
    replacement = undefined;
    return value ?? undefined;
  }

  async function redrawn(place: number): Promise<Token | undefined> {
    const previous = place === 0 ? prompt.at(-1)! : tokens[place - 1]!;
    const [output] = await sequence.controlledEvaluate([
      [previous, { generateNext: { probabilities: true, options } }],
    ]);
    const left = [...(output?.next.probabilities ?? [])].filter(([token]) => !banned.get(place)?.has(token));
    replacement = chosen(left, draw.temperature, randomFrom(seed, "again", draws++));
    return replacement;
  }

  /** Takes back the tokens from `place` on, and never puts this one there again. */
  function takeBack(place: number): void {
    const bans = banned.get(place) ?? new Set();
    bans.add(tokens[place]!);
    banned = new Map([...banned].filter(([at]) => at < place));
    banned.set(place, bans);
    tokens = tokens.slice(0, place);
    again = place;
  }

  const pen: Pen = {
    promptTokens: prompt.length,
    get tokens() {
      return tokens;
    },
    end: undefined,
    ms: 0,
    news() {
      const text = model.detokenize(tokens);
      const certain = pen.end ? text.length : text.length - uncertain(text, stop);
      const added = text.slice(told, certain);
      told = Math.max(told, certain);
      return added;
    },
    async step() {
      const token = again === undefined ? await drawn() : await redrawn(again);
      again = undefined;
      if (token === undefined) {
        pen.end = "end of text";
        return;
      }
      tokens.push(token);
      if (model.isEogToken(token)) {
        if (tokens.length <= draw.leastTokens) takeBack(tokens.length - 1);
        else {
          tokens.pop();
          pen.end = "end of text";
        }
        return;
      }
      const stopped = stop ? stopPlace(model, tokens, stop) : undefined;
      if (stopped !== undefined && stopped < draw.leastTokens) takeBack(stopped);
      else if (stopped !== undefined) pen.end = "stop";
      else if (tokens.length >= draw.mostTokens) pen.end = "limit";
    },
    async settle() {
      if (pen.end) await stream.return();
      else if (again !== undefined) {
        // The token before the place is evaluated again: its logits are what the new token is drawn from.
        await sequence.eraseContextTokenRanges([
          { start: prompt.length + again - 1, end: sequence.nextTokenIndex },
        ]);
      }
    },
    text: () => model.detokenize(tokens),
  };
  return pen;
}

/** Tokens at the end of a text that are looked through for a stop; a token has at least a byte. */
const tail = 24;

/** Where the tokens of the stop begin, when the text has just come to its end; undefined when it has not. */
function stopPlace(model: LlamaModel, tokens: readonly Token[], stop: string): number | undefined {
  // Most tokens cannot end the stop; to see that from the last one alone saves the text's end from being put together.
  const last = stop.at(-1)!;
  if (last < "\u0080" && !model.detokenize([tokens.at(-1)!]).includes(last)) return undefined;
  const from = Math.max(0, tokens.length - tail - stop.length);
  const text = model.detokenize(tokens.slice(from));
  for (let at = text.lastIndexOf(stop); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(stop, at - 1)) {
    if (/[\p{L}\p{N}\p{M}]$/u.test(text.slice(0, at))) continue;
    let place = tokens.length;
    while (place > from && model.detokenize(tokens.slice(from, place)).length > at) place--;
    return place;
  }
  return undefined;
}

/** The length of what at a text's end may still become the stop, or is half a letter. */
function uncertain(text: string, stop = ""): number {
  for (let length = Math.min(stop.length, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return /\uFFFD*$/.exec(text)![0].length;
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

function optionsOf(draw: Pick<Draw, "temperature" | "topP" | "topK" | "minP">, seed: number) {
  return {
    temperature: draw.temperature,
    topP: draw.topP,
    // The library reads 0 as "sort the whole vocabulary", which takes longer than the model itself where that is
    // small; null leaves the step out, with the same outcome.
    topK: draw.topK === 0 ? (null as unknown as number) : draw.topK,
    minP: draw.minP,
    seed,
  };
}

async function score(
  { model, sequences: [sequence], context, starts }: Desk,
  text: string,
  before: string,
  { signal }: Hooks,
): Promise<Scored> {
  signal?.throwIfAborted();
  const given = before === "" ? [] : model.tokenize(before);
  const start = model.tokens.bos ?? model.tokens.eos;
  const head = given.length > 0 ? given : start === null ? [] : [start];
  const tokens = model.tokenize(text);
  const all = [...head, ...tokens];
  if (all.length > context.contextSize) {
    throw new StudyError(
      `a text of ${all.length} tokens is longer than the ${context.contextSize} that the model holds`,
      { hint: "shorten it" },
    );
  }
  starts.delete(sequence!);
  await sequence!.clearHistory();
  const options = optionsOf({ temperature: 1, topP: 1, topK: 0, minP: 0 }, 0);
  const outputs = await sequence!.controlledEvaluate(
    all.slice(0, -1).map((token, at) => {
      const next = all[at + 1]!;
      if (at + 1 < head.length) return token;
      const logits = { filter: { tokens: [next], includeMax: true } };
      return [token, { generateNext: { logits, totalLogitWeight: true, options } }];
    }),
  );
  const byToken = outputs.flatMap((output, at) => {
    if (!output?.next.logits || output.next.totalLogitWeight === undefined) return [];
    const next = all[at + 1]!;
    const highest = Math.max(...output.next.logits.values());
    const logProbability = output.next.logits.get(next)! - highest - Math.log(output.next.totalLogitWeight);
    return [{ text: model.detokenize([next]), logProbability }];
  });
  const logProbability = byToken.reduce((sum, token) => sum + token.logProbability, 0);
  return {
    tokens: byToken.length,
    logProbability,
    perplexity: Math.exp(-logProbability / byToken.length),
    byToken,
  };
}
