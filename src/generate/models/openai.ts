import { APIConnectionError, APIError, type OpenAI } from "openai";
import pLimit from "p-limit";
import type { ModelSettings } from "../../study/settings/generate.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { codeOf, messageOf } from "../../workbench/errors.ts";
import { openaiClient, type Server, wrongForAll } from "../../workbench/openai.ts";
import { baseForm, type Provider, type Reply, type Request, targetOf, type Written } from "../model.ts";
import { writeMany } from "../openai-batch.ts";
import { bodyOf, refuseUnsent, streamedReply, writtenOf } from "../openai-protocol.ts";
import { type Purse, purseOf } from "../purse.ts";
import { LastingTrouble, mayPass, Trouble, withRetries } from "../retry.ts";
import { samplingOf } from "../sampling.ts";

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
  form: async ({ api }) => (api === "chat" ? { takes: ["chat", "completions"], prompt: "chat" } : baseForm),
  async open(settings, study, effects) {
    const client = openaiClient(serverOf(settings), { retries: 0 }, effects);
    refuseUnsent(samplingOf(study.config.generate, settings), settings, client.baseURL);
    const atOnce = settings.parallel ?? defaultAtOnce;
    const throttle = throttleOf(atOnce);
    const purse = purseOf(settings, effects);
    const server = { answered: false };
    return {
      address: settings.address,
      hash: `${targetOf(settings)} at ${client.baseURL}, ${settings.api}`,
      together: 1,
      atOnce,
      write: ([request], { onText } = {}) =>
        throttle.run(async () => [
          await reply(request!, {
            client,
            settings,
            effects,
            throttle,
            purse,
            server,
            onText: onText && ((added) => onText(0, added)),
          }),
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
  /** Where it is heard, the reply is streamed. */
  readonly onText?: ((added: string) => void) | undefined;
}

const serverOf = (settings: ModelSettings): Server => ({
  model: settings.address,
  base: settings.base,
  baseName: "generate.models: base",
  key: settings.key,
});

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
    // A server that has answered before is away for a while; one that never did is the user's to start.
    const wrong = asking.server.answered ? undefined : wrongForAll(thrown, serverOf(settings), asking.client);
    if (wrong) throw wrong;
    const lasting = thrown instanceof LastingTrouble;
    return { failed: messageOf(thrown), lasting, ms: effects.now() - started, at: timestamp(effects) };
  }
}

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
  const { client, settings, effects, onText } = asking;
  const body = bodyOf(request, settings, client.baseURL);
  // The library's own time limit ends with the headers; a body that stalls has to end too.
  const lost = AbortSignal.timeout(1000 * settings.timeout);
  const options = { signal: AbortSignal.any([effects.signal, lost]) };
  const ask = (streamed = {}): PromiseLike<unknown> => {
    const whole = { ...body, ...streamed } as never;
    return settings.api === "chat"
      ? client.chat.completions.create(whole, options)
      : client.completions.create(whole, options);
  };
  let heard = false;
  const hear = (added: string) => {
    heard = true;
    onText?.(added);
  };
  try {
    return onText ? await streamedReply(ask, hear) : await ask();
  } catch (thrown) {
    const trouble = troubleOf(thrown, asking, lost.aborted && !effects.signal.aborted);
    // What was heard cannot be begun anew.
    throw heard && trouble instanceof Trouble
      ? new LastingTrouble(trouble.message, { cause: thrown })
      : trouble;
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
  const wrong = wrongForAll(cause, serverOf(settings), client);
  if (wrong) return wrong;
  return new (mayPass(status) ? Trouble : LastingTrouble)(messageOf(cause), { cause });
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
