import type { LlamaModel, Token } from "node-llama-cpp";
import { StudyError } from "../../workbench/errors.ts";
import type { BatchEvaluator } from "./batch-evaluator.ts";
import type { ModelPrompt } from "./continuation.ts";
import { promptTokens } from "./continue-in-step.ts";

export interface Scored {
  /** The number of scored tokens. */
  readonly tokens: number;
  /** Sum of their log-probabilities, natural logarithm. */
  readonly logProbability: number;
  /** exp(-logProbability / tokens): the effective number of tokens that the model chooses between. */
  readonly perplexity: number;
  readonly byToken: readonly { readonly text: string; readonly logProbability: number }[];
}

/** The log-probability of a text after `before`: each token given all earlier ones. */
export async function scored(evaluator: BatchEvaluator, text: string, before: ModelPrompt): Promise<Scored> {
  const { model } = evaluator;
  const head = await headOf(model, before);
  const tokens = model.tokenize(text);
  const all = [...head, ...tokens];
  if (all.length > evaluator.contextTokens) {
    throw new StudyError(
      `the text has ${all.length} tokens, but the model's context has ${evaluator.contextTokens}`,
      { hint: "shorten it" },
    );
  }
  const byPosition: number[] = [];
  await evaluator.truncate(0, 0);
  await evaluator.evaluate([
    {
      sequence: 0,
      tokens: all.slice(0, -1),
      outputs: all.slice(0, -1).flatMap((_, at) => (at + 1 < head.length ? [] : [at])),
      async take(at, logitsIndex) {
        byPosition[at + 1 - head.length] = await evaluator.logProbability(logitsIndex, all[at + 1]!);
      },
    },
  ]);
  // If nothing precedes the text, its first token cannot be scored.
  const first = head.length === 0 ? 1 : 0;
  const byToken = tokens
    .slice(first)
    .map((token, at) => ({ text: model.detokenize([token]), logProbability: byPosition[at + first]! }));
  const logProbability = byToken.reduce((sum, each) => sum + each.logProbability, 0);
  return {
    tokens: byToken.length,
    logProbability,
    perplexity: Math.exp(-logProbability / byToken.length),
    byToken,
  };
}

/** If nothing precedes the text: the model's beginning-of-text token, or its end-of-text token if it has no other. */
async function headOf(model: LlamaModel, before: ModelPrompt): Promise<readonly Token[]> {
  if (typeof before !== "string") return promptTokens(model, before);
  const given = before === "" ? [] : model.tokenize(before);
  const start = model.tokens.bos ?? model.tokens.eos;
  return given.length > 0 ? given : start === null ? [] : [start];
}
