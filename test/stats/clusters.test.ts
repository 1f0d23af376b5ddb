import { expect, test } from "vitest";
import { guessingP, readerScores, testedReaders } from "../../src/stats/able-readers.ts";
import { clusteredContrast } from "../../src/stats/clustered.ts";
import { fewestClusters } from "../../src/stats/clustered-share.ts";
import { equalReaderWeights, type Judgments } from "../../src/stats/judgments.ts";
import { proportionVerdict, verdictTest } from "../../src/stats/verdict-test.ts";
import { votes } from "../../src/stats/voting.ts";
import { weightingGap } from "../../src/stats/weighting-gap.ts";
import reference from "../fixtures/stats/clusters.json" with { type: "json" };
import { expectClose } from "./close.ts";

const { reader, title, wave } = reference;
const judgments: Judgments = {
  readers: reader,
  stories: reference.story,
  origins: reference.human.map((human) => (human === 1 ? "human" : "machine")),
  correct: reference.right.map((right) => right === 1),
};
const named = (name: string, labels: readonly number[]) => ({ name, labels });
const options = { margin: 0.1, weighting: "readers" } as const;

test("equal reader weights, and clusters by title and class, have R's estimate, error and degrees of freedom", () => {
  const byTitle = verdictTest({ ...judgments, clusters: [named("title", title)] }, options).overall;
  expectClose(byTitle.estimate!, reference.estimate, 11);
  expectClose(byTitle.standardError, reference.byTitle[0]!, 11);
  expectClose(byTitle.degrees, reference.byTitle[1]!, 11);
  expect(byTitle.clusterings).toEqual([
    { name: "reader", clusters: 24 },
    { name: "title", clusters: 9 },
  ]);

  const both = [named("class", reference.class), named("title", title)];
  const byClass = verdictTest({ ...judgments, clusters: both }, options).overall;
  expectClose(byClass.standardError, reference.byClassAndTitle[0]!, 11);
  expectClose(byClass.degrees, reference.byClassAndTitle[1]!, 11);
  expect(byClass.clusterings.map(({ name }) => name)).toEqual(["class", "title"]);
});

test("three clusterings, none nested in another, combine by inclusion and exclusion, as in R", () => {
  const { standardError } = clusteredContrast(reference.right, {
    clusters: [reader, title, wave],
    groups: reference.human,
    observationWeights: equalReaderWeights(reader, reference.human),
  });
  expectClose(standardError, reference.byReaderTitleWave, 11);
  const five = [reader, title, wave, reader, title];
  expect(() => clusteredContrast(reference.right, { clusters: five })).toThrow("one to four clusterings: 5");
});

test("too few named clusters give no verdict and a reason; enough of them do", () => {
  const first = title.flatMap((one, at) => (one < fewestClusters ? [at] : []));
  const at = <Value>(values: ArrayLike<Value>, rows: readonly number[]) => rows.map((row) => values[row]!);
  const only = (rows: readonly number[]): Judgments => ({
    readers: at(reader, rows),
    stories: at(reference.story, rows),
    origins: at(judgments.origins, rows),
    correct: rows.map(() => true),
    clusters: [named("title", at(title, rows))],
  });
  const few = verdictTest(only(first), options);
  expect(few.overall).toMatchObject({ verdict: "inconclusive", degrees: 0, differenceP: 1, equivalenceP: 1 });
  expect(few.overall.reason).toBe("there are 5 clusters by title, and at least 6 are needed");
  expect(few.overall.estimate).toBe(1);
  const enough = title.flatMap((one, row) => (one <= fewestClusters ? [row] : []));
  expect(verdictTest(only(enough), options).overall.verdict).toBe("different");
});

test("a clustering identical to readers or stories changes nothing", () => {
  const plain = verdictTest(judgments, options).overall;
  const again = verdictTest({ ...judgments, clusters: [named("author", reference.story)] }, options).overall;
  expect(again).toEqual(plain);
});

test("pairs support named clusters too", () => {
  const data = { correct: judgments.correct, readers: reader, stories: reference.story };
  const plain = proportionVerdict(data, { margin: 0.1 });
  const clusters = [named("title", title)];
  expect(proportionVerdict({ ...data, clusters }, { margin: 0.1 }).standardError).toBeGreaterThan(
    plain.standardError,
  );
});

test("a significant difference is different at any margin", () => {
  const rows = Array.from({ length: 400 * 40 }, (_, at) => ({ reader: Math.floor(at / 40), story: at % 40 }));
  const study: Judgments = {
    readers: rows.map((one) => one.reader),
    stories: rows.map((one) => one.story),
    origins: rows.map((one) => (one.story % 2 === 0 ? "human" : "machine")),
    // 23 of 40 right, arranged so that readers and stories are equal.
    correct: rows.map((one) => (one.story * 7 + one.reader * 11) % 40 < 23),
  };
  for (const margin of [0.01, 0.05, 0.08, 0.1, 0.2, 0.4, 0.49]) {
    const { overall, together } = verdictTest(study, { margin });
    expect(overall.verdict).toBe("different");
    expect(together).toBe("different");
    expect(overall.withinMargin).toBe(overall.equivalenceP <= 0.05);
  }
  expect(verdictTest(study, { margin: 0.1 }).overall.withinMargin).toBe(true);
  expect(verdictTest(study, { margin: 0.05 }).overall.withinMargin).toBe(false);
});

test("each reader is tested by Fisher's exact test and Holm, as in R", () => {
  const tested = testedReaders(readerScores(judgments));
  tested.forEach(({ p, holm }, at) => {
    expectClose(p, reference.fisher[at]!, 10, `reader ${at}`);
    expectClose(holm, reference.holm[at]!, 10);
  });
  // 15 of 15 and 14 of 15: one table is more extreme, of all C(30, 16).
  expectClose(guessingP([15, 14], [15, 15]), 15 / 145422675, 10);
});

test("the accuracy of a majority vote is the mean over all groups of that many readers", () => {
  const story = (name: string, origin: "human" | "machine", right: number, all: number) =>
    Array.from({ length: all }, (_, at) => ({ name, origin, right: at < right, reader: at }));
  const rows = [...story("h", "human", 5, 9), ...story("m", "machine", 4, 11)];
  const found = votes({
    readers: rows.map((row) => row.reader),
    stories: rows.map((row) => row.name),
    origins: rows.map((row) => row.origin),
    correct: rows.map((row) => row.right),
  });
  expect(found.map((vote) => vote.readers)).toEqual([1, 3, 5, 9]);
  expectClose(found[0]!.accuracy, (5 / 9 + 4 / 11) / 2, 11);
  const human = reference.majority["5 of 9 by 3"];
  // 4 of 11 by 3: C(4,2) 7 + C(4,3) of C(11,3).
  expectClose(found[1]!.accuracy, (human + (6 * 7 + 4) / 165) / 2, 11);
  expectClose(found[3]!.accuracy, (1 + 0) / 2, 11);
});

test("a gap between weightings is found if readers who stay differ, and not if all judge the same number", () => {
  const study = (stays: (reader: number) => number): Judgments => {
    const rows = Array.from({ length: 40 }, (_, one) =>
      Array.from({ length: stays(one) }, (_, at) => ({
        reader: one,
        story: at,
        right: one % 2 === 0 || at % 2 < 1,
      })),
    ).flat();
    return {
      readers: rows.map((row) => row.reader),
      stories: rows.map((row) => row.story),
      origins: rows.map((row) => (row.story % 4 < 2 ? "human" : "machine")),
      correct: rows.map((row) => row.right),
    };
  };
  const left = weightingGap(study((one) => (one % 2 === 0 ? 4 : 20)))!;
  expect(left.gap).toBeCloseTo((20 * 4 + 20 * 10) / (20 * 24) - 0.75, 10);
  expect(left.p).toBeLessThan(0.001);
  expect(weightingGap(study(() => 20))).toMatchObject({ gap: 0, p: 1 });
});
