import { expect, test } from "vitest";
import { crossedBootstrap } from "../../src/stats/bootstrap.ts";
import { clusteredMean } from "../../src/stats/clustered.ts";
import { randomFrom } from "../../src/stats/random.ts";
import reference from "../fixtures/stats/clustered.json" with { type: "json" };

const { reader: readers, story: stories, y: values } = reference;
const meanOf = (sums: Float64Array, sizes: Float64Array) => sums[0]! / sizes[0]!;

test("the crossed bootstrap's error is slightly above the clustered one, as Owen showed", () => {
  const { estimate, standardError, interval, draws } = crossedBootstrap(
    { values, readers, stories },
    meanOf,
    { draws: 4000 },
    randomFrom(1),
  )!;
  const clustered = clusteredMean(values, [readers, stories]).standardError;
  expect(estimate).toBeCloseTo(reference.mean, 12);
  expect(draws).toBe(4000);
  expect(standardError / clustered).toBeGreaterThan(0.95);
  expect(standardError / clustered).toBeLessThan(1.3);
  expect(interval.low).toBeLessThan(estimate);
  expect(interval.high).toBeGreaterThan(estimate);
});

test("a statistic of groups leaves out draws in which it is undefined", () => {
  const result = crossedBootstrap(
    {
      values: [1, 0, 1, 1],
      readers: ["a", "a", "b", "b"],
      stories: [1, 2, 1, 2],
      groups: ["h", "m", "h", "m"],
    },
    (sums, sizes) => sums[0]! / sizes[0]! + sums[1]! / sizes[1]! - 1,
    { draws: 400 },
    randomFrom(2),
  )!;
  expect(result.estimate).toBe(0.5);
  expect(result.draws).toBeLessThan(300);
  expect(result.draws).toBeGreaterThan(100);
});

test("without data there is no statistic", () => {
  expect(
    crossedBootstrap({ values: [], readers: [], stories: [] }, meanOf, {}, randomFrom(1)),
  ).toBeUndefined();
  expect(() =>
    crossedBootstrap({ values: [1], readers: [], stories: [1] }, meanOf, {}, randomFrom(1)),
  ).toThrow(new RangeError("readers: 0 entries, expected 1"));
});
