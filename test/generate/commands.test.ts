import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { models } from "../../src/generate/list-models.ts";
import { tryOne } from "../../src/generate/try.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { wordsOf } from "../helpers/words.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

let folder = "";
let file = "";

beforeAll(async () => {
  folder = await temporaryFolder();
  file = join(folder, "tiny.gguf");
  const words = [" love", " the", " sea", " waits", "\n", "Title:"];
  await writeTinyModel(file, {
    words,
    transitions: {
      ...Object.fromEntries(words.map((word) => [word, { " love": 1, " the": 1, " sea": 1, " waits": 1 }])),
      " waits": { " love": 1, " the": 1, "\n": 0.2 },
      "\n": { "Title:": 1, " the": 0.1 },
    },
    metadata: { "general.license": "MIT" },
  });
  await writeFile(
    join(folder, "study.yaml"),
    'name: here\ngenerate: { models: [{ address: "llama:tiny.gguf" }] }\n',
  );
  await writeCorpus(await openStudy(folder), madeUpStories({ train: 4, test: 2 }));
});

test("try writes one story, the same for a seed, and marks the clip", async () => {
  const story = async (seed: number) => {
    const effects = quietEffects();
    await tryOne.run(folder, { title: "The Last Ferry", seed }, effects);
    return effects;
  };
  const { printed, logged } = await story(1);
  expect(printed[0]).toBe("The Last Ferry\n");
  const text = printed.slice(1, -1).join(" ");
  const last = printed.at(-1)!;
  expect(
    wordsOf(text)
      .filter((word) => word !== "|")
      .every((word) => /^(love|the|sea|waits)$/.test(word)),
  ).toBe(true);
  const clip = /clipped at (\d+) of (\d+) words/.exec(last);
  if (clip) {
    expect(wordsOf(text).indexOf("|")).toBe(Number(clip[1]));
    expect(wordsOf(text)).toHaveLength(Number(clip[2]) + 1);
  } else expect(last).toContain("too short to be clipped");
  expect(logged.join()).toMatch(/seed 1, \d+ tokens, \d+ per second, example "The train-\d story"/);
  expect((await story(1)).printed).toEqual(printed);
  expect((await story(2)).printed).not.toEqual(printed);
});

test("with two models at one address, try uses the named one and says which; an unknown name is an error", async () => {
  const study = await temporaryFolder();
  const twins = `[{ address: "llama:${file}", name: cool, temperature: 0.4 }, { address: "llama:${file}" }]`;
  await writeFile(join(study, "study.yaml"), `name: twins\ngenerate: { models: ${twins} }\n`);
  const told = async (model: string) => {
    const effects = quietEffects();
    await tryOne.run(study, { title: "The Last Ferry", model, seed: 1 }, effects);
    return effects.logged.join();
  };
  expect(await told("cool")).toContain(`cool (llama:${file}), seed 1`);
  expect(await told(`llama:${file}`)).not.toContain("cool");
  await expect(told("warm")).rejects.toThrow("--model warm: the study has no model of that name");
});

test("try works without a study", async () => {
  const effects = quietEffects();
  const nowhere = await temporaryFolder();
  await tryOne.run(nowhere, { title: "“L’été” 👩‍🚀", model: `llama:${file}`, seed: 3 }, effects);
  expect(effects.printed[0]).toBe("“L’été” 👩‍🚀\n");
  expect(effects.printed.length).toBeGreaterThan(2);
});

test("models lists the available models with size, licence and whether they fit", async () => {
  const cache = await temporaryFolder();
  await mkdir(join(cache, "hub", "some", "model"), { recursive: true });
  await writeFile(join(cache, "hub", "some", "model", "broken.gguf"), "no");
  const effects = quietEffects({ env: { TINYLOVE_CACHE: cache } });
  await models.run(folder, { json: true }, effects);
  const { files, memoryFree } = JSON.parse(effects.printed.join(""));
  expect(memoryFree).toBeGreaterThan(0);
  const tiny = files.find(({ address }: { address: string }) => address === "llama:tiny.gguf");
  expect(tiny).toMatchObject({ architecture: "gptneox", licence: "MIT", contextTokens: 2048, fits: true });
  // Two layers of 12 w^2 + 13 w, two embeddings of v x w and a norm: w = 288, v = 277.
  expect(tiny.parameters).toBe(2 * (12 * 288 ** 2 + 13 * 288) + 2 * 277 * 288 + 2 * 288);
  expect(tiny.cachePerToken).toBe(2 * 2 * 288 * 2);
  const broken = files.find(({ address }: { address: string }) => address === "hf:some/model/broken.gguf");
  expect(broken.problem).toContain("is not a GGUF file");

  const plain = quietEffects({ env: { TINYLOVE_CACHE: cache } });
  await models.run(folder, { json: false }, plain);
  expect(plain.printed.find((line) => line.startsWith("llama:tiny.gguf"))).toMatch(/MIT +needs .* fits$/);
});
