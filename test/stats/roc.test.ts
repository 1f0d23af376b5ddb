import { expect, test } from "vitest";
import { binormalFit, clusteredArea, type RatedJudgments, rocPoints } from "../../src/stats/roc.ts";
import tables from "../fixtures/stats/roc.json" with { type: "json" };

/** A reader and a story for each rating. */
function rated({ human, machine }: { human: readonly number[]; machine: readonly number[] }): RatedJudgments {
  const ratings = [...human, ...machine];
  return {
    ratings,
    readers: ratings.map((_, at) => `r${at}`),
    stories: ratings.map((_, at) => `s${at}`),
    origins: ratings.map((_, at) => (at < human.length ? "human" : "machine")),
  };
}

test("the area and its error are pROC's for independent ratings", () => {
  for (const table of tables) {
    const area = clusteredArea(rated(table), { pooled: true })!;
    expect(area.value).toBeCloseTo(table.area, 9);
    // Small samples have the error of one more placement at each end.
    expect(area.standardError).toBeGreaterThanOrEqual(table.standardError - 1e-9);
    expect(area.standardError).toBeLessThan(table.standardError * 1.06);
  }
});

test("the unequal-variance model is that of base R", () => {
  for (const table of tables) {
    const fit = binormalFit(rated(table));
    if (!fit.fitted) throw new Error(fit.reason);
    expect(fit.logLikelihood).toBeCloseTo(table.logLikelihood, 6);
    expect(fit.slope.value).toBeCloseTo(table.slope, 4);
    expect(fit.distance.value).toBeCloseTo(table.distance, 4);
    expect(fit.slope.interval.low).toBeLessThan(table.slope);
    expect(fit.slope.interval.high).toBeGreaterThan(table.slope);
  }
});

test("the mean reader's area does not depend on how readers use the scale; the pooled one does", () => {
  const judgments: RatedJudgments = {
    readers: ["a", "a", "a", "a", "b", "b", "b", "b"],
    stories: ["h1", "h2", "m1", "m2", "h1", "h2", "m1", "m2"],
    origins: ["human", "human", "machine", "machine", "human", "human", "machine", "machine"],
    ratings: [2, 3, 1, 2, 12, 13, 11, 12],
  };
  // Within each reader 3 of 4 comparisons are right and one is a tie; between them only the reader decides.
  expect(clusteredArea(judgments)!.value).toBeCloseTo(0.875, 12);
  expect(clusteredArea(judgments, { pooled: true })!.value).toBeCloseTo((2 * 0.875 + 1 + 0) / 4, 12);
});

test("ratings that separate the origins do not look certain", () => {
  const area = clusteredArea(rated({ human: [5, 5, 5, 5], machine: [1, 1, 1, 1] }), { pooled: true })!;
  expect(area.value).toBe(1);
  expect(area.standardError).toBeGreaterThan(0.1);
  expect(clusteredArea(rated({ human: [1, 2], machine: [] }))).toBeUndefined();
});

test("two values, or separated ones, have no unequal-variance model, with the reason", () => {
  expect(binormalFit(rated({ human: [1, 0, 1], machine: [0, 1, 0] }))).toEqual({
    fitted: false,
    reason: "at least three different ratings are needed",
  });
  expect(binormalFit(rated({ human: [3, 3, 3], machine: [1, 1, 2] })).fitted).toBe(false);
});

test("the curve goes from no story to all stories", () => {
  const { ratings, origins } = rated({ human: [2, 3, 3], machine: [1, 2] });
  expect(rocPoints(ratings, origins)).toEqual([
    { falseAlarms: 0, hits: 0 },
    { falseAlarms: 0, hits: 2 / 3 },
    { falseAlarms: 0.5, hits: 1 },
    { falseAlarms: 1, hits: 1 },
  ]);
});
