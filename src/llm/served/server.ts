import OpenAI, { APIConnectionError, APIError } from "openai";
import { kindOf, type ServedSettings } from "../../study/settings/models.ts";
import type { Effects } from "../../workbench/effects.ts";
import { codeOf, messageOf, StudyError } from "../../workbench/errors.ts";
import {
  bodyOf,
  type Dialect,
  dialectOf,
  isOfficial,
  officialBase,
  refusedFields,
  samplingSent,
  type TextRequest,
} from "./dialect.ts";
import { type Answer, answerOf, streamedReply } from "./reply.ts";
import { Filtered, isTemporary, PermanentError, TransientError } from "./retry.ts";
import { serverMessage } from "./server-message.ts";

/** A model on a server (OpenAI, Anthropic, vLLM, llama.cpp, Ray Serve, Ollama …). */
export interface Server {
  readonly client: OpenAI;
  readonly dialect: Dialect;
  /** The server's address as given, without secrets. */
  readonly base: string;
  /**
   * Sends a request. Throws TransientError if it failed, PermanentError if it would fail again, and StudyError for a
   * problem with all requests. With `onText`, the text is streamed.
   */
  generate(request: TextRequest, onText?: (added: string) => void): Promise<Answer>;
  /** The body of a request, without fields that the server has refused so far. */
  body(request: TextRequest): Record<string, unknown>;
  /** What is recorded about a request that was sent with this body. */
  recordOf(request: TextRequest, body: Readonly<Record<string, unknown>>): Pick<Answer, "sent" | "sampled">;
  /** The error that the user has to fix if the server has never answered; undefined once it has. */
  setupError(thrown: unknown): StudyError | undefined;
}

/**
 * Opens a model on a server. `baseName` is the setting of its address, for messages: `generate.models: base`,
 * `--base`.
 */
export function openServer(
  model: ServedSettings,
  baseName: string,
  effects: Pick<Effects, "env" | "fetch" | "signal" | "warn">,
): Server {
  const client = clientOf(model, baseName, effects);
  const dialect = dialectOf(model, client.baseURL);
  const refused = new Set<string>();
  const errorForAll = (thrown: unknown) => generalError(thrown, model, baseName, client);
  // A server that has answered before may come back; one that never did has to be started by the user.
  let answered = false;

  const recordOf: Server["recordOf"] = ({ sampling }, body) => ({
    sent: sentOf(body),
    sampled: samplingSent(sampling, body, model, dialect),
  });

  const send = async (body: Record<string, unknown>, onText?: (added: string) => void): Promise<unknown> => {
    // The library's own timeout covers only the headers; a stalled body has to end too.
    const lost = AbortSignal.timeout(1000 * model.timeout);
    const options = { signal: AbortSignal.any([effects.signal, lost]) };
    let streamed = false;
    try {
      if (!onText) return await client.post(pathOf(dialect), { ...options, body } as never);
      const stream = (await client.post(pathOf(dialect), {
        ...options,
        body: { ...body, stream: true },
        stream: true,
      } as never)) as AsyncIterable<unknown>;
      return await streamedReply(stream, (added) => {
        streamed = true;
        onText(added);
      });
    } catch (thrown) {
      const failure = errorOf(thrown, lost.aborted && !effects.signal.aborted);
      // Text that was printed cannot be repeated.
      throw streamed && failure instanceof TransientError
        ? new PermanentError(failure.message, { cause: thrown })
        : failure;
    }
  };

  const errorOf = (cause: unknown, late: boolean): Error => {
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
      errorForAll(cause) ??
      new (isTemporary(status) ? TransientError : PermanentError)(messageOf(cause), { cause })
    );
  };

  return {
    client,
    dialect,
    base: baseGiven(model, effects.env),
    setupError: (thrown) => (answered ? undefined : errorForAll(thrown)),
    body: (request) => bodyOf(request, model, dialect, refused),
    recordOf,
    async generate(request, onText) {
      // Fields left out on trial, because a field in an error message is not always the problem.
      const tried = new Set<string>();
      let first: PermanentError | undefined;
      for (;;) {
        const without = new Set([...refused, ...tried]);
        const body = bodyOf(request, model, dialect, without);
        const options = onText && streamOptions(dialect, without);
        try {
          const sent = await send({ ...body, ...options }, onText);
          // Some servers send JSON as text.
          const value = typeof sent === "string" ? parsed(sent) : sent;
          answered = true;
          throwIfError(value);
          const answer = answerOf(value, dialect, request.prompt.text);
          learn(tried, first);
          return { ...answer, ...recordOf(request, body) };
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

  /** Remembers fields without which the server answered. */
  function learn(fields: ReadonlySet<string>, error: PermanentError | undefined): void {
    const more = [...fields].filter((field) => !refused.has(field));
    if (more.length === 0) return;
    for (const field of more) refused.add(field);
    effects.warn(
      `${model.address}: the server refuses ${more.join(", ")} (${error?.message}); sent without them, and recorded so`,
    );
  }
}

const pathOf = ({ protocol, api }: Dialect): string =>
  protocol === "anthropic" ? "/messages" : api === "chat" ? "/chat/completions" : "/completions";

const streamOptions = ({ protocol }: Dialect, refused: ReadonlySet<string>): Record<string, unknown> =>
  protocol === "anthropic" || refused.has("stream_options")
    ? {}
    : { stream_options: { include_usage: true } };

/** The fields that were sent, without the prompt. */
function sentOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { model: _, messages: __, prompt: ___, system: ____, ...sent } = body;
  return sent;
}

/** Whether this prompt was refused for its content; others may be accepted. */
const isFiltered = ({ code, status, message }: APIError): boolean =>
  code === "content_filter" ||
  code === "content_policy_violation" ||
  (status === 403 && /flagged|moderation/i.test(message));

/** Throws for an error in a reply with status 200, as some servers send. */
function throwIfError(value: unknown): void {
  if (typeof value !== "object" || value === null || "content" in value) return;
  const { choices } = value as Record<string, unknown>;
  if (Array.isArray(choices) && choices.length > 0) return;
  const words = serverMessage(value);
  if (!words) return;
  const status = words.status ?? 500;
  const message = `${status} ${words.message} (in a reply of status 200)`;
  throw new (isTemporary(status) ? TransientError : PermanentError)(message);
}

/** The address as written: it is part of the key of every reply. */
const baseGiven = (model: ServedSettings, env: Effects["env"]): string =>
  model.base ?? env["OPENAI_BASE_URL"] ?? officialBase;

/** The client of a server; throws StudyError for an invalid address, or if the key of a service is missing. */
function clientOf(
  model: ServedSettings,
  baseName: string,
  { env, fetch }: Pick<Effects, "env" | "fetch">,
): OpenAI {
  const { key, address } = model;
  const given = baseGiven(model, env);
  if (!/^https?:\/\/./.test(given) || !URL.canParse(given)) {
    throw new StudyError(`${baseName} ${given} is not a server's address`, {
      hint: "try http://localhost:8000/v1",
    });
  }
  const url = new URL(given);
  if (url.username !== "" || url.password !== "") {
    throw new StudyError(`${baseName} contains a user name or password`, {
      hint: "it would be stored in every record; use `headers`, with $NAME for an environment variable",
    });
  }
  const query = Object.fromEntries(url.searchParams);
  url.search = "";
  url.hash = "";
  const apiKey = env[key];
  const headers = headersOf(model, env);
  const named = Object.keys(headers).some((name) => /^(?:authorization|api-key|x-api-key)$/i.test(name));
  if (!apiKey && !named && needsKey(model, given)) {
    throw new StudyError(`${address}: the environment variable ${key} has no key`, {
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
  isOfficial(base) || kindOf(address)?.server?.needsKey === true;

function authentication(
  { address }: ServedSettings,
  apiKey: string | undefined,
): Record<string, string | null> {
  if (kindOf(address)?.server?.protocol !== "anthropic") return {};
  return { Authorization: null, ...(apiKey && { "x-api-key": apiKey }), "anthropic-version": "2023-06-01" };
}

/** `$NAME` and `${NAME}`. */
const variables = /\$\{?([A-Za-z_]\w*)\}?/g;

/** The values that headers take from the environment. */
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

/** The library reads only one format of error, so all errors are converted to it. */
const withPlainErrors =
  (fetch: typeof globalThis.fetch, secrets: readonly string[]): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok) return response;
    const text = await response.text().catch(() => "");
    const words = serverMessage(parsed(text)) ?? { message: response.statusText || "no reason given" };
    // Some servers repeat the refused key in their message.
    const message = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), words.message);
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

function generalError(
  thrown: unknown,
  { address, key }: ServedSettings,
  baseName: string,
  { baseURL }: OpenAI,
): StudyError | undefined {
  const status = thrown instanceof APIError ? thrown.status : undefined;
  const message = thrown instanceof APIError ? thrown.message.replace(/^\d{3} /, "") : "";
  if (status === 401) {
    return new StudyError(`${address}: ${baseURL} refuses the key in ${key}: ${message}`, {
      hint: `set ${key} to a valid key`,
      cause: thrown,
    });
  }
  if (status === 403) {
    return new StudyError(`${address}: ${baseURL} refuses: ${message}`, {
      hint: `if the key is the problem, set ${key} to a valid one`,
      cause: thrown,
    });
  }
  const code = thrown instanceof APIError ? thrown.code : undefined;
  if (code === "insufficient_quota" || status === 402 || /credit balance is too low/i.test(message)) {
    return new StudyError(`${address}: the account at ${baseURL} has no credit left: ${message}`, {
      hint: "add credit, or wait for the next period; texts written so far are kept",
      cause: thrown,
    });
  }
  if (status === 404 || code === "model_not_found") {
    return new StudyError(`${address}: not found at ${baseURL}: ${message}`, {
      hint: `correct the model's name or ${baseName} (it usually ends in /v1)`,
      cause: thrown,
    });
  }
  // Ports that fetch refuses to use.
  const closed = deepestMessage(thrown) === "bad port";
  if (!closed && !isUnreachable(thrown)) return undefined;
  return new StudyError(`${address}: no server answers at ${baseURL}`, {
    hint: `start it, or correct ${baseName}`,
    cause: thrown,
  });
}

/** Whether a request reached no server. */
export const isUnreachable = (thrown: unknown): boolean => unreachable.has(codeOf(thrown) ?? "");

const unreachable = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** The library wraps the socket's error. */
const deepestMessage = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause !== undefined ? deepestMessage(thrown.cause) : messageOf(thrown);
