import type { LlamaModel, Token } from "node-llama-cpp";
import { StudyError } from "../../workbench/errors.ts";
import type { BatchEvaluator } from "./batch-evaluator.ts";
import type { ModelPrompt } from "./continuation.ts";
import { promptTokens } from "./continue-in-step.ts";

export interface Scored {
  /** Tokens that were scored. */
  readonly tokens: number;
  /** Sum of their log-probabilities, natural logarithm. */
  readonly logProbability: number;
  /** exp(-logProbability / tokens): how many tokens the model wavers between, on average. */
  readonly perplexity: number;
  readonly byToken: readonly { readonly text: string; readonly logProbability: number }[];
}

/** How likely a model finds a text after what stands `before` it: each token given those that are there. */
export async function scored(desk: BatchEvaluator, text: string, before: ModelPrompt): Promise<Scored> {
  const { model } = desk;
  const head = await headOf(model, before);
  const tokens = model.tokenize(text);
  const all = [...head, ...tokens];
  if (all.length > desk.contextTokens) {
    throw new StudyError(
      `a text of ${all.length} tokens is longer than the ${desk.contextTokens} that the model holds`,
      { hint: "shorten it" },
    );
  }
  const byPlace: number[] = [];
  await desk.forget(0, 0);
  await desk.readOn([
    {
      sequence: 0,
      tokens: all.slice(0, -1),
      asked: all.slice(0, -1).flatMap((_, at) => (at + 1 < head.length ? [] : [at])),
      async take(at, place) {
        byPlace[at + 1 - head.length] = await desk.logProbability(place, all[at + 1]!);
      },
    },
  ]);
  // A text whose first token has nothing before it begins to be scored at its second.
  const first = head.length === 0 ? 1 : 0;
  const byToken = tokens
    .slice(first)
    .map((token, at) => ({ text: model.detokenize([token]), logProbability: byPlace[at + first]! }));
  const logProbability = byToken.reduce((sum, each) => sum + each.logProbability, 0);
  return {
    tokens: byToken.length,
    logProbability,
    perplexity: Math.exp(-logProbability / byToken.length),
    byToken,
  };
}

/** With nothing before it the model's beginning-of-text stands there, or its end-of-text where it has no other. */
async function headOf(model: LlamaModel, before: ModelPrompt): Promise<readonly Token[]> {
  if (typeof before !== "string") return promptTokens(model, before);
  const given = before === "" ? [] : model.tokenize(before);
  const start = model.tokens.bos ?? model.tokens.eos;
  return given.length > 0 ? given : start === null ? [] : [start];
}
