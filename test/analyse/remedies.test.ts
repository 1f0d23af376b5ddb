import { expect, test } from "vitest";
import { remediesFor } from "../../src/analyse/remedies.ts";
import { surfaceFeatures } from "../../src/analyse/surface.ts";

test("every feature of a text's surface, and its place, has advice of its own; a column of a table is named", () => {
  const features = [
    ...Object.keys(surfaceFeatures("Once, twice.", "A title")),
    "place in which it was shown",
  ];
  for (const feature of features) {
    const [advice] = remediesFor([feature]);
    expect(advice, feature).not.toContain("a column of the table");
  }
  expect(remediesFor(["mood"])).toEqual([
    "make human and machine stories more similar in “mood”, a column of the table",
  ]);
});

test("features of one cause have one piece of advice, in order of the features", () => {
  const advice = remediesFor(["letters", "words", "letters a word"]);
  expect(advice.length).toBe(2);
  expect(advice[1]).toContain("compose.words.least");
});
