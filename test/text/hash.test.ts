import { expect, test } from "vitest";
import { sha256, shortId } from "../../src/text/hash.ts";

test("the hash is SHA-256 of the text in UTF-8", () => {
  // The vectors of FIPS 180-4, and `printf 'café' | sha256sum`.
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(sha256("café")).toBe("850f7dc43910ff890f8879c0ed26fe697c93a067ad93a7d50f466a7028a9bf4e");
});

test("an id is the first bits of the hash in base 32", () => {
  // ba78 16bf = 10111 01001 11100 00001 01101 01111 11...
  expect(shortId("abc", 6)).toBe("q9w1df");
  expect(shortId("abc")).toMatch(/^q9w1d[0-9a-hjkmnp-tv-z]{7}$/);
  expect(shortId("abc", 51)).toHaveLength(51);
});

test("a thousand texts have a thousand reproducible ids", () => {
  const ids = Array.from({ length: 1000 }, (_, index) => shortId(`story ${index}`));
  expect(new Set(ids).size).toBe(1000);
  expect(shortId("story 7")).toBe(ids[7]);
});

test("an id longer than its hash is refused", () => {
  expect(() => shortId("abc", 52)).toThrow(new RangeError("an id has 1 to 51 letters: 52"));
});
