import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { main } from "../src/cli.ts";
import { filesUnder, hashOf, writeWhole } from "../src/workbench/files.ts";
import { quietEffects, temporaryFolder } from "./helpers/world.ts";

/** A user's mistake ends with one line that names it and the fix, exit code 1, and an unchanged study. */

const stories = (rows: string[]) => `title,text,source\n${rows.join("\n")}\n`;
const row = (at: number) =>
  `Title ${at},${Array.from({ length: 95 }, (_, word) => `w${at}x${word}`).join(" ")}.,post-${at}`;
const enough = Array.from({ length: 12 }, (_, at) => row(at));

async function studyWith(settings: string, files: Record<string, string | Uint8Array> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), "study");
  const corpus = "corpus:\n  file: stories.csv\n  split: {train: 6, validation: 2, test: 4}\n";
  const small = "compose: {forms: 1, human: 1, machine: 1}\ndescribe: {skip: [grammar, perplexity]}\n";
  const given = { "stories.csv": stories(enough), ...files };
  for (const [name, content] of Object.entries(given)) await writeWhole(join(folder, name), content);
  const written = settings.includes("corpus:") ? settings : `${corpus}${settings}`;
  await writeWhole(join(folder, "study.yaml"), `name: study\n${small}${written}`);
  return folder;
}

/** Runs the study; returns the last message, and checks that it is one line and that no file was left behind. */
async function failure(folder: string): Promise<string> {
  const before = await contentsOf(folder);
  const effects = quietEffects();
  const code = await main(["run", "--study", folder], effects);
  const said = effects.logged.at(-1)!;
  expect({ code, said }).toMatchObject({ code: 1, said: expect.stringMatching(/^error: [^\n]+$/) });
  expect(said).toMatch(/\(.+\)$/);
  const after = await contentsOf(folder);
  for (const [path, hash] of before) expect(after.get(path)).toBe(hash);
  expect((await filesUnder(folder)).filter((path) => path.endsWith(".partial"))).toEqual([]);
  return said;
}

async function contentsOf(folder: string): Promise<Map<string, string | undefined>> {
  const files = await filesUnder(folder);
  return new Map(await Promise.all(files.map(async (path) => [path, await hashOf(path)] as const)));
}

const echo = 'generate: {models: [{address: "echo:"}]}\n';

test("a missing table", async () => {
  const said = await failure(await studyWith("corpus: {file: storys.csv}\n"));
  expect(said).toContain("storys.csv");
});

test("an unknown key", async () => {
  const said = await failure(await studyWith(`${echo}analysis: {margin: 0.1}\n`));
  expect(said).toContain("analysis: no such setting (did you mean analyse?)");
});

test("a malformed row is reported with its line", async () => {
  const broken = stories([...enough.slice(0, 3), 'Bad,"a bare " quote,post', ...enough.slice(3)]);
  const said = await failure(await studyWith(echo, { "stories.csv": broken }));
  expect(said).toMatch(/stories\.csv.*line 5/);
});

test("a missing column is reported with the existing ones", async () => {
  const said = await failure(await studyWith(echo, { "stories.csv": "headline_,prose\nA,b\n" }));
  expect(said).toMatch(/prose/);
});

test("a missing model file, and a file that is not a model", async () => {
  expect(await failure(await studyWith("generate: {models: [{address: 'llama:none.gguf'}]}\n"))).toContain(
    "none.gguf",
  );
  const notAModel = await studyWith("generate: {models: [{address: 'llama:cat.gguf'}]}\n", {
    "cat.gguf": "meow",
  });
  expect(await failure(notAModel)).toContain("cat.gguf");
});

test("an unknown kind of model", async () => {
  expect(await failure(await studyWith("generate: {models: [{address: 'oracle:x'}]}\n"))).toContain("oracle");
});

test("an unreachable server", async () => {
  const models = "[{address: 'openai:none', base: 'http://127.0.0.1:9/v1', retries: 1, wait: 0.01}]";
  vi.stubEnv("OPENAI_API_KEY", "none");
  const said = await failure(await studyWith(`generate: {models: ${models}}\n`));
  expect(said).toContain("http://127.0.0.1:9/v1");
});

test("a title without a story and a duplicate are left out, reported, and listed with their reasons", async () => {
  const rows = [...enough, "Alone,,post-90", row(3)];
  const folder = await studyWith(echo, { "stories.csv": stories(rows) });
  const effects = quietEffects();
  expect(await main(["collect", "--study", folder], effects)).toBe(0);
  const told = effects.logged.filter((line) => line.startsWith("warning:"));
  expect(told.find((line) => line.includes("Alone"))).toMatch(/line 14/);
  expect(told.find((line) => line.includes("Title 3"))).toMatch(/line 15/);
  const rejected = await readFile(join(folder, "corpus/rejected.csv"), "utf8");
  expect(rejected.trim().split("\n")).toHaveLength(3);
});

test("a flag with an invalid value", async () => {
  const folder = await studyWith(echo);
  const effects = quietEffects();
  expect(await main(["simulate", "--study", folder, "--participants", "many"], effects)).toBe(1);
  expect(effects.logged.at(-1)).toMatch(/--participants many: not a number/);
});
