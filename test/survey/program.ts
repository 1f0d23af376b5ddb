import { type ChildProcess, spawn } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { builtProgram } from "../helpers/built.ts";

/** The program built from the tested source, for tests that kill its process. */
export interface Program {
  /** Starts `tinylove serve` on a free port; resolves when it listens. */
  serve(study: string, env?: Record<string, string>, workers?: number): Promise<Served>;
  /** Adds an error to a file of the built program, to check that a test detects it. */
  spoil(file: string, right: RegExp, wrong: string): Promise<void>;
  /** Stops running processes, and removes the program. */
  remove(): Promise<void>;
}

export interface Served {
  readonly url: string;
  readonly process: ChildProcess;
  /** Its standard error so far. */
  output(): string;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export async function programForKilling(): Promise<Program> {
  const folder = dirname(dirname(await builtProgram()));
  const runs = join(folder, "serve-alone.mjs");
  await writeFile(runs, runner);
  const started: ChildProcess[] = [];
  return {
    serve: (study, env = {}, workers = 1) => start(runs, study, env, workers, started),
    async spoil(file, right, wrong) {
      const path = join(folder, "dist", file);
      const code = await readFile(path, "utf8");
      if (!right.test(code)) throw new Error(`${file} has no ${right}`);
      await writeFile(path, code.replace(right, wrong));
    },
    async remove() {
      for (const child of started) child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs only this command: loading the whole command line in each of twenty runs takes long. */
const runner = `
import { serve } from "./dist/workplace/serve.js";
import { worldEffects } from "./dist/workbench/effects.js";
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => interruption.abort());
const [study, workers] = process.argv.slice(2);
await serve.run(study, serve.options.parse({ port: 0, workers }), worldEffects(interruption.signal));
`;

async function start(
  runs: string,
  study: string,
  env: Record<string, string>,
  workers: number,
  started: ChildProcess[],
): Promise<Served> {
  const child = spawn(process.execPath, [runs, study, String(workers)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await Promise.race([
    firstLine(child),
    ended.then(() => Promise.reject(new Error(`the server did not start: ${output}`))),
  ]);
  return {
    url,
    process: child,
    output: () => output,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => createInterface({ input: child.stdout! }).once("line", resolve));
}
