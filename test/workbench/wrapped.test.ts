import { expect, test } from "vitest";
import { wrapped } from "../../src/workbench/wrapped.ts";

test("a line wraps between words, and its continuation is indented", () => {
  expect(wrapped("  one two three four", 12)).toBe("  one two\n    three\n    four");
  expect(wrapped("one two three four", 11, 0)).toBe("one two\nthree four");
  expect(wrapped("name      fresh    a, b, c", 22, 19)).toBe(
    "name      fresh    a,\n                   b,\n                   c",
  );
});

test("a short line is unchanged, several lines are wrapped separately, and a long word is not cut", () => {
  expect(wrapped("a  b\n\n  c", 20)).toBe("a  b\n\n  c");
  expect(wrapped("see https://example.org/a/long/address now", 12)).toBe(
    "see\n  https://example.org/a/long/address\n  now",
  );
});
