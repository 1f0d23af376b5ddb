import { expect, test } from "vitest";
import { readingEase, syllablesOf } from "../../src/text/readability.ts";

test("syllables are counted as pronounced", () => {
  const counts = {
    love: 1,
    loved: 1,
    wanted: 2,
    table: 2,
    tables: 2,
    handled: 2,
    whole: 1,
    boxes: 2,
    makes: 1,
    wishes: 2,
    tree: 1,
    the: 1,
    grandmother: 3,
    "mother-in-law": 4,
    happily: 3,
    café: 2,
  };
  expect(Object.fromEntries(Object.keys(counts).map((word) => [word, syllablesOf(word)]))).toEqual(counts);
});

test("reading ease follows Flesch's formula", () => {
  // Six words, one sentence, seven syllables.
  expect(readingEase("The cat sat on her table.")).toBeCloseTo(206.835 - 1.015 * 6 - 84.6 * (7 / 6), 9);
  expect(readingEase("…")).toBeUndefined();
});
