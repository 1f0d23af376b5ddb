import { expect, test } from "vitest";
import {
  nonInferioritySampleSize,
  tost,
  tostAccepts,
  tostExactP,
  tostExactSampleSize,
  tostPower,
  tostSampleSize,
} from "../../src/stats/tost.ts";

test.each([
  { n: 600, margin: 0.1, low: 261, high: 339, power: 0.9988, digits: 4 },
  { n: 600, margin: 0.05, low: 291, high: 309, power: 0.562, digits: 3 },
  { n: 300, margin: 0.1, low: 135, high: 165, power: 0.927, digits: 3 },
  { n: 300, margin: 0.05, low: 150, high: 150, power: 0.046, digits: 3 },
])("$n judgments within $margin accept $low to $high", ({ n, margin, low, high, power, digits }) => {
  expect(tostAccepts(n, { margin })).toEqual({ low, high });
  expect(tostPower(n, { margin })).toBeCloseTo(power, digits);
});

test("the accepted counts are those whose exact p is at most alpha", () => {
  const accepts = tostAccepts(300, { margin: 0.1 })!;
  for (let x = 0; x <= 300; x++) {
    expect(tostExactP(x, 300, { margin: 0.1 }) <= 0.05).toBe(x >= accepts.low && x <= accepts.high);
  }
});

test("300 and 315 of 600 have the exact p-values of the reference", () => {
  expect(tost(300, 600, { margin: 0.05 }).exactP).toBeCloseTo(0.00785, 6);
  expect(tost(315, 600, { margin: 0.05 }).exactP).toBeCloseTo(0.117143, 6);
});

test("266 of 500 is equivalent within 0.10 and not within 0.05", () => {
  expect(tostExactP(266, 500, { margin: 0.05 })).toBeCloseTo(0.222, 3);
  expect(tostExactP(266, 500, { margin: 0.1 })).toBeCloseTo(0.00119, 5);
});

test("the equivalence example of SAS's FREQ is reproduced", () => {
  const { standardError, lowerZ, upperZ, interval } = tost(228, 762, { chance: 0.28, margin: 0.1 });
  expect(standardError).toBeCloseTo(0.016588, 6);
  expect(lowerZ).toBeCloseTo(7.1865, 4);
  expect(upperZ).toBeCloseTo(-4.8701, 4);
  expect(interval.low).toBeCloseTo(0.27193, 5);
  expect(interval.high).toBeCloseTo(0.3265, 5);
});

test("sample sizes follow Chow, Shao and Wang", () => {
  expect(tostSampleSize({ chance: 0.6, margin: 0.2 })).toBeCloseTo(51.38, 2);
  expect(nonInferioritySampleSize({ truth: 0.5, chance: 0.3, margin: -0.1 })).toBeCloseTo(17.17, 2);
});

test("a power of 80 percent needs 227 judgments within 0.10 and 888 within 0.05 by the exact test", () => {
  expect([0.1, 0.05].map((margin) => tostExactSampleSize({ margin }))).toEqual([227, 888]);
});

test("larger samples keep the power of the exact sample size", () => {
  const n = tostExactSampleSize({ margin: 0.1 });
  expect(n).toBeGreaterThanOrEqual(227);
  for (let more = n; more < n + 60; more++)
    expect(tostPower(more, { margin: 0.1 })).toBeGreaterThanOrEqual(0.8);
  expect(tostPower(n - 1, { margin: 0.1 })).toBeLessThan(0.8);
});

test("tiny and empty data do not show equivalence", () => {
  expect(tost(0, 0, { margin: 0.1 })).toMatchObject({
    exactP: 1,
    normalP: 1,
    interval: { low: 0, high: 1 },
  });
  expect(tostAccepts(20, { margin: 0.1 })).toBeUndefined();
  expect(tostPower(20, { margin: 0.1 })).toBe(0);
  for (let x = 0; x <= 20; x++) expect(tostExactP(x, 20, { margin: 0.1 })).toBeGreaterThan(0.05);
});

test("all right is not equivalent to chance, and gives no NaN", () => {
  const { normalP, exactP, upperZ } = tost(20, 20, { margin: 0.1 });
  expect([normalP, exactP, upperZ]).toEqual([1, 1, Infinity]);
});

test("impossible margins are refused with the value", () => {
  expect(() => tost(1, 2, { margin: 0 })).toThrow(new RangeError("a margin must be above 0: 0"));
  expect(() => tost(1, 2, { margin: 0.1, chance: 1 })).toThrow(RangeError);
  expect(() => tost(1, 2, { margin: 0.1 }, 0.6)).toThrow(RangeError);
  expect(() => tostSampleSize({ margin: 0.1 }, { truth: 0.65 })).toThrow(
    new RangeError("no sample shows 0.65 equivalent to 0.5 within 0.1"),
  );
});
