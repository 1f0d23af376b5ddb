import { freemem } from "node:os";
import { basename } from "node:path";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { cachedByFile } from "../../workbench/hash-file.ts";
import { chatTemplateIn } from "./chat.ts";
import { llamaLibrary } from "./library.ts";

/** The metadata of a GGUF file. Sizes in bytes. */
export interface LlamaFile {
  readonly name: string;
  readonly architecture: string;
  readonly licence: string;
  readonly parameters: number;
  /** The size of its weights. */
  readonly size: number;
  /** The context length that it was trained for, in tokens. */
  readonly contextTokens: number;
  /** Memory per token: keys and values of all layers, at two bytes each. */
  readonly cachePerToken: number;
  /** Instructed models have a chat template; base models have none. */
  readonly kind: "base" | "instructed";
}

/** Reads a GGUF file's header without loading the model; throws StudyError if it has none. */
export async function readLlamaFile(file: string): Promise<LlamaFile> {
  const { readGgufFileInfo, GgufInsights } = await llamaLibrary();
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
      licence: String(general.license ?? "not given"),
      parameters: insights.totalParameters,
      size: insights.modelSize,
      contextTokens: insights.trainContextSize ?? 0,
      cachePerToken: 2 * layers * headsOfKeys * (keyLength + valueLength),
      kind: chatTemplateIn(info.metadata) === undefined ? "base" : "instructed",
    };
  } catch (cause) {
    throw notGguf(file, cause);
  }
}

/**
 * The chat template of a GGUF file; undefined for a base model, or if there is no such file. Every command needs it, so
 * it is cached: loading the library that reads the file takes longer than the rest of `tinylove status`.
 */
export async function chatTemplateOf(file: string): Promise<string | undefined> {
  if (!(await exists(file))) return undefined;
  const kept = await cachedByFile(file, "chat-templates", readChatTemplate, (found) =>
    /^(none|".*")$/.test(found),
  );
  return kept === "none" ? undefined : JSON.parse(kept);
}

/** As JSON, or `none`. */
async function readChatTemplate(file: string): Promise<string> {
  const { readGgufFileInfo } = await llamaLibrary();
  try {
    const { metadata } = await readGgufFileInfo(file, { readTensorInfo: false, logWarnings: false });
    return JSON.stringify(chatTemplateIn(metadata)) ?? "none";
  } catch (cause) {
    throw notGguf(file, cause);
  }
}

const notGguf = (file: string, cause: unknown): StudyError =>
  new StudyError(`${file} is not a GGUF file: ${messageOf(cause).split("\n")[0]}`, {
    hint: "give a complete GGUF file",
    cause,
  });

/** The number of heads may be given per layer. */
const numberOf = (value: number | readonly number[] | undefined): number =>
  Math.max(0, ...[value ?? []].flat());

/**
 * Bytes to load a file with room for `tokens` tokens in total; in f32 (no flash attention) each token takes twice as
 * much.
 */
export const memoryNeeded = (
  { size, cachePerToken }: LlamaFile,
  tokens: number,
  flashAttention = true,
): number => size + cachePerToken * tokens * (flashAttention ? 1 : 2);

/** Bytes that this process may still use, also in a container. */
export const memoryFree = (): number => process.availableMemory?.() ?? freemem();
