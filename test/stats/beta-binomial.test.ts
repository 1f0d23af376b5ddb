import { expect, test } from "vitest";
import { betaPosterior } from "../../src/stats/beta-binomial.ts";

test("266 of 500 is within 0.10 of chance almost certainly, within 0.05 probably", () => {
  // pbeta(.6, 267, 235) - pbeta(.4, 267, 235), and .45 to .55, in R.
  expect(betaPosterior(266, 500, { margin: 0.1 }).withinMargin).toBeCloseTo(0.9989935454, 10);
  expect(betaPosterior(266, 500, { margin: 0.05 }).withinMargin).toBeCloseTo(0.7918256574, 10);
});

test("without data the posterior is the uniform prior", () => {
  const { mean, withinMargin, interval, aboveChance } = betaPosterior(0, 0, { margin: 0.1 });
  expect(mean).toBe(0.5);
  expect(withinMargin).toBeCloseTo(0.2, 14);
  expect(aboveChance).toBeCloseTo(0.5, 14);
  expect(interval.low).toBeCloseTo(0.025, 12);
  expect(interval.high).toBeCloseTo(0.975, 12);
});

test("Jeffreys' prior is supported, and invalid shapes are refused", () => {
  expect(betaPosterior(10, 10, { margin: 0.1 }, { prior: [0.5, 0.5] })).toMatchObject({ a: 10.5, b: 0.5 });
  expect(() => betaPosterior(1, 2, { margin: 0.1 }, { prior: [0, 1] })).toThrow(RangeError);
});
