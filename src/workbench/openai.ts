import OpenAI, { APIError } from "openai";
import type { Effects } from "./effects.ts";
import { codeOf, StudyError } from "./errors.ts";

/** A model behind an address with OpenAI's protocol (OpenAI, vLLM, llama.cpp, Ray Serve, Ollama ...). */
export interface Server {
  /** The model, as messages name it. */
  readonly model: string;
  /** Default: OPENAI_BASE_URL, then OpenAI's own. */
  readonly base?: string | undefined;
  /** What a user calls that: `generate.models: base`, `--base`. */
  readonly baseName: string;
  /** The environment variable that holds the key. */
  readonly key: string;
}

export interface Patience {
  /** Tries of the client itself after the first. */
  readonly retries: number;
  /** Milliseconds until a reply's head counts as lost. Default: the client's own, ten minutes. */
  readonly timeout?: number;
}

/** Asks a server; throws StudyError where its address is none, or where OpenAI would be asked without a key. */
export function openaiClient(
  { model, base, baseName, key }: Server,
  { retries, timeout }: Patience,
  { env, fetch }: Pick<Effects, "env" | "fetch">,
): OpenAI {
  const baseURL = base ?? env["OPENAI_BASE_URL"] ?? officialBase;
  if (!/^https?:\/\/./.test(baseURL) || !URL.canParse(baseURL)) {
    throw new StudyError(`${baseName} ${baseURL} is no address of a server`, {
      hint: "try http://localhost:8000/v1",
    });
  }
  const apiKey = env[key];
  if (!apiKey && isOfficial(baseURL)) {
    throw new StudyError(`${model}: no key in the environment variable ${key}`, {
      hint: `set ${key}, or give the address of your own server (${baseName})`,
    });
  }
  return new OpenAI({
    apiKey: apiKey || "none",
    baseURL,
    fetch,
    maxRetries: retries,
    ...(timeout !== undefined && { timeout }),
    logLevel: "off",
  });
}

/** What is wrong with every request to a server, and is the user's to mend; undefined for what may pass. */
export function wrongForAll(
  thrown: unknown,
  { model, baseName, key }: Server,
  { baseURL }: OpenAI,
): StudyError | undefined {
  const status = thrown instanceof APIError ? thrown.status : undefined;
  if (status === 401 || status === 403) {
    return new StudyError(`${model}: ${baseURL} refuses the key in ${key}`, {
      hint: `set ${key} to a key that it accepts`,
      cause: thrown,
    });
  }
  const code = thrown instanceof APIError ? thrown.code : undefined;
  if (code === "insufficient_quota") {
    return new StudyError(`${model}: ${baseURL} says that the account has nothing left to spend`, {
      hint: "fill it up, or wait for the next period: what was written is kept",
      cause: thrown,
    });
  }
  if (status === 404 || code === "model_not_found") {
    return new StudyError(`${model}: not found at ${baseURL}`, {
      hint: `mend the model's name or ${baseName} (it usually ends in /v1)`,
      cause: thrown,
    });
  }
  if (!unreachable.has(codeOf(thrown) ?? "")) return undefined;
  return new StudyError(`${model}: no server answers at ${baseURL}`, {
    hint: `start it, or mend ${baseName}`,
    cause: thrown,
  });
}

const unreachable = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

const officialBase = "https://api.openai.com/v1";

/** OpenAI's own servers refuse fields that they do not know. */
export const isOfficial = (base: string): boolean => /(^|\.)openai\.com$/.test(new URL(base).hostname);
