import { readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { collect } from "../../src/collect/collect.ts";
import { Journal } from "../../src/collect/crawl/journal.ts";
import { CollectOptions } from "../../src/collect/options.ts";
import { journalFile } from "../../src/collect/sources/nyt.ts";
import { readTable } from "../../src/tables/tables.ts";
import { normaliseText } from "../../src/text/normalise.ts";
import { readStories } from "../../src/workbench/artefacts.ts";
import { exists } from "../../src/workbench/files.ts";
import { unrecorded } from "../../src/workbench/stage.ts";
import type { Study } from "../../src/workbench/study.ts";
import { chromiumPath } from "../helpers/browser.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { posts } from "./posts.ts";
import {
  type Behaviour,
  goodCookie,
  goodKey,
  TestNewspaper,
  type TestNewspaperOptions,
} from "./test-newspaper.ts";

const settings = { corpus: { source: "nyt", split: { train: 0.6, validation: 0.2, test: 0.2 } } };

async function begun(options: TestNewspaperOptions = {}) {
  const newspaper = await TestNewspaper.open(options);
  const study = await temporaryStudy(settings);
  const run = async (
    flags: Record<string, unknown> = {},
    environment: Record<string, string | undefined> = {},
  ) => {
    // Tests that never request a page need no browser: any program will do.
    const browser = { CHROMIUM: chromiumPath() ?? process.execPath };
    const effects = quietEffects({ env: { ...newspaper.environment, ...browser, ...environment } });
    const outcome = await collect.run(
      study,
      CollectOptions.parse({ acknowledgeTerms: true, ...flags }),
      effects,
    );
    return { ...effects, outcome };
  };
  return { newspaper, study, run, [Symbol.asyncDispose]: () => newspaper[Symbol.asyncDispose]() };
}

/** The expected corpus: every first print, and the reprint whose original is in no post. */
const expected = posts
  .flatMap((post) => post.stories.map((story) => ({ ...story, post })))
  .filter(({ note, title }) => !note || title === "Northern Line")
  .map(({ title, paragraphs, author, place, note, post }) => ({
    title: normaliseText(title),
    text: normaliseText(paragraphs.join(" ")),
    author,
    facts: {
      post: post.headline,
      date: post.date,
      ...(place && { place }),
      ...(note && { note }),
    },
  }));

async function corpusOf(study: Study) {
  return (await readStories(study)).map(({ title, text, origin, facts: { address: _, ...facts } = {} }) => ({
    title,
    text,
    author: origin.by === "human" ? origin.author : "",
    facts,
  }));
}

function statesOf(study: Study): string[] {
  const journal = new Journal(study.path(journalFile));
  const states = journal.addresses().map(({ state }) => state);
  journal.close();
  return states;
}

describe.skipIf(!chromiumPath())("with a real Chromium", () => {
  test.each(["metadata", "meta"] as const)(
    "the test server's posts are collected exactly (%s)",
    async (count) => {
      await using crawl = await begun({ count, limited: 2, subscribers: true });
      await writeFile(crawl.study.path("cookies.txt"), cookiesTxt);
      const { logged } = await crawl.run({ cookies: crawl.study.path("cookies.txt") });

      expect(await corpusOf(crawl.study)).toEqual(expected);
      expect([...crawl.newspaper.visits()]).toEqual(posts.map(({ path }) => [path, 1]));
      expect(crawl.newspaper.mostAtOnce).toBe(1);
      expect(statesOf(crawl.study)).toEqual(posts.map(() => "parsed"));
      expect(logged.some((line) => /the search's rate limit is reached/.test(line))).toBe(true);

      const reprints = (await readTable(crawl.study.path("corpus/rejected.csv"))).map((row) => row["reason"]);
      expect(reprints).toEqual(["reprint", "reprint"]);
    },
  );

  test("it identifies itself, sends only cookies of the domain, and the login is in no message", async () => {
    await using crawl = await begun({ subscribers: true });
    await writeFile(crawl.study.path("cookies.txt"), cookiesTxt);
    const { logged } = await crawl.run({ cookies: crawl.study.path("cookies.txt") });
    for (const { path, agent, cookie } of crawl.newspaper.seen) {
      expect(agent).toMatch(/TinyLove\/\d/);
      if (path !== "/robots.txt") expect(cookie).toBe(goodCookie);
    }
    expect(logged).toContain("stored 1 cookies of 127.0.0.1; skipped 2 of other sites and 1 expired");
    expect(logged.join("\n")).not.toContain("a-subscriber");
    expect(logged.join("\n")).not.toContain("of-another-site");
    const kept = crawl.study.path("collected/cookies.json");
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    expect(await readFile(kept, "utf8")).not.toContain("of-another-site");
  });

  test("a second run requests nothing again, and reparsing makes no request", async () => {
    await using crawl = await begun();
    await crawl.run();
    const first = await readFile(crawl.study.path("corpus/stories.jsonl"), "utf8");
    const [searches, pages] = [crawl.newspaper.searches.length, crawl.newspaper.visits()];
    await crawl.run();
    expect(crawl.newspaper.searches.length).toBe(searches);
    expect(crawl.newspaper.visits()).toEqual(pages);

    const seen = crawl.newspaper.seen.length;
    await crawl.run({ reparse: true }, { NYT_API_KEY: undefined, CHROMIUM: "/nowhere" });
    expect(crawl.newspaper.seen.length).toBe(seen);
    expect(await readFile(crawl.study.path("corpus/stories.jsonl"), "utf8")).toBe(first);
  });

  test("--limit fetches that many pages, the next run the others, and --dry-run only lists them", async () => {
    await using crawl = await begun();
    await crawl.run({ limit: 2 });
    expect(crawl.newspaper.visits().size).toBe(2);
    const seen = crawl.newspaper.seen.length + crawl.newspaper.searches.length;
    const { printed, outcome } = await crawl.run({ dryRun: true });
    expect(outcome).toBe(unrecorded);
    expect(crawl.newspaper.seen.length + crawl.newspaper.searches.length).toBe(seen);
    expect(printed).toContain(
      `pages to fetch now from ${new URL(crawl.newspaper.address).host}: 3, one every 0 s`,
    );
    await crawl.run();
    expect(await corpusOf(crawl.study)).toEqual(expected);
    expect([...crawl.newspaper.visits().values()]).toEqual([1, 1, 1, 1, 1]);
  });

  const failures: [Behaviour, RegExp, string][] = [
    ["login", /leads to the login page/, "blocked"],
    ["gateway", /behind the paywall/, "blocked"],
    ["truncated", /is cut short/, "blocked"],
    ["captcha", /asks for a CAPTCHA/, "blocked"],
    ["forbidden", /is forbidden \(403\)/, "blocked"],
    ["too many requests", /too many requests \(429\)/, "blocked"],
    ["server error", /not available because of a server error/, "failed"],
    ["changed markup", /has no readable story/, "failed"],
    ["no answer", /could not be fetched: .*(ERR_EMPTY_RESPONSE|ERR_CONNECTION)/, "failed"],
  ];
  test.each(failures)("three pages in a row of %s end the crawl", async (behaviour, message, state) => {
    await using crawl = await begun();
    for (const { path } of posts.slice(1)) crawl.newspaper.behaviours.set(path, behaviour);
    await expect(crawl.run()).rejects.toMatchObject({
      name: "StudyError",
      message: expect.stringMatching(message),
      hint: expect.stringContaining("--retry-failed"),
    });
    expect(statesOf(crawl.study)).toEqual(["fetched", state, state, state, "discovered"]);
    // Chromium itself repeats a request without an answer.
    const asked = behaviour === "no answer" ? 2 : 1;
    expect([...crawl.newspaper.visits().values()]).toEqual([1, asked, asked, asked]);
    expect(await exists(crawl.study.path("corpus/stories.jsonl"))).toBe(false);
  });

  test("after blocked pages nothing is lost, and they are requested again only on demand", async () => {
    await using crawl = await begun();
    for (const { path } of posts.slice(1)) crawl.newspaper.behaviours.set(path, "gateway");
    await expect(crawl.run()).rejects.toThrow("stopped after 3 failed pages in a row");
    crawl.newspaper.behaviours.clear();
    await crawl.run({ retryFailed: true });
    expect([...crawl.newspaper.visits().values()]).toEqual([1, 2, 2, 2]);
    await crawl.run();
    expect([...crawl.newspaper.visits().values()]).toEqual([1, 2, 2, 2, 1]);
    expect(await corpusOf(crawl.study)).toEqual(expected);
  });

  test("missing pages, and single blocked ones, are reported and do not end the crawl", async () => {
    await using crawl = await begun();
    crawl.newspaper.behaviours.set(posts[0]!.path, "gone");
    crawl.newspaper.behaviours.set(posts[2]!.path, "gateway");
    const { logged } = await crawl.run();
    expect((await corpusOf(crawl.study)).length).toBeGreaterThan(7);
    expect(logged.some((line) => line.includes(posts[0]!.path) && /no longer exists/.test(line))).toBe(true);
    const rejected = await readTable(crawl.study.path("corpus/rejected.csv"));
    expect(rejected.map((row) => row["reason"])).toEqual(["page failed", "page blocked"]);
  });

  test("with an expired login the message says to renew it, without one to log in", async () => {
    await using crawl = await begun({ subscribers: true });
    await expect(crawl.run()).rejects.toMatchObject({
      hint: expect.stringContaining("log in with `tinylove login`"),
    });
    const cookies = crawl.study.path("cookies.json");
    const stale = [{ name: "NYT-S", value: "long-gone", domain: "127.0.0.1", path: "/" }];
    await writeFile(cookies, JSON.stringify(stale));
    await expect(crawl.run({ cookies, retryFailed: true })).rejects.toMatchObject({
      hint: expect.stringContaining("your login seems to have expired"),
    });
  });

  test("an interruption ends the crawl at once, and the same command continues it", async () => {
    await using crawl = await begun({ delay: 200 });
    const interruption = new AbortController();
    const effects = quietEffects({ env: crawl.newspaper.environment, signal: interruption.signal });
    const options = CollectOptions.parse({ acknowledgeTerms: true });
    const running = collect.run(crawl.study, options, effects);
    while (crawl.newspaper.visits().size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    interruption.abort(new Error("interrupted"));
    await expect(running).rejects.toThrow("interrupted");
    expect(crawl.newspaper.visits().size).toBe(2);
    await crawl.run();
    expect(await corpusOf(crawl.study)).toEqual(expected);
    expect([...crawl.newspaper.visits().values()]).toEqual([1, 2, 1, 1, 1]);
  });

  test("robots.txt is read first and obeyed", async () => {
    await using crawl = await begun({ robots: "User-agent: *\nDisallow: /2020/\n" });
    await crawl.run();
    expect(crawl.newspaper.seen[0]!.path).toBe("/robots.txt");
    expect(crawl.newspaper.visits().has(posts[2]!.path)).toBe(false);
    expect(statesOf(crawl.study)).toEqual(["parsed", "parsed", "blocked", "parsed", "parsed"]);
  });
});

test("nothing is requested before the terms are acknowledged, once for all runs", async () => {
  await using crawl = await begun();
  const effects = quietEffects({ env: crawl.newspaper.environment });
  await expect(collect.run(crawl.study, CollectOptions.parse({}), effects)).rejects.toMatchObject({
    message: "the terms above are not acknowledged",
  });
  expect(effects.logged.join()).toContain("written consent");
  expect(crawl.newspaper.seen.length + crawl.newspaper.searches.length).toBe(0);
  expect(await exists(crawl.study.path("collected"))).toBe(false);

  await expect(crawl.run({}, { NYT_API_KEY: undefined })).rejects.toThrow("NYT_API_KEY is not set");
  const record = JSON.parse(await readFile(crawl.study.path("collected/terms.json"), "utf8"));
  expect(Date.parse(record.acknowledged)).toBeGreaterThan(0);
  await expect(crawl.run({ acknowledgeTerms: false }, { NYT_API_KEY: undefined })).rejects.toThrow(
    "NYT_API_KEY",
  );
});

test("a key that is refused is reported and never shown", async () => {
  await using crawl = await begun();
  const failure = crawl.run({}, { NYT_API_KEY: "secret-123" });
  await expect(failure).rejects.toThrow("the search refuses the key in NYT_API_KEY (401, Invalid ApiKey …)");
  await failure.catch((error) =>
    expect(JSON.stringify([error.message, error.hint, error.cause, error.stack])).not.toContain("secret-123"),
  );
});

test("an endless rate limit is reported without the key, and the next run continues", async () => {
  await using crawl = await begun({ limited: 6 });
  const failure = crawl.run();
  await expect(failure).rejects.toThrow(
    /limit does not end \(429, Rate limit quota violation.*Identifier : …\)/,
  );
  await failure.catch(({ message }) => expect(message).not.toContain(goodKey));
});

test("an unreachable API is reported without the key", async () => {
  await using crawl = await begun();
  const failure = crawl.run({}, { TINYLOVE_NYT_API: "http://127.0.0.1:9" });
  await expect(failure).rejects.toThrow(/cannot reach 127.0.0.1:9/);
  await failure.catch(({ message, hint, stack }) =>
    expect(`${message}${hint}${stack}`).not.toContain(goodKey),
  );
});

test("no hits at all suggest a changed filter, and docs: null is not an error", async () => {
  await using crawl = await begun({ posts: [] });
  const study = await temporaryStudy({
    corpus: { ...settings.corpus, nyt: { begin: "2020-03-01", end: "2020-11-30" } },
  });
  const effects = quietEffects({ env: { ...crawl.newspaper.environment, CHROMIUM: process.execPath } });
  await expect(
    collect.run(study, CollectOptions.parse({ acknowledgeTerms: true }), effects),
  ).rejects.toMatchObject({
    message: "no post was found between 2020-03-01 and 2020-11-30",
    hint: expect.stringContaining("renamed its filter fields"),
  });
  expect(effects.logged.filter((line) => /no hits for/.test(line)).length).toBe(2);
});

test("two processes cannot collect into the same study", async () => {
  await using crawl = await begun();
  const held = new Journal(crawl.study.path(journalFile));
  await expect(crawl.run()).rejects.toThrow("another `tinylove` is collecting in this study");
  held.close();
});

test("the pace may be changed only for a test server on this machine", async () => {
  const { endpointsOf } = await import("../../src/collect/crawl/endpoints.ts");
  expect(endpointsOf({ TINYLOVE_NYT_PACE: "0" }, 15)).toMatchObject({ searchPace: 12, pagePace: 15 });
  expect(
    endpointsOf(
      { TINYLOVE_NYT_PACE: "0", TINYLOVE_NYT_SITE: "http://127.0.0.1:1", TINYLOVE_NYT_API: "http://[::1]:1" },
      15,
    ),
  ).toMatchObject({ searchPace: 0 });
  expect(() => endpointsOf({ TINYLOVE_NYT_SITE: "nyt" }, 15)).toThrow(
    "TINYLOVE_NYT_SITE: nyt is not an address",
  );
});

const inTenYears = Math.round(Date.now() / 1000) + 10 * 365 * 86_400;

const cookiesTxt = `# Netscape HTTP Cookie File
# This is a generated file! Do not edit.

#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tNYT-S\ta-subscriber
127.0.0.1\tFALSE\t/\tFALSE\t1000000000\told\tlong-gone
.example.org\tTRUE\t/\tTRUE\t${inTenYears}\tsession\tof-another-site
.not127.0.0.1\tTRUE\t/\tTRUE\t${inTenYears}\tsession\tof-another-site
`;
