import { mkdir, readFile, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pLimit from "p-limit";
import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, StudyError } from "../workbench/errors.ts";
import { exists, hashOf, parseJson, writeWhole } from "../workbench/files.ts";
import { environmentFolder, pythonIn, trainerFolder } from "../workbench/python.ts";
import { command } from "../workbench/stage.ts";

const options = z.object({ yes: z.boolean().default(false), python: z.string().optional() });

/** `tinylove tune setup`: a virtual environment with PyTorch and the trainer, once. */
export const setup = command({
  name: "tune setup",
  summary: "Install the trainer (Python, PyTorch) into an environment of its own, once",
  examples: [
    "tinylove tune setup",
    "tinylove tune setup --yes",
    "tinylove tune setup --python python3.12 --yes",
  ],
  flags: [
    ["--yes", "download and install; without it only what would be downloaded is told"],
    ["--python <program>", "the Python to build on, 3.10 or newer (default: the first on the path)"],
  ],
  options,
  run: (_, { yes, python }, effects) =>
    setUp({ trainer: trainerFolder, environment: environmentFolder(effects.env), yes, python }, effects),
});

export interface Setup {
  /** The Python package, with its `pyproject.toml`. */
  readonly trainer: string;
  /** The virtual environment's folder. */
  readonly environment: string;
  readonly yes: boolean;
  readonly python?: string | undefined;
}

/** Does nothing where it is done. Resolved by pip from the indexes that it is set to use, downloaded by uv where that is there. */
export async function setUp({ trainer, environment, yes, python }: Setup, effects: Effects): Promise<void> {
  const mark = join(environment, "tinylove-trainer.json");
  const wanted = { package: await hashOf(join(trainer, "pyproject.toml")) };
  if ((await readFile(mark, "utf8").catch(() => "")) === JSON.stringify(wanted))
    return effects.log(`the trainer is set up in ${environment}`);

  const program = await makeEnvironment(environment, python, effects);
  const packages = await resolved(program, trainer, effects);
  await tell(packages, environment, effects);
  if (!yes) return effects.print("nothing was installed; `tinylove tune setup --yes` does it");
  await install(program, trainer, packages, effects);
  await writeWhole(mark, JSON.stringify(wanted));
  effects.log(`the trainer is set up in ${environment}`);
}

/** The environment's own Python; the environment is made where it is missing or broken. */
async function makeEnvironment(
  folder: string,
  python: string | undefined,
  effects: Effects,
): Promise<string> {
  const program = pythonIn(folder);
  if ((await exists(program)) && (await ran(program, ["-m", "pip", "--version"], effects)).code === 0)
    return program;
  const base = await basePython(python, effects);
  await rm(folder, { recursive: true, force: true });
  // pip ends without a word of it where the disk is full.
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new StudyError(`cannot make ${folder} (${codeOf(cause) ?? "unknown error"})`, {
      hint: "let TINYLOVE_VENV name a folder that may be written to",
      cause,
    });
  });
  await checkRoom(folder, bareEnvironment);
  const { code, text } = await ran(base, ["-m", "venv", folder], effects);
  if (code === 0) return program;
  await rm(folder, { recursive: true, force: true });
  if (/ensurepip|No module named '?venv/.test(text)) {
    throw new StudyError(`${base} has no venv module`, {
      hint: "install it (Debian and Ubuntu: `apt install python3-venv`), or name another with --python",
    });
  }
  throw explained(text, `cannot make ${folder}`);
}

/** An environment that holds nothing but pip, in bytes. */
const bareEnvironment = 25e6;

/** Throws StudyError where fewer bytes are free than are needed. */
async function checkRoom(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  throw new StudyError(
    `no room for the trainer: it needs ${megabytes(needed)}, ${folder} has ${megabytes(bavail * bsize)}`,
    { hint: "make room, or let TINYLOVE_VENV name a folder on another disk" },
  );
}

const oldest = [3, 10] as const;

/** The first Python on the path that is new enough; throws StudyError where there is none. */
async function basePython(named: string | undefined, effects: Effects): Promise<string> {
  const tooOld: string[] = [];
  for (const program of named
    ? [named]
    : ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"]) {
    const { code, text } = await ran(
      program,
      ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
      effects,
    );
    const [major, minor] = text.trim().split(".").map(Number);
    if (code !== 0 || major === undefined || minor === undefined) continue;
    if (major === oldest[0] && minor >= oldest[1]) return program;
    tooOld.push(`${program} is ${text.trim()}`);
  }
  const hint = `install Python ${oldest.join(".")} or newer, or name it with --python`;
  if (tooOld.length > 0) throw new StudyError(`Python is too old: ${tooOld.join(", ")}`, { hint });
  throw new StudyError(named ? `--python ${named}: no such Python` : "there is no Python here", { hint });
}

interface Package {
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
async function resolved(program: string, trainer: string, effects: Effects): Promise<readonly Package[]> {
  effects.log("  asking pip what the trainer needs");
  const report = join(dirname(dirname(program)), "report.json");
  const { code, text } = await ran(
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
async function tell(packages: readonly Package[], environment: string, effects: Effects): Promise<void> {
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
async function install(
  program: string,
  trainer: string,
  packages: readonly Package[],
  effects: Effects,
): Promise<void> {
  const byUv = (await ran("uv", ["--version"], effects)).code === 0;
  const files = packages.filter(({ url }) => !isFolder(url)).map(({ name, url }) => `${name} @ ${url}`);
  effects.log(`  installing with ${byUv ? "uv" : "pip"}`);
  if (byUv && files.length > 0) {
    const { code, text } = await ran(
      "uv",
      ["pip", "install", "--quiet", "--python", program, "--no-deps", ...files],
      effects,
    );
    if (code !== 0) throw explained(text, "uv cannot install what the trainer needs");
  }
  const { code, text } = await ran(
    program,
    ["-m", "pip", "install", "--quiet", "--retries", "2", trainer],
    effects,
  );
  if (code !== 0) throw explained(text, "pip cannot install the trainer");
}

const isFolder = (url: string): boolean => url.startsWith("file:") && !/\.(whl|zip|tar\.gz)$/.test(url);

/** What pip said, in one line with what to do. */
function explained(text: string, what: string): StudyError {
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

/** Runs a program to its end; code undefined where it is not there. An interruption ends it. */
const ran = (program: string, args: readonly string[], effects: Effects) =>
  new Promise<{ code: number | null | undefined; text: string }>((settle, fail) => {
    effects.signal.throwIfAborted();
    const child = effects.spawn(program, args, {
      env: effects.env,
      stdio: ["ignore", "pipe", "pipe"],
      signal: effects.signal,
    });
    let text = "";
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (chunk) => {
        text += String(chunk);
      });
    child.once("error", (error) => {
      if (effects.signal.aborted) fail(effects.signal.reason);
      else if (codeOf(error) === "ENOENT" || codeOf(error) === "EACCES") settle({ code: undefined, text });
      else fail(error);
    });
    child.once("close", (code) => settle({ code, text }));
  });
