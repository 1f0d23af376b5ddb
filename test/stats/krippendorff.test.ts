import { expect, test } from "vitest";
import { krippendorffAlpha } from "../../src/stats/krippendorff.ts";

/** Krippendorff's example: 4 observers, 12 units, a point is a missing value. */
const example = [
  "1 2 3 3 2 1 4 1 2 . . .",
  "1 2 3 3 2 2 4 1 2 5 . 3",
  ". 3 3 3 2 3 4 2 2 5 1 .",
  "1 2 3 3 2 4 4 1 2 5 1 .",
].map((row) => row.split(" ").map((cell) => (cell === "." ? undefined : Number(cell))));

test.each([
  ["nominal", 0.743421],
  ["ordinal", 0.815388],
  ["interval", 0.849107],
  ["ratio", 0.797403],
] as const)("Krippendorff's example has its %s alpha", (scale, alpha) => {
  expect(krippendorffAlpha(example, scale)).toBeCloseTo(alpha, 6);
});

test("full agreement is 1, and judges' order doesn't matter", () => {
  expect(
    krippendorffAlpha(
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      "interval",
    ),
  ).toBe(1);
  expect(krippendorffAlpha([...example].reverse(), "ordinal")).toBeCloseTo(0.815388, 6);
});

test("without pairs, or without variation, there is no alpha", () => {
  expect(krippendorffAlpha([])).toBeUndefined();
  expect(krippendorffAlpha([[1, 2, 3]])).toBeUndefined();
  expect(
    krippendorffAlpha([
      [2, 2],
      [2, 2],
    ]),
  ).toBeUndefined();
});

test("rows of different lengths and ratios below 0 are refused", () => {
  expect(() => krippendorffAlpha([[1, 2], [1]])).toThrow(new RangeError("judge 1 has 1 units, expected 2"));
  expect(() =>
    krippendorffAlpha(
      [
        [-1, 2],
        [1, 2],
      ],
      "ratio",
    ),
  ).toThrow(new RangeError("a ratio scale starts at 0: -1"));
});
