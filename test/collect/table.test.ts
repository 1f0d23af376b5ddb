import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { expect, test } from "vitest";
import { collect } from "../../src/collect/collect.ts";
import { CollectOptions } from "../../src/collect/options.ts";
import { csv, readTable } from "../../src/tables/tables.ts";
import { readCorpusSummary, readStories } from "../../src/workbench/artefacts.ts";
import { exists, jsonLines } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { fewStories } from "./few-stories.ts";

async function studyWith(file: string, content: string | Uint8Array, corpus: Record<string, unknown> = {}) {
  const study = await temporaryStudy({ corpus: { file, ...corpus } });
  await writeFile(study.path(file), content);
  return study;
}

async function collected(study: Study, options: Record<string, unknown> = {}) {
  const effects = quietEffects();
  await collect.run(study, CollectOptions.parse(options), effects);
  return { stories: await readStories(study), told: effects.logged };
}

const rejectedOf = (study: Study) => readTable(study.path("corpus/rejected.csv"));

const header2022 = ["", "Published Date", "Story Name", "Story", "Author"];

/** The table that the 2022 study's scraper wrote: row numbers without a name, posts identified by their date. */
const table2022 = csv(
  header2022,
  fewStories.map(({ title, text, author }, at) => ({
    "": at,
    "Published Date": `2021-0${1 + Math.floor(at / 2)}-05`,
    "Story Name": title,
    Story: text,
    Author: author,
  })),
);

test("the header of the 2022 study is read without mapping", async () => {
  const study = await studyWith("stories.csv", table2022);
  const { stories } = await collected(study);
  expect(stories.map(({ title, text }) => ({ title, text }))).toEqual(
    fewStories.map(({ title, text }) => ({ title, text })),
  );
  expect(stories[1]!.origin).toEqual({
    by: "human",
    source: "stories.csv",
    author: "Owen Pryce",
    licence: "unknown",
  });
  expect(stories.map(({ group }) => group)).toEqual(
    ["1", "1", "2", "2", "3", "3"].map((month) => `2021-0${month}-05`),
  );
  expect(stories[0]!.facts).toEqual({ date: "2021-01-05" });
});

test("the stories of a post are in the same part of the split", async () => {
  const { stories } = await collected(await studyWith("stories.csv", table2022));
  for (const { group, split } of stories) {
    for (const other of stories) if (other.group === group) expect(other.split).toBe(split);
  }
  expect(new Set(stories.map(({ split }) => split)).size).toBe(3);
});

test("TSV, JSON, JSONL, SQLite and Markdown give the same stories as CSV", async () => {
  const fields = fewStories.map((story, at) => ({ ...story, mood: `m${at}`, licence: "CC0" }));
  const columns = Object.keys(fields[0]!);
  const tsv = [columns, ...fields.map((row) => Object.values(row))].map((row) => row.join("\t")).join("\n");
  const files: Record<string, string> = {
    "s.csv": csv(columns, fields),
    "s.tsv": tsv,
    "s.json": JSON.stringify({ made: "by hand", stories: fields }),
    "s.jsonl": jsonLines(fields),
  };
  const comparable = (stories: Awaited<ReturnType<typeof readStories>>) =>
    stories.map(({ id, title, text, words, facts, origin }) => ({
      ...{ id, title, text, words, facts },
      ...(origin.by === "human" && { author: origin.author, licence: origin.licence }),
    }));
  const expected = comparable((await collected(await studyWith("s.csv", files["s.csv"]!))).stories);
  expect(expected[3]).toMatchObject({ title: "Seat 14C", words: 30, facts: { mood: "m3" }, licence: "CC0" });

  for (const [file, content] of Object.entries(files)) {
    const { stories } = await collected(await studyWith(file, content));
    expect(comparable(stories), file).toEqual(expected);
  }

  const database = await temporaryStudy({ corpus: { file: "s.sqlite" } });
  const sqlite = new Database(database.path("s.sqlite"));
  sqlite.exec("CREATE TABLE readers (name TEXT)");
  sqlite.exec('CREATE TABLE "love stories" (title TEXT, text TEXT, author TEXT, mood TEXT, licence TEXT)');
  const insert = sqlite.prepare('INSERT INTO "love stories" VALUES (?, ?, ?, ?, ?)');
  for (const { title, text, author, mood, licence } of fields) insert.run(title, text, author, mood, licence);
  sqlite.close();
  expect(comparable((await collected(database)).stories)).toEqual(expected);

  const folder = await temporaryStudy({ corpus: { file: "texts" } });
  await mkdir(folder.path("texts"));
  for (const [at, { title, text, author, mood, licence }] of fields.entries()) {
    const front = `---\nauthor: ${author}\nmood: ${mood}\nlicence: ${licence}\n---\n`;
    const wrapped = text.replace(/ (?=[A-Z])/g, "\n");
    await writeFile(join(folder.path("texts"), `${at}.md`), `${front}# ${title}\n\n${wrapped}\n`);
  }
  expect(comparable((await collected(folder)).stories)).toEqual(expected);
});

test("columns with other names are mapped in study.yaml", async () => {
  const rows = fewStories.map(({ title, text, author }) => ({ kopf: title, leib: text, wer: author }));
  const study = await studyWith("s.csv", csv(["kopf", "leib", "wer"], rows), {
    columns: { title: "kopf", text: "leib", author: "wer" },
  });
  expect((await collected(study)).stories[2]).toMatchObject({
    title: "Left Shoe First",
    origin: { author: "Noor Haddad" },
  });
});

test("a table without a text column is reported with its columns", async () => {
  const study = await studyWith("s.csv", "Title,Wie es weiterging\nA,b\n");
  await expect(collected(study)).rejects.toMatchObject({
    message: "s.csv has no text column",
    hint: expect.stringContaining("it has Title, Wie es weiterging"),
  });
  expect(await exists(study.path("corpus"))).toBe(false);
});

test("a missing mapped column is reported with the existing ones", async () => {
  const study = await studyWith("s.csv", table2022, { columns: { text: "Body" } });
  await expect(collected(study)).rejects.toMatchObject({
    message: "s.csv has no column Body (corpus.columns.text)",
    hint: "it has Published Date, Story Name, Story, Author",
  });
});

test("a missing file, and one of an unknown kind, are reported", async () => {
  const missing = await temporaryStudy({ corpus: { file: "gone.csv" } });
  await expect(collected(missing)).rejects.toThrow(/^no such file: .*gone\.csv$/);
  const other = await studyWith("s.docx", "x");
  await expect(collected(other)).rejects.toThrow(/s\.docx is not a table that can be read/);
  await expect(collected(await temporaryStudy())).rejects.toThrow("no table is given");
});

test("--file and --source need no settings in study.yaml", async () => {
  const study = await temporaryStudy();
  await writeFile(study.path("mine.csv"), table2022);
  const { stories, told } = await collected(study, { source: "table", file: [study.path("mine.csv")] });
  expect(stories.length).toBe(6);
  expect(told).toContain("mine.csv: titles from Story Name, texts from Story, groups from Published Date");
  await expect(collected(study, { source: "web" })).rejects.toMatchObject({
    message: "--source: unknown source web",
    hint: expect.stringContaining("table"),
  });
});

test.each([";", "\t"])("a .csv whose cells are separated by %j gives the same stories", async (separator) => {
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const lines = [["title", "text"], ...fewStories.map(({ title, text }) => [title, text])];
  const content = `\ufeff${lines.map((cells) => cells.map(quoted).join(separator)).join("\r\n")}\r\n`;
  const { stories } = await collected(await studyWith("s.csv", content));
  expect(stories.map(({ title, text }) => ({ title, text }))).toEqual(
    fewStories.map(({ title, text }) => ({ title, text })),
  );
});

test("several files make one corpus", async () => {
  const study = await studyWith("a.jsonl", jsonLines(fewStories.slice(0, 3)), { file: ["a.jsonl", "b.csv"] });
  await writeFile(study.path("b.csv"), csv(["title", "text"], fewStories.slice(3)));
  const { stories } = await collected(study);
  expect(stories.map(({ title }) => title)).toEqual(fewStories.map(({ title }) => title));
});

test.each([
  [
    "a bare quote",
    `title,text\n"A","b"\n"C","he said "no" twice"\n`,
    "s.csv, line 3: a bare quote inside a quoted cell",
  ],
  [
    "a quote in a plain cell",
    `title,text\nA,b "c" d\n`,
    "s.csv, line 2: a bare quote inside an unquoted cell",
  ],
  ["an open quote", `title,text\nA,b\nC,"d\nE,f\n`, "s.csv, line 3: a quote that is never closed"],
  ["too few cells", `title,text\n"A\nB","c"\nD\n`, "s.csv, line 4: 1 cell where the first line has 2"],
  ["too many cells", "title,text\nA,b,c\n", "s.csv, line 2: 3 cells where the first line has 2"],
  ["no line at all", "", "s.csv is empty"],
  ["two columns of one name", "title,text,text\nA,b,c\n", "s.csv has two columns called text"],
])("a malformed table is reported with its line: %s", async (_, content, message) => {
  await expect(collected(await studyWith("s.csv", content))).rejects.toThrow(message);
});

test.each([
  ["s.jsonl", `{"title": "A", "text": "b"}\n{"title": \n`, "s.jsonl, line 2: not JSON"],
  ["s.jsonl", `{"title": "A", "text": "b"}\n\n["A", "b"]\n`, "s.jsonl, line 3: not an object"],
  ["s.json", `{"a": 1}`, "s.json has no list of stories"],
  ["s.sqlite", "not a database, though it is called one", "s.sqlite is not an SQLite database"],
  ["s.md", "---\ntitle: [open\n---\nText", "s.md: its front matter is not valid YAML"],
])("a malformed %s is reported with the location: %s", async (file, content, message) => {
  await expect(collected(await studyWith(file, content))).rejects.toThrow(message);
});

test("rows that are not stories are listed with their reasons, one line each", async () => {
  const [first, second] = fewStories;
  const rows = [
    ...fewStories,
    { title: "", text: "A text that nobody gave a title, long enough to be one." },
    { title: "Nothing Yet", text: "  " },
    { title: "One Word", text: "Goodbye." },
    { title: "Too Much", text: "love ".repeat(126) },
    { title: "Again", text: first.text.toUpperCase().replaceAll(",", "") },
    { title: "Broken", text: "A letter was lost \u0000 on the way to this row." },
  ];
  const study = await studyWith("s.csv", csv(["title", "text"], rows));
  const { stories, told } = await collected(study);
  expect(stories.length).toBe(6);
  expect((await rejectedOf(study)).map(({ where, reason }) => [where, reason])).toEqual([
    ["s.csv, line 8", "no title"],
    ["s.csv, line 9", "no text"],
    ["s.csv, line 10", "one word"],
    ["s.csv, line 11", "too long"],
    ["s.csv, line 12", "duplicate"],
    ["s.csv, line 13", "broken characters"],
  ]);
  expect(told).toContain(
    "warning: s.csv, line 9: “Nothing Yet” has no text (add its story or remove the row)",
  );
  expect(told).toContain(
    "warning: s.csv, line 12: “Again” has the same text as s.csv, line 2 (remove one of them)",
  );
  expect((await readCorpusSummary(study)).rejected).toMatchObject({ duplicate: 1, "no text": 1 });
  expect(second.title).toBe("Two Sugars");
});

test("a story above the length limit is reported, and one far above it refused, by default", async () => {
  const long = (words: number) => ({
    title: `${words}`,
    text: Array.from({ length: words }, (_, at) => `w${words}x${at}`).join(" "),
  });
  const rows = [...fewStories, long(100), long(101), long(125), long(126)];
  const study = await studyWith("s.jsonl", jsonLines(rows));
  const { stories, told } = await collected(study);
  expect(stories.map(({ words }) => words).slice(6)).toEqual([100, 101, 125]);
  expect(told).toContain("warning: s.jsonl, line 8: “101” has 101 words, more than 100");
  expect((await readCorpusSummary(study)).words).toMatchObject({ aboveLimit: 2, limit: 100, most: 125 });

  const lenient = await studyWith("s.jsonl", jsonLines(rows), { words: { warn: 100, refuse: 150 } });
  expect((await collected(lenient)).stories.at(-1)!.words).toBe(126);
});

test("leftover markup is repaired or reported; no prose is mistaken for it", async () => {
  const text = (words: string) => `${fewStories[0].text} ${words}`;
  const marked = [
    "He said@@ no.",
    "A <em>kiss</em>.",
    "Tom &amp; I.",
    "A [[page]] of hers.",
    "See https://a.org",
  ];
  const prose = ["R&B; 5 < 6, she wrote to a@b. * * * <3 and_so on, Q&A"];
  const rows = [...marked, ...prose].map((words, at) => ({
    title: `Row ${at}`,
    text: text(words).slice(20 * at),
  }));
  const { stories, told } = await collected(await studyWith("s.jsonl", jsonLines(rows)));
  expect(stories.length).toBe(6);
  expect(stories[1]!.text).toMatch(/A kiss\.$/);
  expect(stories[2]!.text).toMatch(/Tom & I\.$/);
  expect(told.filter((line) => line.includes("repaired"))).toHaveLength(2);
  expect(stories[5]!.text).toMatch(/<3 and_so on, Q&A$/);
  const found = told.filter((line) => line.includes("markup"));
  expect(found.map((line) => /“Row \d” contains “([^”]+)”/.exec(line)?.[1])).toEqual([
    "@@",
    "[[",
    "https://",
  ]);
});

test("near duplicates stay, are reported, and are in the same part", async () => {
  const [first] = fewStories;
  const retold = { title: "The Other Key", text: first.text.replace("second date", "third date") };
  const study = await studyWith("s.jsonl", jsonLines([...fewStories, retold]));
  const { stories, told } = await collected(study);
  expect(stories.length).toBe(7);
  expect(stories[6]!.split).toBe(stories[0]!.split);
  expect(
    told.some((line) => /line 7: “The Other Key” is nearly the same as “The Spare Key”/.test(line)),
  ).toBe(true);
});

test("the same table gives byte-identical stories, and ids do not depend on the row", async () => {
  const forward = (await collected(await studyWith("s.jsonl", jsonLines(fewStories)))).stories;
  const again = (await collected(await studyWith("s.jsonl", jsonLines(fewStories)))).stories;
  expect(again).toEqual(forward);
  const backward = (await collected(await studyWith("s.jsonl", jsonLines([...fewStories].reverse()))))
    .stories;
  expect(new Set(backward.map(({ id }) => id))).toEqual(new Set(forward.map(({ id }) => id)));
});

test("a corpus of only refused rows leaves the study unchanged", async () => {
  const study = await studyWith("s.csv", "title,text\nA,\nB,\n");
  await expect(collected(study)).rejects.toThrow("none of the 2 rows is a usable story: 2 no text");
  expect(await exists(study.path("corpus"))).toBe(false);
});
