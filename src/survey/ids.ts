import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const letters = "abcdefghijklmnopqrstuvwxyz234567";

/** A random identifier of 128 bits in base32 (26 letters and digits). It reveals no order and no time. */
export const randomId = (): string => base32(randomBytes(16));

/** Bytes in base32 (RFC 4648, lower case, unpadded): safe in addresses, file names and spreadsheet cells. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += letters[(pending >> (bits - 5)) & 31]!;
  }
  return bits > 0 ? text + letters[(pending << (5 - bits)) & 31]! : text;
}

/** SHA-256 in hexadecimal. The store has only the digest of a browser's secret, so that a stolen database gives no access. */
export const digest = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** A keyed hash (HMAC-SHA-256, base64url). Forms contain one as their CSRF token, links as their signature: only this study's server can make it. */
export const hmac = (key: string, ...parts: string[]): string =>
  createHmac("sha256", key).update(parts.join("\0")).digest("base64url");

/** Compares two secrets in constant time, independently of their lengths. */
export const equalSecrets = (one: string, other: string): boolean =>
  timingSafeEqual(createHash("sha256").update(one).digest(), createHash("sha256").update(other).digest());
