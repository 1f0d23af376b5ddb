import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { settingsFor } from "../../src/collect/inspect-table.ts";
import { readCorpusSummary } from "../../src/workbench/artefacts.ts";
import { exists, filesUnder, writeWhole } from "../../src/workbench/files.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { withSettings } from "../../src/workbench/with-settings.ts";
import { storyRows, storyTable, tinylove } from "../helpers/small-study.ts";
import { temporaryFolder } from "../helpers/world.ts";

const manyRows = (count: number, words = 95) =>
  Array.from({ length: count }, (_, at) => {
    const text = Array.from({ length: words }, (_, word) => `w${at}x${word}`).join(" ");
    return `Title ${at},${text}.,post-${at}`;
  });

async function initWith(table: string, ...flags: string[]) {
  const folder = await temporaryFolder();
  const file = join(folder, "mine.csv");
  await writeWhole(file, table);
  const study = join(folder, "study");
  return { study, ...(await tinylove("init", study, "--corpus", file, ...flags)) };
}

test("a study from a user's table has that table and no example, and reports its choices", async () => {
  const { study, code, logged } = await initWith(
    storyTable([...manyRows(60), "Alone,,post-60", ...manyRows(1, 140)]),
  );
  expect({ code, logged }).toEqual({
    code: 0,
    logged: [
      "mine.csv: titles from title, texts from text, groups from source",
      "  60 stories; left out: 1 no text and 1 too long",
      "  split: 30 for training, 10 for validation, 20 for test",
      "  5 forms, texts clipped to 90 to 100 words",
      expect.stringMatching(/^made /),
    ],
  });
  expect((await filesUnder(study)).map((path) => basename(path)).sort()).toEqual([
    ".gitignore",
    "mine.csv",
    "study.schema.json",
    "study.yaml",
  ]);
  expect(await readFile(join(study, ".gitignore"), "utf8")).toContain("\n/mine.csv\n");
  const { config } = await openStudy(study);
  expect(config.corpus).toMatchObject({ file: "mine.csv", licence: "unknown", note: "" });
  expect(await readFile(join(study, "study.yaml"), "utf8")).not.toMatch(/written for Tiny Love/);
  expect(config.survey.consent).toMatch(
    /^You are invited to read some very short stories and [^\n]*\.\nTaking part is/,
  );
  expect(config.survey.consent).not.toContain("love");

  expect(await tinylove("collect", "--study", study)).toMatchObject({ code: 0 });
  const { split } = await readCorpusSummary(await openStudy(study));
  expect(split).toEqual({ train: 30, validation: 10, test: 20 });
});

test("columns with unknown names are mapped, and checked", async () => {
  const odd = storyTable().replace("title,text", "heading line,prose");
  const plain = await initWith(odd);
  expect(plain).toMatchObject({ code: 1, last: expect.stringMatching(/mine\.csv has no title column/) });
  expect(await exists(plain.study)).toBe(false);

  const wrong = await initWith(odd, "--columns", "title=heading", "text=prose");
  expect(wrong.last).toBe(
    "error: mine.csv has no column heading (corpus.columns.title) (it has heading line, prose, source)",
  );
  expect((await initWith(odd, "--columns", "name=prose")).last).toMatch(/--columns name: unknown role/);
  expect((await initWith(odd, "--columns", "prose")).last).toMatch(/--columns prose: not a pair/);

  const study = join(await temporaryFolder(), "study");
  expect(await tinylove("init", study, "--columns", "title=heading")).toMatchObject({
    code: 1,
    last: expect.stringMatching(/^error: --columns works only with --corpus FILE/),
  });
  expect(await exists(study)).toBe(false);

  const mapped = await initWith(odd, "--columns", "title=heading line", "text=prose");
  expect(mapped).toMatchObject({ code: 0 });
  expect((await openStudy(mapped.study)).config.corpus.columns).toEqual({
    title: "heading line",
    text: "prose",
  });
  expect(await tinylove("collect", "--study", mapped.study)).toMatchObject({ code: 0 });
});

test("too few stories, and a missing table, leave nothing behind", async () => {
  const few = await initWith(storyTable(storyRows.slice(1)));
  expect(few).toMatchObject({ code: 1, last: expect.stringContaining("mine.csv has 11 usable stories") });
  expect(await exists(few.study)).toBe(false);
  const study = join(await temporaryFolder(), "study");
  expect(await tinylove("init", study, "--corpus", "none.csv")).toMatchObject({ code: 1 });
  expect(await exists(study)).toBe(false);
});

const lengths = (count: number, words: number) => new Array<number>(count).fill(words);
const chosen = (all: number[]) => Object.fromEntries(settingsFor(all).settings);

test.each([
  [12, { train: 4, validation: 2, test: 6 }, 1],
  [40, { train: 14, validation: 6, test: 20 }, 5],
  [751, { train: 451, validation: 150, test: 150 }, 5],
])("%i stories are split so that there are enough titles for the forms", (count, split, forms) => {
  const found = chosen(lengths(count, 95));
  const { train, validation, test: tested } = split;
  expect(found).toMatchObject({
    "corpus.split.train": train,
    "corpus.split.validation": validation,
    "corpus.split.test": tested,
    "compose.forms": forms,
  });
});

test("the clip and the maximum length follow the lengths of the stories", () => {
  expect(chosen([...lengths(10, 50), ...lengths(50, 70)])).toMatchObject({
    "compose.words.least": 44,
    "compose.words.most": 49,
  });
  expect(chosen([...lengths(40, 95), ...lengths(20, 300)])).toMatchObject({
    "corpus.words.refuse": 300,
    "compose.words.least": 90,
  });
  expect(settingsFor([...lengths(59, 95), 300]).stories).toBe(59);
});

test("new values replace old ones, and comments stay", () => {
  const text = "a:\n  b: 1 # one\n  note: >-\n    folded\n    text\n  d: {e: 2}\nf: x\n";
  expect(
    withSettings(text, [
      ["a.b", "two: #"],
      ["a.note", ""],
      ["a.d.e", 3],
      ["a.g", { h: "i j" }],
    ]),
  ).toBe('a:\n  g: { h: i j }\n  b: "two: #" # one\n  note: ""\n  d: {e: 3}\nf: x\n');
});

test("comments stay in their column, and long paragraphs are folded", () => {
  expect(
    withSettings("a:\n  b: one   # of one\n  c: >-\n    old\n  d: 1\n", [
      ["a.b", "three"],
      ["a.c", "first\nsecond"],
    ]),
  ).toBe("a:\n  b: three # of one\n  c: >-\n    first\n\n    second\n  d: 1\n");
});
