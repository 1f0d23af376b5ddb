import { describe, expect, test } from "vitest";
import {
  counted,
  declaredPercent,
  idsIn,
  listed,
  marginRange,
  percent,
  percentRange,
  printed,
  pValue,
  shownTable,
} from "../../src/study/print.ts";

describe("a number as printed", () => {
  test.each([
    [21 / 39, "percent", "53.8 %"],
    [-0.00001, "percent", "0.0 %"],
    [0.0004, "percent", "< 0.1 %"],
    [0.9996, "percent", "> 99.9 %"],
    [1, "percent", "100.0 %"],
    [-0.25, "percent", "−25.0 %"],
    [2.875, "number", "2.88"],
    [0.0346, "number", "0.035"],
    [-0.0001, "number", "0.000"],
    [1234, "integer", "1234"],
    [100_000, "integer", "100,000"],
    [0.0004, "p", "< .001"],
    [0.0389, "p", ".039"],
    [0.0503, "p", ".0503"],
    [0.04996, "p", ".04996"],
    [0.05, "p", ".050"],
    [0.0499, "p", ".0499"],
    [1, "p", "1.000"],
    [12_345, "milliseconds", "12.3 s"],
    [Number.POSITIVE_INFINITY, "number", "∞"],
    [null, "percent", ""],
    [true, "text", "yes"],
  ] as const)("%s as %s is %s", (value, format, text) => {
    expect(printed(value, format)).toBe(text);
  });

  test("in a sentence", () => {
    expect(percent(0.5)).toBe("50.0 %");
    expect(percentRange({ low: 0.4, high: 0.6 })).toBe("40.0 % to 60.0 %");
    const marks = [0.4, 0.5, 0.6];
    expect(percentRange({ low: 0.3999, high: 0.5004 }, marks)).toBe("39.99 % to 50.04 %");
    expect(percentRange({ low: 0.452, high: 0.1 + 0.5 }, marks)).toBe("45.2 % to 60.0 %");
    expect([0.4, 0.575, 0.1 + 0.2].map(declaredPercent)).toEqual(["40 %", "57.5 %", "30 %"]);
    expect(marginRange(0.075)).toBe("42.5 % to 57.5 %");
    expect(pValue(0.0001)).toBe("p < .001");
    expect(pValue(0.2)).toBe("p = .200");
    expect(counted(1, "story", "stories")).toBe("1 story");
    expect(counted(2, "story", "stories")).toBe("2 stories");
    expect(["words", "words, tone", "words, tone, topics"].map((names) => listed(names.split(", ")))).toEqual(
      ["words", "words and tone", "words, tone and topics"],
    );
  });
});

test("the two ends of an interval share a cell, which is empty for an unknown interval", () => {
  const shown = shownTable({
    columns: [
      { key: "of", label: "Of", format: "text" },
      { key: "wilson_low", label: "Wilson", format: "percent" },
      { key: "wilson_high", label: "to", format: "percent" },
      { key: "low", label: "Interval", format: "number" },
      { key: "high", label: "to", format: "number" },
    ],
    rows: [
      { of: "all", wilson_low: 0.4, wilson_high: 0.6, low: -1, high: 1 },
      { of: "none", wilson_low: null, wilson_high: null, low: null, high: null },
    ],
  });
  expect(shown.columns.map(({ label }) => label)).toEqual(["Of", "Wilson", "Interval"]);
  expect(shown.rows).toEqual([
    ["all", "40.0 to 60.0 %", "−1.00 to 1.00"],
    ["none", "", ""],
  ]);
});

test("of many ids the first are shown, and the table file has all", () => {
  const columns = [{ key: "texts", label: "which", format: "ids" as const }];
  const rows = [{ texts: "a b c" }, { texts: "a b c d e" }, { texts: "" }];
  const shown = shownTable({ columns, rows });
  expect(shown.rows).toEqual([["a b c"], ["a b c and 2 more"], [""]]);
  expect(shown.columns[0]).toMatchObject({ ids: true, number: false });
  expect(idsIn(rows[1]!.texts)).toEqual(["a", "b", "c", "d", "e"]);
});
