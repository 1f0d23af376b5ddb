import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "../workbench/cache-folder.ts";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, messageOf, StudyError } from "../workbench/errors.ts";
import { exists, writeWhole } from "../workbench/files.ts";
import { contentHash } from "../workbench/hash-file.ts";

/** A file of a model hub that speaks Hugging Face's protocol. */
export interface HubFile {
  readonly owner: string;
  readonly repository: string;
  readonly file: string;
}

/** Where a hub's file lies once it is here; `hashFile` holds its SHA-256 and is written last, when all is right. */
export interface Cached {
  readonly path: string;
  readonly hashFile: string;
}

/**
 * The file that an address `hf:OWNER/REPO/FILE.gguf` names. Throws StudyError for another one; `setting` is the key of
 * study.yaml where it stands.
 */
export function hubFileNamed(address: string, setting: string): HubFile {
  const [owner = "", repository = "", ...file] = address.slice("hf:".length).split("/");
  const parts = [owner, repository, ...file];
  if (file.length > 0 && parts.every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part)))
    return { owner, repository, file: file.join("/") };
  throw new StudyError(`${setting}: ${address} is no address of a file`, {
    hint: "write hf:OWNER/REPO/FILE.gguf",
  });
}

/** Where a file of a hub lies in the cache, whether it is there or not. */
export function hubFileAt({ owner, repository, file }: HubFile, env?: Effects["env"]): Cached {
  const path = join(cacheFolder(env), "hub", owner, repository, file);
  return { path, hashFile: `${path}.sha256` };
}

/**
 * The file in the cache, downloaded first where it is not there. The host is HF_ENDPOINT, by default Hugging Face;
 * HF_TOKEN is sent to it and to no host that it names. A download that breaks goes on where it broke, in a later
 * run too, and counts once its size and its SHA-256 are what the host tells.
 */
export async function hubFileOf(asked: HubFile, effects: Effects): Promise<Cached> {
  const cached = hubFileAt(asked, effects.env);
  if ((await exists(cached.hashFile)) && (await exists(cached.path))) return cached;
  const remote = await told(asked, effects);
  const part = `${cached.path}.${remote.version}.download`;
  await mkdir(dirname(cached.path), { recursive: true });
  await removeOtherVersions(cached.path, part);
  await refuseWithoutRoom(part, remote);
  const hash = await downloaded(remote, part, basename(asked.file), effects);
  await rename(part, cached.path);
  await writeWhole(cached.hashFile, `${hash}\n`);
  return cached;
}

interface Remote {
  readonly url: string;
  readonly name: string;
  readonly size: number | undefined;
  /** Where the host tells one. */
  readonly sha256: string | undefined;
  /** Tells contents apart: what was begun of another one is no beginning of this. */
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the host says of the file, before anything is fetched. */
async function told({ owner, repository, file }: HubFile, effects: Effects): Promise<Remote> {
  const host = (effects.env["HF_ENDPOINT"] ?? "https://huggingface.co").replace(/\/+$/, "");
  const url = `${host}/${owner}/${repository}/resolve/main/${file}`;
  const token = effects.env["HF_TOKEN"];
  const headers = { "accept-encoding": "identity", ...(token && { authorization: `Bearer ${token}` }) };
  const response = await patiently(effects, () =>
    effects.fetch(url, { method: "HEAD", redirect: "manual", headers, signal: effects.signal }),
  );
  const name = `hf:${owner}/${repository}/${file}`;
  if (response.status === 401 || response.status === 403) {
    throw new StudyError(`${name}: ${host} does not give it to you (${response.status})`, {
      hint: "accept its terms on the host's page and set HF_TOKEN",
    });
  }
  if (response.status === 404) {
    throw new StudyError(`${name}: not found at ${host}`, { hint: "mend the address, or set HF_ENDPOINT" });
  }
  if (response.status >= 400) throw new StudyError(`${name}: ${host} answers ${response.status}`);
  const tag = (response.headers.get("x-linked-etag") ?? response.headers.get("etag") ?? "").replace(
    /^W\/|"/g,
    "",
  );
  // A redirect has a length of its own; what it leads to is told in a header of the hub's.
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

/** Fetches what is still missing until all is there, and returns its SHA-256. */
async function downloaded(remote: Remote, part: string, label: string, effects: Effects): Promise<string> {
  const megabytes = (bytes: number) => Math.floor(bytes / 1e6);
  const progress = effects.progress(`${label} (MB)`, Math.max(1, megabytes(remote.size ?? 0)));
  let stuck = 0;
  try {
    for (let have = await sizeOf(part); !(remote.size !== undefined && have >= remote.size); ) {
      const ended = await fetchedOn(remote, part, have, effects, (bytes) => progress.to(megabytes(bytes)));
      const now = await sizeOf(part);
      stuck = now > have ? 0 : stuck + 1;
      have = now;
      if (ended === "whole" && remote.size === undefined) break;
      if (stuck > patience) {
        throw new StudyError(`${remote.name}: the download makes no progress (${ended})`, {
          hint: "run it again later; it goes on where it stopped",
        });
      }
      if (ended !== "whole") await sleep(waitAfter(stuck), undefined, { signal: effects.signal });
    }
  } finally {
    progress.end();
  }
  return verified(remote, part);
}

/** Tries without a byte of progress. */
const patience = 5;

const waitAfter = (tries: number): number => Math.min(10_000, 100 * 2 ** tries);

/** One request for the rest; "whole" when it ended as it should, else what went wrong. */
async function fetchedOn(
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
    return "the host has less than was fetched";
  }
  if (!response.ok || !response.body) return `the host answers ${response.status}`;
  // A host that does not resume sends all from the start.
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
        hint: "make room, or set TINYLOVE_CACHE",
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
      `${remote.name}: what came is not what the host has (checksum ${found.slice(0, 12)})`,
      {
        hint: "run it again; it was removed",
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

async function refuseWithoutRoom(part: string, { name, size }: Remote): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(part));
  const missing = (size ?? 0) - (await sizeOf(part));
  if (missing > bavail * bsize) {
    throw new StudyError(`${name}: ${Math.ceil(missing / 1e6)} MB do not fit on the disk`, {
      hint: "make room, or set TINYLOVE_CACHE to a folder on another disk",
    });
  }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;

/** A request that is tried some times before its host counts as unreachable. */
async function patiently(effects: Effects, request: () => Promise<Response>): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      const response = await request();
      if ((response.status < 500 && response.status !== 429) || tries >= patience) return response;
    } catch (thrown) {
      effects.signal.throwIfAborted();
      if (tries >= patience) {
        throw new StudyError(`the model hub does not answer: ${codeOf(thrown) ?? messageOf(thrown)}`, {
          hint: "check the connection, or set HF_ENDPOINT to a mirror",
          cause: thrown,
        });
      }
    }
    await sleep(waitAfter(tries), undefined, { signal: effects.signal });
  }
}
