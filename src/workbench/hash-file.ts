import { createHash, randomBytes } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "./cache-folder.ts";

/** SHA-256 of a file. For big files (a model of gigabytes) it is cached. */
export async function hashFile(path: string): Promise<string> {
  const { size } = await stat(path, { bigint: true });
  if (size < big) return contentHash(path);
  return cachedByFile(path, "hashes", contentHash, (found) => /^[0-9a-f]{64}$/.test(found));
}

/** The size in bytes from which hashes are cached. */
const big = 4_000_000n;

/**
 * The result of `read` for a file, cached in `folder` of the user's cache until the file's path, size, inode or one of
 * its times (in nanoseconds) changes. A cached result that `isWhole` rejects is read again.
 */
export async function cachedByFile(
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
  // A file that was written a moment ago may change again without a change of its times.
  if (identityOf(after) === identity && age(after) > 1000) await keep(kept, `${identity} ${found}`);
  return found;
}

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
