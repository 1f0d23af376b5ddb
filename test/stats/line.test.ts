import { expect, test } from "vitest";
import { slopeDifference, slopeOf } from "../../src/stats/line.ts";
import { studentTwoSided } from "../../src/stats/student-t.ts";
import reference from "../fixtures/stats/slopes.json" with { type: "json" };
import { expectClose } from "./close.ts";

test.each(["cars", "mtcars"] as const)("the slope of a line matches R's lm: %s", (name) => {
  const { x, y, slope, interval } = reference[name];
  const found = slopeOf(x, y)!;
  expectClose(found.estimate, slope[0]!, 11);
  expectClose(found.standardError, slope[1]!, 11);
  expectClose(found.interval.low, interval[0]!, 10);
  expectClose(found.interval.high, interval[1]!, 10);
  // The fixture has fifteen decimals, and these numbers are small.
  expect(Math.abs(found.p - slope[3]!)).toBeLessThan(1e-14);
});

test("two slopes are compared with Welch's degrees of freedom", () => {
  const [one, other] = [
    slopeOf(reference.cars.x, reference.cars.y)!,
    slopeOf(reference.mtcars.x, reference.mtcars.y)!,
  ];
  const difference = slopeDifference(one, other);
  expectClose(difference.estimate, one.estimate - other.estimate);
  const [a, b] = [one.standardError ** 2, other.standardError ** 2];
  expectClose(difference.degrees, (a + b) ** 2 / (a ** 2 / 48 + b ** 2 / 30));
  expectClose(difference.p, studentTwoSided(difference.estimate / Math.sqrt(a + b), difference.degrees));
});

test("two points, or equal x values, give no line", () => {
  expect(slopeOf([1, 2], [1, 2])).toBeUndefined();
  expect(slopeOf([1, 1, 1], [1, 2, 3])).toBeUndefined();
  expect(slopeOf([1, 2, 3], [2, 4, 6])).toMatchObject({ estimate: 2, p: 0 });
  expect(slopeOf([1, 2, 3], [4, 4, 4])).toMatchObject({ estimate: 0, p: 1 });
  expect(() => slopeOf([1, 2, 3], [1, 2])).toThrow(new RangeError("y: 2 entries, expected 3"));
});
