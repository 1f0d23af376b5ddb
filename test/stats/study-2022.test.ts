import { expect, test } from "vitest";
import { binomialCdf } from "../../src/stats/binomial.ts";
import { wilson } from "../../src/stats/intervals.ts";
import { sensitivity, signalDetection } from "../../src/stats/signal-detection.ts";
import { nonInferioritySampleSize, tostExactP, tostSampleSize } from "../../src/stats/tost.ts";

test("the 2022 study's own rule is met half of the time at chance, and one time in six at 52 percent", () => {
  // 100 people who score 3 or less of 6 on average: 300 or fewer of 600.
  expect(binomialCdf(300, 600, 0.5)).toBeCloseTo(0.516, 3);
  expect(binomialCdf(300, 600, 0.52)).toBeCloseTo(0.174, 3);
});

test("its rule for each kind mixes bias with skill: 1.8 of 3 with a d' of 0", () => {
  expect(3 * 0.6).toBeCloseTo(1.8, 12);
  expect(sensitivity(0.6, 0.6)).toBe(0);
});

test("the points add up to 39 of 78, which shows nothing within any declared margin", () => {
  const points = [
    { responses: 4, mean: 2.75, points: 11 },
    { responses: 1, mean: 5, points: 5 },
    { responses: 8, mean: 2.88, points: 23 },
  ];
  for (const form of points) expect(form.responses * form.mean).toBeCloseTo(form.points, 0);
  expect(points.reduce((sum, form) => sum + form.points, 0)).toBe(39);
  expect(21 / 39).toBeCloseTo(0.5384, 3);
  expect(18 / 39).toBeCloseTo(0.4615, 3);
  const { low, high } = wilson(39, 78);
  expect(high - low).toBeGreaterThan(0.2);
  // As independent judgments 39 of 78 would just be equivalent within 0.10; clustered they are not, and not within 0.05.
  expect(tostExactP(39, 78, { margin: 0.1 })).toBeCloseTo(0.047, 2);
  expect(tostExactP(39, 78, { margin: 0.05 })).toBeGreaterThan(0.2);
  expect(
    signalDetection({ hits: 21, humanStories: 39, falseAlarms: 21, machineStories: 39 })!.youden.value,
  ).toBe(0);
});

test("sample sizes round up to 52 and 18", () => {
  expect(Math.ceil(tostSampleSize({ chance: 0.6, margin: 0.2 }))).toBe(52);
  expect(Math.ceil(nonInferioritySampleSize({ truth: 0.5, chance: 0.3, margin: -0.1 }))).toBe(18);
});
