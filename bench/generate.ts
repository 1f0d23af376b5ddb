/**
 * `tinylove generate` compared with llama.cpp's own batched benchmark on the same file, at the same number of texts and
 * threads, in turn in the same run: tokens per second of prompt and text together, by elapsed and by processor time.
 * The limits apply to processor time, which is valid on a busy machine too. The benchmark runs twice:
 * with the package's kernels, so that the difference is the cost of Node and this program, and with those
 * that it was built with. Limits, each with the same kernels: 0.9 for a model of 400M (random weights), 0.6 for
 * the embedded one. Then 150 titles with the embedded model: tokens per second of the whole stage, and the prompt
 * tokens that were evaluated, of which those of a shared example count once. Memory is at most 1.2 times weights
 * and cache, plus the 45 MB of the library. Exits 1 if a limit is missed.
 *
 *     LLAMA_BATCHED_BENCH=path/to/build/bin/llama-batched-bench npm run bench -- generate
 *
 * The package contains llama.cpp's source, the same release, so its benchmark is built without a download:
 *
 *     git clone node_modules/node-llama-cpp/llama/gitRelease.bundle llama.cpp && cd llama.cpp
 *     cmake -B build -DCMAKE_BUILD_TYPE=Release -DLLAMA_CURL=OFF
 *     cmake --build build --target llama-batched-bench
 *
 * Without LLAMA_BATCHED_BENCH the rates are printed without limits. The benchmark uses the package's kernels where
 * libraries are found by LD_LIBRARY_PATH; elsewhere it is run with its own.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generate } from "../src/generate/generate.ts";
import { embeddedModelFile, memoryNeeded, openLlama, readLlamaFile } from "../src/llm/llama.ts";
import { median } from "../src/stats/quantile.ts";
import { readGenerations } from "../src/workbench/artefacts.ts";
import { runStage } from "../src/workbench/manifest.ts";
import { madeUpStories, writeCorpus } from "../test/helpers/corpus.ts";
import { writeTinyModel } from "../test/helpers/tiny-model.ts";
import { quietEffects, temporaryStudy } from "../test/helpers/world.ts";

const benchmarkPath = process.env["LLAMA_BATCHED_BENCH"];
const threads = Number(process.env["BENCH_THREADS"] ?? 1);
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3);

interface Case {
  readonly name: string;
  readonly file: string;
  readonly parallel: number;
  readonly prompt: number;
  readonly text: number;
  /** The lowest allowed share of the benchmark's rate. */
  readonly least: number;
}

/** Bytes that the library itself takes, for any model. */
const binding = 45e6;

const sampling = { temperature: 1, topP: 1, topK: 0, minP: 0, repeatPenalty: 1 };
const brief = { ...sampling, leastTokens: 1, mostTokens: 1 };

/** Each part has its own process, so that its memory is measured alone. */
const [, program, part, given] = process.argv;
if (part === "rate") console.log(JSON.stringify(await measured(JSON.parse(given!))));
else if (part === "titles") console.log(JSON.stringify(await manyTitles()));
else await measureAll();

async function measureAll(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tinylove-bench-"));
  const big = join(folder, "random-410m.gguf");
  await writeTinyModel(big, {
    words: [" love"],
    layers: 24,
    width: 1024,
    heads: 16,
    vocabulary: 50_304,
    eightBits: true,
  });
  const cases: Case[] = [
    { name: "embedded", file: embeddedModelFile, parallel: 8, prompt: 128, text: 200, least: 0.6 },
    { name: "410M, Q8_0, random", file: big, parallel: 4, prompt: 16, text: 32, least: 0.9 },
  ];
  const rates = [];
  for (const each of cases) rates.push(await inProcess("rate", JSON.stringify(each)));
  const titles = await inProcess("titles");
  console.table(rates);
  console.table([titles]);
  await rm(folder, { recursive: true });
  if ([...rates, titles].some(({ passed }) => passed === false)) process.exitCode = 1;
}

async function inProcess(...args: string[]): Promise<{ passed: boolean }> {
  const { stdout } = await promisify(execFile)(process.execPath, [program!, ...args]);
  return JSON.parse(stdout);
}

async function measured(each: Case) {
  const about = await readLlamaFile(each.file);
  const before = process.memoryUsage().rss;
  const llama = await openLlama({ ...each, threads, contextTokens: each.prompt + each.text + 8 });
  const prompt = promptOf(each.prompt, (text) => llama.count(text));
  await ourRate(llama, prompt, { ...each, text: 4 });
  const taken = process.memoryUsage().rss - before;
  const needed = memoryNeeded(about, each.parallel * llama.contextTokens);
  const benchmarks = await benchmarksOf();
  const ours: Rate[] = [];
  const theirs = new Map<string, Rate[]>(benchmarks.map(({ kernels }) => [kernels, []]));
  for (let round = 0; round < rounds; round++) {
    ours.push(await ourRate(llama, prompt, each));
    for (const one of benchmarks) theirs.get(one.kernels)!.push(await theirRate(one, each));
  }
  await llama.close();
  const share = (kernels: string, unit: keyof Rate) =>
    Number((middle(ours, unit) / middle(theirs.get(kernels)!, unit)).toFixed(2));
  const judged = benchmarks[0] && share(benchmarks[0].kernels, "processor");
  return {
    model: each.name,
    texts: each.parallel,
    threads,
    "tokens/s": Math.round(middle(ours, "clock")),
    "tokens/processor s": Math.round(middle(ours, "processor")),
    ...Object.fromEntries(
      benchmarks.flatMap(({ kernels }) => [
        [`share by processor, ${kernels}`, share(kernels, "processor")],
        [`by clock, ${kernels}`, share(kernels, "clock")],
      ]),
    ),
    ...(benchmarks.length === 0 && { "llama.cpp": "left out" }),
    "memory taken / needed": Number((taken / needed).toFixed(2)),
    MB: Math.round(taken / 1e6),
    passed: (judged === undefined || judged >= each.least) && taken <= 1.2 * needed + binding,
  };
}

/** 150 titles with one example for all, once each. */
async function manyTitles() {
  const study = await temporaryStudy({
    generate: {
      models: [{ address: "llama:embedded", threads, parallel: 8 }],
      examples: "fixed",
      exampleStories: ["train-0"],
    },
  });
  await writeCorpus(study, madeUpStories({ train: 1, test: 150 }));
  const [started, used] = [performance.now(), process.cpuUsage()];
  await runStage(generate, study, {}, quietEffects());
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(used);
  const generations = await readGenerations(study);
  const written = generations.reduce((sum, { tokens }) => sum + tokens.generated, 0);

  // The same prompts again, to see how many of their tokens are evaluated.
  const prompts = generations.map(({ prompt }) => prompt.text);
  const shared = sharedStart(prompts);
  const llama = await openLlama({ file: embeddedModelFile, threads, parallel: 8, contextTokens: 512 });
  for (let from = 0; from < prompts.length; from += 8) {
    const batch = prompts
      .slice(from, from + 8)
      .map((prompt, seed) => ({ prompt, shared, seed, sampling: brief }));
    await llama.continueAll(batch);
  }
  const evaluated = await llama.evaluatedTokens();
  const all = prompts.reduce((sum, prompt) => sum + llama.count(prompt), 0);
  const start = llama.count(prompts[0]!.slice(0, shared));
  // The last token of a prefix is evaluated with what follows, because it may merge with it.
  const least = start + prompts.reduce((sum, prompt) => sum + llama.count(prompt) - start, 0);
  await llama.close();
  return {
    titles: generations.length,
    seconds: Number(seconds.toFixed(1)),
    "tokens/s": Math.round(written / seconds),
    "tokens/processor s": Math.round((1e6 * written) / (user + system)),
    "tokens of prompts": all,
    "worked out": evaluated,
    "if what is shared counts once": least,
    passed: generations.length === 150 && evaluated <= least + 3 * prompts.length,
  };
}

/** The number of characters that all begin with. */
function sharedStart([first = "", ...others]: readonly string[]): number {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return length;
}

/** Tokens per second. */
interface Rate {
  readonly clock: number;
  readonly processor: number;
}

function middle(rates: readonly Rate[], unit: keyof Rate): number {
  return median(rates.map((rate) => rate[unit]));
}

/** A prompt of this many tokens, for any vocabulary. */
function promptOf(tokens: number, count: (text: string) => number): string {
  let prompt = "Title:";
  while (count(prompt) < tokens) prompt += " love";
  return prompt;
}

async function ourRate(
  llama: Awaited<ReturnType<typeof openLlama>>,
  prompt: string,
  { parallel, text }: Case,
): Promise<Rate> {
  const continuations = Array.from({ length: parallel }, (_, seed) => ({
    prompt,
    seed,
    stop: "Title:",
    sampling: { ...sampling, leastTokens: text, mostTokens: text },
  }));
  const [started, used] = [performance.now(), process.cpuUsage()];
  const texts = await llama.continueAll(continuations);
  const { user, system } = process.cpuUsage(used);
  const tokens = texts.reduce((sum, each) => sum + each.promptTokens + each.generatedTokens, 0);
  return {
    clock: (1000 * tokens) / (performance.now() - started),
    processor: (1e6 * tokens) / (user + system),
  };
}

interface Benchmark {
  readonly kernels: "same kernels" | "its own kernels";
  readonly benchmark: string;
  /** Its working directory, and where it looks for libraries first; undefined for its own. */
  readonly folder?: string;
}

/** The benchmark with the package's kernels, if it can use them, and with its own. */
async function benchmarksOf(): Promise<Benchmark[]> {
  if (!benchmarkPath) return [];
  const own: Benchmark = { kernels: "its own kernels", benchmark: resolve(benchmarkPath) };
  const packaged = await packagedLibraries();
  if (!packaged) return [own];
  const folder = await mkdtemp(join(tmpdir(), "tinylove-kernels-"));
  // It looks for kernels in its working directory, and for libraries by names without the release.
  for (const file of await readdir(packaged)) {
    const link = file
      .replace(/^(libllama|libggml)\.v[\d.]+\.so$/, "$1.so.0")
      .replace(/^(libggml-base\.so)$/, "$1.0");
    await symlink(join(packaged, file), join(folder, file));
    if (link !== file) await symlink(join(packaged, file), join(folder, link));
  }
  return [{ ...own, kernels: "same kernels", folder }, own];
}

async function packagedLibraries(): Promise<string | undefined> {
  if (process.platform !== "linux") return undefined;
  const name = `${process.platform}-${process.arch}`;
  const library = fileURLToPath(import.meta.resolve("node-llama-cpp"));
  const packages = library.slice(0, library.lastIndexOf(join("node_modules", "node-llama-cpp")));
  const folder = join(packages, "node_modules", "@node-llama-cpp", name, "bins", name);
  return (await readdir(folder).catch(() => [])).length > 0 ? folder : undefined;
}

/** The benchmark's own S by elapsed time; by processor time, what a whole run takes more than one that writes nothing. */
async function theirRate(one: Benchmark, each: Case): Promise<Rate> {
  const whole = await theirRun(one, each);
  const loading = await theirRun(one, { ...each, prompt: 1, text: 1, parallel: 1 });
  const tokens = each.parallel * (each.prompt + each.text) - 2;
  return { clock: whole.speed, processor: tokens / (whole.seconds - loading.seconds) };
}

/** It logs from a thread that it does not always wait for; a run without a result is repeated. */
async function theirRun(one: Benchmark, each: Case): Promise<{ speed: number; seconds: number }> {
  for (let tried = 0; tried < 10; tried++) {
    const result = await oneRun(one, each);
    if (result) return result;
  }
  throw new Error(`no result of ${one.benchmark}`);
}

async function oneRun({ benchmark, folder }: Benchmark, { file, parallel, prompt, text }: Case) {
  const args = {
    "-m": file,
    "--load-mode": "none",
    "-c": Math.max(512, parallel * (prompt + text + 8)),
    "-t": threads,
    "-tb": threads,
    "-npp": prompt,
    "-ntg": text,
    "-npl": parallel,
    "--output-format": "jsonl",
  };
  const { stdout, stderr } = await promisify(execFile)(
    "bash",
    [
      ...["-c", 'TIMEFORMAT="%U %S"; time "$@"', "bash", benchmark],
      ...Object.entries(args).flatMap(([flag, value]) => [flag, String(value)]),
    ],
    {
      ...(folder !== undefined && { cwd: folder }),
      env: {
        ...process.env,
        LD_LIBRARY_PATH: [folder, dirname(benchmark)].filter((each) => each !== undefined).join(":"),
      },
    },
  );
  const line = stdout.split("\n").find((candidate) => candidate.startsWith("{"));
  const times = stderr.trim().split("\n").at(-1)!.split(" ").map(Number);
  return line ? { speed: JSON.parse(line).speed as number, seconds: times[0]! + times[1]! } : undefined;
}
