import { expect, test } from "vitest";
import { countsBefore, Generation } from "../../src/study/generation.ts";

const attempt = (number: number, chosen?: boolean): Generation =>
  Generation.parse({
    id: `a/b/c/${number}`,
    story: "c",
    title: "C",
    model: { address: "echo:", hash: "h" },
    prompt: { template: "b", hash: "h", text: "Title: C" },
    examples: [],
    seed: number,
    attempt: number,
    ...(chosen !== undefined && { chosen }),
    settings: {
      temperature: 1,
      topP: 1,
      topK: 0,
      minP: 0,
      repeatPenalty: 1,
      leastTokens: 0,
      mostTokens: 9,
    },
    outcome: "text",
    text: "x",
    raw: "x",
    tokens: { prompt: 1, generated: 1 },
    ms: 0,
    at: "",
  });

const counting = (tried: readonly Generation[]): number =>
  tried.reduce((best, next) => (countsBefore(next, best) ? next : best)).attempt;

test("the attempt that was chosen counts, and the last one where none was", () => {
  expect(counting([attempt(1), attempt(2), attempt(3)])).toBe(3);
  expect(counting([attempt(1, false), attempt(2, true), attempt(3, false)])).toBe(2);
  expect(counting([attempt(3, false), attempt(1, true), attempt(2, false)])).toBe(1);
});
