import { expect, test } from "vitest";
import { cosine, letterNgramsOf, stemsOf, textSpace, tfidf } from "../../src/text/similarity.ts";
import { wordsOf } from "../helpers/words.ts";

test("weights are those of scikit-learn's TfidfVectorizer", () => {
  // TfidfVectorizer(token_pattern=r"\S+").fit(["a b b", "a c", "a"]).transform(["a b b c"]), by hand:
  // idf a = ln(4/4)+1 = 1, b = c = ln(4/2)+1 = 1.693147; weights 1, 3.386294, 1.693147; norm 3.915831.
  const vector = tfidf(["a b b", "a c", "a"], wordsOf).vector("a b b c");
  expect(vector.get("a")).toBeCloseTo(0.255374, 6);
  expect(vector.get("b")).toBeCloseTo(0.86477, 6);
  expect(vector.get("c")).toBeCloseTo(0.432385, 6);
});

test("the cosine is 1 for the same text, 0 for unrelated and empty ones", () => {
  const { vector } = tfidf(["one two", "three four"], wordsOf);
  expect(cosine(vector("one two"), vector("two one"))).toBeCloseTo(1, 12);
  expect(cosine(vector("one two"), vector("three four"))).toBe(0);
  expect(cosine(vector(""), vector("one"))).toBe(0);
});

test("function words are ignored unless there is nothing else", () => {
  expect(stemsOf("The gardens of my mother’s loving")).toEqual(["garden", "mother", "love"]);
  expect(stemsOf("What If")).toEqual(["what", "if"]);
});

test("character n-grams stay within words and keep whole characters", () => {
  expect(letterNgramsOf("Oh my")).toEqual([" oh", "oh ", " oh ", " my", "my ", " my "]);
  expect(letterNgramsOf("")).toEqual([]);
});

const stories = {
  "The Watchmaker of Izmir": "My grandfather mended watches. Each watch in Izmir passed his bench.",
  "Teaching Her to Swim": "She floated at last. I taught my daughter swimming in the cold lake.",
  "Two Buses to Work": "We rode one bus, then another bus, working the same shift for years.",
  "A Kettle for Marta": "Marta boiled water in a pot until I bought the kettle we never needed.",
};

test("a literal title is most similar to its own story", () => {
  const texts = Object.values(stories);
  const space = textSpace(texts);
  Object.entries(stories).forEach(([title, own]) => {
    const relevance = texts.map((text) => space.similarity(title, text));
    expect(texts[relevance.indexOf(Math.max(...relevance))]).toBe(own);
    for (const value of relevance) expect(value >= 0 && value <= 1).toBe(true);
  });
});

test("texts without a letter are similar to nothing", () => {
  const space = textSpace(["...", "love"]);
  expect(space.similarity("...", "love")).toBe(0);
  expect(textSpace([]).similarity("love", "love")).toBeCloseTo(1, 12);
});
