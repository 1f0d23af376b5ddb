import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clusteredContrast, clusteredMean } from "../../src/stats/clustered.ts";
import reference from "../fixtures/stats/clustered.json" with { type: "json" };
import { expectClose } from "./close.ts";

const { reader, story, y } = reference;

test("errors with one and two clusterings are those of the jackknife in R", () => {
  expectClose(clusteredMean(y, [reader]).estimate, reference.mean);
  expectClose(clusteredMean(y, [reader]).standardError, reference.byReader, 11);
  expectClose(clusteredMean(y, [story]).standardError, reference.byStory, 11);
  const both = clusteredMean(y, [reader, story]);
  expectClose(both.standardError, reference.byBoth, 11);
  expect(both.clusters).toEqual([12, 10]);
  // Ten stories with unequal counts have fewer effective clusters.
  expect(both.degrees).toBeLessThan(9);
  expect(both.degrees).toBeGreaterThan(6);
});

test("errors of balanced clusters match R's sandwich", () => {
  const { even } = reference;
  expectClose(clusteredMean(even.y, [even.reader]).standardError, even.byReader, 11);
  expectClose(clusteredMean(even.y, [even.story]).standardError, even.byStory, 11);
  const both = clusteredMean(even.y, [even.reader, even.story]);
  expectClose(both.standardError, even.byBoth, 11);
  expect(both.degrees).toBeCloseTo(7, 12);
});

test("a difference of groups with one value per cluster is Welch's t-test", () => {
  const { a, b, degrees, low, high } = reference.welch;
  const values = [...a, ...b];
  const result = clusteredContrast(values, {
    clusters: [values.map((_, at) => at)],
    groups: values.map((_, at) => (at < a.length ? "a" : "b")),
    weights: new Map([
      ["a", -1],
      ["b", 1],
    ]),
  });
  expectClose(result.degrees, degrees, 12);
  expectClose(result.interval.low, low, 11);
  expectClose(result.interval.high, high, 11);
});

test("the error with two clusterings is never below that with one", () => {
  const values = [1, 0, 0, 1, 1, 0, 0, 1, 1];
  const readers = [0, 0, 0, 1, 1, 1, 2, 2, 2];
  const stories = [0, 1, 2, 0, 1, 2, 0, 1, 2];
  const both = clusteredMean(values, [readers, stories]).standardError;
  const one = [readers, stories].map((way) => clusteredMean(values, [way]).standardError);
  expect(both).toBeGreaterThanOrEqual(Math.max(...one));
});

test("one cluster gives no error, not zero and not NaN", () => {
  const result = clusteredMean([1, 0, 1], [["only", "only", "only"]]);
  expect(result).toMatchObject({ standardError: Infinity, degrees: 0 });
  expect(result.interval).toEqual({ low: -Infinity, high: Infinity });
  expect(clusteredMean([], [[]])).toMatchObject({ standardError: Infinity, degrees: 0, observations: 0 });
});

test("columns of different lengths and unknown groups are refused", () => {
  expect(() => clusteredMean([1, 0], [[1]])).toThrow(new RangeError("clusters: 1 entries, expected 2"));
  expect(() => clusteredMean([1, Number.NaN], [[1, 2]])).toThrow(
    new RangeError("a value is not a number: NaN"),
  );
  expect(() => clusteredContrast([1], { clusters: [[1]], weights: new Map([["b", 1]]) })).toThrow(
    new RangeError("no observation belongs to the group b"),
  );
});

const published = join(process.env.TINYLOVE_DATA ?? "", "published", "deepspeare.csv");

test.skipIf(!process.env.TINYLOVE_DATA || !existsSync(published))(
  "the sonnets' 500 pairs have an error of .0276 clustered by reader (skipped unless TINYLOVE_DATA is set)",
  () => {
    const [header, ...lines] = readFileSync(published, "utf8").trim().split("\n");
    const columns = header!.split(",");
    const rows = lines.map((line) => new Map(line.split(",").map((cell, at) => [columns[at]!, cell])));
    const full = rows.filter((row) => row.get("left") === "lmrm" || row.get("right") === "lmrm");
    expect(full.length).toBe(500);
    const right = full.map((row) => Number(row.get("chosen") === "real"));
    const { estimate, standardError } = clusteredMean(right, [full.map((row) => row.get("reader")!)]);
    expect(estimate).toBe(0.532);
    expect(standardError).toBeCloseTo(0.0276, 4);
  },
);
