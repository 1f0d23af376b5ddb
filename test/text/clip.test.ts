import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { clipWords } from "../../src/text/clip.ts";
import { countWords } from "../../src/text/words.ts";

const story = "“I know,” she said. “You left – but you came back! Always.”";

test("a clip keeps whole words and returns how many were kept and cut", () => {
  expect(clipWords(story, 4)).toEqual({ text: "“I know,” she said …", words: 4, cut: 7 });
});

test("punctuation after the last word is removed, because it shows how the sentence continued", () => {
  expect(clipWords(story, 2).text).toBe("“I know …");
  expect(clipWords(story, 6).text).toBe("“I know,” she said. “You left …");
  expect(clipWords("one two?!…” three", 2, "").text).toBe("one two");
});

test("the ending is an argument", () => {
  expect(clipWords("one two three", 1, "…").text).toBe("one…");
});

test("a sign that belongs to a word is kept", () => {
  expect(clipWords("I gave 100%, always", 3).text).toBe("I gave 100% …");
});

test("a dash or a heart alone is not a word, and is removed at the end", () => {
  expect(clipWords("you – ❤️ and me and him", 1)).toEqual({ text: "you …", words: 1, cut: 4 });
});

test("a clip that would cut nothing is refused", () => {
  expect(() => clipWords("one two –", 2)).toThrow(
    new RangeError("a clip to 2 words needs a longer text: it has 2"),
  );
  for (const words of [0, -1, 1.5, Number.NaN]) {
    expect(() => clipWords("one two", words)).toThrow("a clip keeps at least one word");
  }
});

test("a clipped story keeps its words, whatever they are", () => {
  const random = randomFrom("clip");
  const pieces = [
    "love",
    "“don’t”",
    "–",
    "...",
    "it.",
    "❤️",
    "5%",
    "אהבה,",
    "\uD800",
    "(and)",
    "so—so",
    "'",
    "\n",
  ];
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: random.integer(3, 30) }, () => random.pick(pieces)).join(" ");
    const all = countWords(text);
    if (all < 2) continue;
    const length = random.integer(1, all - 1);
    const clip = clipWords(text, length, "");
    expect([clip.words, clip.cut, countWords(clip.text)]).toEqual([length, all - length, length]);
    const kept = clip.text.match(/\S+/g)!;
    const whole = text.match(/\S+/g)!;
    expect(kept.slice(0, -1)).toEqual(whole.slice(0, kept.length - 1));
    expect(whole[kept.length - 1]!.startsWith(kept.at(-1)!)).toBe(true);
    expect(/[.,’”'"]$/.test(clip.text)).toBe(false);
  }
});

test("a line of ten million characters is clipped in one pass", () => {
  expect(clipWords("love, ".repeat(1_700_000), 90).cut).toBe(1_699_910);
  expect(clipWords(`a${"!".repeat(5_000_000)} b`, 1).text).toBe("a …");
});
