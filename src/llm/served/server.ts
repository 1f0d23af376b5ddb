import OpenAI, { APIConnectionError, APIError } from "openai";
import type { ServedSettings } from "../../study/settings/models.ts";
import type { Effects } from "../../workbench/effects.ts";
import { codeOf, messageOf, StudyError } from "../../workbench/errors.ts";
import {
  type Ask,
  bodyOf,
  type Dialect,
  dialectOf,
  isOfficial,
  officialBase,
  refusedFields,
  samplingSent,
} from "./dialect.ts";
import { type Answer, answerOf, streamedReply } from "./reply.ts";
import { Filtered, mayPass, PermanentError, TransientError } from "./retry.ts";
import { serverWords } from "./server-phrases.ts";

/** A model behind a server (OpenAI, Anthropic, vLLM, llama.cpp, Ray Serve, Ollama …), ready to be asked. */
export interface Server {
  readonly client: OpenAI;
  readonly dialect: Dialect;
  /** The address in its own words, with nothing secret in it. */
  readonly base: string;
  /**
   * One answer. Throws Trouble for what went wrong with this request, LastingTrouble where it would go wrong again, and
   * StudyError for what is wrong with all of them. Where `onText` hears the text, it is streamed.
   */
  ask(ask: Ask, onText?: (added: string) => void): Promise<Answer>;
  /** The body of a request, without what the server has refused so far. */
  body(ask: Ask): Record<string, unknown>;
  /** What the record says of a request that was sent with such a body. */
  recordOf(ask: Ask, body: Readonly<Record<string, unknown>>): Pick<Answer, "sent" | "sampled">;
  /** What is the user's to fix where nothing has ever come back from the server; undefined once something has. */
  neverAnswered(thrown: unknown): StudyError | undefined;
}

/** `baseName` is what a user calls the address: `generate.models: base`, `--base`. */
export function openServer(
  model: ServedSettings,
  baseName: string,
  effects: Pick<Effects, "env" | "fetch" | "signal" | "warn">,
): Server {
  const client = clientOf(model, baseName, effects);
  const dialect = dialectOf(model, client.baseURL);
  const refused = new Set<string>();
  const wrongForAll = (thrown: unknown) => wrongWithAll(thrown, model, baseName, client);
  // A server that has answered before is away for a while; one that never did is the user's to start.
  let answered = false;

  const recordOf: Server["recordOf"] = ({ sampling }, body) => ({
    sent: sentOf(body),
    sampled: samplingSent(sampling, body, model, dialect),
  });

  const send = async (body: Record<string, unknown>, onText?: (added: string) => void): Promise<unknown> => {
    // The library's own time limit ends with the headers; a body that stalls has to end too.
    const lost = AbortSignal.timeout(1000 * model.timeout);
    const options = { signal: AbortSignal.any([effects.signal, lost]) };
    let heard = false;
    try {
      if (!onText) return await client.post(pathOf(dialect), { ...options, body } as never);
      const stream = (await client.post(pathOf(dialect), {
        ...options,
        body: { ...body, stream: true },
        stream: true,
      } as never)) as AsyncIterable<unknown>;
      return await streamedReply(stream, (added) => {
        heard = true;
        onText(added);
      });
    } catch (thrown) {
      const trouble = troubleOf(thrown, lost.aborted && !effects.signal.aborted);
      // What was printed cannot be taken back.
      throw heard && trouble instanceof TransientError
        ? new PermanentError(trouble.message, { cause: thrown })
        : trouble;
    }
  };

  const troubleOf = (cause: unknown, late: boolean): Error => {
    if (cause instanceof TransientError) return cause;
    const status = cause instanceof APIError ? cause.status : undefined;
    if (late) return new TransientError(`no whole reply within ${model.timeout} s`, { cause });
    if (cause instanceof APIConnectionError) {
      return new TransientError(`lost connection: ${codeOf(cause) ?? deepestMessage(cause)}`, { cause });
    }
    if (status === undefined) return new TransientError(`broken reply: ${messageOf(cause)}`, { cause });
    answered = true;
    if (isFiltered(cause as APIError)) return new Filtered(messageOf(cause), { cause });
    return (
      wrongForAll(cause) ??
      new (mayPass(status) ? TransientError : PermanentError)(messageOf(cause), { cause })
    );
  };

  return {
    client,
    dialect,
    base: baseGiven(model, effects.env),
    neverAnswered: (thrown) => (answered ? undefined : wrongForAll(thrown)),
    body: (ask) => bodyOf(ask, model, dialect, refused),
    recordOf,
    async ask(ask, onText) {
      // Fields that are left out on trial: that a server names a field in an error does not say that it minds it.
      const tried = new Set<string>();
      let first: PermanentError | undefined;
      for (;;) {
        const without = new Set([...refused, ...tried]);
        const body = bodyOf(ask, model, dialect, without);
        const options = onText && streamOptions(dialect, without);
        try {
          const sent = await send({ ...body, ...options }, onText);
          // Some servers send JSON and call it text.
          const value = typeof sent === "string" ? parsed(sent) : sent;
          answered = true;
          throwIfError(value);
          const answer = answerOf(value, dialect, ask.prompt.text);
          learn(tried, first);
          return { ...answer, ...recordOf(ask, body) };
        } catch (thrown) {
          if (!(thrown instanceof PermanentError)) throw thrown;
          const fields = refusedFields(thrown.message, { ...body, ...options }, model, without);
          if (fields.length === 0 || fields.every((field) => without.has(field))) throw first ?? thrown;
          first ??= thrown;
          for (const field of fields) if (!refused.has(field)) tried.add(field);
        }
      }
    },
  };

  /** What a server answers without, it is not asked with again. */
  function learn(fields: ReadonlySet<string>, said: PermanentError | undefined): void {
    const more = [...fields].filter((field) => !refused.has(field));
    if (more.length === 0) return;
    for (const field of more) refused.add(field);
    effects.warn(
      `${model.address}: the server refuses ${more.join(", ")} (${said?.message}); asked without, and recorded so`,
    );
  }
}

const pathOf = ({ protocol, api }: Dialect): string =>
  protocol === "anthropic" ? "/messages" : api === "chat" ? "/chat/completions" : "/completions";

const streamOptions = ({ protocol }: Dialect, refused: ReadonlySet<string>): Record<string, unknown> =>
  protocol === "anthropic" || refused.has("stream_options")
    ? {}
    : { stream_options: { include_usage: true } };

/** What was sent besides the prompt, as it was sent. */
function sentOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { model: _, messages: __, prompt: ___, system: ____, ...sent } = body;
  return sent;
}

/** One prompt was refused for what it says; others may pass. */
const isFiltered = ({ code, status, message }: APIError): boolean =>
  code === "content_filter" ||
  code === "content_policy_violation" ||
  (status === 403 && /flagged|moderation/i.test(message));

/** Some servers answer with status 200 and an error in the body. */
function throwIfError(value: unknown): void {
  if (typeof value !== "object" || value === null || "content" in value) return;
  const { choices } = value as Record<string, unknown>;
  if (Array.isArray(choices) && choices.length > 0) return;
  const words = serverWords(value);
  if (!words) return;
  const status = words.status ?? 500;
  const message = `${status} ${words.message} (in a reply of status 200)`;
  throw new (mayPass(status) ? TransientError : PermanentError)(message);
}

/** The address as it was written: it is a part of the key of every answer. */
const baseGiven = (model: ServedSettings, env: Effects["env"]): string =>
  model.base ?? env["OPENAI_BASE_URL"] ?? officialBase;

/** Asks a server; throws StudyError where its address is none, or where a service would be asked without its key. */
function clientOf(
  model: ServedSettings,
  baseName: string,
  { env, fetch }: Pick<Effects, "env" | "fetch">,
): OpenAI {
  const { key, address } = model;
  const given = baseGiven(model, env);
  if (!/^https?:\/\/./.test(given) || !URL.canParse(given)) {
    throw new StudyError(`${baseName} ${given} is no address of a server`, {
      hint: "try http://localhost:8000/v1",
    });
  }
  const url = new URL(given);
  if (url.username !== "" || url.password !== "") {
    throw new StudyError(`${baseName} holds a name or a password`, {
      hint: "it would be in every record; put it into `headers`, with $NAME for an environment variable",
    });
  }
  const query = Object.fromEntries(url.searchParams);
  url.search = "";
  url.hash = "";
  const apiKey = env[key];
  const headers = headersOf(model, env);
  const named = Object.keys(headers).some((name) => /^(?:authorization|api-key|x-api-key)$/i.test(name));
  if (!apiKey && !named && needsKey(model, given)) {
    throw new StudyError(`${address}: no key in the environment variable ${key}`, {
      hint: `set ${key}, or give the address of your own server (${baseName})`,
    });
  }
  const secrets = [apiKey, ...secretsIn(model, env)].filter((each) => each !== undefined && each.length >= 6);
  return new OpenAI({
    apiKey: apiKey || "none",
    baseURL: String(url).replace(/\/$/, ""),
    ...(Object.keys(query).length > 0 && { defaultQuery: query }),
    defaultHeaders: { ...authentication(model, apiKey), ...headers },
    fetch: withPlainErrors(fetch, secrets as string[]),
    maxRetries: 0,
    logLevel: "off",
  });
}

const needsKey = ({ address }: ServedSettings, base: string): boolean =>
  isOfficial(base) || /^(?:anthropic|gemini|openrouter):/.test(address);

function authentication(
  { address }: ServedSettings,
  apiKey: string | undefined,
): Record<string, string | null> {
  if (!address.startsWith("anthropic:")) return {};
  return { Authorization: null, ...(apiKey && { "x-api-key": apiKey }), "anthropic-version": "2023-06-01" };
}

/** `$NAME` and `${NAME}`. */
const variables = /\$\{?([A-Za-z_]\w*)\}?/g;

/** What headers take from the environment. */
const secretsIn = ({ headers = {} }: ServedSettings, env: Effects["env"]): (string | undefined)[] =>
  Object.values(headers).flatMap((value) =>
    [...value.matchAll(variables)].map(([, variable]) => env[variable!]),
  );

/** The model's own headers, with values from the environment filled in. */
function headersOf({ headers = {}, address }: ServedSettings, env: Effects["env"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replace(variables, (_, variable: string) => {
        const known = env[variable];
        if (known !== undefined && known !== "") return known;
        throw new StudyError(`${address}: headers: ${name} needs the environment variable ${variable}`, {
          hint: `set ${variable}`,
        });
      }),
    ]),
  );
}

/** The library reads one shape of error alone: whatever a server says is brought to that one, with its words. */
const withPlainErrors =
  (fetch: typeof globalThis.fetch, secrets: readonly string[]): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok) return response;
    const text = await response.text().catch(() => "");
    const words = serverWords(parsed(text)) ?? { message: response.statusText || "no reason given" };
    // Some servers repeat the key that they refuse.
    const message = secrets.reduce((said, secret) => said.replaceAll(secret, "…"), words.message);
    const { status, statusText } = response;
    const headers = new Headers(response.headers);
    for (const name of ["content-length", "content-encoding", "transfer-encoding"]) headers.delete(name);
    headers.set("content-type", "application/json");
    return new Response(JSON.stringify({ error: { message, code: words.code } }), {
      status,
      statusText,
      headers,
    });
  };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function wrongWithAll(
  thrown: unknown,
  { address, key }: ServedSettings,
  baseName: string,
  { baseURL }: OpenAI,
): StudyError | undefined {
  const status = thrown instanceof APIError ? thrown.status : undefined;
  const said = thrown instanceof APIError ? thrown.message.replace(/^\d{3} /, "") : "";
  if (status === 401) {
    return new StudyError(`${address}: ${baseURL} refuses the key in ${key}: ${said}`, {
      hint: `set ${key} to a key that it accepts`,
      cause: thrown,
    });
  }
  if (status === 403) {
    return new StudyError(`${address}: ${baseURL} refuses: ${said}`, {
      hint: `if it is about the key, set ${key} to one that it accepts`,
      cause: thrown,
    });
  }
  const code = thrown instanceof APIError ? thrown.code : undefined;
  if (code === "insufficient_quota" || status === 402 || /credit balance is too low/i.test(said)) {
    return new StudyError(`${address}: ${baseURL} says that the account has nothing left to spend: ${said}`, {
      hint: "add credit, or wait for the next period: what was written is kept",
      cause: thrown,
    });
  }
  if (status === 404 || code === "model_not_found") {
    return new StudyError(`${address}: not found at ${baseURL}: ${said}`, {
      hint: `correct the model's name or ${baseName} (it usually ends in /v1)`,
      cause: thrown,
    });
  }
  // Ports that no client of the web may use.
  const closed = deepestMessage(thrown) === "bad port";
  if (!closed && !isUnreachable(thrown)) return undefined;
  return new StudyError(`${address}: no server answers at ${baseURL}`, {
    hint: `start it, or correct ${baseName}`,
    cause: thrown,
  });
}

/** Whether nothing of a request came to any server. */
export const isUnreachable = (thrown: unknown): boolean => unreachable.has(codeOf(thrown) ?? "");

const unreachable = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** The library wraps what the socket said. */
const deepestMessage = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause !== undefined ? deepestMessage(thrown.cause) : messageOf(thrown);
