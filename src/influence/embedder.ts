import { type HubFile, hubFileAt, hubFileNamed, hubFileOf } from "../llm/hub.ts";
import { llamaLibrary } from "../llm/llama/library.ts";
import { defaultThreads, llamaBinding, llamaFileNamed, readLlamaFile } from "../llm/llama.ts";
import type { Effects } from "../workbench/effects.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { hashOf } from "../workbench/files.ts";
import { openJournal } from "../workbench/journal.ts";
import type { Study } from "../workbench/study.ts";
import type { Meanings } from "./seen.ts";

/**
 * What a model's hidden states hold of each text: their mean over the text's tokens, or what the model itself declares
 * where it was made for embeddings. Any GGUF file serves. Vectors are kept as they come, so that a run that was cut off
 * goes on. Undefined where study.yaml names no model, and then nothing is loaded.
 *
 * Throws StudyError for an address that names no file, and for a file that cannot be loaded.
 */
export async function meaningsOf(
  texts: readonly string[],
  study: Study,
  effects: Effects,
): Promise<Meanings | undefined> {
  const { embeddings: address, clusters, threads } = study.config.influence;
  if (address === undefined) return undefined;
  const file = await fileOf(address, study, effects);
  const hash = await hashOf(file);
  if (!hash) {
    throw new StudyError(`influence.embeddings: no model file ${file}`, {
      hint: "give the path of a GGUF file, relative to the study, or `llama:embedded`",
    });
  }
  const kept = await openVectors(study.path(".tinylove", "embeddings", `${hash.slice(0, 16)}.jsonl`));
  try {
    const missing = [...new Set(texts)].filter((text) => !kept.entries.has(text));
    if (missing.length > 0) await embedAll(missing, file, threads ?? defaultThreads(), kept.put, effects);
  } finally {
    await kept.close();
  }
  return { model: address, vectors: kept.entries, clusters };
}

/** The file that the outcome depends on, for the workbench to tell fresh from stale; none where no model is named. */
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

/** Where an address leads: to a file here, or to one of a hub. */
function sourceOf(address: string, study: Study): { file: string } | { hub: HubFile } {
  const [, scheme, target] = /^(llama|hf):(.+)$/.exec(address) ?? [];
  if (scheme === "hf") return { hub: hubFileNamed(address, "influence.embeddings") };
  if (target) return { file: llamaFileNamed(target, study) };
  throw new StudyError(`influence.embeddings: ${address} names no model`, {
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

/** A GGUF file as an embedder. A text longer than the model's memory is taken up to there. */
export async function openEmbedder(file: string, threads: number) {
  const { architecture } = await readLlamaFile(file);
  const { readGgufFileInfo } = await llamaLibrary();
  const { architectureMetadata } = await readGgufFileInfo(file, { logWarnings: false });
  const llama = await llamaBinding();
  try {
    // A model that writes declares no pooling, and llama.cpp would give its last token's state alone.
    const own = architectureMetadata.pooling_type;
    const model = await llama.loadModel({
      modelPath: file,
      useMmap: false,
      ...(own === undefined && { metadataOverrides: { [architecture]: { pooling_type: meanPooling } } }),
    });
    const room = Math.min(model.trainContextSize, mostTokens);
    const context = await model.createEmbeddingContext({ contextSize: room, batchSize: room, threads });
    return {
      async of(text: string): Promise<Float64Array> {
        // Two tokens are left for the beginning and the end that a model may want.
        const tokens = model.tokenize(text).slice(0, room - 3);
        return Float64Array.from((await context.getEmbeddingFor(tokens)).vector);
      },
      async close() {
        await context.dispose();
        await model.dispose();
      },
    };
  } catch (cause) {
    throw new StudyError(`influence.embeddings: cannot load ${file}: ${messageOf(cause).split("\n")[0]}`, {
      hint: "it has to be a whole GGUF file of a kind that llama.cpp runs",
      cause,
    });
  }
}

/** LLAMA_POOLING_TYPE_MEAN of llama.cpp. */
const meanPooling = 1;

/** Very short stories are far shorter; more room would only take memory. */
const mostTokens = 1024;

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
