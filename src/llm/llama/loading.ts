import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { llamaLibrary } from "./library.ts";

/** A model's file in memory; throws StudyError when it is missing, broken, or of a kind that cannot be run. */
export async function loadedModel(file: string, adapter?: string): Promise<LlamaModel> {
  for (const each of [file, ...(adapter ? [adapter] : [])]) {
    if (!(await exists(each)))
      throw new StudyError(`no model file ${each}`, { hint: "give the path of a GGUF file" });
  }
  const llama = await llamaBinding();
  recentLog.length = 0;
  try {
    // Mapped weights are held twice once they are repacked for the processor.
    return await llama.loadModel({ modelPath: file, useMmap: false });
  } catch (cause) {
    throw new StudyError(`cannot load ${file}: ${reasonOf(cause)}`, {
      hint: "it has to be a whole GGUF file of a kind that llama.cpp runs",
      cause,
    });
  }
}

export interface ContextSettings {
  /** For messages. */
  readonly file: string;
  readonly adapter?: string | undefined;
  readonly threads?: number | undefined;
  /**
   * Where not false, keys, values and what is summed over them are f16: a quarter faster on a processor, with half the
   * memory, and llama.cpp's own programs take it too. False keeps all of it in f32.
   */
  readonly flashAttention?: boolean | undefined;
  /** Texts at the same time. */
  readonly sequences: number;
  /** Tokens that each of them may have. */
  readonly contextTokens: number;
}

/** Room for texts in a model; throws StudyError when there is no memory for it or the adapter does not fit. */
export async function openContext(
  model: LlamaModel,
  {
    file,
    adapter,
    threads = defaultThreads(),
    flashAttention = true,
    sequences,
    contextTokens,
  }: ContextSettings,
): Promise<LlamaContext> {
  recentLog.length = 0;
  try {
    return await model.createContext({
      sequences,
      contextSize: contextTokens,
      batchSize: Math.max(sequences, Math.min(512, contextTokens)),
      threads: { ideal: threads, min: threads },
      ...attentionOf(flashAttention),
      // Without it a model with a sliding window forgets what a text that is taken back would need.
      swaFullCache: true,
      ...(adapter && { lora: adapter }),
    });
  } catch (cause) {
    const what = adapter ? `the adapter ${basename(adapter)} on ${basename(file)}` : basename(file);
    throw new StudyError(`cannot use ${what}: ${reasonOf(cause)}`, {
      hint: adapter
        ? "an adapter fits only the model that it was trained on"
        : "lower the number of parallel texts",
      cause,
    });
  }
}

/** Flash attention turns a memory in f32 into f16 at each step, so that the two go together. */
const attentionOf = (flash: boolean) =>
  flash
    ? { flashAttention: "auto" as const }
    : {
        flashAttention: false,
        experimentalKvCacheKeyType: "F32" as const,
        experimentalKvCacheValueType: "F32" as const,
      };

/** A thread waits by spinning: where all cores are taken, each token waits for the scheduler, a hundredfold. */
export const defaultThreads = (): number => Math.max(1, Math.min(availableParallelism() - 1, 4));

let binding: Promise<Llama> | undefined;
const recentLog: string[] = [];

/** One binding serves the process; its log is kept, for it says why a file would not load. */
export async function llamaBinding(): Promise<Llama> {
  const { getLlama, LlamaLogLevel } = await llamaLibrary();
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

const reasonOf = (cause: unknown): string =>
  (recentLog.find((line) => line !== "") ?? messageOf(cause)).split("\n")[0]!;
