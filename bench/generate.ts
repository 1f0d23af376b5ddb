/**
 * Tokens a second of the texts that `tinylove generate` writes, beside llama.cpp's own batched benchmark on the same
 * file, at the same number of texts and threads, in the same run; and the memory that they take. Rates are of prompt
 * and text together, medians of rounds by turns. At least 0.9 of the peer is the aim for a model of 400M (random
 * weights), 0.6 for the embedded one; memory at most 1.2 of weights and cache. Exits 1 where a limit is passed.
 *
 *     npx tsc --noEmit false --allowImportingTsExtensions false --rootDir . --outDir dist/bench
 *     LLAMA_BATCHED_BENCH=path/to/llama-batched-bench node dist/bench/bench/generate.js
 *
 * The benchmark is built from llama.cpp's source, which lies in node_modules/node-llama-cpp/llama/gitRelease.bundle:
 * `git clone` it, `cmake -B build -DCMAKE_BUILD_TYPE=Release`, `cmake --build build --target llama-batched-bench`.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { median } from "../src/stats/quantile.ts";
import { embeddedModelFile, memoryNeeded, openLlama, readLlamaFile } from "../src/workbench/llama.ts";
import { writeTinyModel } from "../test/helpers/tiny-model.ts";

const peer = process.env["LLAMA_BATCHED_BENCH"];
const threads = Number(process.env["BENCH_THREADS"] ?? 1);
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3);

interface Case {
  readonly name: string;
  readonly file: string;
  readonly parallel: number;
  readonly prompt: number;
  readonly text: number;
  /** The least share of the peer's rate. */
  readonly least: number;
}

const folder = await mkdtemp(join(tmpdir(), "tinylove-bench-"));
const big = join(folder, "random-410m.gguf");
await writeTinyModel(big, {
  words: [" love"],
  layers: 24,
  width: 1024,
  heads: 16,
  vocabulary: 50_304,
  eightBits: true,
  contextTokens: 2048,
});

const cases: Case[] = [
  { name: "embedded", file: embeddedModelFile, parallel: 8, prompt: 128, text: 200, least: 0.6 },
  { name: "410M, Q8_0, random", file: big, parallel: 4, prompt: 16, text: 32, least: 0.9 },
];
const results = [];
for (const each of cases) results.push(await measured(each));
console.table(results);
await rm(folder, { recursive: true });
if (results.some(({ passed }) => !passed)) process.exitCode = 1;

async function measured(each: Case) {
  const ours: number[] = [];
  const theirs: number[] = [];
  const before = process.memoryUsage().rss;
  const llama = await openLlama({ ...each, threads, contextTokens: each.prompt + each.text + 8 });
  const prompt = promptOf(each.prompt, (text) => llama.count(text));
  await ourRate(llama, prompt, { ...each, text: 4 });
  const about = await readLlamaFile(each.file);
  const memory =
    (process.memoryUsage().rss - before) / memoryNeeded(about, each.parallel * llama.contextTokens);
  for (let round = 0; round < rounds; round++) {
    ours.push(await ourRate(llama, prompt, each));
    if (peer) theirs.push(await theirRate(peer, each));
  }
  await llama.close();
  const share = peer ? median(ours) / median(theirs) : undefined;
  return {
    model: each.name,
    texts: each.parallel,
    threads,
    "tokens/s": Math.round(median(ours)),
    "llama.cpp": peer ? Math.round(median(theirs)) : "not measured",
    share: share && Number(share.toFixed(2)),
    "memory / needed": Number(memory.toFixed(2)),
    passed: (share === undefined || share >= each.least) && memory <= 1.2,
  };
}

/** A prompt of so many tokens, whatever the vocabulary. */
function promptOf(tokens: number, count: (text: string) => number): string {
  let prompt = "Title:";
  while (count(prompt) < tokens) prompt += " love";
  return prompt;
}

async function ourRate(
  llama: Awaited<ReturnType<typeof openLlama>>,
  prompt: string,
  { parallel, text }: Case,
) {
  const draw = {
    temperature: 1,
    topP: 1,
    topK: 0,
    minP: 0,
    repeatPenalty: 1,
    leastTokens: text,
    mostTokens: text,
  };
  const continuations = Array.from({ length: parallel }, (_, seed) => ({ prompt, seed, draw }));
  const started = performance.now();
  const texts = await llama.continueAll(continuations);
  const tokens = texts.reduce((sum, each) => sum + each.promptTokens + each.generatedTokens, 0);
  return (1000 * tokens) / (performance.now() - started);
}

/** The benchmark's S: tokens of prompts and texts a second. */
async function theirRate(program: string, { file, parallel, prompt, text }: Case): Promise<number> {
  const context = String(parallel * (prompt + text + 8));
  const { stdout } = await promisify(execFile)(program, [
    ...["-m", file, "-c", context, "-b", "512", "-ub", "512", "-t", String(threads), "-tb", String(threads)],
    ...["-npp", String(prompt), "-ntg", String(text), "-npl", String(parallel), "--no-mmap"],
    ...["--output-format", "jsonl"],
  ]);
  const line = stdout.split("\n").find((each) => each.startsWith("{"));
  if (!line) throw new Error(`no result of ${program}`);
  return JSON.parse(line).speed as number;
}
