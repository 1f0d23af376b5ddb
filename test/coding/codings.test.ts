import { expect, test } from "vitest";
import { readCodebook } from "../../src/coding/codebook.ts";
import { codersOf, codingsFolder, readCoders, writeCoder } from "../../src/coding/codings.ts";
import type { Coding } from "../../src/study/coding.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { temporaryStudy } from "../helpers/world.ts";

const codings: Coding[] = [
  { text: "one", variable: "tone", code: "parent and child, really", kind: "people" },
  { text: "two", variable: "tone", code: "joyful", kind: "people" },
];

test("a coder's codes are read as they were written", async () => {
  const study = await temporaryStudy();
  await writeCoder(study, { name: "anna", kind: "people", codings });
  expect(await readCoders(study)).toEqual([{ name: "anna", kind: "people", codings }]);
});

test("a study without codes has no coders", async () => {
  expect(await readCoders(await temporaryStudy())).toEqual([]);
});

test("a text with two codes of one variable, and a row that is not a coding, are reported", async () => {
  const study = await temporaryStudy();
  await writeWhole(
    study.path(codingsFolder, "ben.csv"),
    "text,variable,code,kind\none,tone,joyful,people\none,tone,content,people\n",
  );
  await expect(readCoders(study)).rejects.toThrow("corpus/codings/ben.csv: one has two codes of tone");
  await writeWhole(study.path(codingsFolder, "ben.csv"), "text,variable,code,kind\none,tone,joyful,robots\n");
  await expect(readCoders(study)).rejects.toThrow("corpus/codings/ben.csv, row 1: kind");
});

test("a coder of both text sets is one coder; the codes of a text in both are those of the requested set", async () => {
  const study = await temporaryStudy();
  const of = (text: string, code: string, kind: Coding["kind"] = "people") => ({
    text,
    variable: "tone",
    code,
    kind,
  });
  const files = {
    anna: [of("story", "joyful"), of("other", "content")],
    "anna-influence": [of("story", "grieving"), of("factorial", "grieving")],
    "ben-influence": [of("factorial", "joyful")],
    "gpt-influence": [of("factorial", "joyful", "model")],
  };
  for (const [name, own] of Object.entries(files))
    await writeCoder(study, { name, kind: own[0]!.kind, codings: own });
  const asked = ["story", "other", "factorial"].map((id) => ({ id, title: "A title", text: "Some text." }));
  const codesIn = async (lot: "study" | "factorial") =>
    (await codersOf(study, lot, asked, await readCodebook(study)))
      .filter(({ kind }) => kind !== "cues")
      .map(({ name, kind, codings: own }) => [
        name,
        kind,
        Object.fromEntries(own.map(({ text, code }) => [text, code])),
      ]);
  const others = [
    ["ben", "people", { factorial: "joyful" }],
    ["gpt", "model", { factorial: "joyful" }],
  ];
  expect(await codesIn("study")).toEqual([
    ["anna", "people", { story: "joyful", other: "content", factorial: "grieving" }],
    ...others,
  ]);
  expect(await codesIn("factorial")).toEqual([
    ["anna", "people", { story: "grieving", factorial: "grieving", other: "content" }],
    ...others,
  ]);
});

test("a coder's name cannot contain a path out of the folder", async () => {
  const study = await temporaryStudy();
  const coder = { name: "../anna", kind: "people", codings } as const;
  await expect(writeCoder(study, coder)).rejects.toThrow("coder ../anna: not a valid name");
});
