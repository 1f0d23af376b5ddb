import { expect, test } from "vitest";
import type { Coding } from "../../src/study/coding.ts";
import { codingsFolder, readCoders, writeCoder } from "../../src/workbench/codings.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { temporaryStudy } from "../helpers/world.ts";

const codings: Coding[] = [
  { text: "one", variable: "tone", code: "parent and child, really", kind: "people" },
  { text: "two", variable: "tone", code: "joyful", kind: "people" },
];

test("what a coder coded is read as it was written", async () => {
  const study = await temporaryStudy();
  await writeCoder(study, { name: "anna", kind: "people", codings });
  expect(await readCoders(study)).toEqual([{ name: "anna", kind: "people", codings }]);
});

test("a study that nobody coded has no coders", async () => {
  expect(await readCoders(await temporaryStudy())).toEqual([]);
});

test("a text with two codes of one variable, and a row that is no coding, are named", async () => {
  const study = await temporaryStudy();
  await writeWhole(
    study.path(codingsFolder, "ben.csv"),
    "text,variable,code,kind\none,tone,joyful,people\none,tone,content,people\n",
  );
  await expect(readCoders(study)).rejects.toThrow("corpus/codings/ben.csv: one has two codes of tone");
  await writeWhole(study.path(codingsFolder, "ben.csv"), "text,variable,code,kind\none,tone,joyful,robots\n");
  await expect(readCoders(study)).rejects.toThrow("corpus/codings/ben.csv, row 1: kind");
});

test("a coder's name cannot leave the folder", async () => {
  const study = await temporaryStudy();
  const coder = { name: "../anna", kind: "people", codings } as const;
  await expect(writeCoder(study, coder)).rejects.toThrow("coder ../anna: no name for a coder");
});
