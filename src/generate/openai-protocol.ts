import { z } from "zod";
import type { ModelSettings } from "../study/settings/generate.ts";
import { type Request, targetOf, type Written } from "./model.ts";
import { Trouble } from "./retry.ts";

/** What is sent for a request. */
export function bodyOf(
  { prompt, stop, seed, sampling }: Request,
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

const Usage = z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish();

const Completion = z.looseObject({
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        message: z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
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
    served: parsed.data.model ?? undefined,
  };
}

export const officialBase = "https://api.openai.com/v1";
/** OpenAI's own servers refuse fields that they do not know. */
export const isOfficial = (base: string): boolean => new URL(base).hostname.endsWith("openai.com");
