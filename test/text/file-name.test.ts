import { expect, test } from "vitest";
import { foldedName, portableName } from "../../src/text/file-name.ts";

test.each([
  ["gpt-neox-20b", "gpt-neox-20b"],
  ["one-shot+tone-melancholy", "one-shot+tone-melancholy"],
  ["echo:", "echo-"],
  ['a<b>c"d|e?f*g\\h/i\tj', "a-b-c-d-e-f-g-h-i-j"],
  ["ends. .", "ends"],
  ["con", "con-"],
  ["LPT1.final", "LPT1-.final"],
  ["console", "console"],
  ["Ölçek 2", "Ölçek 2"],
])("%j becomes %j", (name, portable) => {
  expect(portableName(name)).toBe(portable);
  expect(portableName(portable)).toBe(portable);
});

test("names that differ only in case are one file on some systems", () => {
  expect(foldedName("Twin")).toBe(foldedName("twin"));
});
