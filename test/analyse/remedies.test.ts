import { expect, test } from "vitest";
import { remediesFor } from "../../src/analyse/remedies.ts";
import { surfaceFeatures } from "../../src/analyse/surface.ts";

test("every surface feature, and the order, has its own advice; a column of a table is named", () => {
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

test("features with the same cause have one piece of advice, in the order of the features", () => {
  const advice = remediesFor(["letters", "words", "letters a word"]);
  expect(advice.length).toBe(2);
  expect(advice[1]).toContain("compose.words.least");
});
