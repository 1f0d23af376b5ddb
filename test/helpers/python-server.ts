import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** A local Python server with OpenAI's protocol. */
export interface PythonServer {
  /** The address for `base:`. */
  readonly base: string;
  readonly pid: number | undefined;
  /** Kills it with SIGKILL. */
  kill(): Promise<void>;
  /** Restarts it at the same address. */
  restart(): Promise<void>;
}

export interface PythonServerOptions {
  readonly python: string;
  /** The environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Python source of a server that runs until it is killed; `sys.argv` is `argv`. */
  readonly source: string;
  readonly argv: (port: number) => readonly string[];
}

/** Starts a server on a free port, and waits until it is ready. */
export async function startPythonServer(options: PythonServerOptions): Promise<PythonServer> {
  const { python, env, source, argv } = options;
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  let server: ChildProcess;
  let errorOutput = "";
  const ended = () => server.exitCode !== null || server.signalCode !== null;
  const start = async () => {
    const settings = JSON.stringify(argv(port));
    server = spawn(python, ["-c", `${endWithInput}${source}`, settings], {
      env,
      stdio: ["pipe", "ignore", "pipe"],
    });
    errorOutput = "";
    server.stderr!.on("data", (chunk) => {
      errorOutput = `${errorOutput}${chunk}`.slice(-2000);
    });
    while (!(await ready(address))) {
      if (ended()) throw new Error(`the server ended before it was ready: ${errorOutput}`);
      await sleep(50);
    }
  };
  await start();
  return {
    base: `${address}/v1`,
    get pid() {
      return server.pid;
    },
    async kill() {
      if (ended()) return;
      server.kill("SIGKILL");
      await once(server, "exit");
    },
    restart: start,
  };
}

const ready = (address: string): Promise<boolean> =>
  fetch(`${address}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

/** The server ends when the tests end, because its standard input is closed. */
const endWithInput = `
import json, os, sys, threading
sys.argv = json.loads(sys.argv[1])
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
`;
