import { expect, test } from "vitest";
import { type Row, readTable } from "../../src/tables/tables.ts";
import { nearDuplicates, ngramIndex } from "../../src/text/copying.ts";
import { normaliseText } from "../../src/text/normalise.ts";
import { endsCutOff } from "../../src/text/sentences.ts";
import { countWords, termsOf } from "../../src/text/words.ts";

const stories = await readTable("examples/first-study/stories.csv");
const column = (name: string) => stories.map((story) => story[name]!);
function tally(name: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of column(name)) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

test("sixty stories have 94 to 99 words each, as written and normalised", () => {
  expect(stories).toHaveLength(60);
  expect(Object.keys(stories[0]!)).toEqual(["title", "text", "author", "kind", "tone", "source"]);
  const outside = (text: (story: Row) => string) =>
    stories.filter((story) => countWords(text(story)) < 94 || countWords(text(story)) > 99);
  expect(outside(({ text }) => text!)).toEqual([]);
  expect(outside(({ text }) => normaliseText(text!))).toEqual([]);
});

test("titles have two to seven words, and all are different", () => {
  expect(column("title").filter((title) => countWords(title) < 2 || countWords(title) > 7)).toEqual([]);
  expect(new Set(column("title").map((title) => title.toLowerCase())).size).toBe(60);
});

test("no two stories have the same first words or share a run of six words", () => {
  const openings = column("text").map((text) => termsOf(text).slice(0, 3).join(" "));
  expect(new Set(openings).size).toBe(60);
  expect(nearDuplicates(column("text"), 0.05)).toEqual([]);
  column("text").forEach((text, at, texts) => {
    expect(ngramIndex(texts.toSpliced(at, 1), 6).nearest(text)).toBeUndefined();
  });
});

test("every story has an ending", () => {
  expect(column("text").filter(endsCutOff)).toEqual([]);
});

test("kinds and tones are spread, and twelve posts have five stories each", () => {
  expect(Object.values(tally("kind")).sort()).toEqual([8, 8, 8, 9, 9, 9, 9]);
  expect(Object.keys(tally("tone")).sort()).toEqual([
    "bittersweet",
    "celebratory",
    "content",
    "grateful",
    "grieving",
    "joyful",
    "melancholy",
    "regretful",
    "retrospective",
  ]);
  expect(Math.min(...Object.values(tally("tone")))).toBeGreaterThanOrEqual(5);
  expect(Object.values(tally("source"))).toEqual(new Array(12).fill(5));
});

test("every story says that it was written for the example", () => {
  expect(tally("author")).toEqual({ "Tiny Love (written for the example)": 60 });
});
