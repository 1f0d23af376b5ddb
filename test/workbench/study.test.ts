import { expect, test } from "vitest";
import { parseConfig } from "../../src/workbench/study.ts";

const read = (text: string) => parseConfig(text, "study.yaml");

test("what is left out has its default", () => {
  const config = read("name: mine\n");
  expect(config.compose.words).toEqual({ least: 90, most: 100 });
  expect(config.corpus.split).toEqual({ train: 450, validation: 151, test: 150 });
  expect(config.analyse.margin).toBe(0.1);
});

test("an unknown key is named, with the keys that there are", () => {
  expect(() => read("name: mine\nseeds: 3\n")).toThrow(/unknown key seeds/);
  try {
    read("name: mine\ncompose:\n  form: 3\n");
  } catch (thrown) {
    expect(thrown).toMatchObject({
      message: expect.stringContaining("unknown key compose.form"),
      hint: expect.stringContaining("forms"),
    });
    return;
  }
  throw new Error("an unknown key was let through");
});

test("a value of the wrong kind is named by its path", () => {
  expect(() => read("name: mine\ncompose:\n  forms: many\n")).toThrow(/compose\.forms/);
  expect(() => read("name: Not A Name\n")).toThrow(/name/);
});

test("broken YAML, aliases, tags and double keys are refused in one line", () => {
  for (const hostile of [
    "name: [",
    "a: &x [1]\nname: *x\n",
    "name: !!js/function 'x'\n",
    "name: a\nname: b\n",
  ]) {
    expect(() => read(hostile)).toThrow(/^study\.yaml: [^\n]+$/);
  }
});

test("a bomb of aliases costs nothing", () => {
  const layers = Array.from(
    { length: 20 },
    (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`,
  ).join("\n");
  expect(() => read(`a0: &a0 [x]\n${layers}\n`)).toThrow(/study\.yaml/);
});
