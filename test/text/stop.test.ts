import { expect, test } from "vitest";
import { untilNextTitle } from "../../src/text/stop.ts";

test("a text ends where the next title begins", () => {
  expect(untilNextTitle(" We met in May.\n\nTitle: The Next\nOnce")).toBe("We met in May.");
  expect(untilNextTitle("We met in May. Title: The Next")).toBe("We met in May.");
  expect(untilNextTitle("We met in May.Title:")).toBe("We met in May.");
});

test("a title counts only after the story has begun", () => {
  expect(untilNextTitle("Title: At once\n\nWe met in May.")).toBe("Title: At once\n\nWe met in May.");
  expect(untilNextTitle("**Title:** A\nWe met.\n\nTitle: B")).toBe("**Title:** A\nWe met.");
});

test("without a marker nothing is removed", () => {
  expect(untilNextTitle(" We met.\nTitle: B ", "")).toBe("We met.\nTitle: B");
});

test("rules and Markdown signs before the next title are removed with it", () => {
  expect(untilNextTitle("We met in May.\n\n---\n\n**Title:** The Next")).toBe("We met in May.");
  expect(untilNextTitle("We met in May.\n### Title: The Next")).toBe("We met in May.");
  expect(untilNextTitle("We met in *May*\n\nTitle: X")).toBe("We met in *May*");
});

test("a truncated marker is removed completely", () => {
  for (const trace of ["\nT", "\n\nTit", "\r\nTitle", "\n**Titl", "\n\nTitle:", " Title"]) {
    expect(untilNextTitle(`We met in May.${trace}`)).toBe("We met in May.");
  }
});

test("a word that only looks like the marker is kept", () => {
  expect(untilNextTitle("Subtitle: none. SubTitle: none")).toBe("Subtitle: none. SubTitle: none");
  expect(untilNextTitle("He drank a cup of T")).toBe("He drank a cup of T");
  expect(untilNextTitle("They called it a Title")).toBe("They called it a Title");
  expect(untilNextTitle("All was well. T")).toBe("All was well. T");
});

test("a story without a next title is only trimmed", () => {
  expect(untilNextTitle("\n We met –\n")).toBe("We met –");
  expect(untilNextTitle("He asked *why*")).toBe("He asked *why*");
  expect(untilNextTitle("")).toBe("");
});

test("another marker is matched exactly", () => {
  expect(untilNextTitle("Once.\n(Story) next", "(Story)")).toBe("Once.");
  expect(untilNextTitle("Once.\n(Sto", "(Story)")).toBe("Once.");
});

test("long runs of blanks, signs and partial markers take one pass", () => {
  expect(untilNextTitle(`a${"\n".repeat(3_000_000)}Title:`)).toBe("a");
  expect(untilNextTitle(`a ${"*".repeat(3_000_000)}`).length).toBe(3_000_002);
  expect(untilNextTitle("aTitle:".repeat(1_000_000)).length).toBe(7_000_000);
});
