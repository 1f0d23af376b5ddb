import { expect, test } from "vitest";
import { binomialTest } from "../../src/stats/binomial-test.ts";

test("682 of 925 against three quarters gives the p-value of R's binom.test", () => {
  expect(binomialTest(682, 925, 0.75)).toBeCloseTo(0.38249, 5);
});

test("266 of 500 is not significant", () => {
  expect(binomialTest(266, 500)).toBeCloseTo(0.166, 3);
});

test("the test is two-sided and symmetric at one half", () => {
  expect(binomialTest(0, 5)).toBeCloseTo(2 / 32, 14);
  expect(binomialTest(5, 5)).toBeCloseTo(2 / 32, 14);
  expect(binomialTest(39, 78)).toBe(1);
});

test("no trials give p = 1, and probabilities of 0 and 1 are handled", () => {
  expect(binomialTest(0, 0)).toBe(1);
  expect(binomialTest(0, 10, 0)).toBe(1);
  expect(binomialTest(1, 10, 0)).toBe(0);
  expect(() => binomialTest(3, 2)).toThrow(RangeError);
});
