import { expect, test } from "vitest";
import { nmf } from "../../src/stats/nmf.ts";
import { randomFrom } from "../../src/stats/random.ts";

test("rows that mix two topics are separated into them", () => {
  const random = randomFrom(1, "planted");
  const planted = [
    [0.5, 0.3, 0.2, 0, 0, 0],
    [0, 0, 0, 0.2, 0.3, 0.5],
  ];
  const shares = Array.from({ length: 40 }, () => random.next());
  const rows = shares.map((share) =>
    planted[0]!.map((value, at) => share * value + (1 - share) * planted[1]![at]!),
  );
  const { topics, weights, loss } = nmf(rows, 2, randomFrom(2, "start"), 2000);
  const first = topics[0]![0]! > topics[1]![0]! ? 0 : 1;
  for (const [at, row] of weights.entries()) expect(Math.abs(row[first]! - shares[at]!)).toBeLessThan(0.05);
  for (const topic of topics) expect(topic.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
  for (let round = 1; round < loss.length; round++)
    expect(loss[round]!).toBeLessThanOrEqual(loss[round - 1]! + 1e-9);
  expect(loss.at(-1)!).toBeLessThan(0.01);
});

test("the same random stream gives the same topics", () => {
  const rows = [
    [1, 2, 0],
    [0, 1, 3],
    [2, 0, 1],
  ];
  expect(nmf(rows, 2, randomFrom(3))).toEqual(nmf(rows, 2, randomFrom(3)));
});

test.each([
  [[], 2, /the matrix is empty/],
  [[[1, -1]], 1, /must be 0 or more/],
  [[[1]], 0, /at least 1/],
])("%j in %i topics is refused", (rows, count, message) => {
  expect(() => nmf(rows, count, randomFrom(1))).toThrow(message);
});
