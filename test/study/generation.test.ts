import { expect, test } from "vitest";
import { countsBefore, Generation } from "../../src/study/generation.ts";
import { generationOf } from "../helpers/generations.ts";

const attempt = (number: number, chosen?: boolean): Generation =>
  Generation.parse(generationOf({ attempt: number, ...(chosen !== undefined && { chosen }) }));

const counting = (tried: readonly Generation[]): number =>
  tried.reduce((best, next) => (countsBefore(next, best) ? next : best)).attempt;

test("the attempt that was chosen counts, and the last one where none was", () => {
  expect(counting([attempt(1), attempt(2), attempt(3)])).toBe(3);
  expect(counting([attempt(1, false), attempt(2, true), attempt(3, false)])).toBe(2);
  expect(counting([attempt(3, false), attempt(1, true), attempt(2, false)])).toBe(1);
});
