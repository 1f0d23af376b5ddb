import { expect } from "vitest";

/** Fails unless two numbers agree to `digits` significant digits (absolute below 1e-300). */
export function expectClose(actual: number, expected: number, digits = 12, what = ""): void {
  if (actual === expected) return;
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-300);
  expect(error, `${what} gives ${actual}, not ${expected}`).toBeLessThan(10 ** -digits);
}
