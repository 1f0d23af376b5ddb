import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { type TrendData, trend } from "../../src/stats/trend.ts";
import reference from "../fixtures/stats/slopes.json" with { type: "json" };
import { expectClose } from "./close.ts";

const { reader, text, level, value, slope, variances } = reference.ratings;
const rated: TrendData = {
  levels: level,
  values: value,
  units: text,
  within: reader,
  clusters: [reader, text],
};

test("the slope within readers, and its error clustered by reader and by text, match R", () => {
  const found = trend(rated, { permutations: 99 }, randomFrom(1))!;
  expectClose(found.estimate, slope[0]!, 11);
  const [byReader, byText, both] = variances as [number, number, number];
  expectClose(found.standardError ** 2, Math.max(byReader, byText, byReader + byText - both), 10);
  expect(found).toMatchObject({ degrees: 5, clusters: [6, 10], observations: 56 });
});

/** Texts at five levels, each rated by the same readers; text effects are shared by all readers. */
function ratings(rise: number, seed: number): TrendData {
  const random = randomFrom(seed, "ratings");
  const readers = Array.from({ length: 12 }, () => random.normal());
  const rows = Array.from({ length: 20 }, (_, unit) => {
    const peculiar = random.normal();
    return readers.map((taste, at) => ({
      at,
      unit,
      level: unit % 5,
      value: rise * (unit % 5) + taste + peculiar + random.normal(),
    }));
  }).flat();
  return {
    levels: rows.map((row) => row.level),
    values: rows.map((row) => row.value),
    units: rows.map(({ unit }) => unit),
    within: rows.map(({ at }) => at),
    clusters: [rows.map(({ at }) => at), rows.map(({ unit }) => unit)],
  };
}

test("a trend is found; if only texts differ, none is found in 19 of 20 studies", () => {
  expect(trend(ratings(1, 3), { permutations: 199 }, randomFrom(3))!.p).toBeLessThan(0.02);
  const studies = 300;
  const found = Array.from(
    { length: studies },
    (_, seed) => trend(ratings(0, 100 + seed), { permutations: 99 }, randomFrom(seed))!,
  );
  // Fifteen are expected, and more than 27 have a probability of .001. A test that treats ratings as independent would find about a hundred.
  expect(found.filter(({ p }) => p <= 0.05).length).toBeLessThanOrEqual(27);
  const covered = found.filter(({ interval: { low, high } }) => low <= 0 && high >= 0).length;
  expect(covered / studies).toBeGreaterThan(0.92);
});

test("one level has no trend, and one reader gives no error", () => {
  const two = { levels: [0, 0, 0], values: [1, 2, 3], units: [0, 1, 2], clusters: [[0, 1, 2]] };
  expect(trend(two, {}, randomFrom(1))).toBeUndefined();
  const alone = {
    levels: [0, 1, 2],
    values: [1, 2, 3],
    units: [0, 1, 2],
    clusters: [
      ["a", "a", "a"],
      [0, 1, 2],
    ],
  };
  const found = trend(alone, { permutations: 99 }, randomFrom(1))!;
  expect(found).toMatchObject({ estimate: 1, standardError: Infinity, degrees: 0 });
  expect(() => trend({ ...alone, units: [0, 0, 1] }, {}, randomFrom(1))).toThrow(
    new RangeError("the unit 0 has two levels or two blocks"),
  );
});
