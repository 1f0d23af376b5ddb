import { expect, test } from "vitest";
import { claimOf, conclusionOf } from "../../src/stats/claim.ts";

test("a significant difference is different at any margin, and the claim says if it is within it", () => {
  const figure = { estimate: 0.54, standardError: 0.01, degrees: 200 };
  const [wide, narrow] = [0.1, 0.02].map((margin) => claimOf(figure, { value: 0.5, margin, alpha: 0.05 }));
  expect([wide!.verdict, wide!.withinMargin]).toEqual(["different", true]);
  expect([narrow!.verdict, narrow!.withinMargin]).toEqual(["different", false]);
  expect(wide!.differenceP).toBe(narrow!.differenceP);
});

test("each test has its own error", () => {
  const errors = { alpha: 0.01, equivalenceAlpha: 0.03 };
  expect(conclusionOf({ differenceP: 0.02, equivalenceP: 0.02 }, errors)).toBe("equivalent");
  expect(conclusionOf({ differenceP: 0.01, equivalenceP: 0.02 }, errors)).toBe("different");
  expect(conclusionOf({ differenceP: 0.02, equivalenceP: 0.04 }, errors)).toBe("inconclusive");
});
