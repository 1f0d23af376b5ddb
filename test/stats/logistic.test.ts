import { expect, test } from "vitest";
import { fitLogistic, logisticProbability } from "../../src/stats/logistic.ts";
import reference from "../fixtures/stats/regressions.json" with { type: "json" };
import { expectClose } from "./close.ts";

const design = reference.y.map((_, at) => [1, reference.origin[at]!, reference.order[at]!]);

test("coefficients, errors and likelihood match R's glm", () => {
  const result = fitLogistic(design, reference.y);
  if (!result.fitted) throw new Error(result.reason);
  expect(result.converged).toBe(true);
  for (const [at, value] of reference.logistic.entries()) expectClose(result.coefficients[at]!, value, 9);
  for (const [at, value] of reference.logisticErrors.entries())
    expectClose(result.standardErrors[at]!, value, 7);
  expectClose(result.logLikelihood, reference.logisticLikelihood[0]!, 10);
});

test("counts of trials are equivalent to single rows", () => {
  const single = fitLogistic(
    [
      [1, 0],
      [1, 0],
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    [1, 0, 1, 1, 0],
  );
  const counted = fitLogistic(
    [
      [1, 0],
      [1, 1],
    ],
    [1, 2],
    { trials: [2, 3] },
  );
  if (!single.fitted || !counted.fitted) throw new Error("no fit");
  expectClose(counted.coefficients[1]!, single.coefficients[1]!, 10);
  expect(logisticProbability(counted.coefficients, [1, 1])).toBeCloseTo(2 / 3, 10);
});

test("separated outcomes give a reason, and with a ridge an estimate", () => {
  const rows = [
    [1, -2],
    [1, -1],
    [1, 1],
    [1, 2],
  ];
  expect(fitLogistic(rows, [0, 0, 1, 1])).toEqual({
    fitted: false,
    reason: "the predictors separate the outcomes, so there is no finite estimate",
  });
  const ridged = fitLogistic(rows, [0, 0, 1, 1], { ridge: 1 });
  if (!ridged.fitted) throw new Error(ridged.reason);
  // The penalised score is 0: sum of x (y - p) = ridge x coefficient.
  const score = rows.reduce(
    (sum, row, at) => sum + row[1]! * ((at > 1 ? 1 : 0) - logisticProbability(ridged.coefficients, row)),
    0,
  );
  expect(score).toBeCloseTo(ridged.coefficients[1]!, 6);
});

test("a steep slope with one contrary outcome is not separation", () => {
  const rows = Array.from({ length: 40 }, (_, at) => [1, at < 20 ? at - 40 : at]);
  const outcomes = rows.map((_, at) => Number(at === 19 || (at >= 20 && at !== 20)));
  const result = fitLogistic([...rows, [1, 400]], [...outcomes, 1]);
  expect(result).toMatchObject({ fitted: true, converged: true });
});

test("one kind of row that is always right is separation, even if the others are not", () => {
  const rows = Array.from({ length: 300 }, (_, at) => [1, Number(at < 100)]);
  const outcomes = rows.map((row, at) => (row[1] === 1 ? 1 : at % 2));
  expect(fitLogistic(rows, outcomes)).toEqual({
    fitted: false,
    reason: "the predictors separate the outcomes, so there is no finite estimate",
  });
});

test("dependent predictors, identical outcomes and no data give a reason", () => {
  expect(
    fitLogistic(
      [
        [1, 2, 4],
        [1, 3, 6],
        [1, 1, 2],
        [1, 2, 4],
      ],
      [0, 1, 1, 1],
    ),
  ).toMatchObject({ fitted: false });
  expect(fitLogistic([[1], [1]], [1, 1])).toMatchObject({ fitted: false });
  expect(fitLogistic([], [])).toEqual({ fitted: false, reason: "there are no observations" });
});

test("impossible arguments are refused with the value", () => {
  expect(() => fitLogistic([[1], [1]], [1])).toThrow(new RangeError("outcomes: 1 entries, expected 2"));
  expect(() => fitLogistic([[1], [1, 2]], [1, 0])).toThrow(
    new RangeError("row 1 has 2 predictors, expected 1"),
  );
  expect(() => fitLogistic([[Number.NaN]], [1])).toThrow(RangeError);
  expect(() => fitLogistic([[1]], [1], { ridge: -1 })).toThrow(
    new RangeError("a ridge must be 0 or more: -1"),
  );
});
