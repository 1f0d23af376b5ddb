import { expect, test } from "vitest";
import { kMeans } from "../../src/stats/k-means.ts";
import { randomFrom } from "../../src/stats/random.ts";

test("separate groups of points are separate clusters", () => {
  const random = randomFrom(5, "clouds");
  const middles = [
    [0, 0, 9],
    [9, 0, 0],
    [0, 9, 0],
    [9, 9, 9],
  ];
  const points = middles.flatMap((middle) =>
    Array.from({ length: 25 }, () => middle.map((value) => value + random.normal())),
  );
  const { of, centres, squares } = kMeans(points, 4, randomFrom(5));
  for (const [at] of middles.entries()) expect(new Set(of.slice(25 * at, 25 * (at + 1))).size).toBe(1);
  expect(new Set(of).size).toBe(4);
  // Three dimensions with variance 1.
  expect(squares / 300).toBeGreaterThan(0.7);
  expect(squares / 300).toBeLessThan(1.3);
  for (const middle of middles) {
    const nearest = Math.min(
      ...centres.map((centre) => Math.hypot(...centre.map((c, at) => c - middle[at]!))),
    );
    expect(nearest).toBeLessThan(1);
  }
});

test("each point is in the cluster of its nearest centre, and each centre is the mean of its points", () => {
  const random = randomFrom(6, "noise");
  const points = Array.from({ length: 80 }, () => Array.from({ length: 5 }, () => random.normal()));
  const { of, centres, squares } = kMeans(points, 6, randomFrom(6));
  const far = (point: readonly number[], centre: ArrayLike<number>) =>
    point.reduce((sum, value, at) => sum + (value - centre[at]!) ** 2, 0);
  let sum = 0;
  for (const [at, point] of points.entries()) {
    const nearest = Math.min(...centres.map((centre) => far(point, centre)));
    expect(far(point, centres[of[at]!]!)).toBe(nearest);
    sum += nearest;
  }
  expect(squares).toBeCloseTo(sum, 9);
  for (const [number, centre] of centres.entries()) {
    const own = points.filter((_, at) => of[at] === number);
    for (const [at, value] of centre.entries())
      expect(own.reduce((total, point) => total + point[at]!, 0) / own.length).toBeCloseTo(value, 9);
  }
});

test("the same seed gives the same clusters; with fewer different points than clusters, each is a cluster", () => {
  const points = [[1], [1], [2], [2], [3]];
  expect([...kMeans(points, 2, randomFrom(9)).of]).toEqual([...kMeans(points, 2, randomFrom(9)).of]);
  const { of, squares } = kMeans(points, 9, randomFrom(1));
  expect(new Set(of).size).toBe(3);
  expect(squares).toBe(0);
});

test("no points, no clusters, and points of different lengths are refused", () => {
  expect(() => kMeans([], 2, randomFrom(1))).toThrow(RangeError);
  expect(() => kMeans([[1]], 0, randomFrom(1))).toThrow(
    new RangeError("the number of clusters must be at least 1: 0"),
  );
  expect(() => kMeans([[1], [1, 2]], 1, randomFrom(1))).toThrow(
    new RangeError("points must have the same length"),
  );
});
