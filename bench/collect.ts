/**
 * The speed at which a table becomes a corpus, and a page becomes stories. A table of 12,000 stories is collected
 * (read, normalised, validated, searched for near duplicates, split, written), compared with only reading its rows with
 * the same library; a page of four stories is parsed 200 times, compared with only parsing its markup. Peak memory.
 * Limits: 2,000 stories and 50 pages a second, 1 GB; the script fails below them.
 *
 *     npm run bench -- collect
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "cheerio";
import { parse } from "csv-parse/sync";
import { collect } from "../src/collect/collect.ts";
import { CollectOptions } from "../src/collect/options.ts";
import { parsePost } from "../src/collect/parse/post.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { StudyConfig } from "../src/study/config.ts";
import { csv } from "../src/tables/tables.ts";
import { worldEffects } from "../src/workbench/effects.ts";
import { studyOf } from "../src/workbench/study.ts";

const stories = 12_000;
const pages = 200;
const random = randomFrom("bench", "collect");

const folder = await mkdtemp(join(tmpdir(), "tinylove-bench-"));
const table = csv(
  ["title", "text", "author", "post"],
  Array.from({ length: stories }, (_, at) => ({
    title: `Story ${at}`,
    text: proseOf(95, random),
    author: `Author ${at % 700}`,
    post: `post ${Math.floor(at / 4)}`,
  })),
);
await writeFile(join(folder, "stories.csv"), table);

const reading = seconds(() => void parse(table, { columns: true }));
const study = studyOf(folder, StudyConfig.parse({ name: "bench", corpus: { file: "stories.csv" } }));
const begun = process.cpuUsage();
await collect.run(study, CollectOptions.parse({}), worldEffects(new AbortController().signal));
const collecting = secondsSince(begun);

const page = pageOf(4, random);
repeat(() => void parsePost(page));
const markup = seconds(() => repeat(() => void load(page)));
const parsing = seconds(() => repeat(() => void parsePost(page)));

const perSecond = { stories: stories / collecting, pages: pages / parsing };
const megabytes = process.resourceUsage().maxRSS / 1024;
console.log(
  `collect: ${Math.round(perSecond.stories)} stories/s, ${ratio(collecting, reading)} of reading the table`,
);
console.log(`parse: ${Math.round(perSecond.pages)} pages/s, ${ratio(parsing, markup)} of parsing the markup`);
console.log(`memory: ${Math.round(megabytes)} MB at the peak`);
if (perSecond.stories < 2_000 || perSecond.pages < 50 || megabytes > 1024) process.exitCode = 1;

/** Processor time, not elapsed time: other programs do not count. */
function secondsSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

function seconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  return secondsSince(start);
}

function repeat(work: () => void): void {
  for (let count = 0; count < pages; count++) work();
}

function ratio(ours: number, peers: number): string {
  return `${(ours / peers).toFixed(1)} times the time`;
}

/** Words with a skewed frequency distribution, so that runs of words repeat as in prose. */
function proseOf(words: number, random: Random): string {
  const word = () => `w${Math.floor(5000 * random.next() ** 3)}`;
  return `${Array.from({ length: words }, word).join(" ")}.`;
}

/** As large as an article's page: scripts, and the same text again as data. */
function pageOf(count: number, random: Random): string {
  const texts = Array.from({ length: count }, (_, at) => ({
    title: `Title ${at}`,
    text: proseOf(95, random),
  }));
  const body = texts.map(
    ({ title, text }) => `<div><h2>${title}</h2><p>${text} — <em>Ann Lee</em></p></div>`,
  );
  const blocks = texts.flatMap(({ title, text }) => [
    { __typename: "Heading2Block", content: [{ __typename: "TextInline", text: title, formats: [] }] },
    {
      __typename: "ParagraphBlock",
      content: [{ __typename: "TextInline", text: `${text} — Ann Lee`, formats: [] }],
    },
  ]);
  const data = {
    initialData: { data: { article: { sprinkledBody: { content: blocks }, rest: "x".repeat(200_000) } } },
  };
  return `<html><body>${"<div class=css-x><span>Menu</span></div>".repeat(500)}<section name="articleBody">${body.join("")}</section><script>window.__preloadedData = ${JSON.stringify(data)};</script></body></html>`;
}
