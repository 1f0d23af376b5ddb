import { expect, test } from "vitest";
import { pageOf, readCodebook, variableOf } from "../../src/coding/codebook.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { temporaryStudy } from "../helpers/world.ts";

test("the codebook has kind of love, tone and cultural setting with the codes of the study", async () => {
  const { instructions, variables } = await readCodebook(await temporaryStudy());
  const codes = Object.fromEntries(variables.map(({ name, codes }) => [name, codes.map(({ code }) => code)]));
  expect(codes).toEqual({
    cultural_setting: ["unmarked", "one culture", "between cultures"],
    kind_of_love: [
      "romantic",
      "parent and child",
      "family",
      "friendship",
      "self",
      "place or animal",
      "other",
    ],
    tone: [
      "celebratory",
      "grateful",
      "joyful",
      "content",
      "retrospective",
      "bittersweet",
      "melancholy",
      "regretful",
      "grieving",
    ],
  });
  expect(instructions).toMatch(/^1\. Read the whole text/);
  expect(instructions.split("\n").map((line) => line[0])).toEqual(["1", "2", "3", "4", "5"]);
  expect(instructions).not.toContain("Cues");
  for (const { codes: all } of variables)
    for (const { meaning } of all) expect(meaning.length).toBeGreaterThan(20);
});

test("people and models are shown no cues", async () => {
  const { variables } = await readCodebook(await temporaryStudy());
  for (const variable of variables) expect(pageOf(variable)).not.toMatch(/^Cues:/m);
});

test("a study's own codebook replaces the built-in one", async () => {
  const study = await temporaryStudy();
  await writeWhole(
    study.path("codebook/02-ending-of-love.md"),
    "# Ending\r\n\r\nHow does it end?\r\n\r\n## well\r\n\r\nWell.\r\n\r\nCues: Happy, ever after\r\n\r\n## badly\r\n\r\nBadly.\r\n\r\nCues: otherwise\r\n",
  );
  const { variables } = await readCodebook(study);
  expect(variables).toEqual([
    {
      name: "ending_of_love",
      title: "Ending",
      question: "How does it end?",
      codes: [
        { code: "well", meaning: "Well.", cues: ["happy", "ever after"], otherwise: false },
        { code: "badly", meaning: "Badly.", cues: [], otherwise: true },
      ],
    },
  ]);
});

test.each([
  ["without a title", "## one\n\nOne.\n\n## two\n\nTwo.\n"],
  ["with one code", "# Tone\n\n## one\n\nOne.\n"],
  ["with a code twice", "# Tone\n\n## one\n\nOne.\n\n## one\n\nTwo.\n"],
])("a page %s is refused", (_, page) => {
  expect(() => variableOf("tone.md", page)).toThrow("codebook/tone.md is not a codebook page");
});
