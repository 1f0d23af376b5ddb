import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { longestCommonRun, nearDuplicates, ngramIndex, sharedNgrams } from "../../src/text/copying.ts";
import { shinglesOf } from "../../src/text/ngrams.ts";
import { termsOf } from "../../src/text/words.ts";

const random = randomFrom("copying");
const vocabulary = Array.from({ length: 400 }, (_, index) => `w${index}`);
const storyOf = (words: number, from = vocabulary) => Array.from({ length: words }, () => random.pick(from));

test("the longest common run is found despite quotes, case and punctuation", () => {
  const one = "She said: “Don’t wait for me, go home.” I waited.";
  const other = "Later – don't wait for me – go away";
  expect(longestCommonRun(one, other)).toEqual({ length: 5, text: "don't wait for me go" });
});

test("a run is common only if both texts have it", () => {
  expect(longestCommonRun("over and over and over", "not here")).toEqual({ length: 0, text: "" });
  expect(longestCommonRun("", "love")).toEqual({ length: 0, text: "" });
  expect(longestCommonRun("love", "love")).toEqual({ length: 1, text: "love" });
});

test("the longest common run agrees with dynamic programming on random texts", () => {
  for (let round = 0; round < 300; round++) {
    const few = ["a", "b", "c"];
    const [one, other] = [storyOf(random.integer(1, 30), few), storyOf(random.integer(1, 30), few)];
    let longest = 0;
    let row = new Array(other.length + 1).fill(0);
    for (const word of one) {
      row = [0, ...other.map((their, at) => (their === word ? row[at] + 1 : 0))];
      longest = Math.max(longest, ...row);
    }
    const run = longestCommonRun(one.join(" "), other.join(" "));
    expect(run.length).toBe(longest);
    expect(` ${other.join(" ")} `).toContain(longest ? ` ${run.text} ` : "");
  }
});

test("shared runs are a share of those of the first text", () => {
  expect(sharedNgrams("a b c d", "x a b c", 2)).toBeCloseTo(2 / 3, 12);
  expect(sharedNgrams("a b", "a b", 5)).toBe(1);
  expect(sharedNgrams("…", "…")).toBe(0);
});

test("a reprint with a changed word is a near duplicate, two unrelated texts are not", () => {
  const story = storyOf(90);
  const reprint = story.with(40, "other");
  const texts = [
    storyOf(90).join(" "),
    story.join(" "),
    storyOf(90).join(" "),
    `${reprint.join(", ")}!`,
    "",
    "…",
  ];
  const [pair, ...rest] = nearDuplicates(texts);
  expect(rest).toEqual([]);
  expect(pair!.slice(0, 2)).toEqual([1, 3]);
  // Three of the 88 runs contain the word: 85 in common, 91 in all.
  expect(pair![2]).toBeCloseTo(85 / 91, 12);
});

test("near duplicates are the pairs that a comparison of all pairs finds", () => {
  const seeds = Array.from({ length: 8 }, () => storyOf(30));
  const texts = Array.from({ length: 120 }, () =>
    random
      .pick(seeds)
      .map((word) => (random.next() < 0.1 ? random.pick(vocabulary) : word))
      .join(" "),
  );
  const sets = texts.map((text) => shinglesOf(termsOf(text), 3));
  for (const threshold of [0.2, 0.5, 0.8, 1]) {
    const expected: [number, number][] = [];
    sets.forEach((one, at) => {
      sets.slice(at + 1).forEach((other, next) => {
        const both = [...one].filter((run) => other.has(run)).length;
        if (both / (one.size + other.size - both) >= threshold) expected.push([at, at + 1 + next]);
      });
    });
    expect(nearDuplicates(texts, threshold).map(([one, other]) => [one, other])).toEqual(expected);
  }
});

test("the one planted pair among two thousand stories is found", () => {
  const texts = Array.from({ length: 2000 }, () => storyOf(95).join(" "));
  texts[1999] = `${texts[3]!} end`;
  expect(nearDuplicates(texts).map(([one, other]) => [one, other])).toEqual([[3, 1999]]);
});

test("an impossible threshold is refused", () => {
  for (const threshold of [0, -1, 1.1, Number.NaN]) {
    expect(() => nearDuplicates(["a"], threshold)).toThrow(RangeError);
  }
});

test("the index names the text from which most was copied", () => {
  const texts = Array.from({ length: 50 }, () => storyOf(60).join(" "));
  const index = ngramIndex(texts);
  const copied = [...texts[17]!.split(" ").slice(10, 40), ...storyOf(30)].join(" ");
  const found = index.nearest(copied)!;
  expect(found.index).toBe(17);
  // 26 whole runs of five in 30 copied words, of 56 in 60.
  expect(found.share).toBeCloseTo(26 / 56, 12);
  expect(index.nearest("never said before by anyone")).toBeUndefined();
  expect(index.nearest("")).toBeUndefined();
});

test("a hundred thousand equal words are compared quickly", () => {
  const long = "love ".repeat(100_000);
  expect(longestCommonRun(long, long).length).toBe(100_000);
});
