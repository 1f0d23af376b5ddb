import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { builtProgram } from "../helpers/built.ts";

/** The program built from the sources that are being tested, for tests that have to kill its process. */
export interface Program {
  /** Starts `tinylove serve` on a free port; resolves when it listens. */
  serve(study: string, env?: Record<string, string>, args?: readonly string[]): Promise<Served>;
  /** Ends what still runs, and removes the program. */
  remove(): Promise<void>;
}

export interface Served {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it has written to standard error. */
  said(): string;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export async function programForKilling(): Promise<Program> {
  const bin = await builtProgram();
  const started: ChildProcess[] = [];
  return {
    serve: (study, env = {}, args = []) => start(bin, study, env, args, started),
    async remove() {
      for (const child of started) child.kill("SIGKILL");
      await rm(dirname(dirname(bin)), { recursive: true, force: true });
    },
  };
}

async function start(
  bin: string,
  study: string,
  env: Record<string, string>,
  args: readonly string[],
  started: ChildProcess[],
): Promise<Served> {
  const child = spawn(process.execPath, [bin, "serve", "--study", study, "--port", "0", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
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
    said: () => said,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => createInterface({ input: child.stdout! }).once("line", resolve));
}
