import { writeFile } from "node:fs/promises";
import { type Random, randomFrom } from "../../src/stats/random.ts";

/**
 * Writes a real GPT-NeoX model of a few hundred kilobytes, in GGUF, with a planted language. Its vocabulary is the
 * 256 bytes, `<|endoftext|>` and `words`. With `transitions` it is a bigram model: `transitions[a][b]` is the weight
 * of token `b` after token `a`, other tokens are almost impossible, and a token without a row is followed by any word
 * with equal probability; so the probability of a text can be computed by hand. Without them its weights are random, its
 * attention uses the whole context, and it writes noise.
 */
export interface TinyModel {
  readonly words: readonly string[];
  readonly transitions?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly seed?: number;
  readonly contextTokens?: number;
  /** Layers of random weights; a bigram model's layers have no effect. */
  readonly layers?: number;
  readonly width?: number;
  readonly heads?: number;
  /** Unused tokens are added up to this number. */
  readonly vocabulary?: number;
  /** Weights of random models in blocks of 32 with 8 bits (Q8_0), for larger models. */
  readonly eightBits?: boolean;
  /** Further control tokens, such as `<|im_start|>` and `<|im_end|>` of a chat template. */
  readonly special?: readonly string[];
  /** Random weights, but only complete characters: bytes above 127 are unlikely tokens. */
  readonly ascii?: boolean;
  /** Added to the metadata unchanged. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export const endOfText = "<|endoftext|>";

export async function writeTinyModel(path: string, model: TinyModel): Promise<void> {
  const { tokens, merges } = vocabularyOf(model.words);
  const special = [endOfText, ...(model.special ?? [])];
  tokens.push(...special.slice(1));
  while (tokens.length < (model.vocabulary ?? 0)) tokens.push(`<unused ${tokens.length}>`);
  const heads = model.heads ?? 4;
  const layers = model.layers ?? 2;
  const width = model.transitions ? Math.ceil(tokens.length / 32) * 32 : (model.width ?? 64);
  const metadata: [string, Value][] = [
    ["general.architecture", text("gptneox")],
    ["general.name", text("tiny")],
    ["general.alignment", whole(alignment)],
    ...Object.entries(model.metadata ?? {}).map(([key, value]): [string, Value] => [key, text(value)]),
    ["gptneox.context_length", whole(model.contextTokens ?? 2048)],
    ["gptneox.embedding_length", whole(width)],
    ["gptneox.block_count", whole(layers)],
    ["gptneox.feed_forward_length", whole(4 * width)],
    ["gptneox.attention.head_count", whole(heads)],
    ["gptneox.rope.dimension_count", whole(Math.floor(width / heads / 4) * 2)],
    ["gptneox.use_parallel_residual", flag(true)],
    ["gptneox.attention.layer_norm_epsilon", real(1e-5)],
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text("gpt-2")],
    ["tokenizer.ggml.tokens", texts(tokens)],
    ["tokenizer.ggml.token_type", wholes(tokens.map((token) => (special.includes(token) ? 3 : 1)))],
    ["tokenizer.ggml.merges", texts(merges)],
    ["tokenizer.ggml.bos_token_id", whole(tokens.indexOf(endOfText))],
    ["tokenizer.ggml.eos_token_id", whole(tokens.indexOf(endOfText))],
    ["tokenizer.ggml.add_bos_token", flag(false)],
  ];
  const random = randomFrom(model.seed ?? 1, "tiny model");
  const tensors = model.transitions
    ? bigramTensors(tokens, width, layers, model.transitions, model.words)
    : model.eightBits
      ? eightBitTensors(tokens.length, width, layers, random)
      : randomTensors(tokens.length, width, layers, random);
  if (model.ascii) {
    const { values } = tensors.find(({ name }) => name === "output.weight")!;
    for (let byte = 128; byte < 256; byte++)
      (values as Float32Array).fill(0, byte * width, (byte + 1) * width);
  }
  await writeFile(path, gguf(metadata, tensors));
}

/**
 * Writes a LoRA adapter of rank 2 for a tiny model of random weights, for the attention of its first layer. `size`
 * scales its effect; 0 has none.
 */
export async function writeTinyAdapter(path: string, width: number, size: number): Promise<void> {
  const random = randomFrom("adapter", width);
  const rank = 2;
  const metadata: [string, Value][] = [
    ["general.architecture", text("gptneox")],
    ["general.type", text("adapter")],
    ["general.alignment", whole(alignment)],
    ["adapter.type", text("lora")],
    ["adapter.lora.alpha", real(rank)],
  ];
  const tensors = [
    filled("blk.0.attn_qkv.weight.lora_a", [width, rank], () => random.normal()),
    filled("blk.0.attn_qkv.weight.lora_b", [rank, 3 * width], () => size * random.normal()),
  ];
  await writeFile(path, gguf(metadata, tensors));
}

// ---- weights

interface Tensor {
  readonly name: string;
  /** Innermost dimension first, as in GGUF. */
  readonly shape: readonly number[];
  readonly values: Float32Array | Buffer;
  /** GGML's number of the type. Default: 0 (F32). */
  readonly type?: number;
}

const filled = (
  name: string,
  shape: readonly number[],
  value: () => number,
): Tensor & { values: Float32Array } => ({
  name,
  shape,
  values: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, value),
});

function randomTensors(vocabulary: number, width: number, layers: number, random: Random): Tensor[] {
  const normal = (scale: number) => () => scale * random.normal();
  return [
    filled("token_embd.weight", [width, vocabulary], normal(1)),
    ...blocks(width, layers, normal(1.5 / Math.sqrt(width))),
    filled("output_norm.weight", [width], () => 1),
    filled("output_norm.bias", [width], () => 0),
    filled("output.weight", [width, vocabulary], normal(1.5 / Math.sqrt(width))),
  ];
}

/** Random matrices with 8 bits: drawn as bytes, because a hundred million normal numbers would take minutes. */
function eightBitTensors(vocabulary: number, width: number, layers: number, random: Random): Tensor[] {
  const shapes = randomTensors(1, 1, layers, random).map(({ name }) => name);
  const one = (name: string, shape: readonly number[]): Tensor =>
    shape.length === 1
      ? filled(name, shape, () => (name.endsWith("bias") ? 0 : 1))
      : quantised(name, shape, random);
  const sizes: Record<string, readonly number[]> = {
    "token_embd.weight": [width, vocabulary],
    "output.weight": [width, vocabulary],
    "attn_qkv.weight": [width, 3 * width],
    "attn_qkv.bias": [3 * width],
    "attn_output.weight": [width, width],
    "ffn_up.weight": [width, 4 * width],
    "ffn_up.bias": [4 * width],
    "ffn_down.weight": [4 * width, width],
  };
  return shapes.map((name) => one(name, sizes[name.replace(/^blk\.\d+\./, "")] ?? [width]));
}

/** Q8_0: each 32 weights are a scale in half precision and 32 bytes. */
function quantised(name: string, shape: readonly number[], random: Random): Tensor {
  const blocks = shape.reduce((product, size) => product * size, 1) / 32;
  const bytes = Buffer.alloc(34 * blocks);
  let state = random.integer(1, 2 ** 31 - 1);
  // 0x1400 is about 0.001: weights of about 0.07, as in real models.
  for (let block = 0; block < blocks; block++) {
    bytes.writeUInt16LE(0x1400, 34 * block);
    for (let at = 2; at < 34; at++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      bytes[34 * block + at] = state >>> 24;
    }
  }
  return { name, shape, values: bytes, type: 8 };
}

/** The embedding is one-hot, the layers have no effect, and the last norm is undone: the logits are the head's column. */
function bigramTensors(
  tokens: readonly string[],
  width: number,
  layers: number,
  transitions: Readonly<Record<string, Readonly<Record<string, number>>>>,
  words: readonly string[],
): Tensor[] {
  const embedding = filled("token_embd.weight", [width, tokens.length], () => 0);
  const head = filled("output.weight", [width, tokens.length], () => 0);
  const row = (word: string) => tokens.indexOf(tokens.includes(word) ? word : encoded(word));
  tokens.forEach((token, current) => {
    embedding.values[current * width + current] = 1;
    const word = [...words, endOfText].find((candidate) => row(candidate) === current) ?? decodedByte(token);
    const weights = transitions[word] ?? Object.fromEntries(words.map((next) => [next, 1]));
    const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
    for (let next = 0; next < tokens.length; next++) head.values[next * width + current] = -40;
    for (const [next, weight] of Object.entries(weights))
      head.values[row(next) * width + current] = Math.log(weight / sum);
  });
  const mean = 1 / width;
  const deviation = Math.sqrt(mean * (1 - mean) + 1e-5);
  return [
    embedding,
    ...blocks(width, layers, () => 0),
    filled("output_norm.weight", [width], () => deviation),
    filled("output_norm.bias", [width], () => mean),
    head,
  ];
}

function blocks(width: number, layers: number, weight: () => number): Tensor[] {
  return Array.from({ length: layers }, (_, layer) => {
    const name = (part: string) => `blk.${layer}.${part}`;
    return [
      filled(name("attn_norm.weight"), [width], () => 1),
      filled(name("attn_norm.bias"), [width], () => 0),
      filled(name("attn_qkv.weight"), [width, 3 * width], weight),
      filled(name("attn_qkv.bias"), [3 * width], () => 0),
      filled(name("attn_output.weight"), [width, width], weight),
      filled(name("attn_output.bias"), [width], () => 0),
      filled(name("ffn_norm.weight"), [width], () => 1),
      filled(name("ffn_norm.bias"), [width], () => 0),
      filled(name("ffn_up.weight"), [width, 4 * width], weight),
      filled(name("ffn_up.bias"), [4 * width], () => 0),
      filled(name("ffn_down.weight"), [4 * width, width], weight),
      filled(name("ffn_down.bias"), [width], () => 0),
    ];
  }).flat();
}

// ---- vocabulary: byte-level BPE as in GPT-2

/** Every byte as a visible character: GPT-2's `bytes_to_unicode`. */
const letterOfByte: readonly string[] = (() => {
  const shown = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let hidden = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(shown(byte) ? byte : 256 + hidden++));
})();

const encoded = (word: string): string => [...Buffer.from(word)].map((byte) => letterOfByte[byte]!).join("");

function decodedByte(token: string): string {
  const byte = letterOfByte.indexOf(token);
  return byte < 0 ? token : String.fromCharCode(byte);
}

/** Words are merged character by character from the left, so every prefix of a word is a token too. */
function vocabularyOf(words: readonly string[]): { tokens: string[]; merges: string[] } {
  const tokens = [...letterOfByte, endOfText];
  const merges: string[] = [];
  for (const word of words) {
    const letters = [...encoded(word)];
    let merged = letters[0]!;
    for (const letter of letters.slice(1)) {
      const pair = `${merged} ${letter}`;
      merged += letter;
      if (!merges.includes(pair)) merges.push(pair);
      if (!tokens.includes(merged)) tokens.push(merged);
    }
  }
  // The loader needs at least one merge.
  return { tokens, merges: merges.length > 0 ? merges : ["t h"] };
}

// ---- GGUF, version 3

const alignment = 32;

interface Value {
  readonly type: number;
  readonly bytes: Buffer;
}

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const uint64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const float32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const string = (value: string) => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);

const text = (value: string): Value => ({ type: 8, bytes: string(value) });
const whole = (value: number): Value => ({ type: 4, bytes: uint32(value) });
const real = (value: number): Value => ({ type: 6, bytes: float32(value) });
const flag = (value: boolean): Value => ({ type: 7, bytes: Buffer.from([value ? 1 : 0]) });
const array = (type: number, items: readonly Buffer[]): Value => ({
  type: 9,
  bytes: Buffer.concat([uint32(type), uint64(items.length), ...items]),
});
const texts = (values: readonly string[]) => array(8, values.map(string));
const wholes = (values: readonly number[]) => array(5, values.map(uint32));

function gguf(metadata: readonly [string, Value][], tensors: readonly Tensor[]): Buffer {
  let offset = 0;
  const infos: Buffer[] = [];
  const data: Buffer[] = [];
  for (const { name, shape, values, type = 0 } of tensors) {
    infos.push(string(name), uint32(shape.length), ...shape.map(uint64), uint32(type), uint64(offset));
    const bytes = padded(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    data.push(bytes);
    offset += bytes.length;
  }
  const head = Buffer.concat([
    Buffer.from("GGUF"),
    uint32(3),
    uint64(tensors.length),
    uint64(metadata.length),
    ...metadata.flatMap(([key, { type, bytes }]) => [string(key), uint32(type), bytes]),
    ...infos,
  ]);
  return Buffer.concat([padded(head), ...data]);
}

const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)]);
