import { expect, test } from "vitest";
import { clustersOf } from "../../src/collect/clusters.ts";
import { drawSplit, splitCounts } from "../../src/collect/split.ts";
import { randomFrom } from "../../src/stats/random.ts";

const the2022 = { train: 450, validation: 151, test: 150 };

test("751 stories are split as in the 2022 study", () => {
  expect(splitCounts(the2022, 751)).toEqual(the2022);
});

test("the surplus of a larger corpus goes to training", () => {
  expect(splitCounts(the2022, 1000)).toEqual({ train: 699, validation: 151, test: 150 });
});

test("a smaller corpus is split in the same proportion, by largest remainders", () => {
  // 60 x 450/751 = 35.95, 60 x 151/751 = 12.06, 60 x 150/751 = 11.98
  expect(splitCounts(the2022, 60)).toEqual({ train: 36, validation: 12, test: 12 });
});

test("shares that sum to one are shares", () => {
  expect(splitCounts({ train: 0.6, validation: 0.2, test: 0.2 }, 11)).toEqual({
    train: 7,
    validation: 2,
    test: 2,
  });
  expect(splitCounts({ train: 0, validation: 0, test: 1 }, 7)).toEqual({ train: 0, validation: 0, test: 7 });
});

const posts = (sizes: readonly number[]) => {
  let next = 0;
  return sizes.map((size) => Array.from({ length: size }, () => next++));
};

const sizesOf = (split: ReadonlyMap<number, string>) => {
  const counts = { train: 0, validation: 0, test: 0 };
  for (const part of split.values()) counts[part as keyof typeof counts] += 1;
  return counts;
};

test("posts of three to five stories give the exact counts with every seed, and no post is split", () => {
  const random = randomFrom(7);
  const sizes: number[] = [];
  let sum = 0;
  while (sum < 740) {
    sizes.push(random.integer(3, 5));
    sum += sizes.at(-1)!;
  }
  // The difference to 751, in posts.
  for (let left = 751 - sum; left > 0; left -= Math.min(4, left)) sizes.push(Math.min(4, left));
  const clusters = posts(sizes);
  for (let seed = 0; seed < 20; seed++) {
    const split = drawSplit(clusters, the2022, randomFrom(seed));
    expect(sizesOf(split)).toEqual(the2022);
    for (const cluster of clusters) expect(new Set(cluster.map((at) => split.get(at))).size).toBe(1);
  }
});

test("the same seed gives the same split, another seed another", () => {
  const clusters = posts(Array(100).fill(3));
  const counts = { train: 180, validation: 60, test: 60 };
  const [one, again, other] = [1, 1, 2].map((seed) => [...drawSplit(clusters, counts, randomFrom(seed))]);
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});

test("every story has the same probability to be a test story", () => {
  const clusters = posts([...Array(20).fill(1), ...Array(20).fill(4)]);
  const counts = { train: 60, validation: 20, test: 20 };
  const drawn = new Array(100).fill(0);
  for (let seed = 0; seed < 400; seed++) {
    for (const [at, part] of drawSplit(clusters, counts, randomFrom(seed)))
      if (part === "test") drawn[at] += 1;
  }
  const meanOf = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0) / counts.length;
  expect(Math.abs(meanOf(drawn.slice(0, 20)) - 80)).toBeLessThan(25);
  expect(Math.abs(meanOf(drawn.slice(20)) - 80)).toBeLessThan(25);
});

test("if no set of groups has the exact count, the nearest is used", () => {
  const split = drawSplit(posts([10, 10, 10, 10]), { train: 24, validation: 8, test: 8 }, randomFrom(3));
  expect(sizesOf(split)).toEqual({ train: 20, validation: 10, test: 10 });
});

test("with fewer groups than parts, training comes first and validation last", () => {
  const counts = { train: 18, validation: 6, test: 6 };
  expect(sizesOf(drawSplit(posts([30]), counts, randomFrom(3)))).toEqual({
    train: 30,
    validation: 0,
    test: 0,
  });
  expect(sizesOf(drawSplit(posts([10, 20]), counts, randomFrom(3)))).toEqual({
    train: 20,
    validation: 0,
    test: 10,
  });
});

test("stories stay together by label, by near duplicates, and by a chain of both", () => {
  expect(clustersOf(["a", undefined, "a", "b", undefined], [[1, 3]])).toEqual([[0, 2], [1, 3], [4]]);
  expect(
    clustersOf(
      ["a", "b", "b", "c"],
      [
        [0, 1],
        [2, 3],
      ],
    ),
  ).toEqual([[0, 1, 2, 3]]);
});
