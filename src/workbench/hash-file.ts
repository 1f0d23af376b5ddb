import { createHash, randomBytes } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "./cache-folder.ts";

/** SHA-256 of a file. A big one (a model of gigabytes) is read once. */
export async function hashFile(path: string): Promise<string> {
  const { size } = await stat(path, { bigint: true });
  if (size < big) return contentHash(path);
  return oncePerFile(path, "hashes", contentHash, (found) => /^[0-9a-f]{64}$/.test(found));
}

/** Bytes from which looking up is worth it. */
const big = 4_000_000n;

/**
 * What `read` finds in a file, kept in `folder` of the user's cache for as long as path, size, inode and both times of
 * the file are what they were, to the nanosecond. What is kept and does not look right by `isWhole` is found again.
 */
export async function oncePerFile(
  path: string,
  folder: string,
  read: (path: string) => Promise<string>,
  isWhole: (found: string) => boolean,
): Promise<string> {
  const kept = join(cacheFolder(), folder, sha256(resolve(path)));
  const identity = identityOf(await stat(path, { bigint: true }));
  const [, keptIdentity, keptFound] =
    /^(\S+) (.*)$/s.exec(await readFile(kept, "utf8").catch(() => "")) ?? [];
  if (keptIdentity === identity && isWhole(keptFound!)) return keptFound!;
  const found = await read(path);
  const after = await stat(path, { bigint: true });
  // A file that is being written, or was a moment ago, may change again without its times telling.
  if (identityOf(after) === identity && age(after) > 1000) await keep(kept, `${identity} ${found}`);
  return found;
}

/** The change time cannot be set, so that a copy that takes over the other time is seen too. */
const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join("-");

const age = ({ ctimeMs }: BigIntStats): number => Date.now() - Number(ctimeMs);

/** SHA-256 of a file, read now. */
export async function contentHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** Whole or not at all; a cache that cannot be written costs time and nothing else. */
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
