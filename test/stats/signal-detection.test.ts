import { expect, test } from "vitest";
import {
  criterion,
  likelihoodBias,
  sensitivity,
  signalDetection,
  twoAlternativeDetection,
  twoAlternativeSensitivity,
} from "../../src/stats/signal-detection.ts";

test("hits .8 and false alarms .4 give the textbook d', c and beta", () => {
  expect(sensitivity(0.8, 0.4)).toBeCloseTo(1.09497, 5);
  expect(criterion(0.8, 0.4)).toBeCloseTo(-0.29414, 5);
  expect(likelihoodBias(0.8, 0.4)).toBeCloseTo(0.72465, 5);
});

test("three of four pairs right is a d' of .95387", () => {
  expect(twoAlternativeSensitivity(0.75)).toBeCloseTo(0.95387, 5);
});

test("10 of 10 against 0 of 10 stays finite by the log-linear correction", () => {
  const result = signalDetection({ hits: 10, humanStories: 10, falseAlarms: 0, machineStories: 10 })!;
  expect(result.sensitivity.value).toBeCloseTo(3.38124, 5);
  expect(result.criterion.value).toBeCloseTo(0, 12);
  expect(result.youden.value).toBe(1);
  expect(result.youden.interval.high).toBe(1);
  expect(result.youden.interval.low).toBeLessThan(1);
});

test("the standard errors are those of Gourevitch and Galanter", () => {
  const { sensitivity: dPrime, criterion: c } = signalDetection({
    hits: 80,
    humanStories: 100,
    falseAlarms: 40,
    machineStories: 100,
  })!;
  // In R: H = 80.5/101, F = 40.5/101, H(1-H)/(100 phi(z_H)^2) + F(1-F)/(100 phi(z_F)^2), phi by dnorm, z by qnorm.
  expect(dPrime.standardError).toBeCloseTo(0.1906573, 6);
  expect(c.standardError).toBeCloseTo(dPrime.standardError / 2, 14);
  expect(dPrime.interval.high - dPrime.value).toBeCloseTo(1.959964 * dPrime.standardError, 6);
});

test('a reader with a bias to "human" has bias and no skill', () => {
  const leaning = signalDetection({ hits: 60, humanStories: 100, falseAlarms: 60, machineStories: 100 })!;
  expect(leaning.sensitivity.value).toBe(0);
  expect(leaning.youden.value).toBe(0);
  expect(leaning.criterion.value).toBeLessThan(-0.2);
});

test("one kind of story without judgments leaves skill undefined", () => {
  expect(signalDetection({ hits: 3, humanStories: 5, falseAlarms: 0, machineStories: 0 })).toBeUndefined();
  expect(twoAlternativeDetection(0, 0)).toBeUndefined();
});

test("all pairs right stay finite and impossible counts are refused", () => {
  expect(Number.isFinite(twoAlternativeDetection(10, 10)!.interval.high)).toBe(true);
  expect(() => twoAlternativeDetection(11, 10)).toThrow(RangeError);
  expect(() => signalDetection({ hits: 6, humanStories: 5, falseAlarms: 0, machineStories: 1 })).toThrow(
    new RangeError("successes must be a whole number from 0 to 5: 6"),
  );
});
