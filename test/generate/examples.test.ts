import { expect, test } from "vitest";
import { controlsOf, distanceTo } from "../../src/generate/controls.ts";
import { chooseExamples, exampleChoices } from "../../src/generate/examples.ts";
import { randomFrom } from "../../src/stats/random.ts";
import type { Story } from "../../src/study/story.ts";
import { dialogueWords } from "../../src/text/dialogue.ts";
import { madeUpStories } from "../helpers/corpus.ts";

const stories = madeUpStories({ train: 12, validation: 4, test: 20 });
const titles = stories.filter(({ split }) => split === "test");
const control = { dialogue: 10 };

function chosen(
  how: string,
  of: readonly Story[] = titles,
  count = 2,
  all = stories,
  seed = 1,
  named: string[] = [],
) {
  return chooseExamples(
    { examples: how, exampleStories: named },
    of,
    all,
    { count, control },
    randomFrom(seed, "examples"),
  );
}

const names = exampleChoices.map(({ name }) => name);

test.each(names)(
  "%s: only different training stories, the same for a seed, independent of later titles",
  (how) => {
    const choices = chosen(how);
    expect(choices).toHaveLength(20);
    for (const examples of choices) {
      expect(examples).toHaveLength(2);
      expect(new Set(examples).size).toBe(2);
      for (const { split } of examples) expect(split).toBe("train");
    }
    expect(chosen(how)).toEqual(choices);
    expect(chosen(how, titles.slice(0, 5))).toEqual(choices.slice(0, 5));
  },
);

test.each(names)("%s: never the title's own story, even with another id or title", (how) => {
  const own = titles[0]!;
  const twins: Story[] = [
    { ...own, id: "twin", split: "train", title: "Another" },
    {
      ...own,
      id: "namesake",
      split: "train",
      text: "other words altogether",
      title: own.title.toUpperCase(),
    },
  ];
  const few = [...twins, ...stories.filter(({ id }) => id === "train-0" || id === "train-1"), own];
  for (let seed = 0; seed < 10; seed++) {
    const [examples] = chosen(how, [own], 2, few, seed);
    expect(examples!.map(({ id }) => id).sort()).toEqual(["train-0", "train-1"]);
  }
});

test("balanced examples are used equally often", () => {
  const uses = new Map<string, number>();
  for (const { id } of chosen("balanced", titles.slice(0, 18)).flat()) uses.set(id, (uses.get(id) ?? 0) + 1);
  expect([...uses.values()]).toEqual(Array.from({ length: 12 }, () => 3));
});

test("nearest shares words with the title, farthest does not", () => {
  const near: Story = {
    ...stories[0]!,
    id: "near",
    title: "Boats",
    text: "the ferry left the ferry pier for the last time",
  };
  const title: Story = { ...titles[0]!, title: "The Last Ferry" };
  const all = [...stories, near];
  expect(chosen("nearest", [title], 1, all)[0]![0]!.id).toBe("near");
  for (let seed = 0; seed < 20; seed++)
    expect(chosen("farthest", [title], 1, all, seed)[0]![0]!.id).not.toBe("near");
});

test("diverse examples are less similar to each other than random ones", () => {
  const kin = Array.from(
    { length: 10 },
    (_, at): Story => ({
      ...stories[0]!,
      id: `kin-${at}`,
      title: `Kin ${at}`,
      text: `the same lamp in the same window by the harbour ${at}`,
    }),
  );
  for (let seed = 0; seed < 10; seed++) {
    const [examples] = chosen("diverse", titles.slice(0, 1), 3, [...kin, ...stories], seed);
    expect(examples!.filter(({ id }) => id.startsWith("kin")).length).toBeLessThanOrEqual(1);
  }
});

test("fixed examples are those named by id or title", () => {
  for (const examples of chosen("fixed", titles, 2, stories, 1, ["train-3", "The train-5 story"])) {
    expect(examples.map(({ id }) => id)).toEqual(["train-3", "train-5"]);
  }
  expect(() => chosen("fixed", titles, 2, stories, 1, ["train-99"])).toThrow(/no training story train-99/);
  expect(() => chosen("fixed", titles, 2, stories, 1, ["train-1"])).toThrow(/has 1, but the prompt shows 2/);
});

test("matched examples are close to the control", () => {
  const talking = Array.from(
    { length: 25 },
    (_, at): Story => ({
      ...stories[0]!,
      id: `talk-${at}`,
      title: `Talk ${at}`,
      text: `"One two three four five six seven eight nine ten," said number ${at}.`,
    }),
  );
  for (const examples of chosen("matched", titles, 2, [...stories, ...talking]))
    for (const { text } of examples) expect(dialogueWords(text)).toBe(10);
});

test("a range means each of its numbers, and all combinations are made", () => {
  expect(controlsOf({})).toEqual([{}]);
  expect(controlsOf({ tone: "melancholy", strength: "0..4" })).toEqual(
    [0, 1, 2, 3, 4].map((strength) => ({ tone: "melancholy", strength })),
  );
  expect(controlsOf({ dialogue: "1..2", view: "first" })).toHaveLength(2);
  expect(() => controlsOf({ mood: "sad" })).toThrow(/unknown control mood/);
  expect(() => controlsOf({ tone: "joyful", strength: 7 })).toThrow(/strength 7/);
  expect(() => controlsOf({ strength: 2 })).toThrow(/strength without a tone/);
  expect(() => controlsOf({ tone: "joyful", strength: "4..0" })).toThrow(/strength 4\.\.0 is an empty range/);
});

test("texts are closer to the requested tone than others", () => {
  const sad = { text: "She died in grief and tears, and I miss her, alone." };
  const glad = { text: "We laughed and danced at the wedding, happy and warm." };
  const melancholy = distanceTo({ tone: "melancholy", strength: 4 }, stories);
  expect(melancholy(sad)).toBeLessThan(melancholy(glad));
  const joyful = distanceTo({ tone: "joyful", strength: 4 }, stories);
  expect(joyful(glad)).toBeLessThan(joyful(sad));
  const first = distanceTo({ view: "first" }, stories);
  expect(first({ text: "I held my breath and she held hers" })).toBeLessThan(
    first({ text: "She held his breath" }),
  );
});

test("an unknown choice is refused with the known ones", () => {
  expect(() => chosen("best")).toThrow(/unknown choice best/);
});
