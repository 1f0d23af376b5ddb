import { expect, test } from "vitest";
import { conditionName, Generation, isPreferred } from "../../src/study/generation.ts";
import { generationOf } from "../helpers/generations.ts";

const attempt = (number: number, chosen?: boolean): Generation =>
  Generation.parse(generationOf({ attempt: number, ...(chosen !== undefined && { chosen }) }));

const selected = (tried: readonly Generation[]): number =>
  tried.reduce((best, next) => (isPreferred(next, best) ? next : best)).attempt;

test("the chosen attempt counts, or the last one if none was chosen", () => {
  expect(selected([attempt(1), attempt(2), attempt(3)])).toBe(3);
  expect(selected([attempt(1, false), attempt(2, true), attempt(3, false)])).toBe(2);
  expect(selected([attempt(3, false), attempt(1, true), attempt(2, false)])).toBe(1);
});

test("a condition is named by the model's name, or by its address without one, as in older studies", () => {
  const by = (model: Partial<Generation["model"]>) =>
    conditionName(
      Generation.parse(generationOf({ model: { address: "llama:a.gguf", hash: "0", ...model } })),
    );
  expect(by({})).toBe("llama:a.gguf one-shot");
  expect(by({ name: "twin" })).toBe("twin one-shot");
});
