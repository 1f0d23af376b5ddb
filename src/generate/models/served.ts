import pLimit from "p-limit";
import {
  assertSamplingSupported,
  servedApi,
  type TextRequest,
  tokenLimit,
} from "../../llm/served/dialect.ts";
import { Filtered, PermanentError, TransientError, withRetries } from "../../llm/served/retry.ts";
import { isUnreachable, openServer, type Server } from "../../llm/served/server.ts";
import { type ServedSettings, targetOf } from "../../study/settings/models.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { messageOf } from "../../workbench/errors.ts";
import type { Study } from "../../workbench/study.ts";
import { type CostBudget, costBudgetOf } from "../cost-budget.ts";
import { baseFormat, type Model, type Provider, type Reply, type Request } from "../model.ts";
import { writeMany } from "../openai-batch.ts";
import { samplingOf } from "../sampling.ts";

/**
 * Models on a server. Every compatible server (vLLM, llama.cpp, Ray Serve, OpenAI itself) is `openai:MODEL` with its
 * `base` address and the key in the environment. The other schemes are shorthands with a known address; `anthropic:`
 * uses Anthropic's Messages API. The fields that each accepts are in `study/settings/providers`.
 *
 * A request that ends in 429, 5xx, a lost connection, a stall or a malformed reply is tried again after growing
 * waits; the number of parallel requests adapts to the server. If it still fails, the failure is recorded with its
 * reason.
 */
export const served: Provider<ServedSettings> = {
  files: () => [],
  promptFormat: async (settings) =>
    servedApi(settings) === "chat" ? { apis: ["chat", "completions"], defaultPrompt: "chat" } : baseFormat,
  open: (settings, study, effects) => servedModel(settings, study, effects),
};

async function servedModel(settings: ServedSettings, study: Study, effects: Effects): Promise<Model> {
  const server = openServer(settings, "generate.models: base", effects);
  assertSamplingSupported(samplingOf(study.config.generate, settings), settings, server.dialect);
  const maxConcurrency = settings.parallel ?? defaultConcurrency;
  const throttle = throttleOf(maxConcurrency);
  const budget = await costBudgetOf(settings, study, effects);
  const connection = { server, settings, effects, throttle, budget };
  const variant = variantOf(settings);
  return {
    address: settings.address,
    hash: `${targetOf(settings)} at ${server.base}, ${server.dialect.api}`,
    ...(variant && { variant }),
    batchSize: 1,
    maxConcurrency,
    write: ([request], { onText } = {}) =>
      throttle.run(async () => [await reply(request!, connection, onText && ((added) => onText(0, added)))]),
    ...("batch" in settings &&
      settings.batch && {
        writeMany: (requests: readonly Request[]) =>
          writeMany(requests, { server, settings, study, effects, budget, variant }),
      }),
    close: () => budget.close(),
  };
}

const defaultConcurrency = 8;

/** Settings that change a reply besides the request itself; undefined if there are none. */
function variantOf({ send, reasoning, reasoningTokens, headers }: ServedSettings): string | undefined {
  const settings = { send, reasoning, reasoningTokens, headers };
  const text = JSON.stringify(settings);
  return text === "{}" ? undefined : text;
}

interface ModelOnServer {
  readonly server: Server;
  readonly settings: ServedSettings;
  readonly effects: Effects;
  readonly throttle: Throttle;
  readonly budget: CostBudget;
}

async function reply(
  request: Request,
  connection: ModelOnServer,
  onText?: (added: string) => void,
): Promise<Reply> {
  const { server, settings, effects } = connection;
  const started = effects.now();
  const ended = () => ({ ms: effects.now() - started, at: timestamp(effects) });
  try {
    const answer = await withRetries(() => sent(request, connection, onText), {
      retries: settings.retries,
      wait: 1000 * settings.wait,
      seed: request.seed,
      effects,
    });
    return { ...answer, ...ended() };
  } catch (thrown) {
    effects.signal.throwIfAborted();
    if (!(thrown instanceof TransientError)) throw thrown;
    if (thrown instanceof Filtered)
      return { raw: "", end: "refused", tokens: { prompt: 0, generated: 0 }, ...ended() };
    const wrong = server.setupError(thrown);
    if (wrong) throw wrong;
    return { failed: messageOf(thrown), permanent: thrown instanceof PermanentError, ...ended() };
  }
}

/** Sends one request; throws TransientError, or StudyError for a problem with all requests. */
async function sent(request: TextRequest, connection: ModelOnServer, onText?: (added: string) => void) {
  const { server, throttle, budget } = connection;
  const reserved = await budget.reserve(request, tokenLimit(server.body(request)));
  try {
    const answer = await server.generate(request, onText);
    await reserved.pay(answer.tokens);
    throttle.succeeded();
    return answer;
  } catch (thrown) {
    // A server that answers with an error has written nothing; after a lost connection it may have written a text.
    if (wasRefused(thrown)) await reserved.release();
    else await reserved.pay();
    if (thrown instanceof TransientError && !(thrown instanceof PermanentError)) throttle.failed();
    throw thrown;
  }
}

/** Whether nothing was written for a request; after a gateway timeout the server may still have written a text. */
const wasRefused = (thrown: unknown): boolean =>
  /^(?!408|502|504|52[0-4])[45]\d\d\b/.test(messageOf(thrown)) ||
  thrown instanceof PermanentError ||
  !(thrown instanceof TransientError) ||
  isUnreachable(thrown);

/** Limits parallel requests: halved when the server fails, raised by one after each round of successes. */
interface Throttle {
  run<T>(task: () => Promise<T>): Promise<T>;
  succeeded(): void;
  failed(): void;
}

function throttleOf(most: number): Throttle {
  const limit = pLimit(Math.min(most, 4));
  let successes = 0;
  return {
    run: (task) => limit(task),
    succeeded() {
      successes += 1;
      if (successes < limit.concurrency) return;
      successes = 0;
      limit.concurrency = Math.min(most, limit.concurrency + 1);
    },
    failed() {
      successes = 0;
      limit.concurrency = Math.max(1, Math.floor(limit.concurrency / 2));
    },
  };
}
