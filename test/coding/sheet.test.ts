import { readFile } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { code } from "../../src/coding/code.ts";
import { readCoders } from "../../src/coding/codings.ts";
import { csv, type Row, readTable } from "../../src/tables/tables.ts";
import { factorialFile, storiesFile } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";
import { pretended } from "../describe/generations.ts";
import { goodProse, storyOf } from "../describe/texts.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";

let study: Study;

beforeEach(async () => {
  study = await temporaryStudy();
  await writeWhole(study.path("study.yaml"), "name: test\n");
  await writeWhole(
    study.path(storiesFile),
    jsonLines([
      storyOf("bread", "Bread", goodProse),
      storyOf("bus", "The tall one", "We shared an umbrella – “you’re the tall one,” she said."),
    ]),
  );
  await writeWhole(
    study.path("generations/echo/one-shot.jsonl"),
    jsonLines([pretended("machine-one", 'We shared -- she said, "You\'re tall."')]),
  );
});

const run = (options: Record<string, unknown>) =>
  code.run(study.folder, code.options.parse(options), quietEffects());

const sheetOf = (coder: string) => readTable(study.path(`corpus/sheets/${coder}.csv`));

test("a sheet does not reveal origins, and each coder has other item names and another order", async () => {
  await run({ how: "sheet", coder: "anna" });
  await run({ how: "sheet", coder: "ben" });
  const [anna, ben] = [await sheetOf("anna"), await sheetOf("ben")];
  expect(anna.map(({ text }) => text).sort()).toEqual(ben.map(({ text }) => text).sort());
  expect(anna.map(({ item }) => item).filter((item) => ben.some((row) => row["item"] === item))).toEqual([]);
  const written = await readFile(study.path("corpus/sheets/anna.csv"), "utf8");
  expect(written).not.toMatch(/machine|human|echo|bread,|“|--/);
  expect(Object.keys(anna[0]!)).toEqual([
    "item",
    "title",
    "text",
    "kind_of_love",
    "tone",
    "cultural_setting",
    "remarks",
  ]);
  expect(await readFile(study.path("corpus/sheets/codebook.md"), "utf8")).toContain("## bittersweet");
});

test("a filled sheet is imported as the coder's codes; empty cells are no codes", async () => {
  await run({ how: "sheet", coder: "anna" });
  const filled = (await sheetOf("anna")).map((row, at) => ({
    ...row,
    tone: [" Joyful ", "grieving", ""][at] ?? "",
    kind_of_love: ["Parent and  Child", "", ""][at] ?? "",
  }));
  await writeSheet(filled);
  await run({ how: "import", coder: "anna", file: study.path("filled.csv") });
  const [anna] = await readCoders(study);
  expect(anna).toMatchObject({ name: "anna", kind: "people" });
  expect(anna!.codings.map(({ variable, code }) => `${variable}: ${code}`)).toEqual([
    "kind_of_love: parent and child",
    "tone: joyful",
    "tone: grieving",
  ]);
  const ids = anna!.codings.map(({ text }) => text);
  for (const id of ids) expect(["bread", "bus", "machine-one"]).toContain(id);
  expect(ids[0]).toBe(ids[1]);
});

test("a sheet saved by a spreadsheet is read: semicolons, sep=, other case, NA, empty rows and columns", async () => {
  await run({ how: "sheet", coder: "anna" });
  const [first, second] = (await sheetOf("anna")).map(({ item }) => item!);
  const lines = [
    "sep=;",
    "ITEM;Title;Text;Kind of love;Tone;Setting;Remarks;;",
    `${first};A;"b; c";NA;Joyful;n/a;;;`,
    `${second};B;d;Parent and child;-;;so it is;;`,
    ";;;;;;;;",
  ];
  const variables = Object.keys((await sheetOf("anna"))[0]!).filter(
    (name) => !/item|title|text|remarks/.test(name),
  );
  const header = lines[1]!.split(";").map((name) => name.toLowerCase().replaceAll(" ", "_"));
  const missing = variables.filter((name) => !header.includes(name));
  const rows = lines.map((line, at) =>
    at === 0 ? line : `${line}${missing.map((name) => `;${at === 1 ? name.toUpperCase() : ""}`).join("")}`,
  );
  await writeWhole(study.path("filled.csv"), rows.join("\r\n"));
  await run({ how: "import", coder: "anna", file: study.path("filled.csv") });
  const [anna] = await readCoders(study);
  expect(anna!.codings.map(({ variable, code }) => `${variable}: ${code}`)).toEqual([
    "tone: joyful",
    "kind_of_love: parent and child",
  ]);
});

test("a sheet with two equal column names, or with other columns, is refused", async () => {
  await run({ how: "sheet", coder: "anna" });
  const path = study.path("filled.csv");
  await writeWhole(path, "item,tone,tone\na,joyful,grieving\n");
  const again = () => run({ how: "import", coder: "anna", file: path });
  await expect(again()).rejects.toThrow("filled.csv has two columns called tone");
  await writeWhole(path, "number,tone\na,joyful\n");
  await expect(again()).rejects.toThrow("filled.csv: no column item");
  expect(await readCoders(study)).toEqual([]);
});

test("a code that is not in the codebook is reported with its row, and nothing is written", async () => {
  await run({ how: "sheet", coder: "anna" });
  await writeSheet((await sheetOf("anna")).map((row) => ({ ...row, tone: "gleeful" })));
  const wrong = run({ how: "import", coder: "anna", file: study.path("filled.csv") });
  await expect(wrong).rejects.toThrow(/filled\.csv, line 2: tone: no code gleeful/);
  expect(await readCoders(study)).toEqual([]);
});

test("another coder's sheet is refused", async () => {
  await run({ how: "sheet", coder: "anna" });
  await writeSheet((await sheetOf("anna")).map((row) => ({ ...row, tone: "joyful" })));
  const wrong = run({ how: "import", coder: "ben", file: study.path("filled.csv") });
  await expect(wrong).rejects.toThrow(/line 2: item \w+ is not on ben's sheet/);
});

test("a sheet that somebody may be filling in is not overwritten", async () => {
  await run({ how: "sheet", coder: "anna" });
  await expect(run({ how: "sheet", coder: "anna" })).rejects.toThrow("corpus/sheets/anna.csv already exists");
});

test("a sample alternates human and machine texts, and is the same for every coder", async () => {
  await run({ how: "sheet", coder: "anna", count: "2" });
  await run({ how: "sheet", coder: "ben", count: "2" });
  const texts = (await sheetOf("anna")).map(({ text }) => text);
  expect(texts).toHaveLength(2);
  expect(texts).toContain('We shared – she said, "You\'re tall."');
  expect((await sheetOf("ben")).map(({ text }) => text).sort()).toEqual(texts.sort());
});

const writeSheet = (rows: readonly Row[]) =>
  writeWhole(study.path("filled.csv"), csv(Object.keys(rows[0]!), rows));

test("texts of the factorial are coded with the stories behind them, in a separate file of the coder", async () => {
  await run({ how: "sheet", coder: "anna" });
  const own = await readFile(study.path("corpus/sheets/anna.csv"), "utf8");
  const text = "The bread was warm and nobody came.";
  await writeWhole(
    study.path(factorialFile),
    jsonLines([{ ...pretended("influence-one", text), story: "bread", examples: ["bus"] }]),
  );
  await run({ how: "sheet", coder: "anna", influence: true });
  const rows = await sheetOf("anna-influence");
  expect(rows).toHaveLength(3);
  expect(rows.filter((row) => row["text"] === text)).toHaveLength(1);
  const filled = rows.map((row) => ({ ...row, tone: row["text"] === text ? "grieving" : "joyful" }));
  await writeWhole(study.path("filled.csv"), csv(Object.keys(filled[0]!), filled));
  await run({
    how: "import",
    coder: "anna",
    influence: true,
    file: study.path("filled.csv"),
  });
  const coders = await readCoders(study);
  expect(coders.map(({ name }) => name)).toContain("anna-influence");
  expect(await readFile(study.path("corpus/codings/anna-influence.csv"), "utf8")).toContain(
    "influence-one,tone,grieving",
  );
  expect(await readFile(study.path("corpus/sheets/anna.csv"), "utf8")).toBe(own);
});

test("no coder of the study's own texts can take the file of another's codes of the factorial", async () => {
  await expect(run({ how: "sheet", coder: "anna-influence" })).rejects.toThrow(
    "coder anna-influence: names with this ending are for codes of the factorial's texts",
  );
  await expect(run({ how: "sheet", coder: "cues" })).rejects.toThrow("the cue lists have this name");
});
