import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Effects } from "./effects.ts";
import { StudyError } from "./errors.ts";
import { exists } from "./files.ts";
import { packageFolder } from "./version.ts";

/** The folder of the trainer's Python code. */
export const trainerFolder = fileURLToPath(new URL("trainer", packageFolder));

/**
 * The Python that has the trainer's packages: TINYLOVE_PYTHON, else the virtual environment that `tinylove tune
 * setup` made. Throws StudyError if there is none.
 */
export async function pythonProgram(env: Effects["env"]): Promise<string> {
  const named = env["TINYLOVE_PYTHON"];
  if (named) {
    if (/[\\/]/.test(named) && !(await exists(named)))
      throw new StudyError(`TINYLOVE_PYTHON is ${named}, which does not exist`, {
        hint: "correct or unset it",
      });
    return named;
  }
  const program = pythonIn(environmentFolder(env));
  if (await exists(program)) return program;
  throw new StudyError("the trainer is not set up: it needs Python and PyTorch in their own environment", {
    hint: "run `tinylove tune setup`",
  });
}

/** The trainer's virtual environment: TINYLOVE_VENV, else `.venv` in the package's folder. */
export const environmentFolder = (env: Effects["env"]): string =>
  resolve(env["TINYLOVE_VENV"] ?? fileURLToPath(new URL(".venv", packageFolder)));

/** The Python inside a virtual environment. */
export const pythonIn = (folder: string): string =>
  process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");

/** Puts the package's own trainer before one that an older setup installed. */
export function pythonEnvironment(env: Effects["env"]): Record<string, string | undefined> {
  return {
    ...env,
    PYTHONPATH: [trainerFolder, env["PYTHONPATH"]].filter(Boolean).join(delimiter),
    PYTHONUNBUFFERED: "1",
    HF_HUB_DISABLE_TELEMETRY: "1",
  };
}
