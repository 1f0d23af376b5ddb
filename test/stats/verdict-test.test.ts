import { expect, test } from "vitest";
import type { Judgments, Origin } from "../../src/stats/judgments.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { defaultSpread, simulateStudy } from "../../src/stats/simulate-study.ts";
import { proportionVerdict, verdictTest } from "../../src/stats/verdict-test.ts";

const options = { margin: 0.1 };

/** Readers who all judge all stories, half of them human; right if `isRight` says so. */
function everyone(
  readers: number,
  stories: number,
  isRight: (reader: number, story: number) => boolean,
): Judgments {
  const rows = Array.from(
    { length: readers * stories },
    (_, at) => [Math.floor(at / stories), at % stories] as const,
  );
  return {
    readers: rows.map(([reader]) => reader),
    stories: rows.map(([, story]) => story),
    origins: rows.map(([, story]) => (story % 2 === 0 ? "human" : "machine")),
    correct: rows.map(([reader, story]) => isRight(reader, story)),
  };
}

test("a large study at chance is equivalent, for each kind and overall", () => {
  const plan = { readers: 200, stories: 80, each: 40, variances: { bias: 0.3, skill: 0.1, story: 0.2 } };
  const result = verdictTest(simulateStudy(plan, randomFrom(1)), options);
  expect(result.together).toBe("equivalent");
  expect(result.overall).toMatchObject({ verdict: "equivalent", judgments: 8000, readers: 200, stories: 80 });
  expect(result.overall.reason).toBe("the 90 % interval lies within the margin");
  expect(result.human.stories).toBe(40);
});

test("a study of readers with skill is different", () => {
  const plan = {
    readers: 60,
    stories: 40,
    each: 20,
    variances: defaultSpread,
    humanAccuracy: 0.75,
    machineAccuracy: 0.75,
  };
  const result = verdictTest(simulateStudy(plan, randomFrom(2)), options);
  expect(result.overall.verdict).toBe("different");
  expect(result.together).toBe("different");
});

test("the equivalence interval is within the margin exactly if the verdict is equivalent", () => {
  for (let seed = 0; seed < 60; seed++) {
    const plan = { readers: 40, stories: 20, each: 10, variances: defaultSpread };
    const { overall, human, machine } = verdictTest(
      simulateStudy(plan, randomFrom("interval", seed)),
      options,
    );
    for (const { verdict, equivalenceInterval, interval, estimate } of [overall, human, machine]) {
      const within = equivalenceInterval.low >= 0.4 && equivalenceInterval.high <= 0.6;
      expect(verdict === "equivalent").toBe(within);
      if (!within) expect(verdict === "different").toBe(interval.low > 0.5 || interval.high < 0.5);
      expect(interval.low).toBeLessThanOrEqual(estimate!);
    }
  }
});

test("bias without skill changes the accuracy of each kind and leaves the balanced accuracy at chance", () => {
  const plan = { readers: 300, stories: 120, each: 40, variances: { bias: 0.2, skill: 0, story: 0.1 } };
  const { overall, human, machine, together } = verdictTest(
    simulateStudy({ ...plan, humanAccuracy: 0.7, machineAccuracy: 0.3 }, randomFrom(3)),
    options,
  );
  expect(overall.verdict).toBe("equivalent");
  expect([human.verdict, machine.verdict]).toEqual(["different", "different"]);
  expect(together).toBe("inconclusive");
});

test("unequal numbers of human and machine stories do not turn bias into skill", () => {
  const alwaysHuman = everyone(10, 20, () => true);
  const skewed = {
    ...alwaysHuman,
    origins: Array.from(alwaysHuman.stories, (story): Origin => (Number(story) < 16 ? "human" : "machine")),
    correct: Array.from(alwaysHuman.stories, (story) => Number(story) < 16),
  };
  expect(verdictTest(skewed, options).overall.estimate).toBe(0.5);
});

test("the 2022 study's 78 judgments are inconclusive at every plausible margin", () => {
  // 13 readers, 6 stories each of which 3 human; 21 of 39 and 18 of 39 right.
  const study = everyone(13, 6, (reader, story) => {
    const at = reader * 3 + Math.floor(story / 2);
    return story % 2 === 0 ? (at * 21) % 39 < 21 : (at * 18) % 39 < 18;
  });
  const { overall, human, machine } = verdictTest(study, options);
  expect([overall.correct, human.correct, machine.correct]).toEqual([39, 21, 18]);
  expect(overall.estimate).toBeCloseTo(0.5, 12);
  expect(overall.verdict).toBe("inconclusive");
});

test("no data, one judgment and one kind are inconclusive, with the reason", () => {
  const nothing = { readers: [], stories: [], origins: [], correct: [] };
  expect(verdictTest(nothing, options).overall).toMatchObject({
    verdict: "inconclusive",
    estimate: undefined,
    equivalenceP: 1,
    reason: "there are no judgments of human stories",
  });
  const one = { readers: ["a"], stories: ["s"], origins: ["human"], correct: [true] } as const;
  const result = verdictTest(one, options);
  expect(result.overall.reason).toBe("there are no judgments of machine stories");
  expect(result.human).toMatchObject({ verdict: "inconclusive", estimate: 1, differenceP: 1 });
  expect(result.human.reason).toBe("one reader cannot represent readers in general");
  expect(proportionVerdict({ correct: [], readers: [], stories: [] }, options).reason).toBe(
    "there are no judgments",
  );
});

test("one reader, or one story of a kind, gives no verdict however many judgments there are", () => {
  const oneReader = everyone(1, 1000, (_, story) => story % 4 < 2);
  expect(verdictTest(oneReader, options).overall).toMatchObject({ verdict: "inconclusive", degrees: 0 });
  const twoStories = everyone(1000, 2, (reader) => reader % 2 === 0);
  const { overall } = verdictTest(twoStories, options);
  expect(overall.verdict).toBe("inconclusive");
  expect(overall.reason).toBe("one story of a kind cannot represent stories in general");
});

test("few judgments are never equivalent, even if exactly half are right", () => {
  for (const [readers, stories] of [
    [2, 4],
    [3, 6],
    [4, 8],
    [6, 8],
  ] as const) {
    const even = everyone(readers, stories, (reader, story) => (reader + Math.floor(story / 2)) % 2 === 0);
    const result = verdictTest(even, options);
    for (const { verdict, standardError } of [result.overall, result.human, result.machine]) {
      expect(verdict).not.toBe("equivalent");
      expect(standardError).toBeGreaterThan(0);
    }
  }
});

test("all right is different and all wrong is different, with finite figures", () => {
  for (const right of [true, false]) {
    const { overall } = verdictTest(
      everyone(13, 12, () => right),
      options,
    );
    expect(overall.verdict).toBe("different");
    expect(overall.estimate).toBe(right ? 1 : 0);
    expect(overall.interval.low).toBeGreaterThanOrEqual(0);
    expect(overall.interval.high).toBeLessThanOrEqual(1);
    expect(overall.differenceP).toBeGreaterThan(0);
  }
});

test("swapping right and wrong mirrors the verdict", () => {
  const study = simulateStudy(
    { readers: 30, stories: 20, each: 10, variances: defaultSpread },
    randomFrom(9),
  );
  const mirrored = { ...study, correct: Array.from(study.correct, (right) => !right) };
  const one = verdictTest(study, options).overall;
  const other = verdictTest(mirrored, options).overall;
  expect(other.estimate).toBeCloseTo(1 - one.estimate!, 12);
  expect(other.standardError).toBeCloseTo(one.standardError, 12);
  expect(other.equivalenceP).toBeCloseTo(one.equivalenceP, 12);
});

test("impossible arguments are refused with the value", () => {
  const study = everyone(2, 4, () => true);
  expect(() => verdictTest(study, { margin: 0.5 })).toThrow(
    new RangeError("a margin of 0.5 around 0.5 would call everything equivalent"),
  );
  expect(() => verdictTest(study, { margin: 0.1, alpha: 0 })).toThrow(RangeError);
  expect(() => verdictTest({ ...study, readers: [1] }, options)).toThrow(
    new RangeError("readers: 1 entries, expected 8"),
  );
  expect(() =>
    verdictTest(
      {
        ...study,
        stories: study.stories,
        origins: ["human", "machine", "human", "machine", "machine", "human", "machine", "human"],
      },
      options,
    ),
  ).toThrow(new RangeError("the story 0 has two origins"));
});

// The long version is bench/stats-hard.ts.
test("readers with a side preference are rarely called different if the right answer was mostly on that side", () => {
  const called = { balanced: 0, raw: 0 };
  for (let study = 0; study < 200; study++) {
    const random = randomFrom("sides", study);
    const rows = Array.from({ length: 30 * 20 }, (_, at) => {
      const stoodLeft = at % 20 < 15;
      return { reader: Math.floor(at / 20), pair: at % 20, stoodLeft, tookLeft: random.next() < 0.7 };
    });
    const data = {
      correct: rows.map(({ stoodLeft, tookLeft }) => stoodLeft === tookLeft),
      readers: rows.map(({ reader }) => reader),
      stories: rows.map(({ pair }) => pair),
    };
    const sides = rows.map(({ stoodLeft }) => (stoodLeft ? ("left" as const) : ("right" as const)));
    called.balanced += Number(proportionVerdict({ ...data, sides }, options).verdict === "different");
    called.raw += Number(proportionVerdict(data, options).verdict === "different");
  }
  expect(called.balanced).toBeLessThan(20);
  expect(called.raw).toBeGreaterThan(100);
});

test("equivalence of the mean but not at each side is inconclusive, with the reason", () => {
  const rows = Array.from({ length: 40 * 40 }, (_, at) => ({ reader: Math.floor(at / 40), pair: at % 40 }));
  const sides = rows.map(({ pair }) => (pair % 2 === 0 ? ("left" as const) : ("right" as const)));
  const alwaysLeft = {
    correct: sides.map((side) => side === "left"),
    readers: rows.map(({ reader }) => reader),
    stories: rows.map(({ pair }) => pair),
    sides,
  };
  const { verdict, reason, estimate } = proportionVerdict(alwaysLeft, options);
  expect({ verdict, estimate }).toEqual({ verdict: "inconclusive", estimate: 0.5 });
  expect(reason).toContain("a preference for a side may hide skill");
});
