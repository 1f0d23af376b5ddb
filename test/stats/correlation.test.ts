import { expect, test } from "vitest";
import { kendall, pearson, ranks, spearman } from "../../src/stats/correlation.ts";
import reference from "../fixtures/stats/correlation.json" with { type: "json" };
import { expectClose } from "./close.ts";

test.each([
  ["pearson", pearson],
  ["spearman", spearman],
  ["kendall", kendall],
] as const)("%s with ties matches R's cor.test", (name, correlation) => {
  const [value, p] = reference[name] as [number, number];
  const result = correlation(reference.x, reference.y)!;
  expectClose(result.value, value, 12);
  expectClose(result.p, p, 10);
  expect(result.pairs).toBe(11);
});

test("ties share their mean rank", () => {
  expect([...ranks([10, 20, 10, 30])]).toEqual([1.5, 3, 1.5, 4]);
});

test("too few values, or constant ones, have no correlation; a line has p = 0", () => {
  expect(pearson([1, 2], [1, 2])).toBeUndefined();
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeUndefined();
  expect(kendall([1, 2, 3], [4, 4, 4])).toBeUndefined();
  const line = pearson([1, 2, 3, 4], [2, 4, 6, 8])!;
  expect(line.value).toBeCloseTo(1, 14);
  expect(line.p).toBeLessThan(1e-14);
  expect(() => pearson([1, 2, 3], [1, 2])).toThrow(new RangeError("other: 2 entries, expected 3"));
});
