import { createHash } from "node:crypto";

/** SHA-256 of bytes, or of a text in UTF-8: 64 hexadecimal digits. */
export const sha256 = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/**
 * A short stable name for a text: its SHA-256 with 5 bits per letter, 12 letters (60 bits) by default. Among a
 * million texts, the chance of a collision is below one in a million. Lower case, without the letters i, l, o and u,
 * which are misread (Crockford's base 32).
 */
export function shortId(text: string, length = 12): string {
  const digest = createHash("sha256").update(text, "utf8").digest();
  if (!(length >= 1 && length <= 51)) throw new RangeError(`an id has 1 to 51 letters: ${length}`);
  return Array.from({ length }, (_, index) => alphabet[fiveBits(digest, index * 5)]).join("");
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

function fiveBits(bytes: Uint8Array, at: number): number {
  const pair = (bytes[at >> 3]! << 8) | (bytes[(at >> 3) + 1] ?? 0);
  return (pair >> (11 - (at & 7))) & 31;
}
