import { expect, test } from "vitest";
import { mean, median, quantile, standardDeviation } from "../../src/stats/quantile.ts";

test("quantiles interpolate as R's default does", () => {
  // quantile(c(1, 3, 4, 9, 20), c(.1, .25, .9)) gives 1.8, 3, 15.6.
  const values = [20, 1, 4, 3, 9];
  expect([0.1, 0.25, 0.9].map((share) => quantile(values, share))).toEqual([1.8, 3, 15.600000000000001]);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(values).toEqual([20, 1, 4, 3, 9]);
});

test("the standard deviation divides by n - 1", () => {
  expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 14);
});

test("an empty list is refused", () => {
  expect(() => quantile([], 0.5)).toThrow(new RangeError("an empty list has no quantiles"));
  expect(() => mean([])).toThrow(RangeError);
  expect(() => standardDeviation([1])).toThrow(RangeError);
  expect(() => quantile([1], 1.5)).toThrow(RangeError);
});
