import { z } from "zod";
import type { Sampling } from "../../study/generation.ts";
import type { Dialect } from "./dialect.ts";
import { TransientError } from "./retry.ts";
import { serverMessage } from "./server-message.ts";

/** A server's reply, in the same form for all servers. */
export interface Answer {
  /** The content as received; it may include thinking (`text/thinking.ts` separates it). */
  readonly raw: string;
  /** Thinking in a separate field. */
  readonly thinking?: string | undefined;
  /** `refused`: the server's filter withheld the text, or the model refused in a separate field. */
  readonly end: "stop" | "limit" | "refused";
  readonly tokens: Tokens;
  /** Of each generated token, natural logarithm, if requested and supported. */
  readonly logProbabilities?: readonly number[] | undefined;
  /** The model's name as the server reports it. */
  readonly served?: string | undefined;
  /** The fields of the request as they were sent, without the prompt. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** The sampling that was sent; `provider` for fields that were not. */
  readonly sampled?: Sampling | undefined;
}

export interface Tokens {
  readonly prompt: number;
  /** Including thinking. */
  readonly generated: number;
  /** Tokens of thinking among those generated, if the server reports them. */
  readonly thinking?: number | undefined;
  /** True if the server did not count; then four bytes count as a token. */
  readonly estimated?: true | undefined;
}

const count = z.coerce.number().nonnegative().nullish().catch(undefined);

const Usage = z
  .looseObject({
    prompt_tokens: count,
    completion_tokens: count,
    input_tokens: count,
    output_tokens: count,
    total_tokens: count,
    completion_tokens_details: z.looseObject({ reasoning_tokens: count }).nullish().catch(undefined),
    output_tokens_details: z.looseObject({ thinking_tokens: count }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

/** Text, or a list of text and thinking parts. */
const Content = z
  .union([
    z.string(),
    z.array(z.union([z.string(), z.looseObject({ type: z.string().nullish() })])),
    z.looseObject({ type: z.string().nullish() }),
  ])
  .nullish();
type Content = z.infer<typeof Content>;

/** Completions use the first field, chat the second; llama.cpp's server uses the second for both. */
const Logprobs = z
  .looseObject({
    token_logprobs: z.array(z.number().nullable()).nullish(),
    content: z.array(z.looseObject({ logprob: z.number(), token: z.string().nullish() })).nullish(),
  })
  .nullish()
  .catch(undefined);

const optionalText = z.string().nullish().catch(undefined);

const Message = z.looseObject({
  content: Content,
  refusal: optionalText,
  reasoning_content: optionalText,
  reasoning: optionalText,
  thinking: optionalText,
});

const Completion = z.looseObject({
  model: optionalText,
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        message: Message.nullish(),
        finish_reason: optionalText,
        error: z.unknown().optional(),
        logprobs: Logprobs,
      }),
    )
    .min(1),
  usage: Usage,
});

const AnthropicMessage = z.looseObject({
  model: z.string().nullish(),
  content: z.array(z.looseObject({ type: z.string() })),
  stop_reason: z.string().nullish(),
  usage: Usage,
});

/** A whole reply, or one assembled from a stream. */
export type StreamedReply = Readonly<Record<string, unknown>>;

const notAReply = "the reply does not follow the protocol";

/** Reads a reply; throws TransientError if it is malformed. */
export function answerOf(value: unknown, { protocol, api }: Dialect, prompt: string): Omit<Answer, "sent"> {
  if (protocol === "anthropic") return anthropicAnswer(value, prompt);
  const parsed = Completion.safeParse(value);
  const choice = parsed.data?.choices[0];
  const message = choice?.message;
  if (!parsed.success || (api === "chat" ? !message : typeof choice?.text !== "string" && !message)) {
    throw new TransientError(notAReply);
  }
  const parts = message ? partsOf(message.content) : { text: choice!.text ?? "", thinking: "" };
  const thinking = [
    message?.reasoning_content ?? message?.reasoning ?? message?.thinking ?? "",
    parts.thinking,
  ]
    .filter(Boolean)
    .join("\n\n");
  const finish = (choice!.finish_reason ?? "").toLowerCase();
  if (brokenOff.test(finish)) {
    const words = serverMessage(choice!.error)?.message ?? "no reason given";
    throw new TransientError(`the server ended the text with ${finish}: ${words}`);
  }
  const raw = message?.refusal || parts.text;
  return {
    raw,
    ...(thinking !== "" && { thinking }),
    end:
      finish === "content_filter" || message?.refusal ? "refused" : atLimit.test(finish) ? "limit" : "stop",
    tokens: tokensOf(parsed.data.usage, prompt, raw + thinking),
    ...logProbabilitiesOf(choice!.logprobs, thinking === "" ? undefined : raw),
    served: parsed.data.model ?? undefined,
  };
}

/** Finish reasons for the token limit, and for a text that broke off. */
const atLimit = /^(?:length|model_length|max_tokens|model_context_window_exceeded)$/;
const brokenOff = /^(?:error|abort|aborted|insufficient_system_resource|pause_turn)$/;

function anthropicAnswer(value: unknown, prompt: string): Omit<Answer, "sent"> {
  const parsed = AnthropicMessage.safeParse(value);
  if (!parsed.success) throw new TransientError(notAReply);
  const { text, thinking } = partsOf(parsed.data.content);
  const { stop_reason: reason, model, usage } = parsed.data;
  if (brokenOff.test(reason ?? "")) throw new TransientError(`the server ended the text with ${reason}`);
  return {
    raw: text,
    ...(thinking !== "" && { thinking }),
    end: reason === "refusal" ? "refused" : atLimit.test(reason ?? "") ? "limit" : "stop",
    tokens: tokensOf(usage, prompt, text + thinking),
    served: model ?? undefined,
  };
}

/** The text and the thinking of content, which may be in parts. */
function partsOf(content: Content): { text: string; thinking: string } {
  if (typeof content === "string") return { text: content, thinking: "" };
  const text: string[] = [];
  const thinking: string[] = [];
  for (const part of Array.isArray(content) ? content : content ? [content] : []) {
    if (typeof part === "string") text.push(part);
    else if (/think|reason/.test(part.type ?? "")) thinking.push(textIn(part));
    else if (part.type === "text" || part.type === "output_text" || !part.type) text.push(textIn(part));
  }
  return { text: text.join(""), thinking: thinking.join("\n\n") };
}

/** The text of a part, in whichever field it is. */
function textIn(part: Readonly<Record<string, unknown>>): string {
  for (const key of ["text", "thinking", "reasoning", "content"]) {
    const value = part[key];
    if (typeof value === "string") return value;
    if (Array.isArray(value)) {
      return value
        .map((each) => (typeof each === "string" ? each : textIn(each as Record<string, unknown>)))
        .join("");
    }
  }
  return "";
}

/** The server's token counts. Some servers count thinking only in the total. */
function tokensOf(usage: z.infer<typeof Usage>, prompt: string, written: string): Tokens {
  const promptTokens = usage?.prompt_tokens ?? usage?.input_tokens;
  const completion = usage?.completion_tokens ?? usage?.output_tokens;
  const fromTotal =
    promptTokens !== undefined && promptTokens !== null && usage?.total_tokens
      ? usage.total_tokens - promptTokens
      : 0;
  const generated = Math.max(completion ?? 0, fromTotal);
  const thinking =
    usage?.completion_tokens_details?.reasoning_tokens ?? usage?.output_tokens_details?.thinking_tokens;
  const guessed = (text: string) => Math.ceil(Buffer.byteLength(text) / 4);
  const counts = generated > 0 || (written === "" && completion !== undefined && completion !== null);
  return {
    prompt: promptTokens ?? guessed(prompt),
    generated: counts ? generated : guessed(written),
    ...(thinking ? { thinking } : {}),
    ...(counts ? {} : { estimated: true as const }),
  };
}

/**
 * The log-probabilities of the text's own tokens. Servers may include tokens of separate thinking: then only the last
 * tokens that spell `text` count, and if none do, nothing is returned.
 */
function logProbabilitiesOf(
  logprobs: z.infer<typeof Logprobs>,
  text: string | undefined,
): Pick<Answer, "logProbabilities"> | undefined {
  if (text !== undefined) {
    const own = tokensSpelling(text, logprobs?.content ?? []);
    return own && { logProbabilities: own.map(({ logprob }) => logprob) };
  }
  const completion = logprobs?.token_logprobs ?? logprobs?.content?.map(({ logprob }) => logprob) ?? [];
  const logProbabilities = completion.filter((each) => each !== null);
  return logProbabilities.length > 0 ? { logProbabilities } : undefined;
}

/** The last tokens that spell a text; undefined if they do not. */
function tokensSpelling<Token extends { token?: string | null | undefined }>(
  text: string,
  tokens: readonly Token[],
): readonly Token[] | undefined {
  let spelt = "";
  for (let at = tokens.length - 1; at >= 0; at--) {
    spelt = (tokens[at]!.token ?? "") + spelt;
    if (spelt.trim() === text.trim() && spelt.trim() !== "") return tokens.slice(at);
    if (spelt.length > text.length + 200) return undefined;
  }
  return undefined;
}

const StreamEvent = z.looseObject({
  model: optionalText,
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        delta: Message.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: Usage,
  // Anthropic's events.
  type: z.string().nullish(),
  message: z.looseObject({ model: z.string().nullish(), usage: Usage }).nullish(),
  delta: z
    .looseObject({
      text: z.string().nullish(),
      thinking: z.string().nullish(),
      stop_reason: z.string().nullish(),
    })
    .nullish(),
});

/**
 * Assembles a streamed reply into a whole one; calls `onText` with each piece of content. Throws TransientError if
 * the stream ends early.
 */
export async function streamedReply(
  stream: AsyncIterable<unknown>,
  onText: (added: string) => void,
): Promise<StreamedReply> {
  let [text, thinking, refusal] = ["", "", ""];
  let [model, finish]: [string?, string?] = [];
  let usage: Record<string, unknown> | undefined;
  let anthropic = false;
  for await (const each of stream) {
    const piece = StreamEvent.safeParse(each).data;
    if (!piece) throw new TransientError(notAReply);
    const choice = piece.choices?.[0];
    const parts = partsOf(choice?.delta?.content);
    const added =
      choice?.text ?? (parts.text || (piece.type === "content_block_delta" ? (piece.delta?.text ?? "") : ""));
    anthropic ||= piece.type === "message_start";
    text += added;
    thinking +=
      choice?.delta?.reasoning_content ??
      choice?.delta?.reasoning ??
      (parts.thinking || (piece.delta?.thinking ?? ""));
    refusal += choice?.delta?.refusal ?? "";
    model = piece.model ?? piece.message?.model ?? model;
    finish = choice?.finish_reason ?? piece.delta?.stop_reason ?? finish;
    const counted = piece.usage ?? piece.message?.usage;
    if (counted) usage = { ...usage, ...counted };
    if (added !== "") onText(added);
  }
  if (finish === undefined) throw new TransientError("the stream broke off");
  if (anthropic) {
    return {
      model,
      content: [...(thinking === "" ? [] : [{ type: "thinking", thinking }]), { type: "text", text }],
      stop_reason: finish,
      usage,
    };
  }
  const message = {
    content: text,
    ...(thinking !== "" && { reasoning_content: thinking }),
    ...(refusal !== "" && { refusal }),
  };
  return { model, choices: [{ text, message, finish_reason: finish }], usage };
}
