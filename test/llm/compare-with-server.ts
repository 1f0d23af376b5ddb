import type { Token } from "node-llama-cpp";
import { batchEvaluatorOf } from "../../src/llm/llama/batch-evaluator.ts";
import { type ChatMessage, renderedChat } from "../../src/llm/llama/chat.ts";
import { promptTokens } from "../../src/llm/llama/continue-in-step.ts";
import { loadedModel, openContext } from "../../src/llm/llama/loading.ts";
import { readTable } from "../../src/tables/tables.ts";

/** The result of comparing a chat prompt here and in llama.cpp's own server. */
export interface Compared {
  readonly prompts: number;
  /** Prompts with the same tokens. */
  readonly sameTokens: number;
  /** Tokens that the server wrote, all of them scored here too. */
  readonly written: number;
  /** Positions whose likeliest token is compared: the server's first two differ by more than `margin`. */
  readonly clear: number;
  /** Of these, positions with another likeliest token here. */
  readonly otherToken: number;
  /** The largest difference of a log-probability, over the server's five likeliest tokens at each position. */
  readonly furthest: number;
}

/** Smaller differences may change sign by rounding. */
const margin = 2e-3;

/**
 * Prompts through the model's own chat template, here and in a server with the same file: the tokens of the prompt, then
 * the probability of each token of the server's greedy text, by teacher forcing. With
 * `fullPrecision` attention is in f32 here; the server must be started with it too.
 */
export async function comparedWithServer(
  file: string,
  base: string,
  prompts: readonly (readonly ChatMessage[])[],
  most: number,
  { fullPrecision = false } = {},
): Promise<Compared> {
  const server = base.replace(/\/v1$/, "");
  const model = await loadedModel(file);
  const context = await openContext(model, {
    file,
    threads: 1,
    flashAttention: !fullPrecision,
    sequences: 1,
    contextTokens: 2048,
  });
  const desk = batchEvaluatorOf(model, context);
  const greedy = desk.sampler();
  greedy.configure({ temperature: 0 });
  let [sameTokens, written, clear, otherToken, furthest] = [0, 0, 0, 0, 0];
  for (const messages of prompts) {
    const { prompt } = await post<{ prompt: string }>(`${server}/apply-template`, {
      messages,
      chat_template_kwargs: { enable_thinking: false },
    });
    const { tokens: theirs } = await post<{ tokens: number[] }>(`${server}/tokenize`, {
      content: prompt,
      add_special: true,
      parse_special: true,
    });
    const ours = (await renderedChat(model, messages)).tokens;
    if (JSON.stringify(await promptTokens(model, messages)) === JSON.stringify(theirs)) sameTokens++;
    const { completion_probabilities: places } = await post<{ completion_probabilities: Place[] }>(
      `${server}/completion`,
      { prompt: theirs, n_predict: most, temperature: 0, n_probs: 5, cache_prompt: false, seed: 1 },
    );
    written += places.length;
    await desk.truncate(0, 0);
    // As the server evaluates: the prompt in one batch, then one token at a time.
    let unread: readonly Token[] = ours;
    for (const { id, top_logprobs: likely } of places) {
      await desk.evaluate([
        {
          sequence: 0,
          tokens: unread,
          outputs: [unread.length - 1],
          async take(_, place) {
            for (const each of likely) {
              const here = await desk.logProbability(place, each.id as Token);
              furthest = Math.max(furthest, Math.abs(here - each.logprob));
            }
            if (likely[0]!.logprob - (likely[1]?.logprob ?? Number.NEGATIVE_INFINITY) <= margin) return;
            clear++;
            if ((await greedy.draw(place)) !== likely[0]!.id) otherToken++;
          },
        },
      ]);
      unread = [id as Token];
    }
  }
  greedy.close();
  await desk.close();
  await model.dispose();
  return { prompts: prompts.length, sameTokens, written, clear, otherToken, furthest };
}

interface Place {
  readonly id: number;
  readonly top_logprobs: readonly { readonly id: number; readonly logprob: number }[];
}

export async function post<Reply>(url: string, body: unknown): Promise<Reply> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Reply;
}

/** Chat prompts that ask for a story, with the first titles of the example. */
export async function storyPrompts(count: number): Promise<ChatMessage[][]> {
  const stories = await readTable("examples/first-study/stories.csv");
  return stories.slice(0, count).map(({ title }) => [
    { role: "system", content: "You write very short stories in plain words." },
    { role: "user", content: `Write a story of about 150 words with the title "${title}".` },
  ]);
}

/** The templates of the two kinds of models that need more than concatenated messages. */
export const oddTemplates = {
  "refuses a system message":
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>model\n' }}{% endif %}",
  "opens a thinking":
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}",
} as const;
