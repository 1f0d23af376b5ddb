import type { Effects } from "../workbench/effects.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { hashOf } from "../workbench/files.ts";
import { openJournal } from "../workbench/journal.ts";
import { defaultThreads, embeddedModelFile, llamaBinding, readLlamaFile } from "../workbench/llama.ts";
import type { Study } from "../workbench/study.ts";
import type { Meanings } from "./seen.ts";

/** Files of a model hub: where one lies once it is here, and how it comes. */
export interface Hub {
  at(file: HubFile, env?: Effects["env"]): Cached;
  fetch(file: HubFile, effects: Effects): Promise<Cached>;
}
type HubFile = { readonly owner: string; readonly repository: string; readonly file: string };
type Cached = { readonly path: string; readonly hashFile: string };

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
  hub: Hub,
  effects: Effects,
): Promise<Meanings | undefined> {
  const { embeddings: address, clusters, threads } = study.config.influence;
  if (address === undefined) return undefined;
  const file = await fileOf(address, study, hub, effects);
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
export function embeddingInputs(study: Study, hub: Hub): string[] {
  const { embeddings: address } = study.config.influence;
  if (address === undefined) return [];
  const [scheme, target] = partsOf(address);
  return [scheme === "hf" ? hub.at(hubFile(address, target)).hashFile : localFile(target, study)];
}

async function fileOf(address: string, study: Study, hub: Hub, effects: Effects): Promise<string> {
  const [scheme, target] = partsOf(address);
  return scheme === "hf"
    ? (await hub.fetch(hubFile(address, target), effects)).path
    : localFile(target, study);
}

const localFile = (target: string, study: Study): string =>
  target === "embedded" ? embeddedModelFile : study.path(target);

function partsOf(address: string): [scheme: "llama" | "hf", target: string] {
  const [, scheme, target] = /^(llama|hf):(.+)$/.exec(address) ?? [];
  if (scheme && target) return [scheme as "llama" | "hf", target];
  throw new StudyError(`influence.embeddings: ${address} names no model`, {
    hint: "write llama:FILE.gguf, llama:embedded or hf:OWNER/REPO/FILE.gguf",
  });
}

function hubFile(address: string, target: string): HubFile {
  const [owner, repository, ...file] = target.split("/");
  const parts = [owner, repository, ...file];
  if (file.length > 0 && parts.every((part) => part && /^[\w.-]+$/.test(part) && !/^\.+$/.test(part)))
    return { owner: owner!, repository: repository!, file: file.join("/") };
  throw new StudyError(`influence.embeddings: ${address} is no address of a file`, {
    hint: "write hf:OWNER/REPO/FILE.gguf",
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
  const { readGgufFileInfo } = await import("node-llama-cpp");
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
