import { describe, expect, test } from "vitest";
import { planned, power } from "../../src/analyse/power.ts";

const { options } = power(async () => "");
// biome-ignore lint/suspicious/noExplicitAny: what a program would read of --json.
const numbersOf = (given: Record<string, unknown>): any =>
  planned(options.parse({ check: 0, ...given })).numbers;

describe("a plan", () => {
  test("names readers with whom the whole claim is shown, by formula and by simulation", () => {
    const numbers = numbersOf({ stories: 120, each: 20, check: 120 });
    expect(numbers.needed).toBeGreaterThan(30);
    const { human, machine } = numbers.formula;
    expect(human.equivalent * machine.equivalent).toBeGreaterThanOrEqual(0.8);
    // 120 studies: three standard errors of the simulation are 0.11.
    expect(Math.abs(numbers.simulated.together.equivalent - 0.8)).toBeLessThan(0.13);
  });

  test("a smaller margin and fewer stories need more readers, and too few stories never do", () => {
    const base = numbersOf({ stories: 120 }).needed;
    expect(numbersOf({ stories: 120, margin: 0.08 }).needed).toBeGreaterThan(base);
    expect(numbersOf({ stories: 60 }).needed).toBeGreaterThan(base);
    expect(numbersOf({ stories: 12 }).needed).toBeNull();
  });

  test("thirteen responses of 2022 could have shown nothing", () => {
    const { formula } = numbersOf({ readers: 13, stories: 18, each: 6 });
    expect(formula.overall.equivalent).toBeLessThan(0.05);
    expect(formula.overall.different).toBeLessThan(0.06);
  });

  test.each([
    [{ each: 5 }, /--each 5: an odd number/],
    [{ stories: 4 }, /--each 6: more than the 4 stories/],
  ])("%o is named", (given, message) => {
    expect(() => planned(options.parse({ check: 0, ...given }))).toThrow(message);
  });
});
