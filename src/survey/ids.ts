import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const letters = "abcdefghijklmnopqrstuvwxyz234567";

/** A random identifier of 128 bits in base32 (26 letters and digits): it carries no count and no time. */
export const randomId = (): string => base32(randomBytes(16));

/** Bytes in base32 (RFC 4648, lower case, unpadded): safe in addresses, file names and spreadsheet cells. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let waiting = 0;
  let bits = 0;
  for (const byte of bytes) {
    waiting = ((waiting << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += letters[(waiting >> (bits - 5)) & 31]!;
  }
  return bits > 0 ? text + letters[(waiting << (5 - bits)) & 31]! : text;
}

/** What is kept of a secret that a browser holds: a stolen database opens nobody's answers. */
export const digest = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** A keyed digest: only this study's server can make it. */
export const hmac = (key: string, ...parts: string[]): string =>
  createHmac("sha256", key).update(parts.join("\0")).digest("base64url");

/** Compares in constant time, whatever the lengths. */
export const equalSecrets = (one: string, other: string): boolean =>
  timingSafeEqual(createHash("sha256").update(one).digest(), createHash("sha256").update(other).digest());
