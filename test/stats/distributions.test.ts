import { expect, test } from "vitest";
import { betaQuantile, regularisedBeta } from "../../src/stats/beta.ts";
import { binomialAtLeast, binomialCdf, binomialPmf } from "../../src/stats/binomial.ts";
import { chiSquareCdf, chiSquareSurvival } from "../../src/stats/chi-square.ts";
import { logGamma } from "../../src/stats/log-gamma.ts";
import { normalCdf, normalDensity, normalQuantile, normalSurvival } from "../../src/stats/normal.ts";
import { studentCdf, studentQuantile, studentTwoSided } from "../../src/stats/student-t.ts";
import reference from "../fixtures/stats/distributions.json" with { type: "json" };
import { expectClose } from "./close.ts";

test("the normal distribution and its quantiles match R to 13 digits", () => {
  for (const [z, p] of reference.normalCdf as [number, number][]) {
    expectClose(normalCdf(z), p, 13, `normalCdf(${z})`);
    expectClose(normalSurvival(-z), p, 13);
  }
  for (const [p, z] of reference.normalQuantile as [number, number][]) {
    expectClose(normalQuantile(p), z, 13, `normalQuantile(${p})`);
  }
  expectClose(normalQuantile(0.975), 1.959963984540054, 15);
  expectClose(normalDensity(0), 0.3989422804014327, 15);
});

test("normal quantiles invert the distribution", () => {
  for (let z = -8; z <= 5; z += 0.37) expectClose(normalQuantile(normalCdf(z)) + 10, z + 10, 11);
  expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
});

test("the logarithm of gamma matches R", () => {
  for (const [x, value] of reference.logGamma as [number, number][]) {
    // Near its zeros at 1 and 2 only the absolute error can be small.
    expectClose(logGamma(x) + 1, value + 1, 14, `logGamma(${x})`);
  }
});

test("the incomplete beta function and its inverse have 12 correct digits up to n = 10,000", () => {
  for (const [x, a, b, p] of reference.beta as [number, number, number, number][]) {
    expectClose(regularisedBeta(x, a, b), p, 12, `regularisedBeta(${x}, ${a}, ${b})`);
  }
  for (const [p, a, b, x] of reference.betaQuantile as [number, number, number, number][]) {
    expectClose(betaQuantile(p, a, b), x, 12, `betaQuantile(${p}, ${a}, ${b})`);
  }
});

test("binomial probabilities and both tails match R to 12 digits", () => {
  type Row = [number, number, number, number, number, number];
  for (const [k, n, p, pmf, cdf, atLeast] of reference.binomial as Row[]) {
    expectClose(binomialPmf(k, n, p), pmf, 12, `binomialPmf(${k}, ${n}, ${p})`);
    expectClose(binomialCdf(k, n, p), cdf, 12, `binomialCdf(${k}, ${n}, ${p})`);
    expectClose(binomialAtLeast(k, n, p), atLeast, 12, `binomialAtLeast(${k}, ${n}, ${p})`);
  }
});

test("binomial probabilities sum to one and to their distribution", () => {
  let sum = 0;
  for (let k = 0; k <= 78; k++) {
    sum += binomialPmf(k, 78, 0.37);
    expectClose(binomialCdf(k, 78, 0.37), sum, 11);
  }
  expectClose(sum, 1, 13);
  expect([binomialPmf(0, 0, 0.5), binomialCdf(-1, 5, 0.5), binomialAtLeast(6, 5, 0.5)]).toEqual([1, 0, 0]);
  expect([binomialPmf(0, 4, 0), binomialPmf(4, 4, 1), binomialPmf(1.5, 4, 0.5)]).toEqual([1, 1, 0]);
});

test("Student's t and its quantiles match R to 12 digits", () => {
  for (const [t, degrees, p] of reference.studentCdf as [number, number, number][]) {
    expectClose(studentCdf(t, degrees), p, 12, `studentCdf(${t}, ${degrees})`);
  }
  for (const [p, degrees, t] of reference.studentQuantile as [number, number, number][]) {
    expectClose(studentQuantile(p, degrees), t, 11, `studentQuantile(${p}, ${degrees})`);
  }
  expectClose(studentTwoSided(1.959963984540054, Infinity), 0.05, 12);
  expect(studentQuantile(0.5, 3)).toBe(0);
});

test("chi-square tails match R to 12 digits", () => {
  for (const [x, degrees, p] of reference.chiSquareSurvival as [number, number, number][]) {
    expectClose(chiSquareSurvival(x, degrees), p, 12, `chiSquareSurvival(${x}, ${degrees})`);
    expectClose(chiSquareCdf(x, degrees) + 1, 2 - p, 13);
  }
});

test("impossible arguments are refused with the value", () => {
  expect(() => normalQuantile(1.2)).toThrow(new RangeError("a probability must be from 0 to 1: 1.2"));
  expect(() => normalCdf(Number.NaN)).toThrow(RangeError);
  expect(() => logGamma(0)).toThrow(RangeError);
  expect(() => regularisedBeta(0.5, 0, 1)).toThrow(RangeError);
  expect(() => betaQuantile(-0.1, 1, 1)).toThrow(RangeError);
  expect(() => binomialPmf(1, 2.5, 0.5)).toThrow(new RangeError("trials must be a whole number from 0: 2.5"));
  expect(() => binomialCdf(1, 2, 1.5)).toThrow(RangeError);
  expect(() => studentCdf(1, 0)).toThrow(RangeError);
  expect(() => chiSquareSurvival(1, -1)).toThrow(RangeError);
});
