import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collect } from "../../src/collect/collect.ts";
import { CollectOptions } from "../../src/collect/options.ts";
import { htmlOfMhtml } from "../../src/collect/parse/mhtml.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readStories } from "../../src/workbench/artefacts.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { pageOfPost, posts } from "./posts.ts";

async function studyOfPages(pages: Record<string, string | Uint8Array>) {
  const study = await temporaryStudy({
    corpus: { source: "saved-pages", file: "pages", split: { train: 0.6, validation: 0.2, test: 0.2 } },
  });
  for (const [name, content] of Object.entries(pages)) {
    await mkdir(join(study.path("pages"), name, ".."), { recursive: true });
    await writeFile(join(study.path("pages"), name), content);
  }
  const effects = quietEffects();
  const run = () => collect.run(study, CollectOptions.parse({}), effects);
  return { study, effects, run };
}

/** A page saved as one file: quoted-printable or base64, in a part next to its pictures. */
function mhtmlOf(html: string, encoding: "quoted-printable" | "base64"): string {
  const bytes = Buffer.from(html, "utf8");
  const quoted = [...bytes]
    .map((byte) =>
      byte === 0x3d || byte > 126
        ? `=${byte.toString(16).toUpperCase().padStart(2, "0")}`
        : String.fromCharCode(byte),
    )
    .join("")
    .replace(/(?:=[0-9A-F]{2}|[^=\n]){60}/g, "$&=\r\n");
  const body = encoding === "base64" ? bytes.toString("base64").replace(/.{76}/g, "$&\r\n") : quoted;
  return [
    "From: <Saved by Blink>",
    "Snapshot-Content-Location: https://www.nytimes.com/2021/06/29/style/tiny-love-stories-porch.html",
    "MIME-Version: 1.0",
    'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----MultipartBoundary--abc----"',
    "",
    "",
    "------MultipartBoundary--abc----",
    "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Location: https://x/y.png",
    "",
    "iVBORw0KGgo=",
    "------MultipartBoundary--abc----",
    `Content-Type: text/html\r\nContent-ID: <frame-1>\r\nContent-Transfer-Encoding: ${encoding}`,
    "",
    body,
    "------MultipartBoundary--abc------",
    "",
  ].join("\r\n");
}

test("saved pages give the stories of their posts, from HTML and MHTML", async () => {
  const { study, run } = await studyOfPages({
    "a.html": pageOfPost(posts[0]!, { shape: "state" }),
    "b/b.htm": pageOfPost(posts[1]!),
    "b/b_files/frame.html": "<p>A frame</p>",
    "c.mhtml": mhtmlOf(pageOfPost(posts[3]!), "quoted-printable"),
    "notes.txt": "not a page",
  });
  await run();
  const stories = await readStories(study);
  expect(stories.map(({ title }) => title)).toEqual(
    [0, 1, 3].flatMap((at) => posts[at]!.stories.map(({ title }) => title.replaceAll("’", "'"))),
  );
  expect(stories[0]).toMatchObject({
    origin: { source: "www.nytimes.com", author: "Bridie Nolan" },
    group: `https://www.nytimes.com${posts[0]!.path}`,
    facts: { date: "2018-10-16" },
  });
});

test.each(["quoted-printable", "base64"] as const)("a page in MHTML is decoded exactly (%s)", (encoding) => {
  const html = pageOfPost(posts[3]!);
  expect(htmlOfMhtml(mhtmlOf(html, encoding))?.trim()).toBe(html);
});

test("blocked, truncated and unrelated pages are listed with the reason", async () => {
  const whole = pageOfPost(posts[0]!);
  const { study, run, effects } = await studyOfPages({
    "good.html": pageOfPost(posts[2]!),
    "gateway.html": whole.replace("</body>", '<div data-testid="gateway-content"></div></body>'),
    "cut.html": whole
      .replace('"config":', '"isOptimisticallyTruncated":true,"config":')
      .replace('{"initialData"', '{"isOptimisticallyTruncated":true,"initialData"'),
    "other.html": "<h1>A recipe</h1><p>Flour.</p>",
    "broken.mhtml": "Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nnothing",
  });
  await run();
  expect((await readStories(study)).length).toBe(5);
  const rejected = await readTable(study.path("corpus/rejected.csv"));
  expect(rejected.map(({ where, reason }) => [where, reason])).toEqual([
    ["broken.mhtml", "page: no stories"],
    ["cut.html", "page: truncated"],
    ["gateway.html", "page: gateway"],
    ["other.html", "page: no stories"],
  ]);
  expect(effects.logged).toContain("warning: other.html has no readable story");
});

test("a missing folder, or one without pages, is reported", async () => {
  const { run } = await studyOfPages({});
  await expect(run()).rejects.toThrow(/^no such folder: .*pages$/);
  const empty = await studyOfPages({ "a.txt": "x" });
  await expect(empty.run()).rejects.toThrow(/has no saved pages/);
});
