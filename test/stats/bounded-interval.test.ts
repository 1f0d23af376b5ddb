import { describe, expect, test } from "vitest";
import { boundedInterval } from "../../src/stats/bounded-interval.ts";

const scale = { low: 1, high: 5 };

describe("an interval on a scale with two ends", () => {
  // By hand: the position is .9, its logit ln 9 = 2.197225, t(.975, 3) = 3.182446, half = 3.182446 x .3 / 4 / .09
  // = 2.652038; back from -.454814 and 4.849263.
  test("is asymmetric near an end, as computed by hand", () => {
    const { low, high } = boundedInterval({ estimate: 4.6, standardError: 0.3, degrees: 3 }, scale, 0.95);
    expect(low).toBeCloseTo(1 + 4 / (1 + Math.exp(0.454814)), 5);
    expect(high).toBeCloseTo(1 + 4 / (1 + Math.exp(-4.849263)), 5);
    expect(high).toBeLessThan(5);
  });

  test("is Student's in the middle of the scale", () => {
    const { low, high } = boundedInterval({ estimate: 3, standardError: 0.05, degrees: 20 }, scale, 0.95);
    expect(low).toBeCloseTo(3 - 2.085963 * 0.05, 3);
    expect(high).toBeCloseTo(3 + 2.085963 * 0.05, 3);
  });

  test("is the whole scale without information", () => {
    for (const figure of [
      { estimate: 2, standardError: Infinity, degrees: 0 },
      { estimate: 5, standardError: 0, degrees: 4 },
    ]) {
      expect(boundedInterval(figure, scale, 0.95)).toEqual(scale);
    }
  });

  test("refuses a mean outside the scale, and a scale without length", () => {
    const figure = { estimate: 6, standardError: 1, degrees: 4 };
    expect(() => boundedInterval(figure, scale, 0.95)).toThrow("the mean 6 is outside the scale from 1 to 5");
    expect(() => boundedInterval(figure, { low: 6, high: 6 }, 0.95)).toThrow("a scale must rise");
  });
});
