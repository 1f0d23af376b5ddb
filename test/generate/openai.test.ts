import { afterEach, expect, test } from "vitest";
import { generate } from "../../src/generate/generate.ts";
import type { Request, Written } from "../../src/generate/model.ts";
import { served } from "../../src/generate/models/served.ts";
import { samplingOf } from "../../src/generate/sampling.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Generation } from "../../src/study/generation.ts";
import type { SettingsOf } from "../../src/study/settings/models.ts";
import type { Story } from "../../src/study/story.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { quietEffects, type RecordedEffects, temporaryFolder } from "../helpers/world.ts";
import { answerTo, openTestServer, type TestServer, type Treatment } from "./test-server.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serverThat(
  treatmentOf: (request: number) => Treatment,
  milliseconds = 0,
): Promise<TestServer> {
  const server = await openTestServer(treatmentOf, milliseconds);
  servers.push(server);
  return server;
}

const stories = (count: number): Story[] => madeUpStories({ train: 5, test: count });

async function studyAt(
  base: string,
  count: number,
  model: Record<string, unknown> = {},
  folder?: string,
): Promise<Study> {
  const settings = { address: "openai:local/model", base, timeout: 0.4, wait: 0.01, retries: 3, ...model };
  const study = studyOf(
    folder ?? (await temporaryFolder()),
    StudyConfig.parse({ name: "test", generate: { models: [settings] } }),
  );
  await writeCorpus(study, stories(count));
  return study;
}

async function generated(
  study: Study,
  effects: RecordedEffects = quietEffects({ env: {} }),
): Promise<Generation[]> {
  await runStage(generate, study, {}, effects);
  return readGenerations(study);
}

/** The study's model, and a request to it. */
async function asked(study: Study) {
  const [settings] = study.config.generate.models;
  const model = await served.open(settings as SettingsOf<"openai">, study, quietEffects({ env: {} }));
  const ask: Request = {
    prompt: { text: "Title: The Sea\nStory:", shared: 0 },
    stop: "Title:",
    seed: 1,
    sampling: samplingOf(study.config.generate, settings!),
  };
  return { model, ask };
}

test("a base model gets a completions request with every sampling field", async () => {
  const server = await serverThat(() => "well");
  const generations = await generated(await studyAt(server.base, 3));
  expect(server.asked).toHaveLength(3);
  const { prompt, seed, ...fields } = server.asked[0]!;
  expect(fields).toEqual({
    model: "local/model",
    max_tokens: 200,
    min_tokens: 100,
    temperature: 1,
    top_p: 1,
    top_k: 0,
    min_p: 0,
    repetition_penalty: 1,
    repeat_penalty: 1,
    stop: ["Title:"],
  });
  expect(generations.map((each) => each.prompt.text)).toContain(prompt);
  expect(generations.map((each) => each.seed)).toContain(seed);
  for (const { text, title, model, tokens, outcome } of generations) {
    expect(outcome).toBe("text");
    expect(text).toBe(`A story about ${title}, that ends well.`);
    expect(model.hash).toBe("served-model-7b");
    expect(tokens).toEqual({ prompt: 50, generated: 20 });
  }
});

test("a model's own sampling is used, and the general one for the next model", async () => {
  const server = await serverThat(() => "well");
  const study = await studyAt(server.base, 1, {
    name: "own",
    temperature: 0.4,
    topP: 0.9,
    tokens: { most: 400 },
  });
  study.config.generate.models.push({ ...study.config.generate.models[0]!, name: "usual" });
  for (const key of ["temperature", "topP", "tokens"] as const) delete study.config.generate.models[1]![key];
  await generated(study);
  expect(server.asked.map(({ temperature, top_p, max_tokens }) => [temperature, top_p, max_tokens])).toEqual([
    [0.4, 0.9, 400],
    [1, 1, 200],
  ]);
});

test("an instructed model gets a chat request", async () => {
  const server = await serverThat(() => "well");
  const [generation] = await generated(await studyAt(server.base, 1, { api: "chat", prompt: "one-shot" }));
  expect(server.asked[0]!["messages"]).toEqual([{ role: "user", content: generation!.prompt.text }]);
  expect(generation!.text).toMatch(/^A story about/);
});

test.each(["completions", "chat"])("try streams %s from a server word by word", async (api) => {
  const server = await serverThat(() => "well");
  const { model, ask } = await asked(await studyAt(server.base, 1, { api, timeout: 20 }));
  const heard: { added: string; at: number }[] = [];
  const [reply] = await model.write([ask], {
    onText: (_, added) => heard.push({ added, at: performance.now() }),
  });
  expect(server.asked[0]!["stream"]).toBe(true);
  expect(reply).toMatchObject({ raw: answerTo(ask.prompt.text), end: "stop", served: "served-model-7b" });
  expect((reply as Written).tokens).toEqual({ prompt: 50, generated: 20 });
  expect(heard.map(({ added }) => added).join("")).toBe(answerTo(ask.prompt.text));
  expect(heard.length).toBeGreaterThan(5);
  expect(heard.at(-1)!.at - heard[0]!.at).toBeGreaterThan(40);
});

test("a stream is repeated only if nothing of it was received", async () => {
  const early = await serverThat((request) => (["429", "drop", "well"] as const)[request]!);
  const first = await asked(await studyAt(early.base, 1, { timeout: 20 }));
  const [late] = await first.model.write([first.ask], { onText: () => {} });
  expect(late).toMatchObject({ raw: answerTo(first.ask.prompt.text) });
  expect(early.asked).toHaveLength(3);

  const broken = await serverThat((request) => (request === 0 ? "half" : "well"));
  const second = await asked(await studyAt(broken.base, 1, { timeout: 20 }));
  const [half] = await second.model.write([second.ask], { onText: () => {} });
  expect(half).toMatchObject({ failed: expect.stringMatching(/\w{4,}/) });
  expect(broken.asked).toHaveLength(1);
});

test.each(["completions", "chat"])("token log-probabilities are returned by %s on request", async (api) => {
  const server = await serverThat(() => "well");
  const [generation] = await generated(await studyAt(server.base, 1, { api, logProbabilities: true }));
  expect(generation!.logProbabilities).toEqual([-0.5, -1.5]);
  expect(generation!.logProbability).toBe(-1);
  expect(server.asked[0]!["logprobs"]).toBe(api === "chat" ? true : 1);
});

test("whatever a server does, every title has a text or a failure with its reason, once", async () => {
  const kinds: Treatment[] = [
    "drop",
    "stall",
    "429",
    "500",
    "half",
    "invalid JSON",
    "wrong content type",
    "not a completion",
    "400",
  ];
  const random = randomFrom(3, "server");
  const server = await serverThat(() => (random.next() < 0.4 ? "well" : random.pick(kinds)));
  const study = await studyAt(server.base, 60);
  const first = await generated(study);

  expect(first.map(({ story }) => story).sort()).toEqual(
    stories(60)
      .filter(({ split }) => split === "test")
      .map(({ id }) => id)
      .sort(),
  );
  for (const { outcome, text, title, reason, raw, prompt } of first) {
    if (outcome === "text") {
      expect(raw).toBe(answerTo(prompt.text));
      expect(text).toBe(`A story about ${title}, that ends well.`);
    } else {
      expect(outcome).toBe("failed");
      expect(text).toBe("");
      expect(reason).toMatch(/\w{4,}/);
    }
  }
  const failed = first.filter(({ outcome }) => outcome === "failed");
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThan(50);

  // Only transient failures are repeated.
  const mended = await serverThat(() => "well");
  const again = await studyAt(server.base, 60, {}, study.folder);
  const toMended: typeof fetch = (input, init) =>
    fetch(String(input).replace(server.base, mended.base), init);
  const second = await generated(again, quietEffects({ env: {}, fetch: toMended }));
  const passing = failed.filter((each) => each.transient);
  expect(passing.length).toBeGreaterThan(0);
  expect(passing.length).toBeLessThan(failed.length);
  expect(mended.asked).toHaveLength(passing.length);
  for (const { outcome, reason } of second)
    if (outcome !== "text") expect([outcome, reason]).toEqual(["failed", "400 the prompt is too long"]);
  expect(second.filter(({ outcome }) => outcome === "failed")).toHaveLength(failed.length - passing.length);
  const before = new Map(first.map((generation) => [generation.id, generation]));
  for (const generation of second) {
    if (before.get(generation.id)!.outcome === "text") expect(generation).toEqual(before.get(generation.id));
  }

  // Permanent failures are repeated at the user's request.
  await runStage(generate, again, { again: true }, quietEffects({ env: {}, fetch: toMended }));
  expect(mended.asked).toHaveLength(failed.length);
  expect((await readGenerations(again)).every(({ outcome }) => outcome === "text")).toBe(true);
});

test("reasons for failures are reported with counts, titles and the fix", async () => {
  const server = await serverThat((request) => (request < 2 ? "400" : request === 2 ? "500" : "well"));
  const effects = quietEffects({ env: {} });
  const study = await studyAt(server.base, 6, { name: "far", parallel: 1, retries: 0 });
  study.config.generate.attempts = 4;
  const generations = await generated(study, effects);
  const told = effects.logged.join("\n");
  expect(told).toContain("far, one-shot: ");
  expect(told).toMatch(
    /2 failed, 400 the prompt is too long \(“[^”]+”, “[^”]+”\)\n {6}it would fail again: /,
  );
  expect(told).toContain("`tinylove generate --again`");
  // A failed request is not a draw; transient failures are repeated by the next run.
  const triesOf = (reason: RegExp) => generations.filter((each) => reason.test(each.reason ?? ""));
  expect(triesOf(/^400/).map(({ attempt }) => attempt)).toEqual([1, 1]);
  expect(triesOf(/^500/).map(({ attempt }) => attempt)).toEqual([1]);
  expect(told).toMatch(
    /1 failed, 500 out of memory \(“[^”]+”\)\n {6}it may be temporary: run `tinylove generate` again/,
  );
});

test("an overloaded server gets fewer parallel requests", async () => {
  const easy = await serverThat(() => "well", 30);
  await generated(await studyAt(easy.base, 80, { parallel: 12 }));
  expect(easy.most).toBeGreaterThan(4);
  const strained = await serverThat((request) => (request % 2 === 0 ? "429" : "well"), 30);
  await generated(await studyAt(strained.base, 40, { parallel: 12, retries: 20 }));
  expect(strained.most).toBeLessThanOrEqual(5);
});

test.each([
  ["401", {}, /refuses the key in OPENAI_API_KEY/],
  ["unknown model", {}, /openai:local\/model: not found at/],
  ["no quota", {}, /has no credit left/],
  ["well", { base: "nonsense" }, /base nonsense is not a server's address/],
  ["well", { base: "https://api.openai.com/v1" }, /the environment variable OPENAI_API_KEY has no key/],
  [
    "well",
    { base: "https://api.openai.com/v1", key: "PATH", topK: 40, repeatPenalty: 1.2 },
    /does not support topK, but it is set to 40/,
  ],
  ["well", { budget: 1 }, /budget is 1, but there is no price/],
] as const)("a problem with all titles is one line: %s %j", async (treatment, model, message) => {
  const server = await serverThat(() => treatment);
  const study = await studyAt(server.base, 5, model);
  const env = { PATH: "a key" };
  await expect(generated(study, quietEffects({ env }))).rejects.toThrow(message);
});

test("an unreachable server is named", async () => {
  const server = await serverThat(() => "well");
  await server.close();
  servers.pop();
  await expect(generated(await studyAt(server.base, 5))).rejects.toThrow(
    `no server answers at ${server.base}`,
  );
});

test("the cost is reported and never goes above the budget", async () => {
  const server = await serverThat(() => "well");
  const price = { input: 1, output: 2 };
  const effects = quietEffects({ env: {} });
  await generated(await studyAt(server.base, 10, { price }), effects);
  // 10 titles, each 50 tokens at 1 and 20 at 2 per million.
  expect(effects.logged.join("\n")).toContain("cost 0.0009");

  // The maximum cost of a request is for its prompt's bytes and 200 new tokens: about 0.0007.
  const poor = await studyAt(server.base, 10, { price, budget: 0.001 });
  await expect(generated(poor)).rejects.toThrow(/the budget of 0\.001 is used up/);
  const paid = server.asked.length - 10;
  expect(paid).toBeGreaterThan(0);
  expect(paid * 90e-6).toBeLessThanOrEqual(0.001);
});

test("a text that the server withheld is a refusal", async () => {
  const server = await serverThat(() => "refused");
  const [generation] = await generated(await studyAt(server.base, 1));
  expect(generation).toMatchObject({ outcome: "refused", text: "" });
});

test("the key comes from the environment and is written nowhere else", async () => {
  const server = await serverThat(() => "well");
  let authorization: string | null = null;
  const listening: typeof fetch = (input, init) => {
    authorization = new Headers(init?.headers).get("authorization");
    return fetch(input, init);
  };
  const study = await studyAt(server.base, 1, { key: "MY_KEY" });
  const generations = await generated(
    study,
    quietEffects({ env: { MY_KEY: "secret-123" }, fetch: listening }),
  );
  expect(authorization).toBe("Bearer secret-123");
  expect(JSON.stringify(generations)).not.toContain("secret-123");
});
