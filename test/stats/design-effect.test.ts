import { expect, test } from "vitest";
import { designEffect, intraclassCorrelation } from "../../src/stats/design-effect.ts";
import reference from "../fixtures/stats/clustered.json" with { type: "json" };
import { expectClose } from "./close.ts";

test("the intraclass correlation of unbalanced clusters matches R's anova", () => {
  expectClose(intraclassCorrelation(reference.y, reference.reader)!, reference.icc, 11);
});

test("the design effect is 1 + (m - 1) ICC", () => {
  expect(designEffect(20, 0.05)).toBeCloseTo(1.95, 14);
  expect(designEffect(1, 0.9)).toBe(1);
  expect(() => designEffect(0.5, 0.1)).toThrow(
    new RangeError("a cluster must have at least 1 observation: 0.5"),
  );
});

test("without variance between clusters it is zero or undefined", () => {
  expect(intraclassCorrelation([1, 0, 1], ["a", "a", "a"])).toBeUndefined();
  expect(intraclassCorrelation([1, 0, 1], ["a", "b", "c"])).toBeUndefined();
  expect(intraclassCorrelation([1, 1, 1, 1], ["a", "a", "b", "b"])).toBeUndefined();
  expect(intraclassCorrelation([1, 1, 0, 0], ["a", "a", "b", "b"])).toBe(1);
});
