import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { belongs, readCookies } from "../../src/collect/crawl/cookies.ts";
import { temporaryFolder } from "../helpers/world.ts";

const now = Date.parse("2026-01-01");
const later = now / 1000 + 86_400;

async function read(content: string) {
  const file = join(await temporaryFolder(), "cookies");
  await writeFile(file, content);
  return readCookies(file, "nytimes.com", now);
}

test("cookies.txt is read with its #HttpOnly_ lines and its session cookies", async () => {
  const file = [
    "# Netscape HTTP Cookie File",
    "",
    `#HttpOnly_.nytimes.com\tTRUE\t/\tTRUE\t${later}\tNYT-S\tsecret`,
    ".nytimes.com\tTRUE\t/\tFALSE\t0\tnyt-a\tsession",
    `.doubleclick.net\tTRUE\t/\tTRUE\t${later}\tid\tforeign`,
  ].join("\r\n");
  expect(await read(file)).toEqual({
    kept: [
      {
        name: "NYT-S",
        value: "secret",
        domain: ".nytimes.com",
        path: "/",
        expires: later,
        httpOnly: true,
        secure: true,
        sameSite: "Lax",
      },
      {
        name: "nyt-a",
        value: "session",
        domain: ".nytimes.com",
        path: "/",
        expires: -1,
        httpOnly: false,
        secure: false,
        sameSite: "Lax",
      },
    ],
    foreign: 1,
    expired: 0,
  });
});

test("an extension's JSON and Playwright's storageState are read", async () => {
  const exported = {
    name: "NYT-S",
    value: "secret",
    domain: ".nytimes.com",
    path: "/",
    secure: true,
    hostOnly: false,
    storeId: "0",
  };
  const extension = await read(
    JSON.stringify([{ ...exported, expirationDate: later, sameSite: "no_restriction" }]),
  );
  expect(extension.kept).toMatchObject([{ expires: later, sameSite: "None" }]);
  const state = await read(
    JSON.stringify({ cookies: [{ ...exported, expires: -1, sameSite: "Strict" }], origins: [] }),
  );
  expect(state.kept).toMatchObject([{ expires: -1, sameSite: "Strict" }]);
});

test.each([
  ["of another site alone", ".example.org\tTRUE\t/\tTRUE\t0\ta\tb", "has no cookie of nytimes.com"],
  [
    "expired",
    ".nytimes.com\tTRUE\t/\tTRUE\t1000000000\tNYT-S\tsecret",
    /every cookie of nytimes.com in .* has expired/,
  ],
  ["without fields", "NYT-S=secret", "line 1: not a cookies file"],
  ["broken JSON", '[{"name": "NYT-S", "value": "secret"', "not a cookies file"],
  ["JSON of another kind", '{"a": "secret"}', "not a cookies file"],
])("a file that is %s is reported without its content", async (_, content, message) => {
  const failure = read(content);
  await expect(failure).rejects.toThrow(message);
  await failure.catch((error) =>
    expect(`${error.message} ${error.hint} ${error.cause}`).not.toContain("secret"),
  );
});

test("only cookies of the domain and its subdomains are kept", () => {
  expect(
    ["nytimes.com", ".nytimes.com", "www.NYTimes.com"].map((domain) => belongs(domain, "nytimes.com")),
  ).toEqual([true, true, true]);
  expect(
    ["notnytimes.com", "nytimes.com.example.org", "com"].map((domain) => belongs(domain, "nytimes.com")),
  ).toEqual([false, false, false]);
});
