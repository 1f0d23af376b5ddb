import { expect, test } from "vitest";
import { inColumns } from "../../src/workbench/columns.ts";

const columns = [
  { head: "Judgments of", number: false },
  { head: "Standard error", number: true },
];
const rows = [
  ["All stories, balanced", "5.6 %"],
  ["Human stories", "12.9 %"],
];

test("columns are aligned, numbers to the right", () => {
  expect(inColumns(columns, rows, 80)).toEqual([
    "Judgments of           Standard error",
    "All stories, balanced           5.6 %",
    "Human stories                  12.9 %",
  ]);
});

test("with less space, headings and words wrap within their column and numbers do not", () => {
  expect(inColumns(columns, rows, 24)).toEqual([
    "Judgments of    Standard",
    "                   error",
    "All stories,       5.6 %",
    "balanced",
    "Human stories     12.9 %",
  ]);
  for (const line of inColumns(columns, rows, 19)) expect(line.length).toBeLessThanOrEqual(19);
});

test("a cell without spaces is not split", () => {
  expect(inColumns([{ head: "file", number: false }], [["a-very-long-name"]], 8)).toEqual([
    "file",
    "a-very-long-name",
  ]);
  expect(inColumns([{ head: "share", number: true }], [["37.5 to 62.5 %"]], 8)[1]).toBe("37.5 to 62.5 %");
});
