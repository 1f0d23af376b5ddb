import { freemem } from "node:os";
import { basename } from "node:path";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { oncePerFile } from "../../workbench/hash-file.ts";
import { chatTemplateIn } from "./chat.ts";
import { llamaLibrary } from "./library.ts";

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
  /** Instructed models bring the template of a chat; base models have none. */
  readonly kind: "base" | "instructed";
}

/** Reads a GGUF file's head, without loading it; throws StudyError when it has none. */
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
      licence: String(general.license ?? "not told"),
      parameters: insights.totalParameters,
      size: insights.modelSize,
      contextTokens: insights.trainContextSize ?? 0,
      cachePerToken: 2 * layers * headsOfKeys * (keyLength + valueLength),
      kind: chatTemplateIn(info.metadata) === undefined ? "base" : "instructed",
    };
  } catch (cause) {
    throw noGguf(file, cause);
  }
}

/**
 * The chat template that a GGUF file brings; undefined for a base model, and where there is no such file. Every command
 * asks for it, so it is kept: loading what reads the file takes longer than all the rest of `tinylove status`.
 */
export async function chatTemplateOf(file: string): Promise<string | undefined> {
  if (!(await exists(file))) return undefined;
  const kept = await oncePerFile(file, "chat-templates", readChatTemplate, (found) =>
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
    throw noGguf(file, cause);
  }
}

const noGguf = (file: string, cause: unknown): StudyError =>
  new StudyError(`${file} is no GGUF file: ${messageOf(cause).split("\n")[0]}`, {
    hint: "give a whole GGUF file",
    cause,
  });

/** A number of heads may be given layer by layer. */
const numberOf = (value: number | readonly number[] | undefined): number =>
  Math.max(0, ...[value ?? []].flat());

/** Bytes that loading a file takes, with room for so many tokens altogether; in f32 (no flash attention) each takes twice. */
export const memoryNeeded = (
  { size, cachePerToken }: LlamaFile,
  tokens: number,
  flashAttention = true,
): number => size + cachePerToken * tokens * (flashAttention ? 1 : 2);

/** Bytes that this process may still take, in a container too. */
export const memoryFree = (): number => process.availableMemory?.() ?? freemem();
