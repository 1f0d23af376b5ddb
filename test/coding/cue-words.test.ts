import { expect, test } from "vitest";
import { readCodebook } from "../../src/coding/codebook.ts";
import { codedByCues } from "../../src/coding/cue-words.ts";
import { temporaryStudy } from "../helpers/world.ts";

const textOf = (text: string) => ({ id: "a text", title: "", text });

test("cues give the code with the most cues in the text, and none if no cue is found", async () => {
  const codebook = await readCodebook(await temporaryStudy());
  const codesOf = (text: string) =>
    Object.fromEntries(codedByCues([textOf(text)], codebook).map(({ variable, code }) => [variable, code]));
  expect(codesOf("At the funeral my sisters and my brother’s ashes stood beside us in Nairobi.")).toEqual({
    cultural_setting: "one culture",
    kind_of_love: "family",
    tone: "grieving",
  });
  expect(codesOf("The parking meter took coins only.")).toEqual({ cultural_setting: "unmarked" });
});

test("a cue is a whole word or phrase", async () => {
  const codebook = await readCodebook(await temporaryStudy());
  const kinds = codedByCues([textOf("The category of concatenated texts.")], codebook);
  expect(kinds.filter(({ variable }) => variable === "kind_of_love")).toEqual([]);
});
