import { expect, test } from "vitest";
import { indexLabels, indexPairs } from "../../src/stats/labels.ts";

test("labels are numbered in order of first appearance", () => {
  const { index, names } = indexLabels(["b", "a", "b", 3]);
  expect([...index]).toEqual([0, 1, 0, 2]);
  expect(names).toEqual(["b", "a", 3]);
});

test("the number 1 and the name 1 are two labels", () => {
  expect(indexLabels([1, "1"]).names.length).toBe(2);
});

test("pairs are distinguished by both labels", () => {
  const pairs = indexPairs(indexLabels(["a", "a", "b", "a"]), indexLabels([1, 2, 1, 1]));
  expect([...pairs.index]).toEqual([0, 1, 2, 0]);
});
