import { expect, test } from "vitest";
import { fitOrdinal } from "../../src/stats/ordinal.ts";
import jackknife from "../fixtures/stats/ordinal-jackknife.json" with { type: "json" };
import reference from "../fixtures/stats/regressions.json" with { type: "json" };

const design = reference.rating.map((_, at) => [reference.origin[at]!, reference.order[at]!]);

function fitted(clusters: number[][]) {
  const result = fitOrdinal(design, reference.rating, { clusters });
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
  expect([...result.degrees]).toEqual([Infinity, Infinity]);
});

test.each(["even", "uneven"] as const)(
  "clustered errors agree with the jackknife of refits by polr: %s",
  (name) => {
    const { rating, origin, reader, story, ...expected } = jackknife[name];
    const errorBy = (...clusters: number[][]) => {
      const result = fitOrdinal(
        origin.map((human) => [human]),
        rating,
        { clusters, groups: origin },
      );
      if (!result.fitted) throw new Error(result.reason);
      expect(result.coefficients[0]).toBeCloseTo(expected.estimate, 5);
      // One Newton step approximates a refit: within 2 %. No error is below that of independent ratings.
      const variance = Math.max(
        result.standardErrors[0]! ** 2,
        ...[expected.byReader, expected.byStory, expected.byBoth].slice(
          ...(clusters.length > 1 ? [0, 3] : clusters[0] === reader ? [0, 1] : [1, 2]),
        ),
      );
      expect(Math.abs(result.clusteredErrors[0]! / Math.sqrt(variance) - 1)).toBeLessThan(0.02);
      return result.degrees[0]!;
    };
    const [byReader, byStory, byBoth] = [errorBy(reader), errorBy(story), errorBy(reader, story)];
    expect(byBoth).toBe(Math.min(byReader, byStory));
    // Stories are nested in origin, and three of one kind have little more than two degrees of freedom.
    if (name === "uneven") expect(byStory).toBeLessThan(5);
  },
);

test("no data, one rating, separation and one cluster give a reason", () => {
  expect(fitOrdinal([], [])).toEqual({ fitted: false, reason: "there are no ratings" });
  expect(fitOrdinal([[1], [2]], [3, 3])).toEqual({ fitted: false, reason: "all ratings are the same" });
  expect(fitOrdinal([[0], [0], [1], [1]], [1, 1, 2, 2])).toEqual({
    fitted: false,
    reason: "the predictors separate the ratings, so there is no finite estimate",
  });
  expect(fitOrdinal([[0], [1], [0]], [1, 2, 3], { clusters: [["a", "a", "a"]] })).toMatchObject({
    fitted: false,
  });
  expect(() => fitOrdinal([[0]], [1, 2])).toThrow(new RangeError("design: 1 entries, expected 2"));
});
