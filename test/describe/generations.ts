import type { Generation } from "../../src/study/generation.ts";

/** An attempt of a model that only pretends, at the title of the story `bus`. */
export function generationOf(id: string, text: string, examples: string[] = []): Generation {
  return {
    id,
    story: "bus",
    title: "The tall one",
    model: { address: "echo:", hash: "", pretend: true },
    prompt: { template: "one-shot", hash: "", text: "" },
    examples,
    seed: 1,
    attempt: 1,
    settings: {
      temperature: 1,
      topP: 1,
      topK: 0,
      minP: 0,
      repeatPenalty: 1,
      leastTokens: 0,
      mostTokens: 200,
    },
    outcome: text ? "text" : "failed",
    text,
    raw: text,
    tokens: { prompt: 1, generated: 1 },
    ms: 1,
    at: "2022-11-30T00:00:00.000Z",
  };
}
