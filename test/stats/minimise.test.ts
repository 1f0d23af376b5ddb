import { expect, test } from "vitest";
import { minimise } from "../../src/stats/minimise.ts";

test("the minimum of Rosenbrock's function is found", () => {
  const { at, converged } = minimise(
    ([x, y]) => ({
      value: (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2,
      gradient: Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! * x!), 200 * (y! - x! * x!)),
    }),
    Float64Array.of(-1.2, 1),
    { tolerance: 1e-14 },
  );
  expect(converged).toBe(true);
  expect(at[0]).toBeCloseTo(1, 5);
  expect(at[1]).toBeCloseTo(1, 5);
});

test("an undefined point is avoided by a shorter step", () => {
  const { at } = minimise(
    ([x]) =>
      x! <= 0
        ? { value: Infinity, gradient: Float64Array.of(0) }
        : { value: x! - Math.log(x!), gradient: Float64Array.of(1 - 1 / x!) },
    Float64Array.of(8),
  );
  expect(at[0]).toBeCloseTo(1, 4);
});

test("too few steps are reported as not converged", () => {
  const slope = ([x]: Float64Array) => ({
    value: (x! - 3) ** 4,
    gradient: Float64Array.of(4 * (x! - 3) ** 3),
  });
  expect(minimise(slope, Float64Array.of(0), { mostSteps: 1 }).converged).toBe(false);
});
