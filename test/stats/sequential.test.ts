import { expect, test } from "vitest";
import { alphaSpent, sequentialLooks } from "../../src/stats/sequential.ts";
import reference from "../fixtures/stats/sequential.json" with { type: "json" };

test("five equally spaced looks have the published boundaries of Lan and DeMets", () => {
  const looks = sequentialLooks([0.2, 0.4, 0.6, 0.8, 1]);
  const published = [4.877, 3.357, 2.68, 2.29, 2.031];
  for (const [at, z] of published.entries()) expect(looks[at]!.z).toBeCloseTo(z, 3);
});

test("unequally spaced looks match multivariate normal probabilities", () => {
  const looks = sequentialLooks(reference.fractions);
  for (const [at, z] of reference.z.entries()) {
    expect(looks[at]!.z).toBeCloseTo(z, 5);
    expect(looks[at]!.spent).toBeCloseTo(reference.spent[at]!, 9);
  }
});

test("the last look has spent all of alpha, and a single look is the ordinary test", () => {
  expect(sequentialLooks([0.5, 1]).at(-1)!.spent).toBeCloseTo(0.05, 12);
  const [only] = sequentialLooks([1]);
  expect(only!.z).toBeCloseTo(1.959963984540054, 9);
  expect(only!.p).toBeCloseTo(0.05, 10);
  expect(sequentialLooks([1], { sides: 1 })[0]!.z).toBeCloseTo(1.6448536269514722, 9);
  expect(sequentialLooks([])).toEqual([]);
});

test("one side at half of alpha has the boundaries of two sides", () => {
  const two = sequentialLooks([0.3, 0.7, 1], { alpha: 0.05 });
  const one = sequentialLooks([0.3, 0.7, 1], { alpha: 0.025, sides: 1 });
  expect(one.at(-1)!.z).toBeCloseTo(two.at(-1)!.z, 4);
});

test("impossible fractions are refused with the value", () => {
  expect(() => sequentialLooks([0.5, 0.5])).toThrow(new RangeError("fractions must rise: 0.5, 0.5"));
  expect(() => alphaSpent(0)).toThrow(new RangeError("a fraction must be above 0 and at most 1: 0"));
  expect(() => alphaSpent(1.1)).toThrow(RangeError);
});
