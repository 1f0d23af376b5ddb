import { expect, test } from "vitest";
import {
  logisticNormalLogit,
  logisticNormalMean,
  logisticNormalVariance,
} from "../../src/stats/logistic-normal.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { defaultSpread, simulateStudy } from "../../src/stats/simulate-study.ts";

const plan = { readers: 30, stories: 20, each: 10, variances: defaultSpread };

function counts(labels: ArrayLike<string | number>): number[] {
  const tally = new Map<string | number, number>();
  for (const label of Array.from(labels)) tally.set(label, (tally.get(label) ?? 0) + 1);
  return [...tally.values()];
}

test("each reader judges the planned number of stories, half of them human, none twice", () => {
  const study = simulateStudy(plan, randomFrom(1));
  expect(study.correct.length).toBe(300);
  expect(new Set(counts(study.readers))).toEqual(new Set([10]));
  const pairs = Array.from(study.readers, (reader, at) => `${reader} ${study.stories[at]}`);
  expect(new Set(pairs).size).toBe(300);
  expect(Array.from(study.origins).filter((origin) => origin === "human").length).toBe(150);
});

test("each story is judged equally often, within one", () => {
  const judged = counts(simulateStudy({ ...plan, readers: 31 }, randomFrom(2)).stories);
  expect(Math.max(...judged) - Math.min(...judged)).toBeLessThanOrEqual(1);
});

test("the accuracies over many readers and stories are those of the plan", () => {
  const large = { ...plan, readers: 2000, stories: 2000, each: 40, humanAccuracy: 0.7, machineAccuracy: 0.4 };
  const study = simulateStudy(large, randomFrom(3));
  const right = { human: 0, machine: 0 };
  for (let at = 0; at < study.correct.length; at++) right[study.origins[at]!] += Number(study.correct[at]);
  expect(right.human / 40_000).toBeCloseTo(0.7, 1.6);
  expect(right.machine / 40_000).toBeCloseTo(0.4, 1.6);
});

test("the same seed gives the same study", () => {
  expect(simulateStudy(plan, randomFrom(4))).toEqual(simulateStudy(plan, randomFrom(4)));
});

test("the mean of a logistic-normal share matches R's integrate, and its inverse recovers the logit", () => {
  // integrate(function(z) plogis(0.8 + 1.3 * z) * dnorm(z), -Inf, Inf, rel.tol = 1e-12)
  expect(logisticNormalMean(0.8, 1.3)).toBeCloseTo(0.646801415, 9);
  expect(logisticNormalMean(0, 2)).toBeCloseTo(0.5, 14);
  expect(logisticNormalMean(logisticNormalLogit(0.6, 0.9), 0.9)).toBeCloseTo(0.6, 11);
  expect(logisticNormalMean(0.3, 0)).toBeCloseTo(1 / (1 + Math.exp(-0.3)), 15);
});

test("variance components add up: with a single component it is all of the variance of a share", () => {
  // integrate(function(z) (plogis(0.5 + 0.7 * z) - m)^2 * dnorm(z), -Inf, Inf), m as above.
  expect(logisticNormalVariance(0.5, 0.7, 0)).toBeCloseTo(0.0229076090975, 10);
  expect(logisticNormalVariance(0.5, 0, 0.7)).toBe(0);
});

test("impossible plans are refused with the value", () => {
  const random = randomFrom(1);
  expect(() => simulateStudy({ ...plan, readers: 0 }, random)).toThrow(
    new RangeError("readers must be a whole number from 1: 0"),
  );
  expect(() => simulateStudy({ ...plan, each: 22 }, random)).toThrow(RangeError);
  expect(() => simulateStudy({ ...plan, variances: { ...defaultSpread, skill: -1 } }, random)).toThrow(
    new RangeError("the standard deviation skill must be 0 or more: -1"),
  );
  expect(() => simulateStudy({ ...plan, humanAccuracy: 1 }, random)).toThrow(RangeError);
});
