import { expect, test } from "vitest";
import { differenceVerdict } from "../../src/stats/difference-verdict.ts";
import { randomFrom } from "../../src/stats/random.ts";

/** Ratings around 3 of 20 stories by 40 readers, machine stories `shift` higher. */
function ratings(shift: number) {
  const random = randomFrom("ratings", shift);
  const looks = Array.from({ length: 20 }, () => 0.2 * random.normal());
  const rows = Array.from({ length: 40 }, () => 0.4 * random.normal()).flatMap((lean, reader) =>
    looks.map((look, story) => ({
      reader,
      story,
      value: 3 + look + lean + 0.7 * random.normal() + (story % 2) * shift,
    })),
  );
  return {
    values: rows.map(({ value }) => value),
    readers: rows.map(({ reader }) => reader),
    stories: rows.map(({ story }) => story),
    groups: rows.map(({ story }) => (story % 2 === 1 ? "machine" : "human")),
  };
}

const kinds = ["machine", "human"] as const;

test("similar means are equivalent within a wide margin and not within a narrow one", () => {
  const wide = differenceVerdict(ratings(0), kinds, { margin: 0.5 });
  expect(wide.verdict).toBe("equivalent");
  expect(wide.equivalenceInterval.low).toBeGreaterThan(-0.5);
  expect(wide.degrees).toBeLessThanOrEqual(18);
  expect(differenceVerdict(ratings(0), kinds, { margin: 0.02 }).verdict).not.toBe("equivalent");
});

test("dissimilar means are different, and swapping the kinds changes the sign", () => {
  const one = differenceVerdict(ratings(1), kinds, { margin: 0.3 });
  const other = differenceVerdict(ratings(1), ["human", "machine"], { margin: 0.3 });
  expect(one.verdict).toBe("different");
  expect(other.estimate).toBeCloseTo(-one.estimate!, 12);
  expect(other.differenceP).toBeCloseTo(one.differenceP, 12);
});

test("other kinds are ignored", () => {
  const data = ratings(0);
  const mixed = {
    ...data,
    values: [...data.values, 99],
    readers: [...data.readers, 1],
    stories: [...data.stories, 77],
    groups: [...data.groups, "tuned"],
  };
  expect(differenceVerdict(mixed, kinds, { margin: 0.5 })).toEqual(
    differenceVerdict(data, kinds, { margin: 0.5 }),
  );
});

test("no data, one kind, one reader and identical ratings give no verdict", () => {
  const nothing = { values: [], readers: [], stories: [], groups: [] };
  expect(differenceVerdict(nothing, kinds, { margin: 1 })).toMatchObject({
    verdict: "inconclusive",
    estimate: undefined,
    equivalenceP: 1,
    reason: "one of the kinds has no values",
  });
  const alone = {
    values: [3, 4, 3, 4],
    readers: [1, 1, 1, 1],
    stories: [1, 2, 3, 4],
    groups: ["human", "human", "machine", "machine"],
  };
  expect(differenceVerdict(alone, kinds, { margin: 1 }).reason).toBe(
    "one reader cannot represent readers in general",
  );
  const alike = { ...alone, values: [3, 3, 3, 3], readers: [1, 2, 1, 2] };
  expect(differenceVerdict(alike, kinds, { margin: 1 })).toMatchObject({
    verdict: "inconclusive",
    reason: "the values do not vary within a kind",
  });
  expect(() => differenceVerdict(alone, kinds, { margin: 0 })).toThrow(
    new RangeError("a margin must be above 0: 0"),
  );
});

test("almost identical values, and too few titles, give no verdict", () => {
  const rows = [...Array(144).keys()];
  const data = {
    values: rows.map((at) => (at === 0 ? 4 : 3)),
    readers: rows.map((at) => Math.floor(at / 12)),
    stories: rows.map((at) => at % 12),
    groups: rows.map((at) => (at % 2 === 0 ? "human" : "machine")),
  };
  const verdict = differenceVerdict(data, ["human", "machine"], { margin: 0.5 });
  expect(verdict).toMatchObject({ verdict: "inconclusive", equivalenceP: 1, degrees: 0 });
  expect(verdict.reason).toMatch(/^99\.3 % of the values are 3, so the scale was not used/);
  const titles = { name: "title", labels: data.stories.map((story) => Math.floor(story / 4)) };
  const few = { ...data, values: rows.map((at) => at % 5), clusters: [titles] };
  expect(differenceVerdict(few, ["human", "machine"], { margin: 0.5 }).reason).toBe(
    "there are 3 clusters by title, and at least 6 are needed",
  );
});

test("no error is below that of independent values with one more at each end of the scale", () => {
  const rows = [...Array(40).keys()];
  const data = {
    // Identical except for a reader's bias, which a difference of means within readers does not include.
    values: rows.map((at) => (Math.floor(at / 4) % 2 === 0 ? 3 : 4)),
    readers: rows.map((at) => Math.floor(at / 4)),
    stories: rows.map((at) => at % 4),
    groups: rows.map((at) => (at % 2 === 0 ? "human" : "machine")),
  };
  const errorOn = (scale?: { low: number; high: number }) =>
    differenceVerdict(data, ["human", "machine"], { margin: 0.5, ...(scale && { scale }) }).standardError;
  const own = [...Array(10).fill(3), ...Array(10).fill(4), 1, 7];
  const mean = own.reduce((sum, value) => sum + value, 0) / 22;
  const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 21 / 20;
  expect(errorOn({ low: 1, high: 7 })).toBeCloseTo(Math.sqrt(2 * variance), 12);
  expect(errorOn()).toBeLessThan(errorOn({ low: 1, high: 7 }));
});
