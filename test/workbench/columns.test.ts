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

test("columns line up, numbers to the right", () => {
  expect(inColumns(columns, rows, 80)).toEqual([
    "Judgments of           Standard error",
    "All stories, balanced           5.6 %",
    "Human stories                  12.9 %",
  ]);
});

test("where there is less room, heads and words wrap within their column and numbers stay whole", () => {
  expect(inColumns(columns, rows, 24)).toEqual([
    "Judgments of    Standard",
    "                   error",
    "All stories,       5.6 %",
    "balanced",
    "Human stories     12.9 %",
  ]);
  for (const line of inColumns(columns, rows, 19)) expect(line.length).toBeLessThanOrEqual(19);
});

test("what cannot be split stays whole", () => {
  expect(inColumns([{ head: "file", number: false }], [["a-very-long-name"]], 8)).toEqual([
    "file",
    "a-very-long-name",
  ]);
  expect(inColumns([{ head: "share", number: true }], [["37.5 to 62.5 %"]], 8)[1]).toBe("37.5 to 62.5 %");
});
