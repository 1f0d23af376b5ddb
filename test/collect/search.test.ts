import { expect, test } from "vitest";
import { endpointsOf } from "../../src/collect/crawl/endpoints.ts";
import { Journal } from "../../src/collect/crawl/journal.ts";
import { paced } from "../../src/collect/crawl/pace.ts";
import { discoverPosts, openWindows } from "../../src/collect/crawl/search.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { posts } from "./posts.ts";
import { TestNewspaper, type TestNewspaperOptions } from "./test-newspaper.ts";

const span = { begin: "2018-10-01", end: "2022-03-31" };

async function searching(options: TestNewspaperOptions) {
  const newspaper = await TestNewspaper.open(options);
  const journal = new Journal((await temporaryStudy()).path("crawl.sqlite"));
  const effects = quietEffects({ env: newspaper.environment });
  const discover = () =>
    discoverPosts(journal, span, endpointsOf(effects.env, 15), paced(0, 0, effects), effects);
  const pathsFound = () => journal.addresses().map(({ address }) => new URL(address).pathname);
  const dispose = async () => {
    journal.close();
    await newspaper[Symbol.asyncDispose]();
  };
  return { newspaper, journal, discover, pathsFound, [Symbol.asyncDispose]: dispose };
}

test("posts are found among podcasts, lessons and lists of the site, by the union of two queries", async () => {
  await using search = await searching({});
  await search.discover();
  expect(search.pathsFound()).toEqual(posts.map(({ path }) => path));
  const [first] = search.journal.addresses();
  expect(first).toMatchObject({ headline: posts[0]!.headline, published: "2018-10-16", state: "discovered" });
  const queries = search.newspaper.searches.map((parameters) => parameters.get("fq") ?? parameters.get("q"));
  expect(new Set(queries)).toEqual(new Set(['kicker:"Modern Love"', '"Tiny Love Stories"']));
});

test("a year with too many hits to page through is divided", async () => {
  await using search = await searching({ essays: 2300 });
  await search.discover();
  expect(search.pathsFound()).toEqual(posts.map(({ path }) => path));
  expect(openWindows(search.journal, span)).toEqual([]);
  const pages = search.newspaper.searches.map((parameters) => Number(parameters.get("page")));
  expect(Math.max(...pages)).toBeLessThan(100);
  expect(new Set(search.newspaper.answered).size).toBe(search.newspaper.answered.length);
});

test("an interrupted search continues with the next page", async () => {
  await using search = await searching({ limited: 6, limitedAfter: 4, essays: 60 });
  await expect(search.discover()).rejects.toThrow("limit does not end");
  const before = search.newspaper.answered.length;
  expect(before).toBe(4);
  await search.discover();
  expect(search.pathsFound()).toEqual(posts.map(({ path }) => path));
  expect(new Set(search.newspaper.answered).size).toBe(search.newspaper.answered.length);
});

test("requests keep the pace, and a clock that was set back causes no long wait", async () => {
  const waits: number[] = [];
  const clock = { now: 1_000_000 };
  const effects = quietEffects({ now: () => clock.now });
  const waitOf = async (pace: () => Promise<void>) => {
    const begun = performance.now();
    await pace();
    waits.push(performance.now() - begun);
  };
  const pace = paced(0.2, clock.now - 100, effects);
  await waitOf(pace); // 100 ms are left of the last run's 200
  clock.now -= 3_600_000;
  await waitOf(pace);
  expect(waits[0]).toBeGreaterThan(90);
  expect(waits[1]).toBeGreaterThan(190);
});
