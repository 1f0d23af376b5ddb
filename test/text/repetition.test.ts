import { expect, test } from "vitest";
import { distinctN, functionWordShare, pronounShare, seqRepN } from "../../src/text/repetition.ts";

test("distinct-n counts distinct runs over all runs", () => {
  expect(distinctN("I love you, I love him")).toBeCloseTo(4 / 6, 12);
  expect(distinctN("I love you, I love him", 2)).toBeCloseTo(4 / 5, 12);
  expect(distinctN("one two", 3)).toBe(1);
  expect(distinctN("")).toBe(1);
});

test("seq-rep-4 is 0 for a varied text and near 1 for a loop", () => {
  expect(seqRepN("every word here stands once alone")).toBe(0);
  expect(seqRepN("and then he said that ".repeat(20))).toBeCloseTo(1 - 5 / 97, 12);
});

test("pronouns are counted in contractions, in any case, with either apostrophe", () => {
  expect(pronounShare("I'm HERS; she’d tell him nothing herself.")).toBeCloseTo(5 / 7, 12);
  expect(pronounShare("")).toBe(0);
});

test("word salad has more pronouns than a story", () => {
  const story = "The bus to Gdańsk was late, so Marta shared her orange with the stranger who had none.";
  const salad = "And he said to me that I was his and he was mine and she told him that it was me.";
  expect(pronounShare(story)).toBeLessThan(0.2);
  expect(pronounShare(salad)).toBeGreaterThan(0.33);
  expect(functionWordShare(salad)).toBeGreaterThan(0.69);
  expect(functionWordShare(story)).toBeLessThan(0.6);
});

test("a million words in a loop and a line without words do not fail", () => {
  expect(distinctN("love ".repeat(1_000_000))).toBe(1e-6);
  expect(pronounShare("!".repeat(10_000_000))).toBe(0);
});
