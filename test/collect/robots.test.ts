import { expect, test } from "vitest";
import { parseRobots, robotsOf } from "../../src/collect/crawl/robots.ts";

const agent = "TinyLove/0.1.0";
const allows = (text: string, path: string) => parseRobots(text, agent).allows(`https://example.org${path}`);

test("the longest rule wins; of two equally long ones the one that allows (RFC 9309, 2.2.2)", () => {
  const text = "User-agent: *\nDisallow: /style\nAllow: /style/tiny\nDisallow: /x\nAllow: /x";
  expect(allows(text, "/style/other")).toBe(false);
  expect(allows(text, "/style/tiny-love")).toBe(true);
  expect(allows(text, "/x")).toBe(true);
  expect(allows(text, "/else")).toBe(true);
});

test("a group that names us replaces the one for everyone", () => {
  const text =
    "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: tinylove\nDisallow: /private # not this\nCrawl-delay: 20";
  expect(allows(text, "/open")).toBe(true);
  expect(allows(text, "/private")).toBe(false);
  expect(parseRobots(text, agent).delay).toBe(20);
});

test("wildcards and end marks are supported; an empty rule forbids nothing", () => {
  const text = "user-agent: *\ndisallow: /*.json$\ndisallow: /a/*/z\ndisallow:";
  expect(allows(text, "/b.json")).toBe(false);
  expect(allows(text, "/b.json?x")).toBe(true);
  expect(allows(text, "/a/b/c/z1")).toBe(false);
  expect(allows(text, "/a/z")).toBe(true);
});

test("a pattern of many wildcards is matched quickly", () => {
  const text = `user-agent: *\ndisallow: /${"*a".repeat(2000)}$`;
  expect(allows(text, `/${"a".repeat(5000)}b`)).toBe(true);
});

test("without robots.txt everything is allowed; if it is unreachable, nothing", async () => {
  const answering = (status: number) => (() => Promise.resolve(new Response("", { status }))) as typeof fetch;
  const site = new URL("https://example.org");
  expect((await robotsOf(site, agent, answering(404))).allows("https://example.org/x")).toBe(true);
  await expect(robotsOf(site, agent, answering(503))).rejects.toThrow(
    "cannot read https://example.org/robots.txt: status 503",
  );
});
