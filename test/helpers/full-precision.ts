import { open, readFile } from "node:fs/promises";
import { readGgufFileInfo } from "node-llama-cpp";

/** GGML's numbers for the types that this reads. */
const [f32, q4, q8] = [0, 3, 8];
const blockSize = 32;
const alignment = 32;

/**
 * Copies a GGUF file with all weights as F32, so that two builds of llama.cpp multiply the same exact numbers: kernels for
 * quantised weights also round the activations, differently in each build. Reads F32, Q4_1 and Q8_0; throws an Error
 * for any other type.
 */
export async function writeFullPrecision(file: string, copy: string): Promise<void> {
  const info = await readGgufFileInfo(file, { logWarnings: false });
  const source = await readFile(file);
  const tensors = info.fullTensorInfo ?? [];
  const infosAt = info.infoEndOffset! - info.tensorInfoSize!;
  const out = await open(copy, "w");
  try {
    let offset = 0;
    const infos = tensors.map(({ name, dimensions }) => {
      const sizes = dimensions.map(Number);
      const label = Buffer.from(name);
      const bytes = Buffer.alloc(8 + label.length + 4 + 8 * sizes.length + 4 + 8);
      let at = bytes.writeBigUInt64LE(BigInt(label.length), 0);
      at += label.copy(bytes, at);
      at = bytes.writeUInt32LE(sizes.length, at);
      for (const size of sizes) at = bytes.writeBigUInt64LE(BigInt(size), at);
      at = bytes.writeUInt32LE(f32, at);
      bytes.writeBigUInt64LE(BigInt(offset), at);
      offset += padded(4 * weightsOf(sizes));
      return bytes;
    });
    const head = Buffer.concat([source.subarray(0, infosAt), ...infos]);
    await out.write(head, 0, head.length, 0);
    let at = padded(head.length);
    for (const { name, dimensions, ggmlType, fileOffset } of tensors) {
      const count = weightsOf(dimensions.map(Number));
      const weights = weightsAs(ggmlType, name)(source.subarray(Number(fileOffset)), count);
      const bytes = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength);
      await out.write(bytes, 0, bytes.length, at);
      at += padded(bytes.length);
    }
    await out.truncate(at);
  } finally {
    await out.close();
  }
}

const weightsOf = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);
const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function weightsAs(type: number, name: string): (bytes: Buffer, count: number) => Float32Array {
  if (type === f32)
    return (bytes, count) => Float32Array.from({ length: count }, (_, at) => bytes.readFloatLE(4 * at));
  if (type === q4) return fromQ4;
  if (type === q8) return fromQ8;
  throw new Error(`${name} is of GGML's type ${type}, which is not read here`);
}

/** Q4_1: a scale and a minimum in half precision, then 32 numbers of 4 bits, the first 16 in the low halves. */
function fromQ4(bytes: Buffer, count: number): Float32Array {
  const weights = new Float32Array(count);
  for (let block = 0; block < count / blockSize; block++) {
    const at = 20 * block;
    const [scale, least] = [half(bytes.readUInt16LE(at)), half(bytes.readUInt16LE(at + 2))];
    for (let each = 0; each < 16; each++) {
      const pair = bytes[at + 4 + each]!;
      weights[blockSize * block + each] = scale * (pair & 15) + least;
      weights[blockSize * block + each + 16] = scale * (pair >> 4) + least;
    }
  }
  return weights;
}

/** Q8_0: a scale in half precision, then 32 signed bytes. */
function fromQ8(bytes: Buffer, count: number): Float32Array {
  const weights = new Float32Array(count);
  for (let block = 0; block < count / blockSize; block++) {
    const at = 34 * block;
    const scale = half(bytes.readUInt16LE(at));
    for (let each = 0; each < blockSize; each++)
      weights[blockSize * block + each] = scale * bytes.readInt8(at + 2 + each);
  }
  return weights;
}

/** A number of 16 bits (IEEE 754 binary16). */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
