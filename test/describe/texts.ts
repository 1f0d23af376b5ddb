import type { Text } from "../../src/coding/texts.ts";
import { Corpus } from "../../src/measures/corpus.ts";
import { isSlow, type QuickMeasure, type Value } from "../../src/measures/measure.ts";
import { measures } from "../../src/measures/measures.ts";
import { ParsedText } from "../../src/measures/parsed-text.ts";
import type { Story } from "../../src/study/story.ts";

/** A text with the given properties; the others are defaults. */
export const textOf = (text: string, about: Partial<Text> = {}): Text => ({
  id: "text",
  origin: "human",
  model: "",
  story: "text",
  title: "A title",
  text,
  examples: [],
  selected: true,
  ...about,
});

/** A human story, by default a training story. */
export const storyOf = (id: string, title: string, text: string, split: Story["split"] = "train"): Story => ({
  id,
  title,
  text,
  words: text.split(" ").length,
  origin: { by: "human", source: "test", author: "A. Author", licence: "CC0-1.0" },
  group: id,
  split,
});

/** The value of the measure with this name for a text. */
export function measured(name: string, text: Text | string, stories: readonly Story[] = []): Value {
  const parsed = new ParsedText(typeof text === "string" ? textOf(text) : text);
  return quick(name).of(parsed, new Corpus(stories));
}

function quick(name: string): QuickMeasure {
  const measure = measures.find((candidate) => candidate.name === name);
  if (!measure || isSlow(measure)) throw new Error(`no quick measure ${name}`);
  return measure;
}

/** Prose, written for these tests. */
export const goodProse =
  "The bakery on our corner closed the winter my father stopped speaking. I kept bringing him bread from across the " +
  "river, and he kept leaving the crusts on my plate, as he had when I was six. In April he pointed at a sparrow. " +
  "“Hungry,” he said. We tore the loaf in two and stood at the window until nothing was left.";
