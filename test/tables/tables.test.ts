import { expect, test } from "vitest";
import { readCsv } from "../../src/tables/csv.ts";
import { csv } from "../../src/tables/tables.ts";

const parseTable = (text: string, where: string) => readCsv(text, where).map(({ cells }) => ({ ...cells }));

test("a table is read as it was written, with commas, quotes and line breaks", () => {
  const rows = [{ title: 'Said "yes", then no', text: "one\ntwo" }];
  expect(parseTable(csv(["title", "text"], rows), "t.csv")).toEqual(rows);
});

test("a cell with a spreadsheet formula is made harmless, a negative number is unchanged", () => {
  expect(csv(["a"], [{ a: "=HYPERLINK(1)" }, { a: "@x" }, { a: "\tx" }, { a: "-cmd" }, { a: -1.5 }])).toBe(
    "a\n'=HYPERLINK(1)\n'@x\n'\tx\n'-cmd\n-1.5\n",
  );
});

test("a bare quote is reported with its location and the fix", () => {
  expect(() => parseTable('title,text\nA,"b\n', "bad.csv")).toThrow(
    /bad\.csv, line 2: a quote that is never closed/,
  );
});

test("a row with too many cells is reported with its line", () => {
  expect(() => parseTable("title,text\nA,b\nC,d,e\n", "bad.csv")).toThrow(
    /bad\.csv, line 3: 3 cells where the first line has 2/,
  );
});

test.each([
  ["title;text\nA;b, c\n", "t.csv"],
  ["title\ttext\nA\tb, c\n", "t.csv"],
  ['"title";"text"\n"A";"b, c"\n', "t.csv"],
  ['title,text\nA,"b, c"\n', "t.csv"],
  ["title\ttext\nA\tb, c\n", "t.tsv"],
  ["title;text\nA;b, c\n", "T.TSV"],
])("the separator is found in the first line: %j", (text, file) => {
  expect(parseTable(text, file)).toEqual([{ title: "A", text: "b, c" }]);
});

test("a separator inside a name does not count, and one column needs none", () => {
  expect(parseTable('"a;b;c",d\n1,2\n', "t.csv")).toEqual([{ "a;b;c": "1", d: "2" }]);
  expect(parseTable("answer\nyes\n", "t.csv")).toEqual([{ answer: "yes" }]);
});
