import { readdir, readFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { generate } from "../../src/generate/generate.ts";
import { planOf } from "../../src/generate/generation-plan.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Generation } from "../../src/study/generation.ts";
import { readGenerations, readStories } from "../../src/workbench/artefacts.ts";
import type { StudyError } from "../../src/workbench/errors.ts";
import { exists, filesUnder, writeWhole } from "../../src/workbench/files.ts";
import { readManifest, runStage, stateOf } from "../../src/workbench/manifest.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { endOfText, writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";

let modelFile = "";

beforeAll(async () => {
  modelFile = join(await temporaryFolder(), "planted.gguf");
  const words = ["\n", "Title:", " love", " the", " sea", " waits", "."];
  const after = { " love": 2, " the": 2, " sea": 2, " waits": 2, ".": 1 };
  await writeTinyModel(modelFile, {
    words,
    transitions: {
      ...Object.fromEntries(words.map((word) => [word, after])),
      ".": { ...after, "\n": 4, [endOfText]: 1 },
      "\n": { ...after, "Title:": 10 },
    },
  });
});

const short = { tokens: { least: 20, most: 40 } };

async function studyWith(settings: Record<string, unknown>, titles: readonly string[] = []): Promise<Study> {
  const study = await temporaryStudy({ generate: { ...short, ...settings } });
  await writeCorpus(study, madeUpStories({ train: 12, validation: 3, test: 10 }, titles));
  return study;
}

const local = () => [{ address: `llama:${modelFile}`, name: "planted", threads: 1, parallel: 4 }];

async function generated(study: Study): Promise<Generation[]> {
  await runStage(generate, study, {}, quietEffects());
  return readGenerations(study);
}

const timeless = (generations: readonly Generation[]) =>
  generations.map(({ ms: _, at: __, ...generation }) => generation);

test("every test title gets a story, with the study's own template", async () => {
  const study = await studyWith({ models: local() });
  const generations = await generated(study);
  expect(generations.map(({ story }) => story).sort()).toEqual(
    Array.from({ length: 10 }, (_, index) => `test-${index}`),
  );
  const corpus = new Map(madeUpStories({ train: 12, test: 10 }).map((story) => [story.id, story]));
  for (const { prompt, examples, title, text, raw, outcome, tokens, model, settings } of generations) {
    const example = corpus.get(examples[0]!)!;
    expect(example.split).toBe("train");
    expect(prompt.text).toBe(`Title: ${example.title}\nStory: ${example.text}\nTitle: ${title}\nStory:`);
    expect(["text", "cut short"]).toContain(outcome);
    expect(text).not.toContain("Title");
    expect(raw.startsWith(text) || raw.trim().startsWith(text)).toBe(true);
    expect(tokens.generated).toBeGreaterThanOrEqual(20);
    expect(tokens.generated).toBeLessThanOrEqual(40);
    expect(model.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(settings.topP).toBe(1);
  }
  expect(new Set(generations.map(({ outcome }) => outcome)).size).toBe(2);
  expect(await exists(study.path("generations/planted/one-shot.jsonl"))).toBe(true);
});

test("the same seed writes the same texts, another seed others", async () => {
  const first = timeless(await generated(await studyWith({ models: local() })));
  expect(timeless(await generated(await studyWith({ models: local() })))).toEqual(first);
  const other = await temporaryStudy({ seed: 7, generate: { ...short, models: local() } });
  await writeCorpus(other, madeUpStories({ train: 12, validation: 3, test: 10 }));
  const texts = new Map((await generated(other)).map(({ story, text }) => [story, text]));
  for (const { story, text } of first) expect(texts.get(story)).not.toBe(text);
});

test("the stage is fresh until the model, a prompt or a setting changes", async () => {
  const study = await studyWith({ models: local() });
  await generated(study);
  const state = async (of: Study) => (await stateOf(generate, of, await readManifest(of))).is;
  expect(await state(study)).toBe("fresh");
  const changed = (settings: Record<string, unknown>) =>
    studyOf(
      study.folder,
      StudyConfig.parse({ name: "test", generate: { ...short, models: local(), ...settings } }),
    );
  expect(await state(changed({ temperature: 0.5 }))).toBe("stale");
  expect(await state(changed({ models: [{ ...local()[0], threads: 2 }] }))).toBe("fresh");
});

test("a model's own sampling settings are used, and each attempt records them", async () => {
  const [usual] = local();
  const cold = { ...usual, name: "cold", temperature: 0, topK: 3, minP: 0.1, tokens: { most: 30 } };
  const warm = { ...usual, name: "warm", topP: 0.5, repeatPenalty: 1.3 };
  const study = await studyWith({
    models: [cold, { ...cold, name: "colder" }, warm, usual],
    temperature: 0.8,
  });
  const generations = await generated(study);
  const settingsOf = (name: string) => [
    ...new Set(
      generations.filter(({ model }) => model.name === name).map(({ settings }) => JSON.stringify(settings)),
    ),
  ];
  const common = { temperature: 0.8, topP: 1, topK: 0, minP: 0, repeatPenalty: 1 };
  const tokens = { leastTokens: 20, mostTokens: 40 };
  for (const [name, own] of [
    ["cold", { temperature: 0, topK: 3, minP: 0.1, mostTokens: 30 }],
    ["warm", { topP: 0.5, repeatPenalty: 1.3 }],
    ["planted", {}],
  ] as const) {
    expect(settingsOf(name)).toEqual([JSON.stringify({ ...common, ...tokens, ...own })]);
  }
  // At temperature 0 the seed has no effect: another model with the same settings writes the same.
  const textsOf = (name: string) =>
    generations.filter(({ model }) => model.name === name).map(({ text }) => text);
  expect(textsOf("colder")).toEqual(textsOf("cold"));
  expect(textsOf("planted")).not.toEqual(textsOf("warm"));
});

test("a change of a model's own sampling makes the stage stale and repeats its requests", async () => {
  const study = await studyWith({ models: local() });
  const before = await generated(study);
  Object.assign(study.config.generate.models[0]!, { temperature: 0.3 });
  expect(await stateOf(generate, study, await readManifest(study))).toMatchObject({ is: "stale" });
  const after = await generated(study);
  expect(after.map(({ text }) => text)).not.toEqual(before.map(({ text }) => text));
});

test("progress within a batch never goes back, and ends at the total", async () => {
  const study = await studyWith({ models: local() });
  const heard: number[] = [];
  const notes: string[] = [];
  const listening = {
    to: (done: number, note = "") => {
      heard.push(done);
      notes.push(note);
    },
    step() {},
    end() {},
  };
  await runStage(generate, study, {}, quietEffects({ progress: () => listening }));
  expect(heard).toEqual([...heard].sort((one, other) => one - other));
  expect(heard.length).toBeGreaterThan(50);
  expect(heard.at(-1)).toBe(10);
  expect(notes.at(-1)).toMatch(/^\d+\.\d tokens\/s$/);
});

test("recorded answers are not requested again", async () => {
  const study = await studyWith({ models: local() });
  const first = await generated(study);
  const second = await generated(study);
  expect(second).toEqual(first); // the times too: they are those of the first answer
});

test("without flash attention the request is a different one, with nearly the same text", async () => {
  const told = { address: "llama:embedded", threads: 1, logProbabilities: true };
  const study = await studyWith({ models: [told] });
  const flash = await generated(study);
  Object.assign(study.config.generate.models[0]!, { flashAttention: false });
  const exact = await generated(study);
  expect(exact).not.toEqual(flash);
  const first = (generations: typeof flash) =>
    generations.map(({ logProbabilities }) => logProbabilities![0]!);
  expect(first(exact)).not.toEqual(first(flash));
  for (const [at, logProbability] of first(exact).entries())
    expect(logProbability).toBeCloseTo(first(flash)[at]!, 1);
});

test("a text with a fault is drawn again, all attempts are kept, and more attempts do not change earlier ones", async () => {
  const once = timeless(await generated(await studyWith({ models: local() })));
  // With a vocabulary of seven words every text repeats itself, which is a fault.
  for (const { reason } of once) expect(reason).toMatch(/degenerate|too short/);
  const study = await studyWith({ models: local(), attempts: 3 });
  const thrice = timeless(await generated(study));
  expect(thrice).toHaveLength(30);
  expect(thrice.filter(({ attempt }) => attempt === 1)).toEqual(once);
  for (const { story } of once) {
    const attempts = thrice.filter((generation) => generation.story === story);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(attempts.map(({ seed }) => seed)).size).toBe(3);
    expect(new Set(attempts.map(({ text }) => text)).size).toBe(3);
  }
});

test("of several draws the closest to the controls is chosen, and all are kept", async () => {
  // Texts of one to four words: some mention the sea, some do not.
  const asked = { control: { setting: "sea" }, examples: "matched", tokens: { least: 1, most: 4 } };
  const study = await studyWith({ models: local(), bestOf: 4, ...asked });
  const drawn = await generated(study);
  expect(drawn).toHaveLength(40);
  const away = drawn.filter(({ distance }) => distance === 1);
  expect(away.length).toBeGreaterThan(0);
  expect(away.length).toBeLessThan(40);
  for (let title = 0; title < 10; title++) {
    const tried = drawn.filter(({ story }) => story === `test-${title}`);
    expect(tried.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    const [chosen, ...others] = tried.filter((each) => each.chosen);
    expect(others).toEqual([]);
    expect(chosen!.distance).toBe(Math.min(...tried.map(({ distance }) => distance ?? 1)));
    expect(tried.every((each) => each.chosen !== undefined)).toBe(true);
  }
  const counting = drawn.filter(({ attempt }) => attempt === 4);
  expect(drawn.filter(({ chosen }) => chosen).some((each) => !counting.includes(each))).toBe(true);
  // Without a measurable control there is nothing to choose by.
  const effects = quietEffects();
  await runStage(generate, await studyWith({ models: local(), bestOf: 4 }), {}, effects);
  expect(effects.logged.join()).toContain("has nothing that can be measured in a text");
});

test("token log-probabilities are recorded on request", async () => {
  const silent = await generated(await studyWith({ models: local() }));
  for (const generation of silent) expect(generation).not.toHaveProperty("logProbabilities");
  const told = await generated(await studyWith({ models: [{ ...local()[0], logProbabilities: true }] }));
  for (const { logProbability, logProbabilities, tokens } of told) {
    expect(logProbabilities).toHaveLength(tokens.generated);
    expect(Math.max(...logProbabilities!)).toBeLessThanOrEqual(0);
    const mean = logProbabilities!.reduce((sum, each) => sum + each, 0) / tokens.generated;
    expect(logProbability).toBeCloseTo(mean, 3);
  }
  expect(told.map(({ text }) => text)).toEqual(silent.map(({ text }) => text));
});

test("a control makes one file per level, for this run only", async () => {
  const prompt = "two-shot-headers";
  const study = await studyWith({ models: [{ address: "echo:" }], prompts: [prompt] });
  const plain = await generated(study);
  const effects = quietEffects();
  await runStage(generate, study, { tone: "melancholy", strength: "0..2" }, effects);
  const files = (await filesUnder(study.path("generations/echo"))).map((file) => basename(file));
  expect(files).toEqual(
    [0, 1, 2].map((level) => `${prompt}+tone-melancholy+strength-${level}.jsonl`).concat(`${prompt}.jsonl`),
  );
  const asked = (await readGenerations(study)).filter(({ control }) => control?.["strength"] === 2);
  expect(asked).toHaveLength(10);
  expect(effects.logged.join()).toContain('control: {"tone":"melancholy","strength":"0..2"}');
  // study.yaml has no control: run again, the study is as before.
  expect((await stateOf(generate, study, await readManifest(study))).is).toBe("stale");
  expect(timeless(await generated(study))).toEqual(timeless(plain));
});

const tone = { tone: "melancholy", strength: "0..4" };

test.each([
  ["one-shot", tone, {}, "no placeholder for tone"],
  ["title-only", { dialogue: 20 }, {}, "no placeholder for dialogue"],
  // A header for sadness does not express another tone, or a setting.
  ["two-shot-headers", { tone: "retrospective" }, {}, "no placeholder for tone"],
  ["two-shot-headers", { setting: "Lagos" }, {}, "no placeholder for setting"],
  ["one-shot", { kind: "family" }, { examples: "matched" }, "no placeholder for kind"],
  ["one-shot", tone, { attempts: 8, bestOf: 4 }, "no placeholder for tone"],
])(
  "a prompt without the control is refused before any text is generated: %s %j",
  async (prompt, control, more, message) => {
    const study = await studyWith({ models: local(), prompts: [prompt], control, ...more });
    await expect(generate.preflight!(study, new Set())).rejects.toThrow(message);
    await expect(generated(study)).rejects.toThrow(message);
    expect(await exists(study.path("generations"))).toBe(false);
  },
);

test.each([
  ["two-shot-headers", tone, {}],
  ["one-shot", tone, { examples: "matched" }],
  ["one-shot", { dialogue: [0, 20] }, { examples: "matched" }],
])(
  "a prompt that expresses the control by a header or by examples is accepted: %s %j",
  async (prompt, control, more) => {
    const study = await studyWith({ models: local(), titles: 2, prompts: [prompt], control, ...more });
    await generate.preflight!(study, new Set());
    const levels = new Set((await generated(study)).map((each) => JSON.stringify(each.control)));
    expect(levels.size).toBe("tone" in control ? 5 : 2);
  },
);

test("the error names the prompts that fit the model", async () => {
  const study = await studyWith({ models: local(), control: { dialogue: 20 } });
  const refused = await planOf(study, await readStories(study)).catch((thrown: StudyError) => thrown);
  expect(refused).toMatchObject({
    message:
      "generate.control: the prompt one-shot of planted has no placeholder for dialogue, so the model would never get it",
    hint: "use two-shot-headers, or add [[dialogue]] or [[controls]] to your own prompt",
  });
});

test("no text is drawn again because it is far from the control", async () => {
  const asked = { control: { setting: "nowhere" }, examples: "matched", attempts: 3 };
  const study = await studyWith({ models: local(), ...asked });
  const drawn = await generated(study);
  for (const { distance, reason } of drawn) {
    expect(distance).toBe(1);
    expect(reason ?? "").not.toContain("far");
  }
});

test("a prompt that is too long for the model fails only for its title, and is not repeated", async () => {
  const study = await studyWith({ models: local() }, [`Long${" long".repeat(900)}`]);
  const first = await generated(study);
  const failed = first.filter(({ outcome }) => outcome === "failed");
  expect(failed.map(({ story, reason }) => [story, reason?.replace(/\d+/g, "N")])).toEqual([
    ["test-0", "the prompt and N new tokens need N tokens, but the model's context has N"],
  ]);
  expect(first).toHaveLength(10);
  expect(await generated(study)).toEqual(first);
});

test("files of models that are no longer in the settings are removed", async () => {
  const study = await studyWith({ models: [...local(), { address: "echo:" }] });
  const both = await generated(study);
  expect(both.filter(({ model }) => model.dummy)).toHaveLength(10);
  await generated(
    studyOf(study.folder, StudyConfig.parse({ name: "test", generate: { models: [{ address: "echo:" }] } })),
  );
  expect(await readdir(study.path("generations"), { recursive: true })).toEqual([
    "echo",
    join("echo", "one-shot.jsonl"),
  ]);
});

test("folders and files have portable names", async () => {
  const models = ["NUL", "a:b", "ends.", "com1.v2"].map((name) => ({ address: "echo:", name }));
  const study = await studyWith({ models, prompts: ["what?.md"] });
  await writeWhole(study.path("what?.md"), "Title: [[title]]\nStory:");
  await generated(study);
  const written = (await filesUnder(study.path("generations"))).map((file) =>
    relative(study.path("generations"), file).split(sep),
  );
  expect(written).toEqual(["NUL-", "a-b", "com1-.v2", "ends"].map((folder) => [folder, "what-.jsonl"]));
});

test("titles in any script are complete in the prompt", async () => {
  const titles = ["“L’été” – où?", "👩‍🚀 ❤️", "שלום עולם", "[[title]]", "$& $1 \\n", "Title: Story:"];
  const study = await studyWith({ models: local() }, titles);
  const prompts = new Map((await generated(study)).map(({ title, prompt }) => [title, prompt.text]));
  for (const title of titles) expect(prompts.get(title)).toContain(`\nTitle: ${title}\nStory:`);
});

test.each([
  [{ models: [{ address: "llama:none.gguf" }] }, /no model file .*none\.gguf/],
  [
    { models: [{ address: "llama:PLANTED", parallel: 10_000_000 }] },
    /needs \d+\.\d MB of weights and \d+\.\d GB for 10000000 texts at once, but .* are free/,
  ],
  [{ models: [{ address: "echo:" }, { address: "echo:" }] }, /both called echo/],
  [
    { models: ["Twin", "twin"].map((name) => ({ address: "echo:", name })) },
    /echo: and echo: are both called twin/,
  ],
  [
    { models: [{ address: "echo:" }], prompts: ["one-shot", "one-shot"] },
    /generate\.prompts: one-shot and one-shot are both called one-shot/,
  ],
  [{ models: [{ address: "echo:" }], prompts: ["two-shot"] }, /no prompt file two-shot/],
  [{ models: [{ address: "echo:" }], examples: "best" }, /unknown choice best/],
  [{ models: [{ address: "echo:" }], tokens: { least: 9, most: 3 } }, /least 9 is above most 3/],
  [
    { models: [{ address: "echo:", name: "short", tokens: { most: 3 } }] },
    /generate\.models: tokens of short: least 20 is above most 3/,
  ],
])("%j is refused with one line and leaves nothing behind", async (settings, message) => {
  const study = await studyWith(JSON.parse(JSON.stringify(settings).replace("PLANTED", modelFile)));
  await expect(generated(study)).rejects.toThrow(message);
  expect(await exists(study.path("generations"))).toBe(false);
  expect(await exists(study.path("manifest.json"))).toBe(false);
});

test("the journal survives an incomplete line", async () => {
  const study = await studyWith({ models: local() });
  const first = timeless(await generated(study));
  const path = study.path(".tinylove/responses.jsonl");
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  const { writeFile } = await import("node:fs/promises");
  await writeFile(path, `${lines[0]}\n${lines[1]!.slice(0, 40)}`);
  expect(timeless(await generated(study))).toEqual(first);
  expect(timeless(await generated(study))).toEqual(first);
});
