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

test("means that lie close are equivalent within a wide margin and not within a narrow one", () => {
  const wide = differenceVerdict(ratings(0), kinds, { margin: 0.5 });
  expect(wide.verdict).toBe("equivalent");
  expect(wide.equivalenceInterval.low).toBeGreaterThan(-0.5);
  expect(wide.degrees).toBeLessThanOrEqual(18);
  expect(differenceVerdict(ratings(0), kinds, { margin: 0.02 }).verdict).not.toBe("equivalent");
});

test("means that lie apart are different, and turning the kinds turns the sign", () => {
  const one = differenceVerdict(ratings(1), kinds, { margin: 0.3 });
  const other = differenceVerdict(ratings(1), ["human", "machine"], { margin: 0.3 });
  expect(one.verdict).toBe("different");
  expect(other.estimate).toBeCloseTo(-one.estimate!, 12);
  expect(other.differenceP).toBeCloseTo(one.differenceP, 12);
});

test("other kinds are left aside", () => {
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

test("nothing, one kind, one reader and ratings all alike carry no verdict", () => {
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
  expect(differenceVerdict(alone, kinds, { margin: 1 }).reason).toBe("one reader can't stand for readers");
  const alike = { ...alone, values: [3, 3, 3, 3], readers: [1, 2, 1, 2] };
  expect(differenceVerdict(alike, kinds, { margin: 1 })).toMatchObject({
    verdict: "inconclusive",
    reason: "the values never vary within a kind",
  });
  expect(() => differenceVerdict(alone, kinds, { margin: 0 })).toThrow(
    new RangeError("a margin lies above 0: 0"),
  );
});
