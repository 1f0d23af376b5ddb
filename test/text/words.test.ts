import { expect, test } from "vitest";
import { countWords, termsOf } from "../../src/text/words.ts";

test("a word needs a letter or a digit of any script", () => {
  expect(countWords("He’s 7 – and she … ❤️ is 42% אהבה mother-in-law")).toBe(8);
  expect(countWords("愛してる 1️⃣ !!! \uD800")).toBe(2);
  expect(countWords("")).toBe(0);
});

test("terms ignore case, quotes and punctuation, and keep inner apostrophes and hyphens", () => {
  expect(termsOf("“Don’t,” said my MOTHER-in-law – twice. 'Cafe\u0301' 3rd")).toEqual([
    "don't",
    "said",
    "my",
    "mother-in-law",
    "twice",
    "café",
    "3rd",
  ]);
  expect(termsOf("... -- '")).toEqual([]);
});

test("ten million characters without a letter are counted in one pass", () => {
  expect(countWords("!".repeat(10_000_000))).toBe(0);
  expect(termsOf("'-".repeat(2_000_000))).toEqual([]);
});
