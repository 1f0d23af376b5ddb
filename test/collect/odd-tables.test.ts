import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { csv, readTable } from "../../src/tables/tables.ts";
import { readStories } from "../../src/workbench/artefacts.ts";
import { exists, jsonLines } from "../../src/workbench/files.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { tinylove } from "../helpers/small-study.ts";
import { temporaryFolder } from "../helpers/world.ts";
import { fewStories } from "./few-stories.ts";

/** Tables of stories in the formats that people use, read by the command. */

async function collected(file: string, content: string | Uint8Array, corpus = "") {
  const folder = await temporaryFolder();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), content);
  await writeFile(
    join(folder, "study.yaml"),
    `name: odd\ncorpus:\n  file: ${file}\n  split: {train: 1, validation: 1, test: 1}\n${corpus}`,
  );
  const { code, logged, last } = await tinylove("collect", "--study", folder);
  const study = await openStudy(folder);
  const stories = (await exists(study.path("corpus/stories.jsonl"))) ? await readStories(study) : [];
  const rejected = (await exists(study.path("corpus/rejected.csv")))
    ? await readTable(study.path("corpus/rejected.csv"))
    : [];
  return { code, told: logged.join("\n"), last, stories, rejected };
}

const usual = ["title", "text", "author"];
const rows = fewStories.map(({ title, text, author }) => ({ title, text, author }));
const textOf = (stories: readonly { readonly title: string; readonly text: string }[]) =>
  stories.map(({ title, text }) => ({ title, text }));
const expected = textOf(rows);
/** The usual stories, the first with another text. */
const withFirst = (text: string, more: Record<string, unknown> = {}) =>
  jsonLines([{ ...rows[0], text, ...more }, ...rows.slice(1)]);

const parquet = (compressed: Record<string, unknown> = {}) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        ...usual.map((name) => ({
          name,
          data: rows.map((row) => row[name as keyof typeof row]),
          type: "STRING" as const,
        })),
        { name: "year", data: rows.map((_, at) => BigInt(2015 + at)), type: "INT64" as const },
      ],
      ...compressed,
    }),
  );

describe("the same stories in any format", () => {
  test.each<[string, string, string | Uint8Array]>([
    [
      "sep=; in the first line",
      "s.csv",
      `sep=;\ntitle;text;author\n${rows.map((row) => `${row.title};"${row.text.replaceAll('"', '""')}";${row.author}`).join("\n")}\n`,
    ],
    ["Parquet", "s.parquet", parquet()],
    [
      "texts as lists of paragraphs",
      "s.jsonl",
      jsonLines(rows.map((row) => ({ ...row, text: row.text.split(/(?<=\.) /) }))),
    ],
    [
      "UTF-16 with tabs",
      "s.tsv",
      Buffer.from(
        `\uFEFF${["title\ttext\tauthor", ...rows.map((row) => `${row.title}\t"${row.text.replaceAll('"', '""')}"\t${row.author}`)].join("\n")}`,
        "utf16le",
      ),
    ],
    [
      "bars",
      "s.txt",
      [
        "title|text|author",
        ...rows.map((row) => `${row.title}|"${row.text.replaceAll('"', '""')}"|${row.author}`),
      ].join("\n"),
    ],
    [
      "headers in capitals, with spaces",
      "s.csv",
      csv(usual, rows).replace("title,text,author", " TITLE , Story_Text ,By-Line"),
    ],
    [
      "pandas's JSON by column",
      "s.json",
      JSON.stringify(
        Object.fromEntries(
          usual.map((name) => [
            name,
            Object.fromEntries(rows.map((row, at) => [at, row[name as keyof typeof row]])),
          ]),
        ),
      ),
    ],
    [
      "empty columns and rows at the end",
      "s.csv",
      `${csv(usual, rows).trimEnd().replace("title,text,author", "title,text,author,,").replaceAll(/\n/g, ",,\n").replace("author,,,,", "author,,")},,\n,,,,\n,,,,\n`,
    ],
    [
      "a table without a known author",
      "s.csv",
      csv(
        usual,
        rows.map((row) => ({ ...row, author: "NA" })),
      ),
    ],
  ])("%s", async (_, file, content) => {
    const { code, stories, last } = await collected(file, content);
    expect({ code, last: code === 0 ? "" : last }).toEqual({ code: 0, last: "" });
    expect(textOf(stories)).toEqual(expected);
  });

  test('a missing author is empty, not "NA"', async () => {
    const { stories } = await collected(
      "s.csv",
      csv(
        usual,
        rows.map((row) => ({ ...row, author: "NA" })),
      ),
    );
    expect(stories.every(({ origin }) => origin.by === "human" && origin.author === "")).toBe(true);
  });
});

describe("an invalid table is refused in one line, and nothing is written", () => {
  const nested = (value: unknown) => jsonLines([{ title: "A", text: value }, ...rows]);
  test.each<[string, string, string | Uint8Array, RegExp]>([
    [
      "a text that is an object",
      "s.jsonl",
      nested({ en: "x", de: "y" }),
      /s\.jsonl, line 1: text is an object with the keys en, de \(write the story as one text, or as a list of its paragraphs\)/,
    ],
    ["a text that is a list of objects", "s.jsonl", nested([{ p: "x" }]), /s\.jsonl, line 1: text is a list/],
    [
      "a title that is a list",
      "s.jsonl",
      jsonLines([{ title: ["A"], text: "b c" }]),
      /line 1: title is a list/,
    ],
    ["two columns of one name", "s.csv", "title,text,text\nA,b,c\n", /s\.csv has two columns called text/],
    [
      "two columns of one name but for spaces",
      "s.csv",
      "title,text,text \nA,b,c\n",
      /s\.csv has two columns called text/,
    ],
    [
      "two columns without a name",
      "s.csv",
      "title,text,,\nA,b c,d,e\n",
      /s\.csv has two columns without a name/,
    ],
    ["a Parquet file that is none", "s.parquet", "PAR1", /cannot read s\.parquet/],
    ["a spreadsheet", "s.xlsx", "PK", /not a table that can be read .*CSV UTF-8/],
  ])("%s", async (_, file, content, message) => {
    const { code, last, stories } = await collected(file, content);
    expect(last).toMatch(message);
    expect(last).toMatch(/^error: [^\n]+$/);
    expect({ code, stories }).toEqual({ code: 1, stories: [] });
  });
});

const story = rows[0]!.text;

describe("errors that other programs left in a text are repaired and reported", () => {
  const opening = "Marta didn’t cut the “key” — she found it at the café, at ½ past ten.";
  const shown = 'Marta didn\'t cut the "key" – she found it at the café, at 1/2 past ten.';
  /** What Windows-1252 shows for the bytes of UTF-8; Latin-1 has control characters instead. */
  const shownAs = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";
  const windows1252 = (text: string) =>
    [...Buffer.from(text, "utf8")]
      .map((byte) => (byte >= 0x80 && byte < 0xa0 ? shownAs[byte - 0x80] : String.fromCharCode(byte)))
      .join("");
  const latin1 = (text: string) => Buffer.from(text, "utf8").toString("latin1");
  const entities = opening
    .replace("’", "&#39;")
    .replace("“", "&ldquo;")
    .replace("”", "&#x201D;")
    .replace("—", "&mdash;")
    .replace("é", "&eacute;")
    .replace("½", "&frac12;");
  const macRoman = opening
    .replace("’", "‚Äô")
    .replace("“", "‚Äú")
    .replace("”", "‚Äù")
    .replace("—", "‚Äî")
    .replace("é", "√©");
  test.each<[string, string, string]>([
    ["UTF-8 that was read as Windows-1252", windows1252(opening), "broken encoding"],
    ["that twice", windows1252(windows1252(opening)), "broken encoding"],
    ["UTF-8 that was read as Latin-1", latin1(opening), "broken encoding"],
    ["UTF-8 that was read as Mac Roman", macRoman, "broken encoding"],
    [
      "a closing quote whose last byte was dropped",
      windows1252(opening).replaceAll("\u009D", ""),
      "broken encoding",
    ],
    ["entities by name and number", entities, "entities"],
    ["entities that were escaped again", entities.replaceAll("&", "&amp;"), "entities"],
    ["tags", opening.replace("found", "<i>found</i>").replace("Marta", "<p>Marta"), "tags"],
    ["tags as entities", opening.replace("found", "&lt;em class=&quot;x&quot;&gt;found&lt;/em&gt;"), "tags"],
    ["line breaks as two characters", opening.replace("key” —", "key”\\n—"), "escapes"],
    [
      "quotes and letters as JSON escapes them",
      opening.replaceAll(/[“”]/g, '\\"').replace("é", "\\u00e9"),
      "escapes",
    ],
  ])("%s", async (_, text, fault) => {
    const { told, stories } = await collected("s.jsonl", withFirst(`${text} ${story}`));
    expect(stories[0]!.text).toBe(`${shown} ${story}`);
    expect(told).toMatch(new RegExp(`line 1: “The Spare Key”: repaired [^\\n]*${fault}`));
  });

  test("a title and an author are repaired too", async () => {
    const { stories } = await collected(
      "s.jsonl",
      withFirst(story, { title: "AmÃ©lie &amp; I", author: "ZoÃ« D&#39;Arc" }),
    );
    expect(stories[0]).toMatchObject({ title: "Amélie & I", origin: { author: "Zoë D'Arc" } });
  });

  test.each([
    "She wrote 5 < 6 & 7 > 3, R&B; and <3 and <sigh> to a@b.org.",
    "Ă, â, ê, São, façade, Ærø – and “Ça va?” she asked.",
    "The tag C:\\new\\tapes was on the box.",
    "He said “AT&T” and ate at Â, his café.",
    "It cost £5 or €6, 50 %, in § 3 – ©1999.",
  ])("correct prose is unchanged: %s", async (text) => {
    const { told, stories } = await collected("s.jsonl", withFirst(`${text} ${story}`));
    expect(told).not.toContain("repaired");
    expect(stories[0]!.words).toBe(
      `${text} ${story}`.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
    );
  });

  test("corpus.repair: false leaves errors, with a warning that readers will see them", async () => {
    const { told, stories } = await collected(
      "s.jsonl",
      withFirst(`It was&mdash;fine. ${story}`),
      "  repair: false\n",
    );
    expect(stories[0]!.text).toMatch(/^It was&mdash;fine\./);
    expect(told).toMatch(
      /contains entities \(“&mdash;”\), which reveals to readers which stories were collected \(set corpus\.repair: true\)/,
    );
  });

  test("an apostrophe that became a question mark is reported, since it cannot be restored", async () => {
    const { told } = await collected("s.jsonl", withFirst(`I didn?t know. ${story}`));
    expect(told).toMatch(/contains “didn\?t”: question marks may replace lost characters/);
  });

  test("a collected story keeps its raw text in addition to the cleaned one", async () => {
    const { stories } = await collected("s.jsonl", withFirst(`“Oh” &amp; so. ${story}`));
    expect(stories[0]!.raw).toBe(`“Oh” &amp; so. ${story}`);
    expect(stories[1]!.raw).toBeUndefined();
  });
});

describe("starts and ends of stories", () => {
  test.each([
    ["a dash and the name", (text: string) => `${text} – Ilse Brandt`],
    ["a long dash without spaces", (text: string) => `${text}—Ilse Brandt`],
    ["two hyphens, on a line of its own", (text: string) => `${text}\n-- Ilse Brandt.`],
    ["by and the name", (text: string) => `${text} By Ilse Brandt`],
    ["the name alone on a last line", (text: string) => `${text}\n\nIlse Brandt`],
    ["the name in brackets and capitals", (text: string) => `${text} (ILSE BRANDT)`],
  ])("an author's signature is removed: %s", async (_, sign) => {
    const { told, stories } = await collected("s.jsonl", withFirst(sign(story)));
    expect(stories[0]!.text).toBe(story);
    expect(told).toMatch(
      /line 1: “The Spare Key” ended in its author's name, “Ilse Brandt”, which was removed/,
    );
  });

  test("another name is reported and stays; a name inside the story is not a signature", async () => {
    const { told, stories } = await collected("s.jsonl", withFirst(`${story} – Maria del Mar`));
    expect(stories[0]!.text).toBe(`${story} – Maria del Mar`);
    expect(told).toMatch(/may be signed: it ends in “Maria del Mar”/);
    const inside = await collected("s.jsonl", withFirst(`${story} She married Ilse Brandt.`));
    expect(inside.stories[0]!.text).toMatch(/She married Ilse Brandt\.$/);
    expect(inside.told).not.toContain("sign");
  });

  test.each([
    ["an open quotation", `${story} She said, “Come in and`, "a quotation at its end is still open"],
    ["an open straight quotation", `${story} She said, "Come in.`, "a quotation at its end is still open"],
    ["a comma", `${story} And then,`, "it ends in “,”"],
    ["a small word", `${story} And then she gave it to the`, "it ends in “the”"],
    ["a link to the rest", `${story} And then [...]`, "it ends in “[...]”"],
    ["words of a website", `${story} And then … Read more`, "it ends in “Read more”"],
    [
      "no mark where all others have one",
      `${story} And then she left`,
      "it ends without punctuation, unlike the others",
    ],
    ["few words", "She kept the key.", "it has 4 words, but half of the stories have 34 or more"],
  ])("a story that breaks off is reported and stays: %s", async (_, text, sign) => {
    const { told, stories } = await collected("s.jsonl", withFirst(text));
    expect(stories).toHaveLength(6);
    expect(told).toContain(`line 1: “The Spare Key” may be cut short: ${sign}`);
  });

  test.each([
    "“I know,” she said. “I have always known.”",
    "“First,” he began.\n“Second,” she said, and that was that.",
    "It was 5'10'' and a half, or so she thought…",
    "She smiled. ❤",
  ])("a complete story is not reported: %s", async (text) => {
    const { told } = await collected("s.jsonl", withFirst(`${story} ${text}`));
    expect(told).not.toContain("cut short");
  });
});

describe("of several versions the earliest is kept", () => {
  const printed = (dates: readonly string[], more: readonly Record<string, unknown>[] = []) =>
    jsonLines([
      ...dates.map((date, at) => ({ ...rows[0], date, mark: `print ${at + 1}`, ...more[at] })),
      ...rows.slice(1).map((row) => ({ ...row, date: "2019-03-05" })),
    ]);
  test.each<[string, string[], number]>([
    ["days as ISO writes them", ["2021-06-01", "2019-02-12", "2020-01-01"], 2],
    ["times", ["2021-06-01T09:00:00Z", "2021-06-01T08:00:00Z"], 2],
    ["months by name", ["June 4, 2021", "Feb. 12, 2019"], 2],
    ["days first, as 13/2 shows", ["4/6/2021", "13/2/2019"], 2],
    ["months first, as 2/13 shows", ["4/6/2021", "2/13/2019"], 2],
    ["points", ["04.06.2021", "12.02.2019"], 2],
    ["numbers that may be either: the first of the file stays", ["4/6/2021", "3/2/2019"], 1],
    ["no dates: the first of the file stays", ["", ""], 1],
  ])("%s", async (_, dates, kept) => {
    const { stories, rejected } = await collected("s.jsonl", printed(dates));
    expect(stories).toHaveLength(6);
    expect(stories.find(({ title }) => title === rows[0]!.title)!.facts).toMatchObject({
      mark: `print ${kept}`,
    });
    expect(rejected.map(({ reason }) => reason)).toEqual(dates.slice(1).map(() => "duplicate"));
  });

  test("of an original and a marked reprint the original is kept, in any order", async () => {
    const reprint = { text: `${story} (Originally published on June 4, 2019.)` };
    const { stories, rejected } = await collected("s.jsonl", printed(["", ""], [reprint, {}]));
    const kept = stories.find(({ title }) => title === rows[0]!.title)!;
    expect(kept).toMatchObject({ text: story, facts: { mark: "print 2" } });
    expect(rejected.map(({ reason }) => reason)).toEqual(["reprint"]);
  });
});
