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

/** The packages that pip would install, with their URLs. */
export async function resolvePackages(
  program: string,
  trainer: string,
  effects: Effects,
): Promise<readonly Package[]> {
  effects.log("  resolving the trainer's packages with pip");
  const report = join(dirname(dirname(program)), "report.json");
  const { code, text } = await runProgram(
    program,
    ["-m", "pip", "install", "--dry-run", "--quiet", "--retries", "2", "--report", report, trainer],
    effects,
  );
  if (code !== 0) throw pipError(text, "pip cannot resolve the trainer's packages");
  const { install } = parseJson(await readFile(report, "utf8"), Report, "pip's report");
  await rm(report, { force: true });
  return install.map(({ metadata: { name, version }, download_info: { url } }) => ({ name, version, url }));
}

/** Logs the packages and the size of the download; throws StudyError if the disk has too little space. */
export async function logDownload(
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
    `  ${packages.length} packages, ${megabytes(total)} to download${unknown > 0 ? ` and ${unknown} of unknown size (PyTorch alone is about 200 MB for the CPU, 2 to 3 GB with CUDA)` : ""}`,
  );
  for (const { name, size } of largest) effects.log(`    ${name}: ${megabytes(size)}`);
  const needed = unpacked * total;
  effects.log(`  into ${environment}, where they need about ${megabytes(needed)}`);
  await assertDiskSpace(environment, needed + total);
}

/** Unpacked packages take about three times the size of their wheels. */
const unpacked = 3;

const megabytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;

/** The size of a download from a HEAD request; undefined if the server does not give it. */
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

/**
 * Installs exactly the files that pip chose, with uv if available, and then the trainer itself. Nothing is resolved a
 * second time.
 */
export async function install(
  program: string,
  trainer: string,
  packages: readonly Package[],
  effects: Effects,
): Promise<void> {
  const byUv = (await runProgram("uv", ["--version"], effects)).code === 0;
  const files = packages.filter(({ url }) => !isFolder(url)).map(({ name, url }) => `${name} @ ${url}`);
  effects.log(`  installing with ${byUv ? "uv" : "pip"}`);
  const pip = ["-m", "pip", "install", "--quiet", "--retries", "2", "--no-deps"];
  if (files.length > 0) {
    const { code, text } = byUv
      ? await runProgram(
          "uv",
          ["pip", "install", "--quiet", "--python", program, "--no-deps", ...files],
          effects,
        )
      : await runProgram(program, [...pip, ...files], effects);
    if (code !== 0) throw pipError(text, `${byUv ? "uv" : "pip"} cannot install the trainer's packages`);
  }
  const { code, text } = await runProgram(program, [...pip, trainer], effects);
  if (code !== 0) throw pipError(text, "pip cannot install the trainer");
}

const isFolder = (url: string): boolean => url.startsWith("file:") && !/\.(whl|zip|tar\.gz)$/.test(url);

/** pip's error in one line, with what to do. */
export function pipError(text: string, what: string): StudyError {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const last = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "no message";
  if (/No space left|ENOSPC|Errno 28/i.test(text))
    return new StudyError(`${what}: the disk is full`, {
      hint: "free some space, or set TINYLOVE_VENV to a folder on another disk",
    });
  if (
    /NewConnectionError|Name or service not known|name resolution|Network is unreachable|Max retries|Connection refused|timed out|dns error|Could not connect/i.test(
      text,
    )
  ) {
    return new StudyError(`${what}: the package index cannot be reached`, {
      hint: "check the connection, or configure pip with an index that this machine can reach (`pip config list`)",
    });
  }
  return new StudyError(`${what}: ${last.replace(/^ERROR:\s*/, "").trim()}`, {
    hint: "run it again; finished downloads are kept",
  });
}

/** Throws StudyError if there is not enough free disk space. */
export async function assertDiskSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  throw new StudyError(
    `not enough disk space for the trainer: it needs ${megabytes(needed)}, ${folder} has ${megabytes(bavail * bsize)}`,
    { hint: "free some space, or set TINYLOVE_VENV to a folder on another disk" },
  );
}
