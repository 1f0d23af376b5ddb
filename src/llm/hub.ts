import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "../workbench/cache-folder.ts";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, messageOf, StudyError } from "../workbench/errors.ts";
import { exists, writeWhole } from "../workbench/files.ts";
import { contentHash } from "../workbench/hash-file.ts";

/** A file on a model hub with Hugging Face's protocol. */
export interface HubFile {
  readonly owner: string;
  readonly repository: string;
  readonly file: string;
}

/** The paths of a hub's file in the cache; `hashFile` has its SHA-256 and is written last, after all checks. */
export interface Cached {
  readonly path: string;
  readonly hashFile: string;
}

/**
 * Parses an address `hf:OWNER/REPO/FILE.gguf`. Throws StudyError for any other; `setting` is its key in study.yaml.
 */
export function hubFileNamed(address: string, setting: string): HubFile {
  const [owner = "", repository = "", ...file] = address.slice("hf:".length).split("/");
  const parts = [owner, repository, ...file];
  if (file.length > 0 && parts.every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part)))
    return { owner, repository, file: file.join("/") };
  throw new StudyError(`${setting}: ${address} is not a file's address`, {
    hint: "write hf:OWNER/REPO/FILE.gguf",
  });
}

/** The paths of a hub's file in the cache, whether it is there or not. */
export function hubFileAt({ owner, repository, file }: HubFile, env?: Effects["env"]): Cached {
  const path = join(cacheFolder(env), "hub", owner, repository, file);
  return { path, hashFile: `${path}.sha256` };
}

/**
 * The file in the cache; downloads it first if it is not there. The host is HF_ENDPOINT, by default Hugging Face;
 * HF_TOKEN is sent only to it, never to a host that it redirects to. An interrupted download continues where it
 * stopped, also in a later run, and is accepted once its size and SHA-256 match the host's.
 */
export async function hubFileOf(hubFile: HubFile, effects: Effects): Promise<Cached> {
  const cached = hubFileAt(hubFile, effects.env);
  if ((await exists(cached.hashFile)) && (await exists(cached.path))) return cached;
  const remote = await remoteOf(hubFile, effects);
  const part = `${cached.path}.${remote.version}.download`;
  await mkdir(dirname(cached.path), { recursive: true });
  await removeOtherVersions(cached.path, part);
  await assertDiskSpace(part, remote);
  const hash = await downloaded(remote, part, basename(hubFile.file), effects);
  await rename(part, cached.path);
  await writeWhole(cached.hashFile, `${hash}\n`);
  return cached;
}

interface Remote {
  readonly url: string;
  readonly name: string;
  readonly size: number | undefined;
  /** If the host gives one. */
  readonly sha256: string | undefined;
  /** Identifies the content, so that a partial download of another version is not continued. */
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks the host about the file before the download. */
async function remoteOf({ owner, repository, file }: HubFile, effects: Effects): Promise<Remote> {
  const host = (effects.env["HF_ENDPOINT"] ?? "https://huggingface.co").replace(/\/+$/, "");
  const url = `${host}/${owner}/${repository}/resolve/main/${file}`;
  const token = effects.env["HF_TOKEN"];
  const headers = { "accept-encoding": "identity", ...(token && { authorization: `Bearer ${token}` }) };
  const response = await withTries(effects, () =>
    effects.fetch(url, { method: "HEAD", redirect: "manual", headers, signal: effects.signal }),
  );
  const name = `hf:${owner}/${repository}/${file}`;
  if (response.status === 401 || response.status === 403) {
    throw new StudyError(`${name}: ${host} denies access (${response.status})`, {
      hint: "accept its terms on the host's page and set HF_TOKEN",
    });
  }
  if (response.status === 404) {
    throw new StudyError(`${name}: not found at ${host}`, {
      hint: "correct the address, or set HF_ENDPOINT",
    });
  }
  if (response.status >= 400) throw new StudyError(`${name}: ${host} answers ${response.status}`);
  const tag = (response.headers.get("x-linked-etag") ?? response.headers.get("etag") ?? "").replace(
    /^W\/|"/g,
    "",
  );
  // A redirect has its own length; the hub gives the file's size in a header.
  const own = response.ok ? response.headers.get("content-length") : null;
  const size = response.headers.get("x-linked-size") ?? own;
  const checksum = /^[0-9a-f]{64}$/.test(tag) ? tag : undefined;
  return {
    url,
    name,
    size: size === null ? undefined : Number(size),
    sha256: checksum,
    version: (checksum ?? sha256(`${url}\n${tag}`)).slice(0, 12),
    headers,
  };
}

/** Downloads the missing part, with retries, and returns the SHA-256. */
async function downloaded(remote: Remote, part: string, label: string, effects: Effects): Promise<string> {
  const megabytes = (bytes: number) => Math.floor(bytes / 1e6);
  const progress = effects.progress(`${label} (MB)`, Math.max(1, megabytes(remote.size ?? 0)));
  let stuck = 0;
  try {
    for (let have = await sizeOf(part); !(remote.size !== undefined && have >= remote.size); ) {
      const ended = await fetchRest(remote, part, have, effects, (bytes) => progress.to(megabytes(bytes)));
      const now = await sizeOf(part);
      stuck = now > have ? 0 : stuck + 1;
      have = now;
      if (ended === "whole" && remote.size === undefined) break;
      if (stuck > mostTries) {
        throw new StudyError(`${remote.name}: the download is stuck (${ended})`, {
          hint: "run it again later; it continues where it stopped",
        });
      }
      if (ended !== "whole") await sleep(waitAfter(stuck), undefined, { signal: effects.signal });
    }
  } finally {
    progress.end();
  }
  return verified(remote, part);
}

/** The most retries without progress. */
const mostTries = 5;

const waitAfter = (tries: number): number => Math.min(10_000, 100 * 2 ** tries);

/** One request for the rest of the file; returns "whole" after success, else what went wrong. */
async function fetchRest(
  { url, headers, name }: Remote,
  part: string,
  have: number,
  effects: Effects,
  onBytes: (bytes: number) => void,
): Promise<string> {
  let response: Response;
  try {
    const range = have > 0 ? { range: `bytes=${have}-` } : {};
    response = await effects.fetch(url, { headers: { ...headers, ...range }, signal: effects.signal });
  } catch (thrown) {
    effects.signal.throwIfAborted();
    return messageOf(thrown);
  }
  if (response.status === 416) {
    await rm(part, { force: true });
    return "the host's file is smaller than the part already downloaded";
  }
  if (!response.ok || !response.body) return `the host answers ${response.status}`;
  // A host that cannot resume sends everything from the start.
  let bytes = response.status === 206 ? have : 0;
  const file = await open(part, bytes > 0 ? "a" : "w");
  try {
    for await (const chunk of response.body) {
      await file.write(chunk);
      bytes += chunk.length;
      onBytes(bytes);
    }
    return "whole";
  } catch (thrown) {
    effects.signal.throwIfAborted();
    if (codeOf(thrown) === "ENOSPC") {
      throw new StudyError(`${name}: the disk is full`, {
        hint: "free some space, or set TINYLOVE_CACHE to a folder on another disk",
        cause: thrown,
      });
    }
    return messageOf(thrown);
  } finally {
    await file.close();
  }
}

async function verified(remote: Remote, part: string): Promise<string> {
  const found = await contentHash(part);
  const size = await sizeOf(part);
  if ((remote.sha256 && found !== remote.sha256) || (remote.size !== undefined && size !== remote.size)) {
    await rm(part, { force: true });
    throw new StudyError(
      `${remote.name}: the download differs from the host's file (checksum ${found.slice(0, 12)})`,
      {
        hint: "the download was removed; run it again",
      },
    );
  }
  return found;
}

async function removeOtherVersions(path: string, part: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    const other = join(dirname(path), name);
    if (name.startsWith(`${basename(path)}.`) && name.endsWith(".download") && other !== part)
      await rm(other);
  }
}

async function assertDiskSpace(part: string, { name, size }: Remote): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(part));
  const missing = (size ?? 0) - (await sizeOf(part));
  if (missing > bavail * bsize) {
    throw new StudyError(`${name}: ${Math.ceil(missing / 1e6)} MB do not fit on the disk`, {
      hint: "free some space, or set TINYLOVE_CACHE to a folder on another disk",
    });
  }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;

/** Repeats a request a few times before its host counts as unreachable. */
async function withTries(effects: Effects, request: () => Promise<Response>): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      const response = await request();
      if ((response.status < 500 && response.status !== 429) || tries >= mostTries) return response;
    } catch (thrown) {
      effects.signal.throwIfAborted();
      if (tries >= mostTries) {
        throw new StudyError(`the model hub does not answer: ${codeOf(thrown) ?? messageOf(thrown)}`, {
          hint: "check the connection, or set HF_ENDPOINT to a mirror",
          cause: thrown,
        });
      }
    }
    await sleep(waitAfter(tries), undefined, { signal: effects.signal });
  }
}
