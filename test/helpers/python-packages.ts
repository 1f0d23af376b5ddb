import { execFile } from "node:child_process";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/workbench/cache-folder.ts";
import { exists } from "../../src/workbench/files.ts";

/** A Python with additional packages. */
export interface WithPackages {
  /** The path of the program. */
  readonly python: string;
  /** The folder of the packages. */
  readonly folder: string;
  /** The environment: this process's, with the packages. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Missing {
  /** Why they are not available. */
  readonly missing: string;
}

/**
 * Packages from PyPI, each with its version, that pip puts into the user's cache folder (TINYLOVE_CACHE) once, without
 * dependencies if `alone`. Imports `module` to check that they work. Without Python, pip or a wheel for this machine it
 * gives the reason; with TINYLOVE_REAL_SERVERS=required that is an error.
 */
export async function pythonPackages(
  packages: readonly string[],
  { module, alone = false }: { readonly module: string; readonly alone?: boolean },
): Promise<WithPackages | Missing> {
  const python = process.env["TINYLOVE_PYTHON"] ?? "python3";
  const folder = join(cacheFolder(), "test-packages", packages.join("+"));
  const env = { ...process.env, PYTHONPATH: folder };
  try {
    if (!(await exists(folder)))
      await install(python, folder, [...(alone ? ["--no-deps"] : []), ...packages]);
    await promisify(execFile)(python, ["-c", `import ${module}`], { env });
    return { python, folder, env };
  } catch (thrown) {
    const lines = String((thrown as { stderr?: string }).stderr || thrown).trim();
    const missing = `no ${packages.join(", ")} for ${python}: ${lines.split("\n").at(-1)}`;
    if (process.env["TINYLOVE_REAL_SERVERS"] === "required") throw new Error(missing, { cause: thrown });
    return { missing };
  }
}

/** Two test files may do this at the same time, so the folder gets its name when it is complete. */
async function install(python: string, folder: string, wanted: readonly string[]): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const options = ["--quiet", "--only-binary", ":all:", "--retries", "1", "--timeout", "30"];
    const pip = ["-m", "pip", "install", ...options, "--target", unfinished, ...wanted];
    await promisify(execFile)(python, pip);
    await rename(unfinished, folder).catch(async (thrown) => {
      if (!(await exists(folder))) throw thrown;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
