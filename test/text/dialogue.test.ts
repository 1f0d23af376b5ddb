import { expect, test } from "vitest";
import { dialogueOf, dialogueShare, dialogueWords } from "../../src/text/dialogue.ts";

test("speech is between curly or straight double quotes", () => {
  expect(dialogueOf("“Stay,” she said. “I can’t.”")).toEqual(["Stay,", "I can’t."]);
  expect(dialogueOf('"Stay," she said. "I can\'t."')).toEqual(["Stay,", "I can't."]);
  expect(dialogueOf("„Bleib“, sagte sie. «Non», dit-il.")).toEqual(["Bleib", "Non"]);
});

test("two quotations without a space between them are two", () => {
  expect(dialogueOf('"Stay.""No."')).toEqual(["Stay.", "No."]);
  expect(dialogueOf("“Stay.”“No.”")).toEqual(["Stay.", "No."]);
});

test("an unclosed quote ends at the end of its paragraph", () => {
  expect(dialogueOf("“Stay with me\n\nHe left.")).toEqual(["Stay with me"]);
  expect(dialogueOf('He left. "Stay with me')).toEqual(["Stay with me"]);
  expect(dialogueOf('"Stay. "No," he said.')).toEqual(["Stay.", "No,"]);
});

test("an apostrophe is not a quote", () => {
  expect(dialogueOf("The boys’ mother didn’t know it was ’tis or '90s.")).toEqual([]);
  expect(dialogueOf("'Tis the dogs' bowl, isn't it.")).toEqual([]);
});

test("single quotes are speech if there are no double ones", () => {
  expect(dialogueOf("‘Don’t go,’ she said. 'I won't,' I said.")).toEqual(["Don’t go,", "I won't,"]);
});

test("inches are not speech", () => {
  expect(dialogueOf("He was 5'10\" and said nothing.")).toEqual([]);
});

test("spoken words are counted by the counting rule", () => {
  expect(dialogueWords("“Stay – please,” she said.")).toBe(2);
  expect(dialogueShare("“Stay – please,” she said.")).toBe(0.5);
  expect(dialogueShare("")).toBe(0);
  expect(dialogueShare("“…”")).toBe(0);
});

test("a title in quotation marks and a scare quote are not speech", () => {
  expect(dialogueOf("She read “Emma” to the so-called “help” twice.")).toEqual([]);
  expect(dialogueOf("“Emma” he said. Then: “help”")).toEqual(["Emma", "help"]);
});

test("only quotes, lone surrogates and a long line do not fail", () => {
  expect(dialogueOf('""""""')).toEqual([]);
  expect(dialogueOf("“\uD800”")).toEqual(["\uD800"]);
  expect(dialogueWords('"a," b '.repeat(500_000))).toBe(500_000);
  expect(dialogueWords("'".repeat(5_000_000))).toBe(0);
});
