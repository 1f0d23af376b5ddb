import { expect, test } from "vitest";
import { benjaminiHochberg, holm } from "../../src/stats/multiple-tests.ts";

// p.adjust(c(.01, .04, .03, .005, .5), "holm") and "BH" in R.
const p = [0.01, 0.04, 0.03, 0.005, 0.5];

test("Holm's adjusted p-values match R", () => {
  const expected = [0.04, 0.09, 0.09, 0.025, 0.5];
  for (const [at, adjusted] of holm(p).entries()) expect(adjusted).toBeCloseTo(expected[at]!, 14);
});

test("Benjamini and Hochberg's adjusted p-values match R", () => {
  const expected = [0.025, 0.05, 0.05, 0.025, 0.5];
  for (const [at, adjusted] of benjaminiHochberg(p).entries())
    expect(adjusted).toBeCloseTo(expected[at]!, 14);
});

test("no tests need no correction, and no p-value exceeds 1", () => {
  expect(holm([])).toEqual([]);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(() => holm([1.2])).toThrow(new RangeError("a p-value must be from 0 to 1: 1.2"));
});
