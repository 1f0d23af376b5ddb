import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Continuation, openLlama } from "../../src/llm/llama.ts";
import { endOfText, writeTinyAdapter, writeTinyModel } from "../helpers/tiny-model.ts";
import { temporaryFolder } from "../helpers/world.ts";

let noise = "";
let planted = "";

beforeAll(async () => {
  const folder = await temporaryFolder();
  noise = join(folder, "noise.gguf");
  await writeTinyModel(noise, { words: ["Title:", " love", " the"], layers: 3, width: 128 });
  planted = join(folder, "planted.gguf");
  await writeTinyModel(planted, {
    words: ["Title:", " love", " the", "\n"],
    transitions: {
      ":": { " the": 1 },
      " the": { " love": 1 },
      " love": { " the": 0.6, [endOfText]: 0.3, "\n": 0.1 },
      "\n": { "Title:": 0.5, " the": 0.5 },
      "Title:": { " the": 1 },
    },
  });
});

const sampling = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repeatPenalty: 1,
  leastTokens: 0,
  mostTokens: 40,
};
const one = { threads: 1 };

const prompts = (count: number, seed = 0): Continuation[] =>
  Array.from({ length: count }, (_, index) => ({
    prompt: `Title: ${"x".repeat(index + 1)}\nStory:`,
    seed: seed + index,
    sampling,
  }));

async function textsOf(file: string, continuations: readonly Continuation[], rounds = 1): Promise<string[]> {
  const llama = await openLlama({ file, ...one, parallel: continuations.length });
  try {
    let texts: string[] = [];
    for (let round = 0; round < rounds; round++)
      texts = (await llama.continueAll(continuations)).map(({ text }) => text);
    return texts;
  } finally {
    await llama.close();
  }
}

test("the same seeds give the same texts, other seeds other texts", async () => {
  const first = await textsOf(noise, prompts(5));
  expect(await textsOf(noise, prompts(5))).toEqual(first);
  const others = await textsOf(noise, prompts(5, 100));
  for (const [index, text] of others.entries()) expect(text).not.toBe(first[index]);
});

test("a start that prompts share is evaluated once and changes no text", async () => {
  const start = "Title: the love of a long example that is shown to the model\nStory: it goes on\n";
  const plain = prompts(6).map((each) => ({ ...each, prompt: start + each.prompt }));
  const sharing = plain.map((each) => ({ ...each, shared: start.length }));
  const llama = await openLlama({ file: noise, ...one, parallel: 6 });
  const once = await llama.continueAll(sharing);
  const length = llama.count(start);
  const rest = plain.reduce((sum, { prompt }) => sum + llama.count(prompt) - length, 0);
  // The last token of a prompt is counted with the text; the shared start excludes its last token.
  expect(await llama.evaluatedTokens()).toBeLessThan(length + rest + 12);
  const again = await llama.continueAll(sharing);
  expect(again.map(({ text }) => text)).toEqual(once.map(({ text }) => text));
  expect(await llama.evaluatedTokens()).toBeLessThan(length + 2 * rest + 24);
  await llama.close();
});

test("a copied prompt start gives the same text as an evaluated one", async () => {
  const start = "Title: the love of a long example that is shown to the model\nStory: it goes on\n";
  const [each] = prompts(1);
  const twin = { ...each!, prompt: start + each!.prompt, shared: start.length };
  const llama = await openLlama({ file: noise, ...one, parallel: 4 });
  const texts = (await llama.continueAll([twin, twin, twin, twin])).map(({ text }) => text);
  await llama.close();
  expect(new Set(texts).size).toBe(1);
});

test("no text is shorter than the minimum or longer than the maximum", async () => {
  const llama = await openLlama({ file: planted, ...one, parallel: 8 });
  const outcomes = await llama.continueAll(
    prompts(8).map((each) => ({
      ...each,
      stop: "Title:",
      sampling: { ...sampling, leastTokens: 20, mostTokens: 30 },
    })),
  );
  await llama.close();
  for (const { text, generatedTokens, end } of outcomes) {
    expect(text.replace(/\n?Title:$/, "")).not.toContain("Title:");
    expect(generatedTokens).toBeLessThanOrEqual(30);
    if (end !== "limit") expect(generatedTokens).toBeGreaterThanOrEqual(20);
    // " the love" repeated, despite rejected and redrawn tokens.
    expect(text).toMatch(/^( the love\n?)+( the)?(Title:)?$/);
  }
  expect(new Set(outcomes.map(({ end }) => end)).size).toBeGreaterThan(1);
});

test("without a minimum a planted model stops where it should", async () => {
  const llama = await openLlama({ file: planted, ...one, parallel: 8 });
  const ends: Record<string, number> = {};
  for (let round = 0; round < 10; round++) {
    for (const { end } of await llama.continueAll(
      prompts(8, round * 8).map((each) => ({
        ...each,
        stop: "Title:",
        sampling: { ...sampling, mostTokens: 400 },
      })),
    ))
      ends[end] = (ends[end] ?? 0) + 1;
  }
  await llama.close();
  // Three ends of text for each stop: of 80, 60 are expected, and 45 to 75 are within 4 standard deviations.
  expect(ends["end of text"]).toBeGreaterThan(45);
  expect(ends["end of text"]).toBeLessThan(75);
  expect(ends["limit"] ?? 0).toBe(0);
});

test("the log-probability of a text is the planted one", async () => {
  const llama = await openLlama({ file: planted, ...one });
  const scored = await llama.score(" the love the love", "Title:");
  expect(scored.tokens).toBe(4);
  expect(scored.logProbability).toBeCloseTo(Math.log(0.6), 3);
  expect(scored.perplexity).toBeCloseTo(0.6 ** (-1 / 4), 3);
  expect(scored.byToken.map(({ text }) => text).join("")).toBe(" the love the love");
  await llama.close();
});

test("unlikely tokens are scored too", async () => {
  const llama = await openLlama({ file: planted, ...one });
  const { byToken, logProbability } = await llama.score(" the love\n the", "Title:");
  const planned = [1, 1, 0.1, 0.5];
  for (const [at, { logProbability: found }] of byToken.entries())
    expect(found).toBeCloseTo(Math.log(planned[at]!), 3);
  expect(logProbability).toBeCloseTo(Math.log(0.05), 3);
  await llama.close();
});

test("sampled texts have the log-probabilities of scoring", async () => {
  // Words with only one tokenisation.
  const file = join(await temporaryFolder(), "words.gguf");
  const after = { " love": 5, " the": 3, " sea": 1 };
  await writeTinyModel(file, {
    words: [" love", " the", " sea"],
    transitions: { ":": after, " love": after, " the": { " sea": 2, " love": 1 }, " sea": after },
  });
  const llama = await openLlama({ file, ...one, parallel: 3 });
  const asked = prompts(3).map((each, at) => ({
    ...each,
    sampling: { ...sampling, temperature: [1, 0.5, 1][at]!, topK: [0, 0, 2][at]!, leastTokens: 40 },
    logProbabilities: true,
  }));
  const continued = await llama.continueAll(asked);
  for (const [at, { text, logProbabilities, generatedTokens }] of continued.entries()) {
    expect(logProbabilities).toHaveLength(generatedTokens);
    const scored = await llama.score(text, asked[at]!.prompt);
    expect(scored.tokens).toBe(generatedTokens);
    for (const [place, found] of scored.byToken.entries())
      expect(logProbabilities![place]!).toBeCloseTo(found.logProbability, 2);
  }
  const [plain] = await llama.continueAll(
    asked.slice(0, 1).map((each) => ({ ...each, logProbabilities: false })),
  );
  expect(plain!.text).toBe(continued[0]!.text);
  expect(plain).not.toHaveProperty("logProbabilities");
  await llama.close();
});

test("temperature 0 writes the likeliest text", async () => {
  const greedy = { ...sampling, temperature: 0, mostTokens: 6 };
  const [text] = await textsOf(planted, [{ prompt: "Title:", seed: 1, sampling: greedy }]);
  expect(text).toBe(" the love the love the love");
});

test("curly quotes, accents, emoji and right-to-left prompts are unchanged", async () => {
  const llama = await openLlama({ file: noise, ...one });
  for (const title of ["“L’été”", "Café où", "👩‍🚀 ❤️", "שלום עולם", "نص"]) {
    expect((await llama.score(title)).byToken.length).toBe(Buffer.byteLength(title));
  }
  await llama.close();
});

test("an adapter changes the texts by its weights, and fits only its own model", async () => {
  const folder = await temporaryFolder();
  const textWith = async (width: number, size: number) => {
    const adapter = join(folder, `${width}-${size}.gguf`);
    await writeTinyAdapter(adapter, width, size);
    const llama = await openLlama({ file: noise, ...one, adapter });
    try {
      const [continued] = await llama.continueAll(prompts(1));
      return continued!.text;
    } finally {
      await llama.close();
    }
  };
  const [plain] = await textsOf(noise, prompts(1));
  expect(await textWith(128, 0)).toBe(plain);
  expect(await textWith(128, 1)).not.toBe(plain);
  await expect(textWith(64, 1)).rejects.toThrow(/cannot use the adapter 64-1\.gguf on noise\.gguf/);
});

test.each([
  ["no file", undefined, /no model file/],
  ["a file of text", Buffer.from("Once upon a time"), /cannot load .*broken\.gguf/],
  ["half a file", "half", /cannot load .*broken\.gguf/],
])("%s is named", async (_, content, message) => {
  const file = join(await temporaryFolder(), "broken.gguf");
  if (content === "half") {
    await writeTinyModel(file, { words: [" love"] });
    const { readFile } = await import("node:fs/promises");
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, whole.length / 2));
  } else if (content) await writeFile(file, content);
  await expect(openLlama({ file, ...one })).rejects.toThrow(message);
});

test("a prompt that is too long is named", async () => {
  const llama = await openLlama({ file: noise, ...one, contextTokens: 250 });
  await expect(llama.continueAll([{ prompt: "x".repeat(230), seed: 1, sampling }])).rejects.toThrow(
    /need 270 tokens, but the model.s context has 256/,
  );
  await llama.close();
});
