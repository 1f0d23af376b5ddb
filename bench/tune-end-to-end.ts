/**
 * All of tuning as a user does it, by the program alone, on the CPU: two tables of stories (a title and a text per
 * line, as JSONL) become a study and the training text of two small bases, a GPT-Neo and a GPT-NeoX; the embedded model is
 * a third. Each is tuned in full and with LoRA; one of the runs is killed with `kill -9` and resumed, one is repeated by two
 * processes. A GPT-Neo, an adapter of a GPT-NeoX and an exported GGUF file then write in one study with their bases,
 * from forms to a report with simulated readers.
 *
 * Limits: every validation loss falls and every sample changes; the curve of the killed run is that of an uninterrupted
 * one, to 1e-6; two processes have the losses of one, to 1e-3; every model has stories on the forms.
 *
 *     npm run bench -- tune-end-to-end STUDY.jsonl BASE.jsonl FOLDER      (needs `tinylove tune setup`)
 *
 * An existing FOLDER is continued.
 */
import { execFile, spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { readTable } from "../src/tables/tables.ts";
import { keyFile } from "../src/workbench/artefacts.ts";
import { exists } from "../src/workbench/files.ts";
import { pythonEnvironment, trainerFolder } from "../src/workbench/python.ts";
import { builtProgram } from "../test/helpers/built.ts";
import { python, trainerEnvironment, withoutPython } from "../test/tune/tuning.ts";

if (!python) throw new Error(withoutPython);
const [, , studyStories, baseStories, place] = process.argv;
if (!studyStories || !baseStories || !place) throw new Error("name STUDY.jsonl BASE.jsonl FOLDER");
const folder = resolve(place);
const study = join(folder, "study");
const program = await builtProgram();
let missed = 0;

await mkdir(study, { recursive: true });
await writeFile(join(study, "study.yaml"), settings(resolve(studyStories)));
if (!(await exists(join(study, "corpus/stories.jsonl")))) await tinylove("collect");
await makeBases(resolve(baseStories));

const bases = { neo: `${folder}/bases/neo`, neox: `${folder}/bases/neox`, "tiny-love": "llama:embedded" };
// The embedded model was trained on stories like these: a much higher rate only makes it worse.
const rates = { neo: ["1e-3", "3e-3"], neox: ["1e-3", "3e-3"], "tiny-love": ["1e-4", "1e-3"] } as const;
for (const name of ["neo", "neox", "tiny-love"] as const) {
  await tuned(`${name}-full`, bases[name], "full", rates[name][0]);
  await tuned(`${name}-lora`, bases[name], "lora", rates[name][1]);
}
await killedAndResumed(bases.neo);
await byTwoProcesses(bases.neox);
await sideBySide();
if (missed > 0) process.exitCode = 1;

function settings(table: string): string {
  return `name: tuned
seed: 7
corpus:
  file: ${JSON.stringify(table)}
  words: {warn: 70, refuse: 75}
  split: {train: 100, validation: 24, test: 50}
tune: {precision: fp32, threads: 1, length: 200, epochs: 1, evaluations: 3, samples: 2}
generate:
  models:
    - {address: ${JSON.stringify(`tuned:${folder}/bases/neo`)}, name: neo-base, threads: 1}
    - {address: "tuned:tuned/neo-full/model", name: neo-tuned, threads: 1}
    - {address: "llama:embedded", name: tiny-love-base, threads: 1}
    - {address: "tuned:tuned/tiny-love-lora/model", name: tiny-love-adapter, threads: 1}
    - {address: "llama:tuned/tiny-love-full/export/tiny-love-full.gguf", name: tiny-love-gguf, threads: 1}
  prompts: [title-only]
  attempts: 4
  tokens: {least: 80, most: 130}
compose:
  words: {least: 20, most: 30}
  forms: 5
  human: 3
  machine: 5
`;
}

async function makeBases(stories: string): Promise<void> {
  if (await exists(`${folder}/bases/neox/config.json`)) return;
  const maker = join(trainerFolder, "bench/small_models.py");
  await promisify(execFile)(python!, [maker, stories, `${folder}/bases`, "300"], {
    env: pythonEnvironment(trainerEnvironment),
  });
}

async function tuned(name: string, base: string, method: string, rate: string): Promise<void> {
  const flags = ["--model", base, "--method", method, "--learning-rate", rate, "--output", name];
  await tinylove("tune", "run", ...flags);
  const events = await rows(name, "events.jsonl");
  const losses = events
    .filter(({ event }) => event === "evaluation")
    .map((row) => Number(row["validation_loss"]));
  hold(
    `${name}: the validation loss falls, ${losses[0]!.toFixed(3)} to ${Math.min(...losses).toFixed(3)}`,
    Math.min(...losses) < losses[0]!,
  );
  const samples = events.filter(({ event }) => event === "sample");
  const [first, last] = [samples[0], samples.at(-1)].map((end) =>
    texts(samples.filter(({ step }) => step === end?.["step"])),
  );
  hold(
    `${name}: all ${first!.length} samples change`,
    first!.every((text, at) => text !== last![at]),
  );
}

function texts(samples: readonly Row[]): string[] {
  return samples.map(({ text }) => String(text));
}

/** The workbench and all its child processes are killed at once; the same command then resumes. */
async function killedAndResumed(base: string): Promise<void> {
  const name = "neo-killed";
  const flags = [
    "tune",
    "run",
    "--model",
    base,
    "--learning-rate",
    "1e-3",
    "--output",
    name,
    "--study",
    study,
  ];
  if (!(await exists(join(study, "tuned", name, "model")))) {
    const child = spawn(process.execPath, [program, ...flags], {
      env: trainerEnvironment,
      stdio: "ignore",
      detached: true,
    });
    const ended = new Promise((settle) => child.once("close", settle));
    while (!(await aCheckpoint(name)) && child.exitCode === null)
      await new Promise((settle) => setTimeout(settle, 20));
    process.kill(-child.pid!, "SIGKILL");
    await ended;
    hold("the killed run had no model yet", !(await exists(join(study, "tuned", name, "model"))));
  }
  await tinylove(...flags);
  const events = await rows(name, "events.jsonl");
  hold(
    "it went on from a checkpoint",
    events.some((event) => Number(event["resumed_from"]) > 0),
  );
  await sameCurve("neo-full", name, 1e-6);
}

async function aCheckpoint(name: string): Promise<boolean> {
  const folder = join(study, "tuned", name, "checkpoints");
  for (const each of await readdir(folder).catch(() => []))
    if (await exists(join(folder, each, "trainer_state.json"))) return true;
  return false;
}

async function byTwoProcesses(base: string): Promise<void> {
  const flags = ["--model", base, "--learning-rate", "1e-3", "--output", "neox-two", "--processes", "2"];
  await tinylove("tune", "run", ...flags);
  const start = (await rows("neox-two", "events.jsonl")).find(({ event }) => event === "start");
  hold("two processes trained", start?.["processes"] === 2);
  await sameCurve("neox-full", "neox-two", 1e-3);
}

/** The losses, step by step. */
async function sameCurve(one: string, other: string, limit: number): Promise<void> {
  const [expected, found] = [await rows(one, "curve.jsonl"), await rows(other, "curve.jsonl")];
  const gaps = expected.flatMap((row, at) =>
    ["loss", "validation_loss"].flatMap((key) =>
      row[key] === undefined ? [] : [Math.abs(Number(row[key]) - Number(found[at]?.[key]))],
    ),
  );
  const largest = Math.max(...gaps);
  hold(
    `${other} has the ${gaps.length} losses of ${one}, within ${largest.toExponential(1)}`,
    largest < limit && found.length === expected.length,
  );
}

/** The study's own comparison: base against tuned, through every stage. */
async function sideBySide(): Promise<void> {
  await tinylove("tune", "export", "tiny-love-full", "--prompts", "100");
  for (const name of ["neo-full", "tiny-love-full"])
    await tinylove("tune", "diagnose", name, "--titles", "10");
  await tinylove("run");
  const key = await readTable(join(study, keyFile));
  for (const model of ["neo-base", "neo-tuned", "tiny-love-base", "tiny-love-adapter", "tiny-love-gguf"]) {
    const count = key.filter((row) => row["generation"]?.startsWith(`${model}/`)).length;
    hold(`${model}: ${count} stories on the forms`, count > 0);
  }
  const readers = join(folder, "readers");
  if (!(await exists(readers)))
    await tinylove("simulate", "--participants", "40", "--skill", "1", "--to", readers);
  await tinylove("run", "--study", readers);
}

type Row = Readonly<Record<string, unknown>>;

async function rows(name: string, file: string): Promise<Row[]> {
  const text = await readFile(join(study, "tuned", name, file), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function hold(what: string, holds: boolean): void {
  console.log(`${holds ? "held" : "MISSED"}: ${what}`);
  if (!holds) missed++;
}

async function tinylove(...args: string[]): Promise<void> {
  const began = process.hrtime.bigint();
  const whole = args.includes("--study") ? args : [...args, "--study", study];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...whole], {
    env: trainerEnvironment,
    maxBuffer: 2 ** 26,
  });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(`tinylove ${args.join(" ")} (${seconds.toFixed(0)} s)${stdout ? `\n${stdout.trimEnd()}` : ""}`);
}
