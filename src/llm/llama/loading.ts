import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { llamaLibrary } from "./library.ts";

/** Loads a model's file; throws StudyError if it is missing, broken or unsupported. */
export async function loadedModel(file: string, adapter?: string): Promise<LlamaModel> {
  for (const each of [file, ...(adapter ? [adapter] : [])]) {
    if (!(await exists(each)))
      throw new StudyError(`no model file ${each}`, { hint: "give the path of a GGUF file" });
  }
  const llama = await llamaBinding();
  recentLog.length = 0;
  try {
    // Memory-mapped weights would be in memory twice once they are repacked for the processor.
    return await llama.loadModel({ modelPath: file, useMmap: false });
  } catch (cause) {
    throw new StudyError(`cannot load ${file}: ${reasonOf(cause)}`, {
      hint: "it must be a complete GGUF file that llama.cpp supports",
      cause,
    });
  }
}

export interface ContextSettings {
  /** The file's name, for error messages. */
  readonly file: string;
  readonly adapter?: string | undefined;
  readonly threads?: number | undefined;
  /**
   * True (the default of llama.cpp's own programs) keeps keys, values and their sums in f16: a quarter faster on a
   * CPU, with half the memory. False keeps them in f32.
   */
  readonly flashAttention?: boolean | undefined;
  /** Number of texts at the same time. */
  readonly sequences: number;
  /** The most tokens per text. */
  readonly contextTokens: number;
}

/** Opens a context for texts; throws StudyError if there is not enough memory or the adapter does not fit. */
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
      // Without it, a model with a sliding window forgets what is needed when tokens are removed.
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

/** Flash attention converts an f32 cache to f16 at each step, so both settings belong together. */
const attentionOf = (flash: boolean) =>
  flash
    ? { flashAttention: "auto" as const }
    : {
        flashAttention: false,
        experimentalKvCacheKeyType: "F32" as const,
        experimentalKvCacheValueType: "F32" as const,
      };

/**
 * Threads wait by spinning: if all cores are busy, each token waits for the scheduler and takes a hundred times
 * longer.
 */
export const defaultThreads = (): number => Math.max(1, Math.min(availableParallelism() - 1, 4));

let binding: Promise<Llama> | undefined;
const recentLog: string[] = [];

/** One binding for the process. Its last log lines are kept, because they say why a file did not load. */
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
