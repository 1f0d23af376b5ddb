import pLimit from "p-limit";
import { type Ask, limitIn, refuseUnsent, servedApi } from "../../llm/served/dialect.ts";
import { Filtered, PermanentError, TransientError, withRetries } from "../../llm/served/retry.ts";
import { isUnreachable, openServer, type Server } from "../../llm/served/server.ts";
import { type ServedSettings, targetOf } from "../../study/settings/models.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { messageOf } from "../../workbench/errors.ts";
import type { Study } from "../../workbench/study.ts";
import { type CostBudget, costBudgetOf } from "../cost-budget.ts";
import { baseForm, type Model, type Provider, type Reply, type Request } from "../model.ts";
import { writeMany } from "../openai-batch.ts";
import { samplingOf } from "../sampling.ts";

/**
 * Models behind a server. Every compatible server (vLLM, llama.cpp, Ray Serve, OpenAI itself) is asked as
 * `openai:MODEL` with its `base` address and the key in the environment; the other schemes are shorthands that know
 * where their server is and what it takes, and `anthropic:` speaks Anthropic's own Messages API. What each of them
 * takes is in `llm/served/dialect.ts`.
 *
 * A request that ends in 429, 5xx, a lost connection, a stall or a reply that is none is tried again, later each
 * time; how many are under way follows from how the server bears it. What still fails is a failure with its reason.
 */
export const served: Provider<ServedSettings> = {
  files: () => [],
  form: async (settings) =>
    servedApi(settings) === "chat" ? { takes: ["chat", "completions"], prompt: "chat" } : baseForm,
  open: (settings, study, effects) => servedModel(settings, study, effects),
};

async function servedModel(settings: ServedSettings, study: Study, effects: Effects): Promise<Model> {
  const server = openServer(settings, "generate.models: base", effects);
  refuseUnsent(samplingOf(study.config.generate, settings), settings, server.dialect);
  const maxConcurrency = settings.parallel ?? defaultConcurrency;
  const throttle = throttleOf(maxConcurrency);
  const budget = await costBudgetOf(settings, study, effects);
  const asking = { server, settings, effects, throttle, budget };
  const variant = variantOf(settings);
  return {
    address: settings.address,
    hash: `${targetOf(settings)} at ${server.base}, ${server.dialect.api}`,
    ...(variant && { variant }),
    batchSize: 1,
    maxConcurrency,
    write: ([request], { onText } = {}) =>
      throttle.run(async () => [await reply(request!, asking, onText && ((added) => onText(0, added)))]),
    ...("batch" in settings &&
      settings.batch && {
        writeMany: (requests: readonly Request[]) =>
          writeMany(requests, { server, settings, study, effects, budget, variant }),
      }),
    close: () => budget.close(),
  };
}

const defaultConcurrency = 8;

/** What changes an answer besides the request itself; undefined where nothing does. */
function variantOf({ send, reasoning, reasoningTokens, headers }: ServedSettings): string | undefined {
  const told = { send, reasoning, reasoningTokens, headers };
  const text = JSON.stringify(told);
  return text === "{}" ? undefined : text;
}

interface Asking {
  readonly server: Server;
  readonly settings: ServedSettings;
  readonly effects: Effects;
  readonly throttle: Throttle;
  readonly budget: CostBudget;
}

async function reply(request: Request, asking: Asking, onText?: (added: string) => void): Promise<Reply> {
  const { server, settings, effects } = asking;
  const started = effects.now();
  const ended = () => ({ ms: effects.now() - started, at: timestamp(effects) });
  try {
    const answer = await withRetries(() => sent(request, asking, onText), {
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
    const wrong = server.neverAnswered(thrown);
    if (wrong) throw wrong;
    return { failed: messageOf(thrown), lasting: thrown instanceof PermanentError, ...ended() };
  }
}

/** One request; throws Trouble, or StudyError for what is wrong with all of them. */
async function sent(request: Ask, asking: Asking, onText?: (added: string) => void) {
  const { server, throttle, budget } = asking;
  const reserved = await budget.reserve(request, limitIn(server.body(request)));
  try {
    const answer = await server.ask(request, onText);
    await reserved.pay(answer.tokens);
    throttle.bore();
    return answer;
  } catch (thrown) {
    // A server that answers with an error has written nothing; what was lost on the way may have been written.
    if (wasRefused(thrown)) await reserved.free();
    else await reserved.pay();
    if (thrown instanceof TransientError && !(thrown instanceof PermanentError)) throttle.strained();
    throw thrown;
  }
}

/** Nothing was written for it; a gateway that ran out of time may have left a server writing. */
const wasRefused = (thrown: unknown): boolean =>
  /^(?!408|502|504|52[0-4])[45]\d\d\b/.test(messageOf(thrown)) ||
  thrown instanceof PermanentError ||
  !(thrown instanceof TransientError) ||
  isUnreachable(thrown);

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
