import { expect, test } from "vitest";
import { fSurvival } from "../../src/stats/f-distribution.ts";
import { studentTwoSided } from "../../src/stats/student-t.ts";

// pf(f, numerator, denominator, lower.tail = FALSE) in R.
test.each([
  [2.3, 1, 13, 0.15330856402],
  [4.1, 3, 9.5, 0.0409222980288],
  [0.2, 2, 30, 0.81981350194],
  [60, 1, 5, 0.000573245142039],
])("P(F >= %d) with %d and %d degrees of freedom is R's", (f, numerator, denominator, p) => {
  expect(fSurvival(f, numerator, denominator) / p).toBeCloseTo(1, 10);
});

test("with one numerator degree it is Student's t, and impossible arguments are refused", () => {
  expect(fSurvival(2.1 ** 2, 1, 17)).toBeCloseTo(studentTwoSided(2.1, 17), 12);
  expect(fSurvival(0, 3, 4)).toBe(1);
  expect(() => fSurvival(-1, 1, 1)).toThrow(new RangeError("F must be 0 or more: -1"));
  expect(() => fSurvival(1, 0, 1)).toThrow(RangeError);
});
