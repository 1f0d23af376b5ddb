import { expect, test } from "vitest";
import { endsCutOff, sentencesOf } from "../../src/text/sentences.ts";

test("a text is split into its sentences, in order", () => {
  expect(sentencesOf("We met in May.  It rained! “Why?” he asked.\n\nI laughed…")).toEqual([
    "We met in May.",
    "It rained!",
    "“Why?” he asked.",
    "I laughed…",
  ]);
});

test("titles and initials do not end a sentence, the pronoun I does", () => {
  expect(sentencesOf("Mrs. Adeyemi kissed J. Park. Dr. Wu left.")).toEqual([
    "Mrs. Adeyemi kissed J. Park.",
    "Dr. Wu left.",
  ]);
  expect(sentencesOf("Nobody knew but I. We left.")).toEqual(["Nobody knew but I.", "We left."]);
});

test("empty and blank texts have no sentences", () => {
  expect(sentencesOf("")).toEqual([]);
  expect(sentencesOf(" \n ")).toEqual([]);
});

test("no word is lost between sentences", () => {
  const text = 'He said "No." (She: "Yes!") ... \uD800 and so on. 3.5 times? 愛してる。はい。';
  expect(sentencesOf(text).join(" ").replace(/\s+/g, "")).toBe(text.replace(/\s+/g, ""));
});

test("a truncated text is distinguished from one that ends", () => {
  for (const cut of ["We met in", "We met in May,", "We met –", "“We met in May", "We met (in May)"]) {
    expect([cut, endsCutOff(cut)]).toEqual([cut, true]);
  }
  for (const whole of [
    "We met.",
    "“We met.”",
    "'We met!'",
    "(We met.)",
    "We met… ❤️",
    "“We—”",
    "愛してる。",
    "We met. 👩‍👧 \n",
    "",
  ]) {
    expect([whole, endsCutOff(whole)]).toEqual([whole, false]);
  }
});

test("long lines are split quickly", () => {
  expect(sentencesOf("We met. ".repeat(100_000))).toHaveLength(100_000);
  expect(sentencesOf("a. ".repeat(300_000))).toHaveLength(1);
  expect(endsCutOff(`a${" ".repeat(10_000_000)}`)).toBe(true);
  expect(endsCutOff("❤️".repeat(3_000_000))).toBe(true);
});
