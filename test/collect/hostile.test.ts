import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { collect } from "../../src/collect/collect.ts";
import { failureIn } from "../../src/collect/crawl/fetch-failures.ts";
import { pageStore, pagesFolder } from "../../src/collect/crawl/page-store.ts";
import { CollectOptions } from "../../src/collect/options.ts";
import { parsePost } from "../../src/collect/parse/post.ts";
import { readTable } from "../../src/tables/tables.ts";
import { shortId } from "../../src/text/hash.ts";
import { readStories } from "../../src/workbench/artefacts.ts";
import { exists } from "../../src/workbench/files.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { fewStories } from "./few-stories.ts";

async function collected(file: string, content: string | Uint8Array) {
  const study = await temporaryStudy({ corpus: { file } });
  await writeFile(study.path(file), content);
  const effects = quietEffects();
  const run = () => collect.run(study, CollectOptions.parse({}), effects);
  return { study, run };
}

const table = ["title,text", ...fewStories.map(({ title, text }) => `"${title}","${text}"`)].join("\n");

test("a file with 50 MB in one cell loses only that story", async () => {
  const { study, run } = await collected("s.csv", `${table}\n"Flood","${"love ".repeat(10_000_000)}"\n`);
  await run();
  expect((await readStories(study)).length).toBe(fewStories.length);
  expect(await readTable(study.path("corpus/rejected.csv"))).toMatchObject([
    { where: "s.csv, line 8", reason: "too long", title: "Flood" },
  ]);
});

test("a file of 50 MB with an unclosed quote is reported in a short line", async () => {
  const { study, run } = await collected("s.csv", `${table}\n"Flood","${"love ".repeat(10_000_000)}`);
  const failure = run();
  await expect(failure).rejects.toThrow("s.csv, line 8: a quote that is never closed");
  await failure.catch(({ message, cause }) => expect(`${message}${cause}`.length).toBeLessThan(200));
  expect(await exists(study.path("corpus"))).toBe(false);
});

test("bytes that are not UTF-8 are reported with their line; UTF-16 with a byte order mark is read", async () => {
  const broken = Buffer.concat([Buffer.from(`${table}\n"A","caf`), Buffer.from([0xe9]), Buffer.from('"\n')]);
  await expect((await collected("s.csv", broken)).run()).rejects.toThrow(
    /s\.csv, line 8: bytes that are not UTF-8/,
  );
  const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(table, "utf16le")]);
  const read = await collected("s.csv", wide);
  await read.run();
  expect((await readStories(read.study)).length).toBeGreaterThan(4);
});

test("NUL characters reject only their own row", async () => {
  const { study, run } = await collected(
    "s.csv",
    `${table}\n"Hole","A story with a hole\u0000 in its middle."\n`,
  );
  await run();
  expect((await readStories(study)).length).toBe(fewStories.length);
  expect(await readTable(study.path("corpus/rejected.csv"))).toMatchObject([{ reason: "broken characters" }]);
});

test("deeply nested JSON is reported or read, without a crash", async () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  await expect((await collected("s.json", deep)).run()).rejects.toThrow(/s\.json/);
  await expect((await collected("s.jsonl", `{"title": "A", "text": ${deep}}`)).run()).rejects.toThrow(
    /s\.jsonl/,
  );
});

test("front matter with exploding aliases is refused", async () => {
  const bomb = "---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n# T\n\nText.";
  await expect((await collected("s.md", bomb)).run()).rejects.toThrow(
    "s.md: aliases (*name) are not used here",
  );
});

test("a cell with a spreadsheet formula is text in the list of rejected rows", async () => {
  const { study, run } = await collected("s.csv", `${table}\n"=HYPERLINK(""http://x"")",""\n`);
  await run();
  expect((await readTable(study.path("corpus/rejected.csv")))[0]!["title"]).toBe('\'=HYPERLINK("http://x")');
});

const inBody = (markup: string) => `<section name="articleBody"><h2>T</h2>${markup}</section>`;

test.each([
  ["nested elements", inBody(`<p>${"<b>".repeat(50_000)}love${"</b>".repeat(50_000)}</p>`)],
  ["nested blocks", inBody(`${"<div>".repeat(50_000)}<p>love</p>`)],
  ["open paragraphs", inBody("<p>love".repeat(100_000))],
  ["attributes", inBody(`<p ${Array.from({ length: 50_000 }, (_, at) => `a${at}=1`).join(" ")}>love</p>`)],
  ["line breaks", inBody(`<p>love${"<br>".repeat(100_000)}</p>`)],
  ["dashes", inBody(`<p>${"— ".repeat(100_000)}<em>love</em></p>`)],
  ["spaces", inBody(`<p>love${" \n".repeat(500_000)}</p>`)],
  ["quotes", inBody(`<p>${"”".repeat(200_000)} — Love</p>`)],
  ["brackets", inBody(`<p>${"(originally published ".repeat(20_000)}</p>`)],
  ["entities", inBody(`<p>${"&amp;".repeat(200_000)}</p>`)],
  ["scripts", `<script>window.__preloadedData = ${'{"a":'.repeat(100_000)}</script>`],
  ["strings", `<script>window.__preloadedData = {"a": "${"\\\\".repeat(500_000)}</script>`],
  ["open scripts", "<script".repeat(200_000)],
  ["elements as many as are let through", inBody("<p>love".repeat(19_000))],
  ["blocks as deep as are let through", inBody(`${"<div>".repeat(480)}<p>love</p>`)],
  ["undefined", `<script>window.__preloadedData = [${"undefined,".repeat(200_000)}1];</script>`],
])("a page with very many %s does not crash the parser", (_, html) => {
  expect(parsePost(html).stories.length).toBeLessThanOrEqual(1);
  expect(() => failureIn(html)).not.toThrow();
});

test("a stored page that is a decompression bomb is reported as damaged", async () => {
  const study = await temporaryStudy();
  const address = "https://www.nytimes.com/a";
  await mkdir(study.path(pagesFolder), { recursive: true });
  const file = join(study.path(pagesFolder), `${shortId(address, 20)}.html.gz`);
  await writeFile(file, gzipSync(Buffer.alloc(100_000_000)));
  await expect(pageStore(study).read(address)).rejects.toThrow("is damaged");
  await writeFile(file, "not gzip");
  await expect(pageStore(study).read(address)).rejects.toThrow("is damaged");
});
