import { expect, test } from "vitest";
import { clopperPearson, wilson } from "../../src/stats/intervals.ts";

const published = [
  { x: 81, n: 263, exact: [0.252737, 0.367622], score: [0.255289, 0.36621] },
  { x: 15, n: 148, exact: [0.057844, 0.16165], score: [0.062386, 0.160487] },
  { x: 0, n: 20, exact: [0, 0.168433], score: [0, 0.161125] },
  { x: 1, n: 29, exact: [0.000873, 0.177644], score: [0.006113, 0.171755] },
] as const;

test.each(published)("$x of $n has the intervals that Newcombe (1998) printed", ({ x, n, exact, score }) => {
  const pearson = clopperPearson(x, n);
  const wilsons = wilson(x, n);
  expect(pearson.low).toBeCloseTo(exact[0], 6);
  expect(pearson.high).toBeCloseTo(exact[1], 6);
  expect(wilsons.low).toBeCloseTo(score[0], 6);
  expect(wilsons.high).toBeCloseTo(score[1], 6);
});

test("682 of 925 has the exact interval of R's binom.test", () => {
  const { low, high } = clopperPearson(682, 925);
  expect(low).toBeCloseTo(0.707668, 6);
  expect(high).toBeCloseTo(0.765407, 6);
});

test("without trials the interval is 0 to 1", () => {
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 });
});

test("all right and all wrong reach the ends and are mirror images", () => {
  for (const interval of [wilson, clopperPearson]) {
    expect(interval(20, 20).high).toBe(1);
    expect(interval(0, 20).low).toBe(0);
    expect(interval(20, 20).low).toBeCloseTo(1 - interval(0, 20).high, 14);
  }
});

test("the intervals of a hundred thousand judgments are precise", () => {
  const { low, high } = clopperPearson(50_000, 100_000);
  expect(low + high).toBeCloseTo(1, 13);
  expect(high - low).toBeCloseTo(2 * 1.959964 * Math.sqrt(0.25 / 100_000), 4);
});

test("impossible counts and levels are refused with the value", () => {
  expect(() => wilson(3, 2)).toThrow(new RangeError("successes must be a whole number from 0 to 2: 3"));
  expect(() => wilson(1.5, 2)).toThrow(RangeError);
  expect(() => clopperPearson(1, -2)).toThrow(new RangeError("trials must be a whole number from 0: -2"));
  expect(() => clopperPearson(1, 2, 95)).toThrow(
    new RangeError("a confidence level must be between 0 and 1: 95"),
  );
});
