import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, StudyError } from "../workbench/errors.ts";
import { exists, hashOf, writeWhole } from "../workbench/files.ts";
import { environmentFolder, pythonIn, trainerFolder } from "../workbench/python.ts";
import { runProgram } from "../workbench/run-program.ts";
import { command } from "../workbench/stage.ts";
import { checkRoom, explained, install, resolved, tell } from "./packages.ts";

const options = z.object({
  yes: z.boolean().default(false),
  python: z.string().optional(),
  deepspeed: z.boolean().default(false),
});

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
    ["--deepspeed", "DeepSpeed too, which `tune submit --strategy zero3` needs"],
  ],
  options,
  run: (_, wanted, effects) =>
    setUp({ trainer: trainerFolder, environment: environmentFolder(effects.env), ...wanted }, effects),
});

export interface Setup {
  /** The Python package, with its `pyproject.toml`. */
  readonly trainer: string;
  /** The virtual environment's folder. */
  readonly environment: string;
  readonly yes: boolean;
  readonly python?: string | undefined;
  /** Whether DeepSpeed is wanted; where it is installed it stays. */
  readonly deepspeed?: boolean | undefined;
}

/** Does nothing where it is done. Resolved by pip from the indexes that it is set to use, downloaded by uv where that is there. */
export async function setUp(wanted: Setup, effects: Effects): Promise<void> {
  const { trainer, environment, yes, python } = wanted;
  const file = join(environment, "tinylove-trainer.json");
  const done = await doneIn(file);
  const made: Mark = {
    package: (await hashOf(join(trainer, "pyproject.toml")))!,
    deepspeed: (wanted.deepspeed ?? false) || (done?.deepspeed ?? false),
  };
  if (done && done.package === made.package && (done.deepspeed ?? false) === made.deepspeed)
    return effects.log(`the trainer is set up in ${environment}`);

  const program = await makeEnvironment(environment, python, effects);
  const named = made.deepspeed ? `${trainer}[deepspeed]` : trainer;
  const packages = await resolved(program, named, effects);
  await tell(packages, environment, effects);
  if (!yes) return effects.print("nothing was installed; `tinylove tune setup --yes` does it");
  await install(program, named, packages, effects);
  await writeWhole(file, JSON.stringify(made));
  effects.log(`the trainer is set up in ${environment}`);
}

/** What an environment was made for. */
const Mark = z.object({ package: z.string(), deepspeed: z.boolean().optional() });
type Mark = z.infer<typeof Mark>;

/** Undefined where nothing was made, or where what stands there cannot be read. */
const doneIn = (file: string): Promise<Mark | undefined> =>
  readFile(file, "utf8")
    .then((text) => Mark.parse(JSON.parse(text)))
    .catch(() => undefined);

/** The environment's own Python; the environment is made where it is missing or broken. */
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
  // pip ends without a word of it where the disk is full.
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new StudyError(`cannot make ${folder} (${codeOf(cause) ?? "unknown error"})`, {
      hint: "let TINYLOVE_VENV name a folder that may be written to",
      cause,
    });
  });
  await checkRoom(folder, bareEnvironment);
  const { code, text } = await runProgram(base, ["-m", "venv", folder], effects);
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

const oldest = [3, 10] as const;

/** The first Python on the path that is new enough; throws StudyError where there is none. */
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
  const hint = `install Python ${oldest.join(".")} or newer, or name it with --python`;
  if (tooOld.length > 0) throw new StudyError(`Python is too old: ${tooOld.join(", ")}`, { hint });
  throw new StudyError(named ? `--python ${named}: no such Python` : "there is no Python here", { hint });
}
