import OpenAI, { APIConnectionError, APIError } from "openai";
import pLimit from "p-limit";
import type { ModelSettings } from "../../study/settings/generate.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { codeOf, messageOf, StudyError } from "../../workbench/errors.ts";
import { type Provider, type Reply, type Request, targetOf, type Written } from "../model.ts";
import { writeMany } from "../openai-batch.ts";
import { bodyOf, isOfficial, officialBase, writtenOf } from "../openai-protocol.ts";
import { type Purse, purseOf } from "../purse.ts";
import { LastingTrouble, Trouble, withRetries } from "../retry.ts";

/**
 * Any server that speaks OpenAI's protocol (vLLM, llama.cpp, Ray Serve, OpenAI itself): `openai:MODEL` with the
 * server's `base` address, the key in the environment. Base models are asked through `/completions`, instructed
 * ones through `/chat/completions`.
 *
 * A request that ends in 429, 5xx, a lost connection, a stall or a reply that is none is tried again, later each
 * time; how many are under way follows from how the server bears it. What still fails is a failure with its reason.
 *
 * `tokens.least` goes out as `min_tokens`, which vLLM honours; a server that does not know it may end a text sooner.
 * OpenAI's own servers refuse fields that they do not know, so there only theirs are sent.
 */
export const openai: Provider = {
  scheme: "openai",
  summary: "a server with OpenAI's protocol: vLLM, llama.cpp, Ray Serve, OpenAI",
  files: () => [],
  async open(settings, study, effects) {
    const client = clientOf(settings, effects);
    const atOnce = settings.parallel ?? defaultAtOnce;
    const throttle = throttleOf(atOnce);
    const purse = purseOf(settings, effects);
    const server = { answered: false };
    return {
      address: settings.address,
      hash: `${targetOf(settings)} at ${client.baseURL}, ${settings.api}`,
      together: 1,
      atOnce,
      write: ([request]) =>
        throttle.run(async () => [
          await reply(request!, { client, settings, effects, throttle, purse, server }),
        ]),
      ...(settings.batch && {
        writeMany: (requests: readonly Request[]) =>
          writeMany(requests, { client, settings, study, effects, purse }),
      }),
      async close() {
        purse.tell();
      },
    };
  },
};

const defaultAtOnce = 8;

interface Asking {
  readonly client: OpenAI;
  readonly settings: ModelSettings;
  readonly effects: Effects;
  readonly throttle: Throttle;
  readonly purse: Purse;
  /** Whether anything has ever come back: a server that never answers is the user's to mend. */
  readonly server: { answered: boolean };
}

function clientOf(settings: ModelSettings, { env, fetch }: Effects): OpenAI {
  const baseURL = settings.base ?? env["OPENAI_BASE_URL"] ?? officialBase;
  if (!URL.canParse(baseURL)) {
    throw new StudyError(`generate.models: base ${baseURL} is no address`, {
      hint: "try http://localhost:8000/v1",
    });
  }
  const apiKey = env[settings.key];
  if (!apiKey && isOfficial(baseURL)) {
    throw new StudyError(`${settings.address}: no key in the environment variable ${settings.key}`, {
      hint: `set ${settings.key}, or give the base address of your own server`,
    });
  }
  return new OpenAI({ apiKey: apiKey || "none", baseURL, fetch, maxRetries: 0, logLevel: "off" });
}

async function reply(request: Request, asking: Asking): Promise<Reply> {
  const { settings, effects, purse } = asking;
  const started = effects.now();
  const reserved = purse.reserve(request);
  try {
    const written = await withRetries(() => sent(request, asking), {
      retries: settings.retries,
      wait: 1000 * settings.wait,
      seed: request.seed,
      effects,
    });
    purse.pay(reserved, written.tokens);
    return { ...written, ms: effects.now() - started, at: timestamp(effects) };
  } catch (thrown) {
    purse.pay(reserved, { prompt: 0, generated: 0 });
    effects.signal.throwIfAborted();
    if (!(thrown instanceof Trouble)) throw thrown;
    if (!asking.server.answered && unreachable(thrown)) {
      throw new StudyError(`${settings.address}: no server answers at ${asking.client.baseURL}`, {
        hint: "start it, or mend `base`",
        cause: thrown,
      });
    }
    return { failed: messageOf(thrown), ms: effects.now() - started, at: timestamp(effects) };
  }
}

const unreachable = (thrown: unknown): boolean =>
  ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(codeOf(thrown) ?? "");

/** One request; throws Trouble, or StudyError for what is wrong with all of them. */
async function sent(request: Request, asking: Asking): Promise<Omit<Written, "ms" | "at">> {
  const { settings, throttle, server } = asking;
  const value = await received(request, asking);
  server.answered = true;
  const written = writtenOf(value, settings);
  throttle.bore();
  return written;
}

async function received(request: Request, asking: Asking): Promise<unknown> {
  const { client, settings, effects } = asking;
  const body = bodyOf(request, settings, client.baseURL);
  // The library's own time limit ends with the headers; a body that stalls has to end too.
  const lost = AbortSignal.timeout(1000 * settings.timeout);
  const options = { signal: AbortSignal.any([effects.signal, lost]) };
  try {
    return settings.api === "chat"
      ? await client.chat.completions.create(body as never, options)
      : await client.completions.create(body as never, options);
  } catch (thrown) {
    throw troubleOf(thrown, asking, lost.aborted && !effects.signal.aborted);
  }
}

function troubleOf(cause: unknown, { settings, client, throttle, server }: Asking, late: boolean): Error {
  const status = cause instanceof APIError ? cause.status : undefined;
  if (status === undefined || status === 429 || status >= 500) throttle.strained();
  if (late) return new Trouble(`no whole reply within ${settings.timeout} s`, { cause });
  if (cause instanceof APIConnectionError) {
    return new Trouble(`lost connection: ${codeOf(cause) ?? deepestMessage(cause)}`, { cause });
  }
  if (status === undefined) return new Trouble(`broken reply: ${messageOf(cause)}`, { cause });
  server.answered = true;
  if (status === 401 || status === 403) {
    return new StudyError(`${settings.address}: ${client.baseURL} refuses the key in ${settings.key}`, {
      hint: `set ${settings.key} to a key that it accepts`,
      cause,
    });
  }
  if (status === 404) {
    return new StudyError(`${settings.address}: not found at ${client.baseURL}`, {
      hint: "mend the model's name, `base` (it usually ends in /v1) or `api`",
      cause,
    });
  }
  const passing = status === 408 || status === 409 || status === 429 || status >= 500;
  return new (passing ? Trouble : LastingTrouble)(messageOf(cause), { cause });
}

/** The library wraps what the socket said. */
const deepestMessage = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause !== undefined ? deepestMessage(thrown.cause) : messageOf(thrown);

/** How many requests are under way: half as many when the server strains, one more each time it has borne a round. */
interface Throttle {
  run<T>(task: () => Promise<T>): Promise<T>;
  bore(): void;
  strained(): void;
}

function throttleOf(most: number): Throttle {
  const limit = pLimit(Math.min(most, 4));
  let borne = 0;
  return {
    run: (task) => limit(task),
    bore() {
      borne += 1;
      if (borne < limit.concurrency) return;
      borne = 0;
      limit.concurrency = Math.min(most, limit.concurrency + 1);
    },
    strained() {
      borne = 0;
      limit.concurrency = Math.max(1, Math.floor(limit.concurrency / 2));
    },
  };
}
