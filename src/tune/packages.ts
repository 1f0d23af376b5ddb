import { readFile, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pLimit from "p-limit";
import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { parseJson } from "../workbench/files.ts";
import { runProgram } from "../workbench/run-program.ts";

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly url: string;
}

const Report = z.looseObject({
  install: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), version: z.string() }),
      download_info: z.looseObject({ url: z.string() }),
    }),
  ),
});

/** What pip would install, with where it would take it from. */
export async function resolved(
  program: string,
  trainer: string,
  effects: Effects,
): Promise<readonly Package[]> {
  effects.log("  asking pip what the trainer needs");
  const report = join(dirname(dirname(program)), "report.json");
  const { code, text } = await runProgram(
    program,
    ["-m", "pip", "install", "--dry-run", "--quiet", "--retries", "2", "--report", report, trainer],
    effects,
  );
  if (code !== 0) throw explained(text, "pip cannot find what the trainer needs");
  const { install } = parseJson(await readFile(report, "utf8"), Report, "pip's report");
  await rm(report, { force: true });
  return install.map(({ metadata: { name, version }, download_info: { url } }) => ({ name, version, url }));
}

/** Says what will come and how much; throws StudyError where the disk has no room for it. */
export async function tell(
  packages: readonly Package[],
  environment: string,
  effects: Effects,
): Promise<void> {
  const limit = pLimit(8);
  const sizes = await Promise.all(packages.map(({ url }) => limit(() => sizeOf(url, effects))));
  const known = sizes.filter((size) => size !== undefined);
  const total = known.reduce((sum, size) => sum + size, 0);
  const largest = packages
    .map(({ name, version }, at) => ({ name: `${name} ${version}`, size: sizes[at] ?? 0 }))
    .sort((one, other) => other.size - one.size)
    .slice(0, 5)
    .filter(({ size }) => size > 1e6);
  const unknown = sizes.length - known.length;
  effects.log(
    `  ${packages.length} packages, ${megabytes(total)} to download${unknown > 0 ? ` and ${unknown} whose size is not told (PyTorch alone: about 200 MB for the CPU, 2 to 3 GB with CUDA)` : ""}`,
  );
  for (const { name, size } of largest) effects.log(`    ${name}: ${megabytes(size)}`);
  const needed = unpacked * total;
  effects.log(`  into ${environment}, where they take about ${megabytes(needed)}`);
  await checkRoom(environment, needed + total);
}

/** A wheel is a zip; PyTorch's libraries come to about three times its size. */
const unpacked = 3;

const megabytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;

/** Bytes of a download, undefined where nobody tells. Only the head is asked for. */
async function sizeOf(url: string, effects: Effects): Promise<number | undefined> {
  if (url.startsWith("file:")) {
    const found = await stat(fileURLToPath(url)).catch(() => undefined);
    return found?.isDirectory() ? 0 : found?.size;
  }
  try {
    const signal = AbortSignal.any([effects.signal, AbortSignal.timeout(10_000)]);
    const { ok, headers } = await effects.fetch(url, { method: "HEAD", signal });
    return ok ? Number(headers.get("content-length")) || undefined : undefined;
  } catch {
    effects.signal.throwIfAborted();
    return undefined;
  }
}

/** uv takes the very files that pip chose, so that both install the same. */
export async function install(
  program: string,
  trainer: string,
  packages: readonly Package[],
  effects: Effects,
): Promise<void> {
  const byUv = (await runProgram("uv", ["--version"], effects)).code === 0;
  const files = packages.filter(({ url }) => !isFolder(url)).map(({ name, url }) => `${name} @ ${url}`);
  effects.log(`  installing with ${byUv ? "uv" : "pip"}`);
  if (byUv && files.length > 0) {
    const { code, text } = await runProgram(
      "uv",
      ["pip", "install", "--quiet", "--python", program, "--no-deps", ...files],
      effects,
    );
    if (code !== 0) throw explained(text, "uv cannot install what the trainer needs");
  }
  const { code, text } = await runProgram(
    program,
    ["-m", "pip", "install", "--quiet", "--retries", "2", trainer],
    effects,
  );
  if (code !== 0) throw explained(text, "pip cannot install the trainer");
}

const isFolder = (url: string): boolean => url.startsWith("file:") && !/\.(whl|zip|tar\.gz)$/.test(url);

/** What pip said, in one line with what to do. */
export function explained(text: string, what: string): StudyError {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const last = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "it said nothing";
  if (/No space left|ENOSPC|Errno 28/i.test(text))
    return new StudyError(`${what}: the disk is full`, {
      hint: "make room, or let TINYLOVE_VENV name a folder on another disk",
    });
  if (
    /NewConnectionError|Name or service not known|name resolution|Network is unreachable|Max retries|Connection refused|timed out|dns error|Could not connect/i.test(
      text,
    )
  ) {
    return new StudyError(`${what}: its index cannot be reached`, {
      hint: "connect, or let pip's settings name an index that this machine can reach (`pip config list`)",
    });
  }
  return new StudyError(`${what}: ${last.replace(/^ERROR:\s*/, "").trim()}`, {
    hint: "run it again; what was downloaded is kept",
  });
}

/** Throws StudyError where fewer bytes are free than are needed. */
export async function checkRoom(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  throw new StudyError(
    `no room for the trainer: it needs ${megabytes(needed)}, ${folder} has ${megabytes(bavail * bsize)}`,
    { hint: "make room, or let TINYLOVE_VENV name a folder on another disk" },
  );
}
