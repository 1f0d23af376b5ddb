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
import { baseForm, type Form, type Model, type Reply, type Request } from "../model.ts";
import { sampledHere } from "../sampling.ts";

/** A GGUF file, and maybe an adapter, that lie on this machine. */
export interface LocalFiles {
  readonly file: string;
  readonly adapter?: string | undefined;
  /** SHA-256 of the file, of both where there is an adapter. */
  readonly hash: string;
}

/** A model that is run in this process. It is loaded when the first text is due, once it is clear that it fits. */
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
      if (!memory) await tellMemory(file, requests, settings, batchSize, effects);
      const model = await loaded();
      model.reserve(Math.max(...(await Promise.all(requests.map((request) => roomFor(model, request))))));
    },
    async write(batch, { onText, onTokens } = {}) {
      const model = await loaded();
      const continuations = batch.map(continuationOf);
      const problems = await Promise.all(continuations.map((each) => model.tooLong(each)));
      const fitting = continuations.filter((_, index) => !problems[index]);
      const places = continuations.flatMap((_, index) => (problems[index] ? [] : [index]));
      const outcomes = await model.continueAll(fitting, {
        signal: effects.signal,
        onTokens,
        onText: onText && ((index, added) => onText(places[index]!, added)),
      });
      const at = timestamp(effects);
      return problems.map((problem, index): Reply => {
        if (problem) return { failed: problem, lasting: true, ms: 0, at };
        const { text, end, rendered, promptTokens, generatedTokens, logProbabilities, ms } =
          outcomes[places.indexOf(index)]!;
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
 * A GGUF file that brings a chat template is an instructed model, one without is a base model. Small instructed models
 * copy an example that they are shown. Undefined where there is no such file.
 */
export async function formOfFile(file: string): Promise<Form | undefined> {
  const bytes = (await stat(file).catch(() => undefined))?.size;
  if (bytes === undefined) return undefined;
  if ((await chatTemplateOf(file)) === undefined) return baseForm;
  return { takes: ["chat", "completions"], prompt: bytes < smallBytes ? "chat-small" : "chat" };
}

/** Below it an instructed model counts as small: about two billion weights at four bits. */
const smallBytes = 1.5e9;

const continuationOf = ({ prompt, stop, seed, sampling, logProbabilities }: Request): Continuation => ({
  prompt: prompt.messages ?? prompt.text,
  shared: prompt.shared,
  // An instructed model ends by itself; what it writes is kept whole.
  ...(!prompt.messages && { stop }),
  seed,
  draw: sampledHere(sampling),
  logProbabilities,
});

/** Texts written in step. More share the reading of the weights, which bounds the speed of a big model. */
const defaultParallel = 8;

const roomFor = async (model: LlamaModelInMemory, { prompt, sampling }: Request): Promise<number> =>
  (await model.countPrompt(prompt.messages ?? prompt.text)) + sampling.mostTokens + 2;

/** Says what a model will take, and throws StudyError where there is not as much: a process that ran out is killed without a word. */
async function tellMemory(
  file: string,
  requests: readonly Request[],
  { flashAttention }: LocalSettings,
  batchSize: number,
  effects: Effects,
): Promise<void> {
  const about = await readLlamaFile(file);
  // How many tokens a text has is known once the model is loaded; three bytes a token is on the safe side.
  const longest = Math.max(
    ...requests.map(
      ({ prompt, sampling }) => (Buffer.byteLength(prompt.text) + templateBytes) / 3 + sampling.mostTokens,
    ),
  );
  const tokens = Math.ceil(Math.min(longest, about.contextTokens)) * batchSize;
  const [needed, free] = [memoryNeeded(about, tokens, flashAttention), memoryFree()];
  const parts = `${sizeOf(about.size)} of weights and ${sizeOf(needed - about.size)} for ${batchSize} texts at once`;
  if (needed > free) {
    throw new StudyError(`${basename(file)} takes ${parts}, but ${sizeOf(free)} are free`, {
      hint: "use a smaller model, a stronger quantisation, a lower `parallel`, or a server (`openai:`)",
    });
  }
  if (needed > worthTelling) effects.log(`  ${basename(file)}: ${parts}; ${sizeOf(free)} are free`);
}

/** What a chat template adds around the messages, at most. */
const templateBytes = 600;

const worthTelling = 1e9;
