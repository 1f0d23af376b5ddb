import { expect, test } from "vitest";
import { cohenKappa, fleissKappa, percentAgreement } from "../../src/stats/agreement.ts";

/** Fleiss (1971) as worked on many pages: 10 units, 14 judges, 5 categories, kappa .210. */
const fleiss = [
  [0, 0, 0, 0, 14],
  [0, 2, 6, 4, 2],
  [0, 0, 3, 5, 6],
  [0, 3, 9, 2, 0],
  [2, 2, 8, 1, 1],
  [7, 7, 0, 0, 0],
  [3, 2, 6, 3, 0],
  [2, 5, 3, 2, 2],
  [6, 5, 2, 1, 0],
  [0, 2, 2, 3, 7],
];

test("the textbook example of Fleiss has kappa .210", () => {
  expect(fleissKappa(fleiss)).toBeCloseTo(0.2099, 4);
});

test("unequal numbers of judges are refused, and one category has no kappa", () => {
  expect(fleissKappa([])).toBeUndefined();
  expect(
    fleissKappa([
      [3, 0],
      [3, 0],
    ]),
  ).toBeUndefined();
  expect(() =>
    fleissKappa([
      [3, 0],
      [2, 0],
    ]),
  ).toThrow(new RangeError("unit 1 has 2 judges, expected 3"));
  expect(() => fleissKappa([[1, 0]])).toThrow(new RangeError("agreement needs two judges: 1"));
});

test("20, 5, 10 and 15 of fifty units give Cohen's kappa of .4", () => {
  const cells: [string, string, number][] = [
    ["yes", "yes", 20],
    ["yes", "no", 5],
    ["no", "yes", 10],
    ["no", "no", 15],
  ];
  const one = cells.flatMap(([label, , count]) => new Array<string>(count).fill(label));
  const other = cells.flatMap(([, label, count]) => new Array<string>(count).fill(label));
  const result = cohenKappa(one, other)!;
  expect(result.kappa).toBeCloseTo(0.4, 12);
  // The delta method by numerical derivatives in R.
  expect(result.standardError).toBeCloseTo(0.1269961, 7);
  expect(result.interval.low).toBeLessThan(0.2);
});

test("kappa of nothing and of one category throughout is undefined", () => {
  expect(cohenKappa([], [])).toBeUndefined();
  expect(cohenKappa(["a", "a"], ["a", "a"])).toBeUndefined();
  expect(cohenKappa(["a", "b"], ["a", "b"])!.kappa).toBe(1);
  expect(() => cohenKappa(["a"], [])).toThrow(new RangeError("other: 0 entries, expected 1"));
});

test("percent agreement counts pairs of judges", () => {
  expect(
    percentAgreement([
      ["a", "a", "b"],
      ["c", "c"],
    ]),
  ).toBe(0.5);
  expect(percentAgreement([["a"]])).toBeUndefined();
});
