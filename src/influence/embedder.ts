import { type HubFile, hubFileAt, hubFileNamed, hubFileOf } from "../llm/hub.ts";
import { llamaLibrary } from "../llm/llama/library.ts";
import { defaultThreads, llamaBinding, llamaFileNamed, readLlamaFile } from "../llm/llama.ts";
import type { Effects } from "../workbench/effects.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { hashOf } from "../workbench/files.ts";
import { openJournal } from "../workbench/journal.ts";
import type { Study } from "../workbench/study.ts";
import type { Embeddings } from "./factorial.ts";

/**
 * Embeds each text by a model's hidden states: their mean over the text's tokens, or the model's own pooling if it is an
 * embedding model. Any GGUF file works. Vectors are saved one by one, so that an interrupted run continues. Undefined, with
 * nothing loaded, if study.yaml names no model.
 *
 * Throws StudyError for an address without a file, and for a file that cannot be loaded.
 */
export async function embeddingsOf(
  texts: readonly string[],
  study: Study,
  effects: Effects,
): Promise<Embeddings | undefined> {
  const { embeddings: address, clusters, threads } = study.config.influence;
  if (address === undefined) return undefined;
  const file = await fileOf(address, study, effects);
  const hash = await hashOf(file);
  if (!hash) {
    throw new StudyError(`influence.embeddings: no model file ${file}`, {
      hint: "give the path of a GGUF file, relative to the study, or `llama:embedded`",
    });
  }
  const cached = await openVectors(study.path(".tinylove", "embeddings", `${hash.slice(0, 16)}.jsonl`));
  try {
    const missing = [...new Set(texts)].filter((text) => !cached.entries.has(text));
    if (missing.length > 0) await embedAll(missing, file, threads ?? defaultThreads(), cached.put, effects);
  } finally {
    await cached.close();
  }
  return { model: address, vectors: cached.entries, clusters };
}

/** The model file, an input of the stage; none if no model is named. */
export function embeddingInputs(study: Study): string[] {
  const { embeddings: address } = study.config.influence;
  if (address === undefined) return [];
  const source = sourceOf(address, study);
  return ["hub" in source ? hubFileAt(source.hub).hashFile : source.file];
}

async function fileOf(address: string, study: Study, effects: Effects): Promise<string> {
  const source = sourceOf(address, study);
  return "hub" in source ? (await hubFileOf(source.hub, effects)).path : source.file;
}

/** The file of an address: a local one, or one from a hub. */
function sourceOf(address: string, study: Study): { file: string } | { hub: HubFile } {
  const [, scheme, target] = /^(llama|hf):(.+)$/.exec(address) ?? [];
  if (scheme === "hf") return { hub: hubFileNamed(address, "influence.embeddings") };
  if (target) return { file: llamaFileNamed(target, study) };
  throw new StudyError(`influence.embeddings: ${address} is not a model address`, {
    hint: "write llama:FILE.gguf, llama:embedded or hf:OWNER/REPO/FILE.gguf",
  });
}

async function embedAll(
  texts: readonly string[],
  file: string,
  threads: number,
  put: (text: string, vector: Float64Array) => Promise<void>,
  effects: Effects,
): Promise<void> {
  const embedder = await openEmbedder(file, threads);
  const progress = effects.progress("embeddings", texts.length);
  try {
    for (const text of texts) {
      effects.signal.throwIfAborted();
      await put(text, await embedder.of(text));
      progress.step();
    }
  } finally {
    progress.end();
    await embedder.close();
  }
}

/** A GGUF file as an embedder. A text longer than the model's context is truncated. */
export async function openEmbedder(file: string, threads: number) {
  const { architecture } = await readLlamaFile(file);
  const { readGgufFileInfo } = await llamaLibrary();
  const { architectureMetadata } = await readGgufFileInfo(file, { logWarnings: false });
  const llama = await llamaBinding();
  try {
    // A generative model declares no pooling, and llama.cpp would return only the last token's state.
    const own = architectureMetadata.pooling_type;
    const model = await llama.loadModel({
      modelPath: file,
      useMmap: false,
      ...(own === undefined && { metadataOverrides: { [architecture]: { pooling_type: meanPooling } } }),
    });
    const contextSize = Math.min(model.trainContextSize, maxTokens);
    const context = await model.createEmbeddingContext({ contextSize, batchSize: contextSize, threads });
    return {
      async of(text: string): Promise<Float64Array> {
        // Leaves space for the begin and end tokens that a model may add.
        const tokens = model.tokenize(text).slice(0, contextSize - 3);
        return Float64Array.from((await context.getEmbeddingFor(tokens)).vector);
      },
      async close() {
        await context.dispose();
        await model.dispose();
      },
    };
  } catch (cause) {
    throw new StudyError(`influence.embeddings: cannot load ${file}: ${messageOf(cause).split("\n")[0]}`, {
      hint: "it must be a complete GGUF file of an architecture that llama.cpp supports",
      cause,
    });
  }
}

/** LLAMA_POOLING_TYPE_MEAN of llama.cpp. */
const meanPooling = 1;

/** Very short stories are much shorter; a larger context would only use memory. */
const maxTokens = 1024;

/** Vectors by text. */
const openVectors = (path: string) =>
  openJournal<Float64Array>(path, {
    read(value) {
      const { text, vector } = (value ?? {}) as Record<string, unknown>;
      return typeof text === "string" && Array.isArray(vector)
        ? [text, Float64Array.from(vector)]
        : undefined;
    },
    write: (text, vector) => ({ text, vector: [...vector] }),
  });
