import type { Generation } from "../../src/study/generation.ts";

/** An attempt at a title with the given properties; the others are defaults. */
export function generationOf(of: Partial<Generation> = {}): Generation {
  const text = of.text ?? "A story.";
  return {
    id: "generation",
    story: "story",
    title: "A title",
    model: { address: "llama:a-model", hash: "0" },
    prompt: { template: "one-shot", hash: "0", text: "" },
    examples: [],
    seed: 1,
    attempt: 1,
    settings: {
      temperature: 1,
      topP: 1,
      topK: 0,
      minP: 0,
      repeatPenalty: 1,
      leastTokens: 1,
      mostTokens: 200,
    },
    outcome: text ? "text" : "failed",
    text,
    raw: text,
    tokens: { prompt: 1, generated: 100 },
    ms: 1,
    at: "2026-01-01T00:00:00.000Z",
    ...of,
  };
}
