import { join } from "node:path";
import { expect, test } from "vitest";
import { writeWhole } from "../../src/workbench/files.ts";
import {
  contentsOf,
  settingsWith,
  smallStudy,
  storyRows,
  storyTable,
  tinylove,
} from "../helpers/small-study.ts";

/** An error in study.yaml is reported before the first stage, for whichever stage it is, and nothing is written. */

test.each([
  ["corpus: {source: tabel}", "corpus.source: unknown source tabel", "table, saved-pages, nyt"],
  ["corpus: {nyt: {begin: 2022-01-01, end: 2021-01-01}}", "corpus.nyt: ", "begin must not be after end"],
  ["corpus: {split: {train: 0, validation: 0, test: 0}}", "corpus.split: ", "all parts are 0"],
  [
    "generate: {models: [{address: 'gguf:x'}]}",
    "gguf:x is not a model address",
    "llama:, hf:, tuned:, openai:",
  ],
  ["generate: {prompts: [one-shoot]}", "generate.prompts: no prompt file one-shoot", "one-shot"],
  ["generate: {examples: randm}", "generate.examples: unknown choice randm", "random, balanced"],
  ["generate: {control: {mood: sad}}", "generate.control: unknown control mood", "tone"],
  ["generate: {tokens: {least: 9, most: 3}}", "generate.tokens: least 9 is above most 3", "swap"],
  ["generate: {factorial: {model: none}}", "generate.factorial.model: no model none", "one of"],
  ["describe: {skip: [gramar]}", "describe.skip: unknown measure gramar", "grammar"],
  [
    "influence: {embeddings: 'lama:x'}",
    "influence.embeddings: lama:x is not a model address",
    "llama:FILE.gguf",
  ],
  ["compose: {words: {least: 99, most: 9}}", "compose.words: ", "least must not be above most"],
  ["compose: {tasks: [{task: human-or-machin}]}", "compose.tasks: unknown task human-or-machin", "which-is"],
  ["compose: {forms: 9}", "9 forms of 3 human and 3 machine stories need 27 titles", "fewer forms"],
  ["survey: {language: fr}", "survey.language: no language fr", "de, en"],
  ["analyse: {only: [verdikt]}", "analyse.only: unknown analysis verdikt", "verdict, readers"],
  ["tune: {findRate: {lowest: 2}}", "tune.findRate: ", "lowest must be below highest"],
])("%s", async (slip, said, right) => {
  const study = await smallStudy(`${slip}\n`);
  const before = await contentsOf(study);
  for (const command of ["status", "run", "collect", "report"]) {
    const { code, logged } = await tinylove(command, "--study", study);
    expect({ command, code, logged }).toEqual({ command, code: 1, logged: [expect.stringContaining(said)] });
    expect(logged[0]).toMatch(/^error: [^\n]+\(.+\)$/);
    expect(logged[0]).toContain(right);
  }
  expect(await contentsOf(study)).toEqual(before);
});

test("an analysis of an unknown measure is reported once the texts are measured, before data collection", async () => {
  const study = await smallStudy("analyse: {effects: [origin, words, readabilty]}\n");
  const { code, last } = await tinylove("run", "--study", study);
  expect({ code, last }).toEqual({
    code: 1,
    last: expect.stringMatching(/^error: analyse.effects: unknown effect readabilty \(try origin, .*words/),
  });
});

test("a stage with a stale input says so, and names it as the reason if it fails", async () => {
  const study = await smallStudy();
  expect(await tinylove("run", "--study", study)).toMatchObject({ code: 0 });
  await writeWhole(join(study, "study.yaml"), settingsWith("describe: {skip: [grammar]}\n"));
  const report = await tinylove("analyse", "--study", study);
  expect(report.code).toBe(0);
  expect(report.logged[0]).toBe(
    "warning: describe is stale because its settings changed (skip); analyse uses the existing files (`tinylove run` brings them up to date)",
  );

  // Other stories replace those whose titles were used for generation.
  await writeWhole(join(study, "study.yaml"), settingsWith());
  const others = storyRows.map((row) => row.replaceAll("Title", "Other").replaceAll("w", "v"));
  await writeWhole(join(study, "stories.csv"), storyTable(others));
  expect(await tinylove("collect", "--study", study)).toMatchObject({ code: 0 });
  expect(await tinylove("compose", "--study", study)).toMatchObject({
    code: 1,
    last: expect.stringMatching(
      /^error: too few titles .* \(generate is stale because corpus\/stories.jsonl changed: run `tinylove run`\)$/,
    ),
  });
});
