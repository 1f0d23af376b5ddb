import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Effects } from "./effects.ts";
import { StudyError } from "./errors.ts";
import { exists } from "./files.ts";
import { packageFolder } from "./version.ts";

/** Where the trainer's Python lies in the package. */
export const trainerFolder = fileURLToPath(new URL("trainer", packageFolder));

/**
 * The Python that has the trainer's packages: TINYLOVE_PYTHON, else that of the virtual environment which
 * `tinylove tune setup` made. Throws StudyError where there is none.
 */
export async function pythonProgram(env: Effects["env"]): Promise<string> {
  const named = env["TINYLOVE_PYTHON"];
  if (named) {
    if (/[\\/]/.test(named) && !(await exists(named)))
      throw new StudyError(`TINYLOVE_PYTHON names ${named}, which is not there`, {
        hint: "mend or unset it",
      });
    return named;
  }
  const program = pythonIn(environmentFolder(env));
  if (await exists(program)) return program;
  throw new StudyError(
    "the trainer is not set up: it needs Python and PyTorch in an environment of their own",
    {
      hint: "run `tinylove tune setup`",
    },
  );
}

/** Where the trainer's virtual environment lies: TINYLOVE_VENV, else `.venv` beside `trainer/`. */
export const environmentFolder = (env: Effects["env"]): string =>
  resolve(env["TINYLOVE_VENV"] ?? fileURLToPath(new URL(".venv", packageFolder)));

/** The Python inside a virtual environment. */
export const pythonIn = (folder: string): string =>
  process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");

/** The package's own trainer comes before one that an older setup left in the environment. */
export function pythonEnvironment(env: Effects["env"]): Record<string, string | undefined> {
  return {
    ...env,
    PYTHONPATH: [trainerFolder, env["PYTHONPATH"]].filter(Boolean).join(delimiter),
    PYTHONUNBUFFERED: "1",
    HF_HUB_DISABLE_TELEMETRY: "1",
  };
}
