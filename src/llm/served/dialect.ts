import type { Sampling } from "../../study/generation.ts";
import {
  type Scheme,
  type ServedScheme,
  type ServedSettings,
  schemeOf,
  targetOf,
} from "../../study/settings/models.ts";
import { StudyError } from "../../workbench/errors.ts";

/** What a server is asked: one text. */
export interface Ask {
  readonly prompt: {
    readonly text: string;
    /** For chat. */
    readonly messages?: readonly {
      readonly role: "system" | "user" | "assistant";
      readonly content: string;
    }[];
  };
  /** The text may end where this begins; empty for none. */
  readonly stop: string;
  readonly seed: number;
  readonly sampling: Sampling;
  /** Whether to tell how likely each token was. */
  readonly logProbabilities?: true;
}

/** What one of our settings is for a server; a field that a server does not know is not there. */
type Field = keyof Sampling | "seed" | "stop";
type FieldNames = Readonly<Partial<Record<Field, readonly string[]>>>;

/** How a server and a model want to be asked. */
export interface Dialect {
  readonly protocol: "openai" | "anthropic";
  readonly api: "chat" | "completions";
  readonly names: FieldNames;
  /** Values that change nothing are left out, since the server refuses them or would rather not be told. */
  readonly unlessNeutral: boolean;
  /** The model thinks before it writes unless it is told not to, so that it needs tokens for that. */
  readonly thinks: boolean;
  /** What asks for so much thinking. */
  reasoning(effort: Effort, tokens: number): Readonly<Record<string, unknown>>;
}

export type Effort = NonNullable<ServedSettings["reasoning"]>;

const usual: FieldNames = {
  temperature: ["temperature"],
  topP: ["top_p"],
  mostTokens: ["max_tokens"],
  seed: ["seed"],
  stop: ["stop"],
};

/** What vLLM, SGLang and llama.cpp's server understand; they have a name each for the penalty. */
const open: FieldNames = {
  ...usual,
  topK: ["top_k"],
  minP: ["min_p"],
  repeatPenalty: ["repetition_penalty", "repeat_penalty"],
  leastTokens: ["min_tokens"],
};

const namesByScheme: Readonly<Partial<Record<Scheme, FieldNames>>> = {
  openrouter: {
    ...usual,
    topK: ["top_k"],
    minP: ["min_p"],
    repeatPenalty: ["repetition_penalty"],
  },
  ollama: usual,
  lmstudio: { ...usual, topK: ["top_k"], repeatPenalty: ["repeat_penalty"] },
  gemini: without(usual, "seed"),
  anthropic: { ...without(usual, "seed"), topK: ["top_k"], stop: ["stop_sequences"] },
};

function without(names: FieldNames, ...fields: readonly Field[]): FieldNames {
  return Object.fromEntries(Object.entries(names).filter(([field]) => !fields.includes(field as Field)));
}

/** OpenAI's own servers refuse fields that they do not know. */
export const isOfficial = (base: string): boolean => isAt(base, "openai.com");

const isAt = (base: string, domain: string): boolean => {
  const { hostname } = new URL(base);
  return hostname === domain || hostname.endsWith(`.${domain}`);
};

/** The model's own name, without who sells it: `openai/gpt-5` is `gpt-5`. */
const familyName = (model: ServedSettings): string => targetOf(model).toLowerCase().split("/").at(-1)!;

/** o1 and later, GPT-5 and later, but for those that are called chat. */
const isOpenaiReasoning = (name: string): boolean =>
  /^(?:o\d|gpt-(?:[5-9]|\d{2}))/.test(name) && !/-chat/.test(name);

/** The version of a Claude model, 4.7 for claude-opus-4-7 and for claude-4.7-opus; 0 for any other model. */
function claudeVersion(name: string): number {
  const version =
    /^claude-(?:[a-z]+-)(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(name) ??
    /^claude-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(name);
  return version ? Number(version[1]) + Number(version[2] ?? 0) / 10 : 0;
}

/** How the server of a model wants to be asked, by its address and by what is known of the model's family. */
export function dialectOf(model: ServedSettings, base: string): Dialect {
  const scheme = schemeOf(model.address) as ServedScheme;
  const name = familyName(model);
  const official = scheme === "openai" && isOfficial(base);
  const mistral = isAt(base, "mistral.ai");
  const claude = claudeVersion(name);
  const reasons = isOpenaiReasoning(name);
  const api = "api" in model && model.api ? model.api : apiOf(model, name, official);
  let names = namesByScheme[scheme] ?? (official ? usual : open);
  if (mistral) names = { ...usual, seed: ["random_seed"] };
  if (reasons) names = { mostTokens: ["max_completion_tokens"] };
  else if (official && api === "chat") names = { ...names, mostTokens: ["max_completion_tokens"] };
  if (claude >= 4.7) names = without(names, "temperature", "topP", "topK", "minP", "repeatPenalty");
  // While Claude thinks, it takes no sampling but its own.
  const thinks = model.reasoning !== undefined && model.reasoning !== "none";
  if (scheme === "anthropic" && thinks) names = without(names, "temperature", "topP", "topK");
  return {
    protocol: scheme === "anthropic" ? "anthropic" : "openai",
    api,
    names,
    unlessNeutral: scheme === "anthropic" || scheme === "gemini" || mistral,
    thinks: reasons || (scheme === "gemini" && !/flash-lite|^gemini-[12]\.0/.test(name)),
    reasoning: (effort, tokens) => reasoningFields(effort, tokens, { scheme, claude, official, reasons }),
  };
}

/** Instructed models are asked in a chat; a server of one's own by default for completions, as base models are. */
function apiOf({ address }: ServedSettings, name: string, official: boolean): Dialect["api"] {
  if (schemeOf(address) !== "openai") return "chat";
  if (/^claude-|^gemini-/.test(name) || isOpenaiReasoning(name)) return "chat";
  return official && !/instruct|^(?:davinci|babbage)/.test(name) ? "chat" : "completions";
}

/** How a model of the study is asked, as far as its settings say it: base models continue, instructed ones answer. */
export const servedApi = (model: ServedSettings): Dialect["api"] =>
  dialectOf(model, baseOf(model) ?? officialBase).api;

export const officialBase = "https://api.openai.com/v1";

/** The base address that a model's settings name, as far as it is one. */
const baseOf = ({ base }: ServedSettings): string | undefined =>
  base !== undefined && URL.canParse(base) ? base : undefined;

interface Known {
  readonly scheme: Scheme;
  readonly claude: number;
  readonly official: boolean;
  readonly reasons: boolean;
}

function reasoningFields(
  effort: Effort,
  tokens: number,
  { scheme, claude, official, reasons }: Known,
): Record<string, unknown> {
  switch (scheme) {
    case "anthropic":
      if (effort === "none") return {};
      if (claude < 4.6) return { thinking: { type: "enabled", budget_tokens: tokens } };
      return {
        thinking: { type: "adaptive" },
        output_config: { effort: effort === "minimal" ? "low" : effort },
      };
    case "openrouter":
      return { reasoning: { effort } };
    case "gemini":
    case "ollama":
    case "lmstudio":
      return { reasoning_effort: effort };
    default:
      if (official || reasons) return { reasoning_effort: effort };
      // vLLM, SGLang and llama.cpp's server hand this to the model's own template.
      return {
        chat_template_kwargs: {
          enable_thinking: effort !== "none",
          ...(effort !== "none" && { reasoning_effort: effort }),
        },
      };
  }
}

/** Tokens that a model may think with, on top of those for its story. */
export function thinkingTokens(
  { reasoning, reasoningTokens }: ServedSettings,
  { thinks, protocol }: Dialect,
): number {
  const tokens = reasoningTokens ?? tokensByEffort[reasoning ?? (thinks ? "medium" : "none")];
  // Anthropic's least budget.
  return protocol === "anthropic" && tokens > 0 ? Math.max(1024, tokens) : tokens;
}

const tokensByEffort: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
};

const neutral: Readonly<Partial<Record<Field, number>>> = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repeatPenalty: 1,
};

/** Throws StudyError for sampling that a server is never sent: the record would say what was not done. */
export function refuseUnsent(sampling: Sampling, model: ServedSettings, { names }: Dialect): void {
  const unsent = (Object.keys(neutral) as (keyof Sampling)[]).filter((field) => {
    const value = sampling[field];
    return value !== "provider" && value !== neutral[field] && !names[field] && !renamed(model, field);
  });
  const [first] = unsent;
  if (first === undefined) return;
  throw new StudyError(`${model.address} takes no ${first}, and ${sampling[first]} is asked for`, {
    hint: `give the model ${unsent.map((field) => `\`${field}: provider\``).join(" and ")}, which leaves it to the server`,
  });
}

/** Whether `send:` puts a setting into a field of its own. */
const renamed = ({ send = {} }: ServedSettings, field: string): boolean =>
  Object.values(send).includes(`$${field}`);

/** The most tokens that an answer to a body may take, thinking included; undefined where nothing limits it. */
export function limitIn(body: Readonly<Record<string, unknown>>): number | undefined {
  const limits = Object.entries(body).flatMap(([name, value]) =>
    /^(?:max|n)_.*(?:tokens|predict)|^num_predict$|^max_?tokens$/i.test(name) && typeof value === "number"
      ? [value]
      : [],
  );
  return limits.length > 0 ? Math.max(...limits) : undefined;
}

/**
 * The request's body. Fields named in `refused` are left out: the server has said that it does not take them. What the
 * model's `send:` says comes last.
 */
export function bodyOf(
  ask: Ask,
  model: ServedSettings,
  dialect: Dialect,
  refused: ReadonlySet<string> = new Set(),
): Record<string, unknown> {
  const thinking = thinkingTokens(model, dialect);
  const values: Readonly<Record<Field, unknown>> = {
    ...ask.sampling,
    mostTokens: ask.sampling.mostTokens + thinking,
    seed: ask.seed,
    stop: stopsOf(ask, dialect),
  };
  const body: Record<string, unknown> = { model: targetOf(model), ...whatIsAsked(ask, dialect) };
  for (const [field, names] of Object.entries(dialect.names) as [Field, readonly string[]][]) {
    const value = values[field];
    if (value === "provider" || value === undefined) continue;
    if (dialect.unlessNeutral && field !== "temperature" && value === neutral[field]) continue;
    for (const name of names) body[name] = value;
  }
  // Chat is asked with a yes, completions with how many other tokens to report with each.
  if (ask.logProbabilities) body["logprobs"] = dialect.api === "chat" ? true : 1;
  if (model.reasoning !== undefined) Object.assign(body, dialect.reasoning(model.reasoning, thinking));
  for (const name of refused) {
    // The limit of tokens is never given up; it has an old name and a new one.
    const other = otherLimit[name];
    if (other && name in body && !refused.has(other)) body[other] = body[name];
    delete body[name];
  }
  for (const [name, value] of Object.entries(model.send ?? {})) {
    if (required.has(name)) {
      throw new StudyError(`${model.address}: send: ${name} cannot be set`, {
        hint: "what is asked of which model is in the record; change the address or the prompt instead",
      });
    }
    if (value === null) delete body[name];
    else body[name] = filledIn(value, values, model);
  }
  return body;
}

/** The sampling that a body holds: `provider` for what it leaves to the server. */
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

/** The tokens for the story alone. */
function limitSent(
  { mostTokens }: Sampling,
  body: Readonly<Record<string, unknown>>,
  model: ServedSettings,
  dialect: Dialect,
): number {
  const limit = limitIn(body);
  return limit === undefined ? mostTokens : Math.max(1, limit - thinkingTokens(model, dialect));
}

const otherLimit: Readonly<Record<string, string>> = {
  max_tokens: "max_completion_tokens",
  max_completion_tokens: "max_tokens",
};

/** A chat may begin with a label of its own: there a stop counts only on a later line. */
function stopsOf({ stop }: Ask, { api }: Dialect): readonly string[] | undefined {
  if (stop === "") return undefined;
  return [api === "chat" ? `\n${stop}` : stop];
}

function whatIsAsked({ prompt }: Ask, { protocol, api }: Dialect): Record<string, unknown> {
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
  throw new StudyError(`${address}: send: ${value} is no setting`, {
    hint: `try ${Object.keys(values)
      .map((each) => `$${each}`)
      .join(", ")}`,
  });
}

/** Fields of a body that are what is asked: no server refuses them, and no setting changes them. */
const required: ReadonlySet<string> = new Set(["model", "messages", "prompt", "system", "stream", "n"]);

/** The fields of a body that a server's words refuse, but for those that the user wrote. */
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
      // A limit has another name once, and then none.
      !before.has(otherLimit[field] ?? "") &&
      !Object.hasOwn(model.send ?? {}, field) &&
      new RegExp(`(?<![\\w-])${field}(?![\\w-])`).test(words),
  );
  // Of two that cannot go together one is enough.
  if (/cannot both|only one of|not both/i.test(words) && named.includes("top_p")) return ["top_p"];
  return named;
}

const refusal =
  /unsupported|not support|does ?n.t support|unknown|unrecognized|unrecognised|unexpected|extra (?:inputs|fields)|extra_forbidden|not permitted|not allowed|invalid (?:field|parameter|argument|key)|deprecated|cannot find field|no longer|not (?:a )?valid (?:field|parameter)|cannot both be/i;
