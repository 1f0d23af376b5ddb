import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Continuation, openLlama } from "../../src/workbench/llama.ts";
import { endOfText, writeTinyModel } from "../helpers/tiny-model.ts";
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

const draw = {
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
    draw,
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
  const continuations = prompts(3).map((each) => ({
    ...each,
    prompt: start + each.prompt,
    shared: start.length,
  }));
  const once = await textsOf(noise, continuations);
  expect(await textsOf(noise, continuations, 3)).toEqual(once);
});

test("no text ends before its least tokens, and none is longer than its most", async () => {
  const llama = await openLlama({ file: planted, ...one, parallel: 8 });
  const outcomes = await llama.continueAll(
    prompts(8).map((each) => ({
      ...each,
      stop: "Title:",
      draw: { ...draw, leastTokens: 20, mostTokens: 30 },
    })),
  );
  await llama.close();
  for (const { text, generatedTokens, end } of outcomes) {
    expect(text.replace(/\n?Title:$/, "")).not.toContain("Title:");
    expect(generatedTokens).toBeLessThanOrEqual(30);
    if (end !== "limit") expect(generatedTokens).toBeGreaterThanOrEqual(20);
    // " the love" by turns, whatever was taken back and drawn again.
    expect(text).toMatch(/^( the love\n?)+( the)?(Title:)?$/);
  }
  expect(new Set(outcomes.map(({ end }) => end)).size).toBeGreaterThan(1);
});

test("without a least number a planted model stops where it would", async () => {
  const llama = await openLlama({ file: planted, ...one, parallel: 8 });
  const ends: Record<string, number> = {};
  for (let round = 0; round < 10; round++) {
    for (const { end } of await llama.continueAll(
      prompts(8, round * 8).map((each) => ({ ...each, stop: "Title:", draw: { ...draw, mostTokens: 400 } })),
    ))
      ends[end] = (ends[end] ?? 0) + 1;
  }
  await llama.close();
  // Three ends of text for each stop: of 80, 60 are expected, and 45 to 75 are within 4 standard deviations.
  expect(ends["end of text"]).toBeGreaterThan(45);
  expect(ends["end of text"]).toBeLessThan(75);
  expect(ends["limit"] ?? 0).toBe(0);
});

test("the log-probability of a text is what was planted", async () => {
  const llama = await openLlama({ file: planted, ...one });
  const scored = await llama.score(" the love the love", "Title:");
  expect(scored.tokens).toBe(4);
  expect(scored.logProbability).toBeCloseTo(Math.log(0.6), 3);
  expect(scored.perplexity).toBeCloseTo(0.6 ** (-1 / 4), 3);
  expect(scored.byToken.map(({ text }) => text).join("")).toBe(" the love the love");
  await llama.close();
});

test("temperature 0 writes the likeliest text", async () => {
  const greedy = { ...draw, temperature: 0, mostTokens: 6 };
  const [text] = await textsOf(planted, [{ prompt: "Title:", seed: 1, draw: greedy }]);
  expect(text).toBe(" the love the love the love");
});

test("curly, accented, emoji and right-to-left prompts pass whole", async () => {
  const llama = await openLlama({ file: noise, ...one });
  for (const title of ["“L’été”", "Café où", "👩‍🚀 ❤️", "שלום עולם", "نص"]) {
    expect((await llama.score(title)).byToken.length).toBe(Buffer.byteLength(title));
  }
  await llama.close();
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

test("a prompt that does not fit is named", async () => {
  const llama = await openLlama({ file: noise, ...one, contextTokens: 64 });
  await expect(llama.continueAll([{ prompt: "x".repeat(60), seed: 1, draw }])).rejects.toThrow(
    /takes 100 tokens, the model holds 64/,
  );
  await llama.close();
});
