import { expect, test } from "vitest";
import { fitOrdinal } from "../../src/stats/ordinal.ts";
import reference from "../fixtures/stats/regressions.json" with { type: "json" };

const design = reference.rating.map((_, at) => [reference.origin[at]!, reference.order[at]!]);

function fitted(clusters: number[][]) {
  const result = fitOrdinal(design, reference.rating, clusters);
  if (!result.fitted) throw new Error(result.reason);
  return result;
}

test("the proportional-odds model matches MASS's polr", () => {
  const result = fitted([]);
  expect(result.categories).toEqual([1, 2, 3, 4, 5]);
  for (const [at, value] of reference.ordinal.entries())
    expect(result.coefficients[at]).toBeCloseTo(value, 5);
  for (const [at, value] of reference.thresholds.entries())
    expect(result.thresholds[at]).toBeCloseTo(value, 5);
  for (const [at, value] of reference.ordinalErrors.entries())
    expect(result.standardErrors[at]).toBeCloseTo(value, 5);
  expect(result.logLikelihood).toBeCloseTo(reference.ordinalLikelihood[0]!, 7);
  expect(result.degrees).toBe(Infinity);
});

test("errors clustered by reader, and by reader and story, match R's sandwich", () => {
  const byReader = fitted([reference.reader]);
  const byBoth = fitted([reference.reader, reference.story]);
  for (const [at, value] of reference.byReader.entries())
    expect(byReader.clusteredErrors[at]).toBeCloseTo(value, 4);
  for (const [at, value] of reference.byBoth.entries()) {
    // Ours is never below one way alone, where a sum and difference of variances can fall.
    const floored = Math.max(value, reference.byReader[at]!, reference.byStory[at]!);
    expect(byBoth.clusteredErrors[at]).toBeCloseTo(floored, 4);
  }
  expect(byBoth.clusteredErrors[1]).toBeCloseTo(reference.byBoth[1]!, 4);
  expect(byReader.degrees).toBe(17);
  expect(byBoth.degrees).toBe(13);
});

test("nothing, one rating, separation and one cluster have a reason", () => {
  expect(fitOrdinal([], [])).toEqual({ fitted: false, reason: "there are no ratings" });
  expect(fitOrdinal([[1], [2]], [3, 3])).toEqual({ fitted: false, reason: "all ratings are alike" });
  expect(fitOrdinal([[0], [0], [1], [1]], [1, 1, 2, 2])).toEqual({
    fitted: false,
    reason: "the predictors separate the ratings, so that no finite estimate exists",
  });
  expect(fitOrdinal([[0], [1], [0]], [1, 2, 3], [["a", "a", "a"]])).toMatchObject({ fitted: false });
  expect(() => fitOrdinal([[0]], [1, 2])).toThrow(new RangeError("design: 1 entries beside 2"));
});
