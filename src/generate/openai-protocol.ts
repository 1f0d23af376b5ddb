import { z } from "zod";
import type { Sampling } from "../study/generation.ts";
import type { ModelSettings } from "../study/settings/generate.ts";
import { StudyError } from "../workbench/errors.ts";
import { isOfficial } from "../workbench/openai.ts";
import { type Request, targetOf, type Written } from "./model.ts";
import { Trouble } from "./retry.ts";

/** What is sent for a request. */
export function bodyOf(
  { prompt, stop, seed, sampling, logProbabilities }: Request,
  settings: ModelSettings,
  base: string,
): Record<string, unknown> {
  const asked =
    settings.api === "chat"
      ? { messages: prompt.messages ?? [{ role: "user", content: prompt.text }] }
      : { prompt: prompt.text };
  const common = {
    model: targetOf(settings),
    ...asked,
    max_tokens: sampling.mostTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    seed,
    stop: [stop],
    // Chat is asked with a yes, completions with how many others to tell beside each token.
    ...(logProbabilities && { logprobs: settings.api === "chat" ? true : 1 }),
  };
  if (isOfficial(base)) return common;
  return {
    ...common,
    // vLLM and llama.cpp have a name each for the penalty, and -1 or 0 for "no limit of rank": both read 0 so.
    top_k: sampling.topK,
    min_p: sampling.minP,
    repetition_penalty: sampling.repeatPenalty,
    repeat_penalty: sampling.repeatPenalty,
    min_tokens: sampling.leastTokens,
  };
}

/** Throws StudyError for sampling that a server is not told of: the record would say what was never done. */
export function refuseUnsent({ topK, minP, repeatPenalty }: Sampling, settings: ModelSettings, base: string) {
  if (!isOfficial(base)) return;
  const unsent = [
    ...(topK > 0 ? [["topK", topK, 0] as const] : []),
    ...(minP > 0 ? [["minP", minP, 0] as const] : []),
    ...(repeatPenalty !== 1 ? [["repeatPenalty", repeatPenalty, 1] as const] : []),
  ];
  const [first] = unsent;
  if (!first) return;
  const [name, value] = first;
  throw new StudyError(`${settings.address}: OpenAI's own servers know no ${name} (${value})`, {
    hint: `give the model ${unsent.map(([each, , off]) => `\`${each}: ${off}\``).join(" and ")} of its own`,
  });
}

const Usage = z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish();

/** Of completions the first, of chat the second; llama.cpp's server gives the second for both. */
const Logprobs = z
  .looseObject({
    token_logprobs: z.array(z.number().nullable()).nullish(),
    content: z.array(z.looseObject({ logprob: z.number() })).nullish(),
  })
  .nullish();

const Completion = z.looseObject({
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        message: z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
        logprobs: Logprobs,
      }),
    )
    .min(1),
  usage: Usage,
});

/** What a reply says; throws Trouble when it is none. */
export function writtenOf(value: unknown, settings: ModelSettings): Omit<Written, "ms" | "at"> {
  const parsed = Completion.safeParse(value);
  const choice = parsed.data?.choices[0];
  const raw = choice?.message?.refusal ?? (settings.api === "chat" ? choice?.message?.content : choice?.text);
  if (!parsed.success || raw === undefined || raw === null) {
    throw new Trouble("the reply is not what a server of this protocol gives");
  }
  const refused = choice?.finish_reason === "content_filter" || choice?.message?.refusal;
  return {
    raw,
    end: refused ? "refused" : choice?.finish_reason === "length" ? "limit" : "stop",
    tokens: {
      prompt: parsed.data.usage?.prompt_tokens ?? 0,
      generated: parsed.data.usage?.completion_tokens ?? 0,
    },
    ...logProbabilitiesOf(choice?.logprobs),
    served: parsed.data.model ?? undefined,
  };
}

function logProbabilitiesOf(
  logprobs: z.infer<typeof Logprobs>,
): Pick<Written, "logProbabilities"> | undefined {
  const told = logprobs?.token_logprobs ?? logprobs?.content?.map(({ logprob }) => logprob) ?? [];
  const logProbabilities = told.filter((each) => each !== null);
  return logProbabilities.length > 0 ? { logProbabilities } : undefined;
}

const Piece = z.looseObject({
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        delta: z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: Usage,
});

/**
 * A reply that comes piece by piece, put together to what would have come at once; `onText` hears each piece. Throws
 * Trouble where the stream ends before the reply does.
 */
export async function streamedReply(
  ask: (streamed: Readonly<Record<string, unknown>>) => PromiseLike<unknown>,
  onText: (added: string) => void,
): Promise<unknown> {
  const stream = await ask({ stream: true, stream_options: { include_usage: true } });
  let [text, refusal] = ["", ""];
  let [model, finish, usage]: [string?, string?, z.infer<typeof Usage>?] = [];
  let pieces = 0;
  for await (const each of stream as AsyncIterable<unknown>) {
    const piece = Piece.safeParse(each).data;
    if (!piece) throw new Trouble("the reply is not what a server of this protocol gives");
    const [choice] = piece.choices;
    const added = choice?.text ?? choice?.delta?.content ?? "";
    text += added;
    refusal += choice?.delta?.refusal ?? "";
    model = piece.model ?? model;
    finish = choice?.finish_reason ?? finish;
    usage = piece.usage ?? usage;
    if (added !== "") {
      pieces += 1;
      onText(added);
    }
  }
  if (finish === undefined) throw new Trouble("the stream broke off");
  return {
    model,
    choices: [
      {
        text,
        message: { content: text, ...(refusal !== "" && { refusal }) },
        finish_reason: finish,
      },
    ],
    // A server that does not count sends a token a piece.
    usage: usage ?? { prompt_tokens: 0, completion_tokens: pieces },
  };
}
