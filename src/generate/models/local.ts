import { stat } from "node:fs/promises";
import { basename } from "node:path";
import {
  type Continuation,
  chatTemplateOf,
  type LlamaModelInMemory,
  memoryFree,
  memoryNeeded,
  openLlama,
  readLlamaFile,
} from "../../llm/llama.ts";
import type { LocalSettings } from "../../study/settings/models.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { StudyError } from "../../workbench/errors.ts";
import { sizeOf } from "../bytes.ts";
import { baseFormat, type Model, type PromptFormat, type Reply, type Request } from "../model.ts";
import { numericSampling } from "../sampling.ts";

/** A GGUF file on this machine, with an optional adapter. */
export interface LocalFiles {
  readonly file: string;
  readonly adapter?: string | undefined;
  /** SHA-256 of the file, or of both if there is an adapter. */
  readonly hash: string;
}

/** A model that runs in this process. It is loaded with the first text, after a check that it fits in memory. */
export function localModel(
  settings: LocalSettings,
  { file, adapter, hash }: LocalFiles,
  effects: Effects,
): Model {
  const batchSize = settings.parallel ?? defaultParallel;
  let memory: Promise<LlamaModelInMemory> | undefined;
  const loaded = () => {
    const { threads, flashAttention } = settings;
    memory ??= openLlama({ file, adapter, threads, flashAttention, parallel: batchSize });
    return memory;
  };
  return {
    address: settings.address,
    hash,
    ...(!settings.flashAttention && { variant: "attention in f32" }),
    batchSize,
    maxConcurrency: 1,
    async prepare(requests) {
      if (!memory) await checkMemory(file, requests, settings, batchSize, effects);
      const model = await loaded();
      model.reserve(Math.max(...(await Promise.all(requests.map((request) => tokensFor(model, request))))));
    },
    async write(batch, { onText, onTokens } = {}) {
      const model = await loaded();
      const continuations = batch.map(continuationOf);
      const problems = await Promise.all(continuations.map((each) => model.tooLong(each)));
      const fitting = continuations.filter((_, index) => !problems[index]);
      const positions = continuations.flatMap((_, index) => (problems[index] ? [] : [index]));
      const outcomes = await model.continueAll(fitting, {
        signal: effects.signal,
        onTokens,
        onText: onText && ((index, added) => onText(positions[index]!, added)),
      });
      const at = timestamp(effects);
      return problems.map((problem, index): Reply => {
        if (problem) return { failed: problem, permanent: true, ms: 0, at };
        const { text, end, rendered, promptTokens, generatedTokens, logProbabilities, ms } =
          outcomes[positions.indexOf(index)]!;
        const tokens = { prompt: promptTokens, generated: generatedTokens };
        return {
          raw: text,
          end,
          tokens,
          ...(rendered !== undefined && { rendered }),
          ...(logProbabilities && { logProbabilities }),
          ms,
          at,
        };
      });
    },
    close: async () => (await memory)?.close(),
  };
}

/**
 * A GGUF file with a chat template is an instructed model, one without is a base model. Small instructed models get a
 * prompt without examples, because they copy them. Undefined if there is no such file.
 */
export async function promptFormatOfFile(file: string): Promise<PromptFormat | undefined> {
  const bytes = (await stat(file).catch(() => undefined))?.size;
  if (bytes === undefined) return undefined;
  if ((await chatTemplateOf(file)) === undefined) return baseFormat;
  return { apis: ["chat", "completions"], defaultPrompt: bytes < smallBytes ? "chat-small" : "chat" };
}

/** Below this an instructed model counts as small: about two billion weights at four bits. */
const smallBytes = 1.5e9;

const continuationOf = ({ prompt, stop, seed, sampling, logProbabilities }: Request): Continuation => ({
  prompt: prompt.messages ?? prompt.text,
  shared: prompt.shared,
  // An instructed model stops by itself, so its text is kept whole.
  ...(!prompt.messages && { stop }),
  seed,
  sampling: numericSampling(sampling),
  logProbabilities,
});

/**
 * The number of texts written in step. They share the reading of the weights, which limits the speed of a big model.
 */
const defaultParallel = 8;

const tokensFor = async (model: LlamaModelInMemory, { prompt, sampling }: Request): Promise<number> =>
  (await model.countPrompt(prompt.messages ?? prompt.text)) + sampling.mostTokens + 2;

/**
 * Logs how much memory a model needs, and throws StudyError if that is more than is free: the system kills a process
 * that runs out of memory without a message.
 */
async function checkMemory(
  file: string,
  requests: readonly Request[],
  { flashAttention }: LocalSettings,
  batchSize: number,
  effects: Effects,
): Promise<void> {
  const about = await readLlamaFile(file);
  // The number of tokens is known only after loading; three bytes per token is a safe estimate.
  const longest = Math.max(
    ...requests.map(
      ({ prompt, sampling }) => (Buffer.byteLength(prompt.text) + templateBytes) / 3 + sampling.mostTokens,
    ),
  );
  const tokens = Math.ceil(Math.min(longest, about.contextTokens)) * batchSize;
  const [needed, free] = [memoryNeeded(about, tokens, flashAttention), memoryFree()];
  const parts = `${sizeOf(about.size)} of weights and ${sizeOf(needed - about.size)} for ${batchSize} texts at once`;
  if (needed > free) {
    throw new StudyError(`${basename(file)} needs ${parts}, but only ${sizeOf(free)} are free`, {
      hint: "use a smaller model, a stronger quantisation, a lower `parallel`, or a server (`openai:`)",
    });
  }
  if (needed > worthLogging) effects.log(`  ${basename(file)} needs ${parts}; ${sizeOf(free)} are free`);
}

/** The most bytes that a chat template adds around the messages. */
const templateBytes = 600;

const worthLogging = 1e9;
