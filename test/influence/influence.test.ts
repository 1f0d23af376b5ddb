import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeCoder } from "../../src/coding/codings.ts";
import { factorial } from "../../src/generate/factorial.ts";
import { influence } from "../../src/influence/influence.ts";
import { Findings } from "../../src/study/finding.ts";
import { Generation } from "../../src/study/generation.ts";
import { factorialFile, influenceFile, readFindings, readStories } from "../../src/workbench/artefacts.ts";
import { readJson, readJsonLines } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";

const size = { titles: 4, examples: 4, draws: 2, permutations: 199, topics: 3 };
let blind = "";

beforeAll(async () => {
  // A bigram model sees only one token, so it cannot see an example.
  blind = join(await temporaryFolder(), "blind.gguf");
  const words = [" ferry", " lamp", " orange", " winter", " letter", " coat", " bridge", " piano"];
  await writeTinyModel(blind, { words, transitions: {} });
});

async function written(address: string, influenceSettings = {}): Promise<Study> {
  const study = await temporaryStudy({
    generate: {
      models: [{ address, ...(address.startsWith("llama:") && { threads: 1 }) }],
      tokens: { least: 30, most: 40 },
      factorial: size,
    },
    influence: influenceSettings,
  });
  await writeCorpus(study, madeUpStories({ train: 8, test: 6 }));
  await runStage(factorial, study, {}, quietEffects());
  return study;
}

async function studied(study: Study): Promise<Findings> {
  await runStage(influence, study, {}, quietEffects());
  return readJson(study.path(influenceFile), Findings);
}

type Leak = Record<string, { corrected: number; own: number; others: number }>;

test("a model that cannot see its example leaks nothing of it", async () => {
  const study = await written(`llama:${blind}`);
  const generations = await readJsonLines(study.path(factorialFile), Generation);
  expect(generations).toHaveLength(32);
  expect(new Set(generations.map(({ seed }) => seed)).size).toBe(32);
  const { findings, numbers } = await studied(study);
  expect(findings[0]).toMatchObject({ text: expect.stringContaining("No leak of the example is shown") });
  expect(Object.keys(numbers["leak"] as Leak)).toEqual(["words", "topics", "phrases", "tone"]);
  expect((await readFindings(study)).map(({ analysis }) => analysis)).toEqual(["influence"]);
});

test("a model that repeats its prompt leaks, also in meaning if an embedding model is named", async () => {
  const study = await written("echo:", { embeddings: "llama:embedded", clusters: 4, threads: 1 });
  const { findings, numbers } = await studied(study);
  expect(findings[0]).toMatchObject({ text: expect.stringMatching(/^The example leaks: .*words/) });
  const { words, meaning, clusters } = numbers["leak"] as Leak;
  for (const channel of [words, meaning, clusters]) expect(channel!.corrected).toBeLessThan(0.05);
  expect(clusters!.own).toBeGreaterThan(clusters!.others);
  expect(findings).toContainEqual(
    expect.objectContaining({ text: expect.stringContaining("are in the cluster of their own example") }),
  );
});

test("people's codes of the factorial are used in addition to cue words", async () => {
  const study = await written("echo:");
  const texts = await readJsonLines(study.path(factorialFile), Generation);
  const stories = await readStories(study);
  const code = (at: number) => ["joyful", "grieving"][at % 2]!;
  const ofExample = new Map(
    [...new Set(texts.map(({ examples: [id] }) => id!))].map((id, at) => [id, code(at)]),
  );
  const ofTitle = new Map(
    stories.filter(({ split }) => split === "test").map(({ id }, at) => [id, code(at)]),
  );
  const coding = (text: string, given: string) => ({
    text,
    variable: "tone",
    code: given,
    kind: "people" as const,
  });
  await writeCoder(study, {
    name: "anna",
    kind: "people",
    codings: [
      ...[...ofExample, ...ofTitle].map(([id, given]) => coding(id, given)),
      ...texts.map(({ id, examples: [example] }) => coding(id, ofExample.get(example!)!)),
    ],
  });
  const { findings } = await studied(study);
  const said = findings.flatMap((each) => (each.kind === "sentence" ? [each.text] : []));
  expect(said.find((text) => text.startsWith("Tone, coded by people"))).toMatch(
    /the code follows the example; an effect of the title is not shown\. 100\.0 % of 32 texts/,
  );
  expect(said.some((text) => text.includes("coded by word lists"))).toBe(true);
});

test("errors in the settings of the embedding model are one line with the fix", async () => {
  const study = await written("echo:", { embeddings: "openai:gpt" });
  await expect(studied(study)).rejects.toMatchObject({
    message: "influence.embeddings: openai:gpt is not a model address",
    hint: "write llama:FILE.gguf, llama:embedded or hf:OWNER/REPO/FILE.gguf",
  });
});
