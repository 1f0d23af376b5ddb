import { createHash, randomBytes } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "./cache-folder.ts";

/**
 * SHA-256 of a file. A big file (a model of gigabytes) is read once: its hash is kept in the user's cache and stays
 * valid while path, size, inode and both times of the file are unchanged, to the nanosecond.
 */
export async function hashFile(path: string): Promise<string> {
  const about = await stat(path, { bigint: true });
  if (about.size < big) return contentHash(path);
  const kept = join(cacheFolder(), "hashes", sha256(resolve(path)));
  const identity = identityOf(about);
  const [keptIdentity, keptHash] = (await readFile(kept, "utf8").catch(() => "")).split(" ");
  if (keptIdentity === identity && /^[0-9a-f]{64}$/.test(keptHash ?? "")) return keptHash!;
  const hash = await contentHash(path);
  const after = await stat(path, { bigint: true });
  // A file that was written a moment ago may change again without a change of its times.
  if (identityOf(after) === identity && age(after) > 1000) await keep(kept, `${identity} ${hash}`);
  return hash;
}

/** Bytes from which the cache is worth it. */
const big = 4_000_000n;

/** The change time cannot be set, so it also catches a copy that keeps the other time. */
const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join("-");

const age = ({ ctimeMs }: BigIntStats): number => Date.now() - Number(ctimeMs);

/** SHA-256 of a file, read now. */
export async function contentHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** Written whole or not at all. If the cache cannot be written, only time is lost. */
async function keep(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
