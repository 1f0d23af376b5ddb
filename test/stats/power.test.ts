import { expect, test } from "vitest";
import { plannedErrors, readersForPower, simulatedPower, verdictPower } from "../../src/stats/power.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { defaultSpread } from "../../src/stats/simulate-study.ts";

const plan = { readers: 60, stories: 40, each: 20, variances: defaultSpread };
const options = { margin: 0.1 };

test("formula and simulation agree within a few points", () => {
  const smaller = { ...plan, readers: 30, stories: 24, each: 12 };
  const formula = verdictPower(smaller, options);
  const simulated = simulatedPower(smaller, options, { studies: 500 }, randomFrom(1));
  // Two standard errors of 500 studies are up to 4.5 points.
  for (const name of ["overall", "human", "machine"] as const) {
    expect(Math.abs(formula[name].equivalent - simulated[name].equivalent)).toBeLessThan(0.06);
    expect(Math.abs(formula[name].different - simulated[name].different)).toBeLessThan(0.04);
  }
  expect(simulated.together.equivalent).toBeLessThanOrEqual(simulated.human.equivalent);
});

test.each([
  ["titles", { titles: 12, variances: { ...defaultSpread, title: 0.4 } }],
  [
    "classes",
    { groups: { count: 8, hold: "readers" as const }, variances: { ...defaultSpread, group: 0.3 } },
  ],
  [
    "forms",
    { groups: { count: 6, hold: "all" as const }, variances: { ...defaultSpread, group: 0.3 }, each: 4 },
  ],
])("formula and simulation agree within a few points where %s are clusters", (_, more) => {
  const clustered = { ...plan, readers: 48, stories: 24, each: 12, ...more };
  const formula = verdictPower(clustered, { margin: 0.15 });
  const simulated = simulatedPower(clustered, { margin: 0.15 }, { studies: 300 }, randomFrom(3));
  for (const name of ["overall", "human"] as const) {
    expect(Math.abs(formula[name].equivalent - simulated[name].equivalent), name).toBeLessThan(0.1);
    expect(simulated[name].different, name).toBeLessThan(0.09);
  }
  expect(formula.overall.equivalent).toBeLessThan(
    verdictPower({ ...clustered, titles: undefined, groups: undefined }, { margin: 0.15 }).overall.equivalent,
  );
});

test("formula and simulation agree on a difference within the margin together with equivalence", () => {
  const skilled = { ...plan, readers: 40, humanAccuracy: 0.58, machineAccuracy: 0.58 };
  const formula = verdictPower(skilled, options).overall;
  const simulated = simulatedPower(skilled, options, { studies: 500 }, randomFrom(2)).overall;
  expect(formula.different + formula.equivalent).toBeGreaterThan(1.02);
  expect(Math.abs(formula.different - simulated.different)).toBeLessThan(0.045);
});

test("with no variance of readers and stories the error is that of independent judgments", () => {
  const { overall, human } = plannedErrors({ ...plan, variances: { bias: 0, skill: 0, story: 0 } });
  expect(overall.standardError).toBeCloseTo(Math.sqrt(0.25 / 1200), 10);
  expect(human.standardError).toBeCloseTo(human.independentError, 10);
});

test("at the margin the power is at most the allowed error", () => {
  const { overall } = verdictPower({ ...plan, humanAccuracy: 0.6, machineAccuracy: 0.6 }, options);
  expect(overall.equivalent).toBeLessThan(0.052);
  expect(overall.equivalent).toBeGreaterThan(0.03);
});

test("at chance a difference is found at the rate alpha", () => {
  const { different } = verdictPower(plan, options).overall;
  expect(different).toBeLessThan(0.052);
  expect(different).toBeGreaterThan(0.03);
});

test("more stories reach a power that more readers cannot", () => {
  const few = verdictPower({ ...plan, stories: 8, each: 8, readers: 10_000 }, options);
  const many = verdictPower({ ...plan, stories: 80 }, options);
  expect(few.overall.equivalent).toBeLessThan(0.8);
  expect(many.overall.equivalent).toBeGreaterThan(0.9);
});

test("the smallest number of readers reaches the power, and one fewer does not", () => {
  const readers = readersForPower(plan, options, { power: 0.9 })!;
  const at = (count: number) => verdictPower({ ...plan, readers: count }, options).overall.equivalent;
  expect(at(readers)).toBeGreaterThanOrEqual(0.9);
  expect(at(readers - 1)).toBeLessThan(0.9);
  expect(readersForPower({ ...plan, stories: 4, each: 4 }, options)).toBeUndefined();
});

test("impossible plans are refused with the value", () => {
  expect(() => verdictPower(plan, { margin: 0 })).toThrow(RangeError);
  expect(() => simulatedPower({ ...plan, each: 3 }, options, { studies: 1 }, randomFrom(1))).toThrow(
    new RangeError("judgments per reader must be an even number from 2 to 40: 3"),
  );
  expect(() => simulatedPower({ ...plan, stories: 7 }, options, { studies: 1 }, randomFrom(1))).toThrow(
    RangeError,
  );
});
