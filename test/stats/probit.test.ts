import { expect, test } from "vitest";
import { LaplaceModel } from "../../src/stats/laplace.ts";
import { fitMixedLogistic } from "../../src/stats/mixed-logistic.ts";
import sets from "../fixtures/stats/probit.json" with { type: "json" };

type Set = (typeof sets)[number];

function dataOf({ readers, stories, each, answers }: Set) {
  const rows = Array.from({ length: readers * each }, (_, at) => ({
    reader: Math.floor(at / each),
    story: (7 * Math.floor(at / each) + (at % each)) % stories,
  }));
  const origin = rows.map(({ story }) => (story % 2 === 0 ? 0.5 : -0.5));
  return {
    link: "probit" as const,
    design: origin.map((x) => [1, x]),
    outcomes: [...answers].map(Number),
    groups: { reader: rows.map(({ reader }) => reader), story: rows.map(({ story }) => story) },
    slopes: { "origin by reader": { within: "reader", by: origin } },
  };
}

test("fifty probit models match lme4's: effects, deviations, errors and likelihood", () => {
  for (const set of sets) {
    const fit = fitMixedLogistic(dataOf(set));
    if (!fit.fitted) throw new Error(fit.reason);
    expect(fit.converged).toBe(true);
    // No lower likelihood than lme4 found, and the same place within .001.
    expect(fit.logLikelihood).toBeGreaterThan(set.logLikelihood - 1e-5);
    expect(Math.abs(fit.logLikelihood - set.logLikelihood)).toBeLessThan(1e-3);
    for (const [at, value] of set.coefficients.entries()) {
      expect(Math.abs(fit.coefficients[at]! - value)).toBeLessThan(1e-3);
      expect(Math.abs(fit.standardErrors[at]! - set.standardErrors[at]!)).toBeLessThan(1e-3);
    }
    for (const [name, value] of Object.entries(set.deviations))
      expect(Math.abs(fit.deviations[name]! - value), name).toBeLessThan(1e-3);
  }
});

test("the gradient of a probit model is the derivative of its deviance", () => {
  const model = new LaplaceModel(dataOf(sets[0]!));
  const point = Float64Array.from([0.6, 0.3, 0.4, -0.2, 0.7]);
  const { gradient } = model.deviance(point);
  for (const at of point.keys()) {
    const moved = [1e-3, -1e-3].map((step) => {
      const near = Float64Array.from(point);
      near[at]! += step;
      return model.deviance(near).value;
    });
    expect(gradient[at]!).toBeCloseTo((moved[0]! - moved[1]!) / 2e-3, 3);
  }
});
