import { expect, test } from "vitest";
import { permuteOrigins } from "../../src/stats/permutation.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { simulateStudy, usualSpread } from "../../src/stats/simulate-study.ts";

/** Four stories, each judged twice; the two human ones always called human. */
const perfect = {
  readers: ["a", "a", "a", "a", "b", "b", "b", "b"],
  stories: [1, 2, 3, 4, 1, 2, 3, 4],
  origins: ["human", "human", "machine", "machine", "human", "human", "machine", "machine"],
  correct: [true, true, true, true, true, true, true, true],
} as const;

test("four stories have six labellings, two of them as far out: p comes near a third", () => {
  const { youden, p } = permuteOrigins(perfect, { draws: 20_000 }, randomFrom(1));
  expect(youden).toBe(1);
  expect(p).toBeCloseTo(1 / 3, 1.6);
});

test("origins change places only inside a block", () => {
  const within = ["x", "y", "x", "y", "x", "y", "x", "y"];
  const { p } = permuteOrigins(perfect, { within, draws: 20_000 }, randomFrom(1));
  // Two blocks of one human and one machine story: four labellings, two of them as far out.
  expect(p).toBeCloseTo(1 / 2, 1.6);
});

test("the same seed gives the same p", () => {
  const study = simulateStudy({ readers: 20, stories: 12, each: 6, variances: usualSpread }, randomFrom(4));
  const one = permuteOrigins(study, { draws: 500 }, randomFrom(5));
  expect(permuteOrigins(study, { draws: 500 }, randomFrom(5))).toEqual(one);
});

test("the order of judgments moves nothing", () => {
  const study = simulateStudy({ readers: 20, stories: 12, each: 6, variances: usualSpread }, randomFrom(4));
  const within = Array.from(study.stories, (story) => `title ${Number(story) % 3}`);
  const order = randomFrom(8).shuffle([...within.keys()]);
  const mixed = {
    readers: order.map((at) => study.readers[at]!),
    stories: order.map((at) => study.stories[at]!),
    origins: order.map((at) => study.origins[at]!),
    correct: order.map((at) => study.correct[at]!),
  };
  for (const blocks of [undefined, within]) {
    const one = permuteOrigins(study, { draws: 500, ...(blocks && { within: blocks }) }, randomFrom(5));
    const other = permuteOrigins(
      mixed,
      { draws: 500, ...(blocks && { within: order.map((at) => blocks[at]!) }) },
      randomFrom(5),
    );
    expect(other).toEqual(one);
  }
});

test("skill is found", () => {
  const plan = {
    readers: 40,
    stories: 40,
    each: 20,
    variances: usualSpread,
    humanAccuracy: 0.7,
    machineAccuracy: 0.7,
  };
  const { p } = permuteOrigins(simulateStudy(plan, randomFrom(6)), { draws: 999 }, randomFrom(7));
  expect(p).toBe(0.001);
});

test("no judgments and one class have p = 1", () => {
  const nothing = { readers: [], stories: [], origins: [], correct: [] };
  expect(permuteOrigins(nothing, {}, randomFrom(1))).toEqual({ youden: 0, p: 1, draws: 0 });
  const human = { readers: ["a"], stories: ["s"], origins: ["human"], correct: [true] } as const;
  expect(permuteOrigins(human, {}, randomFrom(1)).p).toBe(1);
});

test("a story in two blocks is told", () => {
  const within = ["x", "x", "x", "x", "y", "x", "x", "x"];
  expect(() => permuteOrigins(perfect, { within }, randomFrom(1))).toThrow(
    new RangeError("the story 1 has two blocks"),
  );
  expect(() => permuteOrigins(perfect, { draws: 0 }, randomFrom(1))).toThrow(RangeError);
});
