import { expect, test } from "vitest";
import { ableShare, fewestAnswersForName, guessingP, readerScores } from "../../src/stats/able-readers.ts";
import { expertPower, readerHeterogeneity } from "../../src/stats/heterogeneity.ts";
import type { Judgments } from "../../src/stats/judgments.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import { simulateStudy } from "../../src/stats/simulate-study.ts";

/** Readers with their own probability of being right, who all judge every story. */
function study(
  readers: number,
  stories: number,
  chance: (reader: number) => number,
  random: Random,
): Judgments {
  const rows = Array.from({ length: readers * stories }, (_, at) => [Math.floor(at / stories), at % stories]);
  return {
    readers: rows.map(([reader]) => reader!),
    stories: rows.map(([, story]) => story!),
    origins: rows.map(([, story]) => (story! % 2 === 0 ? "human" : "machine")),
    correct: rows.map(([reader]) => random.next() < chance(reader!)),
  };
}

test("the p-value is that of all permutations of the answers to each story among its readers", () => {
  // Three readers, four stories, one or two right answers each: 81 equally likely permutations.
  const right = [
    [1, 1, 1, 1],
    [0, 0, 0, 0],
    [0, 0, 1, 1],
  ];
  const judgments: Judgments = {
    readers: right.flatMap((own, reader) => own.map(() => reader)),
    stories: right.flatMap((own) => own.map((_, story) => story)),
    origins: right.flatMap((own) => own.map((_, story) => (story % 2 === 0 ? "human" : "machine"))),
    correct: right.flat().map((one) => one === 1),
  };
  const spread = (totals: readonly number[]) => {
    const mean = totals.reduce((sum, total) => sum + total, 0) / 3;
    return totals.reduce((sum, total) => sum + (total - mean) ** 2, 0);
  };
  const found = spread(right.map((own) => own.reduce((sum, one) => sum + one, 0)));
  let far = 0;
  for (let way = 0; way < 81; way++) {
    const who = [way % 3, Math.floor(way / 3) % 3, Math.floor(way / 9) % 3, Math.floor(way / 27)];
    // Stories 0 and 1 have one right answer, 2 and 3 have two: for these the reader drawn is the one who is wrong.
    const totals = [0, 1, 2].map(
      (reader) =>
        Number(who[0] === reader) +
        Number(who[1] === reader) +
        Number(who[2] !== reader) +
        Number(who[3] !== reader),
    );
    if (spread(totals) >= found - 1e-9) far++;
  }
  const { p, draws } = readerHeterogeneity(judgments, { draws: 5000 }, randomFrom(1));
  expect(Math.abs(p - far / 81)).toBeLessThan(4 * Math.sqrt(((far / 81) * (1 - far / 81)) / draws) + 0.01);
});

test("a few who can tell among many who guess are found, and readers who differ only in bias are not", () => {
  const experts = study(80, 24, (reader) => (reader < 4 ? 0.95 : 0.5), randomFrom("experts"));
  const { p, ratio, readers } = readerHeterogeneity(experts, {}, randomFrom(2));
  expect(p).toBeLessThan(0.005);
  expect(ratio).toBeGreaterThan(1.4);
  expect(readers).toBe(80);

  let errors = 0;
  for (let at = 0; at < 200; at++) {
    const leaning = { readers: 40, stories: 24, each: 12, variances: { bias: 1, skill: 0, story: 0.8 } };
    const judgments = simulateStudy(leaning, randomFrom("leaning", at));
    errors += Number(readerHeterogeneity(judgments, { draws: 400 }, randomFrom(at)).p <= 0.05);
  }
  expect(errors).toBeLessThanOrEqual(20);
});

test("nothing can be tested if each story has one reader, or all are right", () => {
  const alone = study(4, 10, () => 0.5, randomFrom(3));
  const own = { ...alone, stories: Array.from(alone.readers, (_, at) => at) };
  expect(readerHeterogeneity(own, {}, randomFrom(1))).toMatchObject({ p: 1, draws: 0, ratio: undefined });
  const all = study(4, 10, () => 1, randomFrom(3));
  expect(readerHeterogeneity(all, {}, randomFrom(1))).toMatchObject({ p: 1, draws: 0 });
  expect(expertPower(own, {}, () => false, randomFrom(1))).toBeLessThan(0.1);
});

test("the power against 5 % who can tell agrees with simulated studies", () => {
  const named = (right: readonly [number, number], judged: readonly [number, number], readers: number) =>
    guessingP(right, judged) <= 0.05 / readers;
  const plan = study(100, 16, () => 0.5, randomFrom("plan"));
  const shares: number[] = [];
  const reached = (share: number) => void shares.push(share);
  const power = expertPower(plan, { reached }, named, randomFrom(4));
  expect(shares.length).toBeGreaterThan(10);
  expect(shares).toEqual(shares.toSorted((one, other) => one - other));
  expect(shares.at(-1)).toBeGreaterThan(0.4);
  expect(shares.at(-1)).toBeLessThanOrEqual(1);
  let found = 0;
  for (let at = 0; at < 150; at++) {
    const random = randomFrom("power", at);
    const can = Array.from({ length: 100 }, () => random.next() < 0.05);
    const judgments = study(100, 16, (reader) => (can[reader] ? 0.95 : 0.5), random);
    const differ = readerHeterogeneity(judgments, { draws: 400 }, random).p <= 0.05;
    const one = readerScores(judgments).some(({ right, judged }) => named(right, judged, 100));
    found += Number(differ || one);
  }
  // Three standard errors of 150 studies.
  expect(Math.abs(power - found / 150)).toBeLessThan(0.1);
  // One in five samples of thirty readers includes none of them, so no design with thirty readers reaches .80.
  expect(
    expertPower(
      study(30, 40, () => 0.5, randomFrom(5)),
      {},
      named,
      randomFrom(6),
    ),
  ).toBeLessThan(0.83);
});

test("a significant reader needs 1 / C(n, n/2) below alpha over the readers", () => {
  expect(fewestAnswersForName(1)).toBe(6);
  expect(fewestAnswersForName(100)).toBe(14);
  expect(fewestAnswersForName(179)).toBe(16);
});

test("the share of readers who can tell is estimated from scores, and none among n gives a bound of 3 / n", () => {
  const scores = (able: number, all: number) =>
    Array.from({ length: all }, (_, reader) => ({
      reader,
      right: reader < able ? ([19, 19] as const) : ([10, 10] as const),
      judged: [20, 20] as const,
    }));
  const some = ableShare(scores(6, 60))!;
  expect(some.estimate).toBeCloseTo(0.1, 1);
  expect(some.accuracy).toBe(0.95);
  expect(some.interval.low).toBeGreaterThan(0.03);
  expect(some.interval.high).toBeLessThan(0.22);
  const none = ableShare(scores(0, 100))!;
  expect(none.estimate).toBe(0);
  expect(none.most).toBeCloseTo(0.03, 2);
  // A reader who calls everything human is right in half of all, and so is not counted.
  expect(guessingP([20, 0], [20, 20])).toBe(1);
  expect(ableShare([])).toBeUndefined();
});
