import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, StudyError } from "../workbench/errors.ts";
import { exists, hashOf, writeWhole } from "../workbench/files.ts";
import { environmentFolder, pythonIn, trainerFolder } from "../workbench/python.ts";
import { runProgram } from "../workbench/run-program.ts";
import { command } from "../workbench/stage.ts";
import { assertDiskSpace, install, logDownload, pipError, resolvePackages } from "./packages.ts";

const options = z.object({
  yes: z.boolean().default(false),
  python: z.string().optional(),
  deepspeed: z.boolean().default(false),
});

/** `tinylove tune setup`: makes a virtual environment with PyTorch and the trainer. */
export const setup = command({
  name: "tune setup",
  examples: [
    "tinylove tune setup",
    "tinylove tune setup --yes",
    "tinylove tune setup --python python3.12 --yes",
  ],
  flags: [
    ["--yes", "download and install; without it, only show what would be downloaded"],
    ["--python <program>", "the Python to use, 3.10 or newer (default: the first on the path)"],
    ["--deepspeed", "also install DeepSpeed, for `tune submit --strategy zero3`"],
  ],
  options,
  run: (_, request, effects) =>
    setUp({ trainer: trainerFolder, environment: environmentFolder(effects.env), ...request }, effects),
});

export interface Setup {
  /** The Python package, with its `pyproject.toml`. */
  readonly trainer: string;
  /** The virtual environment's folder. */
  readonly environment: string;
  readonly yes: boolean;
  readonly python?: string | undefined;
  /** Whether to install DeepSpeed; if it is installed, it stays. */
  readonly deepspeed?: boolean | undefined;
}

/**
 * Installs the trainer, unless it is installed. pip resolves the packages with its configured indexes; uv downloads
 * them if available.
 */
export async function setUp(request: Setup, effects: Effects): Promise<void> {
  const { trainer, environment, yes, python } = request;
  const file = join(environment, "tinylove-trainer.json");
  const done = await doneIn(file);
  const made: Mark = {
    package: (await hashOf(join(trainer, "pyproject.toml")))!,
    deepspeed: (request.deepspeed ?? false) || (done?.deepspeed ?? false),
  };
  if (done && done.package === made.package && (done.deepspeed ?? false) === made.deepspeed)
    return effects.log(`the trainer is set up in ${environment}`);

  const program = await makeEnvironment(environment, python, effects);
  const named = made.deepspeed ? `${trainer}[deepspeed]` : trainer;
  const packages = await resolvePackages(program, named, effects);
  await logDownload(packages, environment, effects);
  if (!yes) return effects.print("nothing was installed; run `tinylove tune setup --yes` to install");
  await install(program, named, packages, effects);
  await writeWhole(file, JSON.stringify(made));
  effects.log(`the trainer is set up in ${environment}`);
}

/** What an environment was set up for. */
const Mark = z.object({ package: z.string(), deepspeed: z.boolean().optional() });
type Mark = z.infer<typeof Mark>;

/** The record of an earlier setup; undefined if there is none or it cannot be read. */
const doneIn = (file: string): Promise<Mark | undefined> =>
  readFile(file, "utf8")
    .then((text) => Mark.parse(JSON.parse(text)))
    .catch(() => undefined);

/** The environment's own Python; makes the environment if it is missing or broken. */
async function makeEnvironment(
  folder: string,
  python: string | undefined,
  effects: Effects,
): Promise<string> {
  const program = pythonIn(folder);
  if ((await exists(program)) && (await runProgram(program, ["-m", "pip", "--version"], effects)).code === 0)
    return program;
  const base = await basePython(python, effects);
  await rm(folder, { recursive: true, force: true });
  // pip does not report a full disk.
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new StudyError(`cannot make ${folder} (${codeOf(cause) ?? "unknown error"})`, {
      hint: "set TINYLOVE_VENV to a folder that you can write to",
      cause,
    });
  });
  await assertDiskSpace(folder, bareEnvironment);
  const { code, text } = await runProgram(base, ["-m", "venv", folder], effects);
  if (code === 0) return program;
  await rm(folder, { recursive: true, force: true });
  if (/ensurepip|No module named '?venv/.test(text)) {
    throw new StudyError(`${base} has no venv module`, {
      hint: "install it (Debian and Ubuntu: `apt install python3-venv`), or use another one with --python",
    });
  }
  throw pipError(text, `cannot make ${folder}`);
}

/** The size of an environment with only pip, in bytes. */
const bareEnvironment = 25e6;

const oldest = [3, 10] as const;

/** The first Python on the path that is new enough; throws StudyError if there is none. */
async function basePython(named: string | undefined, effects: Effects): Promise<string> {
  const tooOld: string[] = [];
  for (const program of named
    ? [named]
    : ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"]) {
    const { code, text } = await runProgram(
      program,
      ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
      effects,
    );
    const [major, minor] = text.trim().split(".").map(Number);
    if (code !== 0 || major === undefined || minor === undefined) continue;
    if (major === oldest[0] && minor >= oldest[1]) return program;
    tooOld.push(`${program} is ${text.trim()}`);
  }
  const hint = `install Python ${oldest.join(".")} or newer, or give it with --python`;
  if (tooOld.length > 0) throw new StudyError(`Python is too old: ${tooOld.join(", ")}`, { hint });
  throw new StudyError(named ? `--python ${named}: no such Python` : "no Python was found", { hint });
}
