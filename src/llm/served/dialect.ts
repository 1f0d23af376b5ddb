import type { Sampling } from "../../study/generation.ts";
import { kindOf, type ServedSettings, schemeOf, targetOf } from "../../study/settings/models.ts";
import { claudeVersion } from "../../study/settings/providers/anthropic.ts";
import {
  type Effort,
  type FieldNames,
  type RequestField,
  type ServerKind,
  standardFields,
} from "../../study/settings/providers/provider.ts";
import { StudyError } from "../../workbench/errors.ts";

/** A request for one text. */
export interface TextRequest {
  readonly prompt: {
    readonly text: string;
    /** Only for chat. */
    readonly messages?: readonly {
      readonly role: "system" | "user" | "assistant";
      readonly content: string;
    }[];
  };
  /** The text may end where the model writes this; empty for none. */
  readonly stop: string;
  readonly seed: number;
  readonly sampling: Sampling;
  /** Whether to return the log-probability of each token. */
  readonly logProbabilities?: true;
}

/** How to write requests for a server and a model. */
export interface Dialect {
  readonly protocol: "openai" | "anthropic";
  readonly api: "chat" | "completions";
  readonly names: FieldNames;
  /** Whether neutral values are left out, because the server refuses or discourages them. */
  readonly omitsNeutral: boolean;
  /** Whether the model thinks by default, so that it needs tokens for that. */
  readonly thinks: boolean;
  /** The fields that set how much the model thinks. */
  reasoning(effort: Effort, tokens: number): Readonly<Record<string, unknown>>;
}

/** For vLLM, SGLang and llama.cpp's server, which have different names for the penalty. */
const openServerFields: FieldNames = {
  ...standardFields,
  topK: ["top_k"],
  minP: ["min_p"],
  repeatPenalty: ["repetition_penalty", "repeat_penalty"],
  leastTokens: ["min_tokens"],
};

function without(names: FieldNames, ...fields: readonly RequestField[]): FieldNames {
  return Object.fromEntries(
    Object.entries(names).filter(([field]) => !fields.includes(field as RequestField)),
  );
}

/** Whether an address is OpenAI's own, which refuses unknown fields. */
export const isOfficial = (base: string): boolean => isAt(base, "openai.com");

const isAt = (base: string, domain: string): boolean => {
  const { hostname } = new URL(base);
  return hostname === domain || hostname.endsWith(`.${domain}`);
};

/** The model's name without its vendor: `openai/gpt-5` is `gpt-5`. */
const familyName = (model: ServedSettings): string => targetOf(model).toLowerCase().split("/").at(-1)!;

/** o1 and later, GPT-5 and later, except chat variants. */
const isOpenaiReasoning = (name: string): boolean =>
  /^(?:o\d|gpt-(?:[5-9]|\d{2}))/.test(name) && !/-chat/.test(name);

/** The dialect of a model's server, from its address and the model's family. */
export function dialectOf(model: ServedSettings, base: string): Dialect {
  const server = serverKindOf(model);
  const name = familyName(model);
  const official = schemeOf(model.address) === "openai" && isOfficial(base);
  const protocol = server.protocol ?? "openai";
  const mistral = isAt(base, "mistral.ai");
  const claude = claudeVersion(name);
  const reasons = isOpenaiReasoning(name);
  const api = "api" in model && model.api ? model.api : apiOf(model, name, official);
  let names = server.fields ?? (official ? standardFields : openServerFields);
  if (mistral) names = { ...standardFields, seed: ["random_seed"] };
  if (reasons) names = { mostTokens: ["max_completion_tokens"] };
  else if (official && api === "chat") names = { ...names, mostTokens: ["max_completion_tokens"] };
  if (claude >= 4.7) names = without(names, "temperature", "topP", "topK", "minP", "repeatPenalty");
  // Claude does not accept sampling settings while it thinks.
  const thinks = model.reasoning !== undefined && model.reasoning !== "none";
  if (protocol === "anthropic" && thinks) names = without(names, "temperature", "topP", "topK");
  return {
    protocol,
    api,
    names,
    omitsNeutral: server.omitsNeutral === true || mistral,
    thinks: reasons || server.thinks?.(name) === true,
    reasoning: (effort, tokens) =>
      server.reasoning?.(effort, tokens, name) ?? reasoningFields(effort, official || reasons),
  };
}

const serverKindOf = ({ address }: ServedSettings): ServerKind => kindOf(address)?.server ?? {};

/** Chat for instructed models; completions by default for one's own server, as for base models. */
function apiOf({ address }: ServedSettings, name: string, official: boolean): Dialect["api"] {
  if (schemeOf(address) !== "openai") return "chat";
  if (/^claude-|^gemini-/.test(name) || isOpenaiReasoning(name)) return "chat";
  return official && !/instruct|^(?:davinci|babbage)/.test(name) ? "chat" : "completions";
}

/** The API that a model's settings imply: completions for base models, chat for instructed ones. */
export const servedApi = (model: ServedSettings): Dialect["api"] =>
  dialectOf(model, baseOf(model) ?? officialBase).api;

export const officialBase = "https://api.openai.com/v1";

/** The base address in a model's settings, if it is valid. */
const baseOf = ({ base }: ServedSettings): string | undefined =>
  base !== undefined && URL.canParse(base) ? base : undefined;

/** The fields that set how much a model thinks: OpenAI's own, or those of vLLM, SGLang and llama.cpp's server. */
function reasoningFields(effort: Effort, openai: boolean): Record<string, unknown> {
  if (openai) return { reasoning_effort: effort };
  // These servers pass it to the model's chat template.
  return {
    chat_template_kwargs: {
      enable_thinking: effort !== "none",
      ...(effort !== "none" && { reasoning_effort: effort }),
    },
  };
}

/** Tokens for thinking, in addition to those for the story. */
export function thinkingTokens(
  { reasoning, reasoningTokens }: ServedSettings,
  { thinks, protocol }: Dialect,
): number {
  const tokens = reasoningTokens ?? tokensByEffort[reasoning ?? (thinks ? "medium" : "none")];
  // Anthropic's minimum.
  return protocol === "anthropic" && tokens > 0 ? Math.max(1024, tokens) : tokens;
}

const tokensByEffort: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
};

const neutral: Readonly<Partial<Record<RequestField, number>>> = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repeatPenalty: 1,
};

/** Throws StudyError for sampling settings that the server does not support, so that the recorded settings are those used. */
export function assertSamplingSupported(sampling: Sampling, model: ServedSettings, { names }: Dialect): void {
  const unsent = (Object.keys(neutral) as (keyof Sampling)[]).filter((field) => {
    const value = sampling[field];
    return value !== "provider" && value !== neutral[field] && !names[field] && !renamed(model, field);
  });
  const [first] = unsent;
  if (first === undefined) return;
  throw new StudyError(`${model.address} does not support ${first}, but it is set to ${sampling[first]}`, {
    hint: `give the model ${unsent.map((field) => `\`${field}: provider\``).join(" and ")}, which leaves it to the server`,
  });
}

/** Whether `send:` sends a setting under another name. */
const renamed = ({ send = {} }: ServedSettings, field: string): boolean =>
  Object.values(send).includes(`$${field}`);

/** The most tokens that a request body allows, including thinking; undefined if there is no limit. */
export function tokenLimit(body: Readonly<Record<string, unknown>>): number | undefined {
  const limits = Object.entries(body).flatMap(([name, value]) =>
    /^(?:max|n)_.*(?:tokens|predict)|^num_predict$|^max_?tokens$/i.test(name) && typeof value === "number"
      ? [value]
      : [],
  );
  return limits.length > 0 ? Math.max(...limits) : undefined;
}

/**
 * The request's body, without the fields in `refused`, which the server does not accept. The model's `send:` is
 * applied last.
 */
export function bodyOf(
  request: TextRequest,
  model: ServedSettings,
  dialect: Dialect,
  refused: ReadonlySet<string> = new Set(),
): Record<string, unknown> {
  const thinking = thinkingTokens(model, dialect);
  const values: Readonly<Record<RequestField, unknown>> = {
    ...request.sampling,
    mostTokens: request.sampling.mostTokens + thinking,
    seed: request.seed,
    stop: stopsOf(request, dialect),
  };
  const body: Record<string, unknown> = { model: targetOf(model), ...promptFields(request, dialect) };
  for (const [field, names] of Object.entries(dialect.names) as [RequestField, readonly string[]][]) {
    const value = values[field];
    if (value === "provider" || value === undefined) continue;
    if (dialect.omitsNeutral && field !== "temperature" && value === neutral[field]) continue;
    for (const name of names) body[name] = value;
  }
  // Chat takes true, completions take the number of alternatives per token.
  if (request.logProbabilities) body["logprobs"] = dialect.api === "chat" ? true : 1;
  if (model.reasoning !== undefined) Object.assign(body, dialect.reasoning(model.reasoning, thinking));
  for (const name of refused) {
    // The token limit is never dropped; it has an old and a new name.
    const other = otherLimit[name];
    if (other && name in body && !refused.has(other)) body[other] = body[name];
    delete body[name];
  }
  for (const [name, value] of Object.entries(model.send ?? {})) {
    if (required.has(name)) {
      throw new StudyError(`${model.address}: send: ${name} cannot be set`, {
        hint: "change the address or the prompt instead",
      });
    }
    if (value === null) delete body[name];
    else body[name] = filledIn(value, values, model);
  }
  return body;
}

/** The sampling in a body; `provider` for settings that it leaves to the server. */
export function samplingSent(
  sampling: Sampling,
  body: Readonly<Record<string, unknown>>,
  model: ServedSettings,
  dialect: Dialect,
): Sampling {
  const fields = Object.keys(sampling) as (keyof Sampling)[];
  const sent = (field: keyof Sampling): number | "provider" => {
    if (field === "mostTokens") return limitSent(sampling, body, model, dialect);
    if (renamed(model, field)) return sampling[field];
    const name = dialect.names[field]?.find((each) => each in body);
    const value = name === undefined ? undefined : body[name];
    return typeof value === "number" ? value : "provider";
  };
  return Object.fromEntries(fields.map((field) => [field, sent(field)])) as Sampling;
}

/** The token limit for the story without thinking. */
function limitSent(
  { mostTokens }: Sampling,
  body: Readonly<Record<string, unknown>>,
  model: ServedSettings,
  dialect: Dialect,
): number {
  const limit = tokenLimit(body);
  return limit === undefined ? mostTokens : Math.max(1, limit - thinkingTokens(model, dialect));
}

const otherLimit: Readonly<Record<string, string>> = {
  max_tokens: "max_completion_tokens",
  max_completion_tokens: "max_tokens",
};

/** A chat reply may start with a title line, so the stop counts only on a later line. */
function stopsOf({ stop }: TextRequest, { api }: Dialect): readonly string[] | undefined {
  if (stop === "") return undefined;
  return [api === "chat" ? `\n${stop}` : stop];
}

function promptFields({ prompt }: TextRequest, { protocol, api }: Dialect): Record<string, unknown> {
  if (api === "completions") return { prompt: prompt.text };
  const messages = prompt.messages ?? [{ role: "user" as const, content: prompt.text }];
  if (protocol === "openai") return { messages };
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  return {
    ...(system.length > 0 && { system: system.join("\n\n") }),
    messages: messages.filter(({ role }) => role !== "system"),
  };
}

function filledIn(
  value: unknown,
  values: Readonly<Record<string, unknown>>,
  { address }: ServedSettings,
): unknown {
  const named = typeof value === "string" && /^\$([A-Za-z]+)$/.exec(value)?.[1];
  if (!named) return value;
  if (Object.hasOwn(values, named)) return values[named];
  throw new StudyError(`${address}: send: ${value} is not a setting`, {
    hint: `try ${Object.keys(values)
      .map((each) => `$${each}`)
      .join(", ")}`,
  });
}

/** Fields that every request needs: they are never dropped, and `send:` cannot change them. */
const required: ReadonlySet<string> = new Set(["model", "messages", "prompt", "system", "stream", "n"]);

/** The fields that a server's error message refuses, except those in the user's `send:`. */
export function refusedFields(
  words: string,
  body: Readonly<Record<string, unknown>>,
  model: ServedSettings,
  before: ReadonlySet<string>,
): string[] {
  if (!refusal.test(words)) return [];
  const named = Object.keys(body).filter(
    (field) =>
      !required.has(field) &&
      // The token limit is renamed only once.
      !before.has(otherLimit[field] ?? "") &&
      !Object.hasOwn(model.send ?? {}, field) &&
      new RegExp(`(?<![\\w-])${field}(?![\\w-])`).test(words),
  );
  // If two fields exclude each other, drop one.
  if (/cannot both|only one of|not both/i.test(words) && named.includes("top_p")) return ["top_p"];
  return named;
}

const refusal =
  /unsupported|not support|does ?n.t support|unknown|unrecognized|unrecognised|unexpected|extra (?:inputs|fields)|extra_forbidden|not permitted|not allowed|invalid (?:field|parameter|argument|key)|deprecated|cannot find field|no longer|not (?:a )?valid (?:field|parameter)|cannot both be/i;
