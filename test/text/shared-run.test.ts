import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { longestSharedRun } from "../../src/text/shared-run.ts";

test("the longest run that occurs twice is found, also if the two overlap", () => {
  const words = "he left i am here she said i am here he stayed".split(" ");
  const { length, first } = longestSharedRun(words);
  expect(words.slice(first, first + length)).toEqual(["i", "am", "here"]);
  expect(longestSharedRun(["no", "no", "no", "no"]).length).toBe(3);
  expect(longestSharedRun(["all", "of", "these", "differ"]).length).toBe(0);
  expect(longestSharedRun("a b ".repeat(200_000).trim().split(" ")).length).toBe(399_998);
});

test("the longest run agrees with a brute-force search on random texts", () => {
  const random = randomFrom("repetition");
  for (let round = 0; round < 300; round++) {
    const words = Array.from({ length: random.integer(1, 40) }, () => random.pick(["a", "b", "c"]));
    let longest = 0;
    for (let one = 0; one < words.length; one++) {
      for (let other = one + 1; other < words.length; other++) {
        let run = 0;
        while (other + run < words.length && words[one + run] === words[other + run]) run++;
        longest = Math.max(longest, run);
      }
    }
    expect(longestSharedRun(words).length).toBe(longest);
  }
});
