import { expect, test } from "vitest";
import { parseConfig } from "../../src/workbench/study.ts";

const read = (text: string) => parseConfig(text, "study.yaml");

test("missing settings have their defaults", () => {
  const config = read("name: mine\n");
  expect(config.compose.words).toEqual({ least: 90, most: 100 });
  expect(config.corpus.split).toEqual({ train: 450, validation: 151, test: 150 });
  expect(config.analyse.margin).toBe(0.1);
});

test("a setting under its former name is read under its new name", () => {
  const config = read("name: mine\nanalyse: {weigh: judgments}\n");
  expect(config.analyse).toMatchObject({ weighting: "judgments" });
  expect(config.analyse).not.toHaveProperty("weigh");
});

test.each([
  ["seeds: 3", "seeds", "did you mean seed?"],
  ["compose: {form: 3}", "compose.form", "did you mean forms?"],
  ["compose: {words: {laest: 3}}", "compose.words.laest", "did you mean least?"],
  [
    "survey: {recruiting: {service: mturk, mayFial: 3}}",
    "survey.recruiting.mayFial",
    "did you mean mayFail?",
  ],
  ["compose: {tasks: [{tsak: x}]}", "compose.tasks.0.tsak", "did you mean task?"],
  ["quota: 3", "quota", "did you mean survey.quota?"],
  ["analyse: {stop: {when: 3}}", "analyse.stop.when", "try one of readers, looks"],
])("an unknown key, %s, is refused with the closest known one", (line, key, hint) => {
  expect(() => read(`name: mine\n${line}\n`)).toThrow(
    expect.objectContaining({ message: `study.yaml: ${key}: no such setting`, hint }),
  );
});

test.each([
  [
    "{address: 'llama:embedded', budget: 3}",
    "generate.models.0.budget: no such setting",
    "try one of address, name, prompt",
  ],
  ["{address: 'llama:embedded', api: chat}", "generate.models.0.api: no such setting", "try one of"],
  ["{address: 'llama:embedded', batch: true}", "generate.models.0.batch: no such setting", "try one of"],
  ["{address: 'openai:m', thread: 3}", "generate.models.0.thread: no such setting", "try one of"],
  [
    "{address: 'anthropic:m', prices: {}}",
    "generate.models.0.prices: no such setting",
    "did you mean price?",
  ],
  [
    "{address: 'openai:m', temperature: hot}",
    'generate.models.0.temperature: "hot" where',
    "commented example",
  ],
  ["{address: gpt-4o, api: chat}", "gpt-4o is not a model address", "did you mean openai:gpt-4o?"],
  ["{address: 'claude-opus-5'}", "is not a model address", "did you mean anthropic:claude-opus-5?"],
  ["{address: 'antropic:claude'}", "is not a model address", "did you mean anthropic:claude?"],
  ["{address: 'lama:x'}", "is not a model address", "did you mean llama:x?"],
  ["{address: 'xyzzy:x'}", "is not a model address", "an address starts with llama:, hf:"],
])("an invalid model is refused by the settings of its kind: %s", (model, message, hint) => {
  expect(() => read(`name: mine\ngenerate:\n  models: [${model}]\n`)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    }),
  );
});

test("a value of the wrong type is named by its path", () => {
  expect(() => read("name: mine\ncompose:\n  forms: many\n")).toThrow(/compose\.forms/);
  expect(() => read("name: Not A Name\n")).toThrow(/name/);
});

test("invalid YAML, aliases, tags and duplicate keys are refused in one line", () => {
  for (const hostile of [
    "name: [",
    "a: &x [1]\nname: *x\n",
    "name: !!js/function 'x'\n",
    "name: a\nname: b\n",
  ]) {
    expect(() => read(hostile)).toThrow(/^study\.yaml: [^\n]+$/);
  }
});

test("an alias bomb is refused quickly", () => {
  const layers = Array.from(
    { length: 20 },
    (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`,
  ).join("\n");
  expect(() => read(`a0: &a0 [x]\n${layers}\n`)).toThrow(/study\.yaml/);
});
