import { expect, test } from "vitest";
import { crossedBootstrap } from "../../src/stats/bootstrap.ts";
import { clusteredDetection, clusteredPairDetection } from "../../src/stats/clustered-detection.ts";
import { normalQuantile } from "../../src/stats/normal.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { defaultSpread, simulateStudy } from "../../src/stats/simulate-study.ts";
import { verdictTest } from "../../src/stats/verdict-test.ts";

const study = simulateStudy(
  {
    readers: 40,
    stories: 30,
    each: 16,
    variances: defaultSpread,
    humanAccuracy: 0.65,
    machineAccuracy: 0.55,
  },
  randomFrom(1),
);

test("Youden's J is twice the balanced accuracy minus one, with its error and interval", () => {
  const { youden } = clusteredDetection(study)!;
  const { estimate, standardError, interval } = verdictTest(study, { margin: 0.1 }).overall;
  expect(youden.value).toBeCloseTo(2 * estimate! - 1, 12);
  expect(youden.standardError).toBeCloseTo(2 * standardError, 10);
  expect(youden.interval.low).toBeCloseTo(2 * interval.low - 1, 10);
});

test("the error of d' is below the crossed bootstrap's, which counts the residual up to three times", () => {
  const saysHuman = Array.from(study.correct, (right, at) =>
    Number(right === (study.origins[at] === "human")),
  );
  const z = (sums: Float64Array, sizes: Float64Array, at: number) =>
    normalQuantile((sums[at]! + 0.5) / (sizes[at]! + 1));
  const drawn = crossedBootstrap(
    { values: saysHuman, readers: study.readers, stories: study.stories, groups: study.origins },
    (sums, sizes) => z(sums, sizes, 0) - z(sums, sizes, 1),
    { draws: 2000 },
    randomFrom(2),
  )!;
  const { sensitivity } = clusteredDetection(study)!;
  expect(sensitivity.value).toBeCloseTo(drawn.estimate, 12);
  expect(drawn.standardError / sensitivity.standardError).toBeGreaterThan(1);
  expect(drawn.standardError / sensitivity.standardError).toBeLessThan(Math.sqrt(3));
});

test("one reader gives no errors, no machine stories give nothing", () => {
  const one = {
    readers: ["a", "a"],
    stories: [1, 2],
    origins: ["human", "machine"],
    correct: [true, false],
  } as const;
  expect(clusteredDetection(one)!.sensitivity.standardError).toBe(Infinity);
  const human = { readers: ["a"], stories: [1], origins: ["human"], correct: [true] } as const;
  expect(clusteredDetection(human)).toBeUndefined();
});

test("pairs have a d' with an error clustered by reader and by pair", () => {
  const pairs = { correct: study.correct, readers: study.readers, stories: study.stories };
  const { value, standardError } = clusteredPairDetection(pairs)!;
  const right = Array.from(study.correct).filter(Boolean).length;
  expect(value).toBeCloseTo(Math.SQRT2 * normalQuantile((right + 0.5) / (study.correct.length + 1)), 12);
  expect(standardError).toBeGreaterThan(0);
  expect(clusteredPairDetection({ correct: [], readers: [], stories: [] })).toBeUndefined();
});
