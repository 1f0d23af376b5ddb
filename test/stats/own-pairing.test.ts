import { expect, test } from "vitest";
import { ownPairing } from "../../src/stats/own-pairing.ts";
import { randomFrom } from "../../src/stats/random.ts";

/** Blocks with one item per partner; `gain` is added to the similarity to the own partner, `pull` to one partner for all. */
function drawn(seed: number, gain: number, pull = 0) {
  const random = randomFrom(seed, "pairs");
  const [blocks, partners] = [6, 5];
  const own = Array.from({ length: blocks * partners }, (_, item) => item % partners);
  const similarity = own.map((mine) =>
    Array.from(
      { length: partners },
      (_, partner) => random.normal() + (partner === mine ? gain : 0) + (partner === 0 ? pull : 0),
    ),
  );
  const block = own.map((_, item) => Math.floor(item / partners));
  return ownPairing(similarity, own, block, 199, random);
}

test("without an effect, at most 6 of a hundred tests are significant", () => {
  const trials = 2000;
  // A partner that is similar to everything is not a leak: `pull` must not count.
  const found = Array.from({ length: trials }, (_, seed) => drawn(seed, 0, 2)).filter(
    ({ p }) => p <= 0.05,
  ).length;
  expect(found / trials).toBeLessThanOrEqual(0.06);
  expect(found / trials).toBeGreaterThan(0.035); // nor is the test asleep
});

test("an effect of known size is estimated and found", () => {
  const results = Array.from({ length: 200 }, (_, seed) => drawn(seed, 0.8));
  const mean = results.reduce((sum, { excess }) => sum + excess, 0) / results.length;
  expect(Math.abs(mean - 0.8)).toBeLessThan(0.05);
  expect(results.filter(({ p }) => p <= 0.05).length).toBeGreaterThan(180);
});

test("a single partner cannot be compared", () => {
  expect(() => ownPairing([[1]], [0], ["a"], 9, randomFrom(1))).toThrow(RangeError);
});
