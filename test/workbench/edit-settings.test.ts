import { expect, test } from "vitest";
import { parse } from "yaml";
import { editedSettings } from "../../src/workbench/edit-settings.ts";

const text = `# A study
name: own
corpus:
  words:
    warn: 100                # reported
    refuse: 125              # left out
generate:
  models:
    - address: llama:embedded   # the small one
survey:
  # What readers agree to.
  consent: >-
    Some words
    on two lines.
analyse:
`;

test("a value is replaced in its place, and every comment keeps its column", () => {
  expect(editedSettings(text, [{ path: ["corpus", "words", "warn"], value: 90 }])).toBe(
    text.replace("warn: 100                # reported", "warn: 90                 # reported"),
  );
});

test.each<[string, string[], unknown]>([
  ["a new setting", ["survey", "quota"], 12],
  ["a setting of a new group", ["compose", "words", "least"], 60],
  ["a setting of an empty group", ["analyse", "margin"], 0.05],
  ["a list", ["generate", "models"], [{ address: "echo:" }, { address: "llama:embedded", name: "x" }]],
  ["a text with markup and quotes", ["survey", "title"], `"><b>: # 'x'\nline`],
  ["a paragraph in place of another", ["survey", "consent"], "One.\n\nTwo: three"],
])("%s is written, and comments stay", (_, path, value) => {
  const edited = editedSettings(text, [{ path, value }]);
  const expected = parse(text);
  let group = expected;
  for (const key of path.slice(0, -1)) group = group[key] ??= {};
  group[path.at(-1)!] = value;
  expect(parse(edited)).toEqual(expected);
  for (const comment of ["# A study", "# reported", "# left out", "# What readers agree to."])
    expect(edited).toContain(comment);
});

test("a removed setting takes its empty groups with it", () => {
  const edited = editedSettings(text, [
    { path: ["corpus", "words", "warn"], value: undefined },
    { path: ["corpus", "words", "refuse"], value: undefined },
  ]);
  expect(parse(edited)).not.toHaveProperty("corpus");
  expect(edited).toContain("# the small one");
});
