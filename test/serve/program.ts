import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The program built from the sources that are being tested, for tests that have to kill its process. */
export interface Program {
  /** Starts `tinylove serve` on a free port; resolves when it listens. */
  serve(study: string, env?: Record<string, string>, args?: readonly string[]): Promise<Served>;
  remove(): Promise<void>;
}

export interface Served {
  readonly url: string;
  readonly process: ChildProcess;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export async function builtProgram(): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), "tinylove-program-"));
  for (const name of ["package.json", "node_modules", "src", "bin"])
    await symlink(join(root, name), join(folder, name));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const output = ["--outDir", join(folder, "dist"), "-p", join(root, "tsconfig.build.json")];
  // Types are another check's business: here the program only has to come out.
  await promisify(execFile)(process.execPath, [compiler, ...output]).catch(() => {});
  return {
    serve: (study, env = {}, args = []) => start(folder, study, env, args),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const runner = `const { runProcess } = await import(process.argv[1]);
process.argv.splice(1, 1, "tinylove");
await runProcess();`;

async function start(
  folder: string,
  study: string,
  env: Record<string, string>,
  args: readonly string[],
): Promise<Served> {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      runner,
      join(folder, "dist/cli.js"),
      "serve",
      "--study",
      study,
      "--port",
      "0",
      ...args,
    ],
    { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await Promise.race([
    firstLine(child),
    ended.then(() => Promise.reject(new Error(`the server did not start: ${said}`))),
  ]);
  return {
    url,
    process: child,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => createInterface({ input: child.stdout! }).once("line", resolve));
}
