/**
 * Processor time and memory of every stage of a study of 500, 2,000 and 8,000 made-up stories: models `echo:`, a
 * tenth as many simulated readers as stories. Each stage runs in a process of its own. Fails a stage whose time grows
 * with an exponent above 1.25 from 2,000 to 8,000 stories (1 is in proportion to its input), `generate` above 10 s
 * at 8,000 stories, and any stage above 500 MB. Grammar and perplexity, whose time is per text, are left out.
 *
 *     npm run bench -- stages-scale [sizes]
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { simulate } from "../src/simulate/simulate.ts";
import { stages } from "../src/stages.ts";
import { randomFrom } from "../src/stats/random.ts";
import { readTable } from "../src/tables/tables.ts";
import { writeWhole } from "../src/workbench/files.ts";
import { runStage } from "../src/workbench/manifest.ts";
import { openStudy } from "../src/workbench/study.ts";
import { packageFolder } from "../src/workbench/version.ts";
import { quietEffects } from "../test/helpers/world.ts";

interface Used {
  readonly seconds: number;
  readonly megabytes: number;
}

const limits = { exponent: 1.25, generate: 10, megabytes: 500 };

/** Below this, a stage's time is mostly that of loading it. */
const leastSeconds = 2;

const [, program, part, folder = ""] = process.argv;
if (part === "stage") await runPart(folder, process.argv[4]!);
else await compareSizes(process.argv.slice(2).map(Number));

async function compareSizes(given: readonly number[]): Promise<void> {
  const sizes = given.length > 0 ? given : [500, 2000, 8000];
  const times = new Map<string, Used[]>();
  for (const size of sizes) {
    for (const [name, used] of await timesOf(size)) {
      times.set(name, [...(times.get(name) ?? []), used]);
    }
  }
  const missed: string[] = [];
  for (const [name, used] of times) {
    const [before, last] = [used.at(-2), used.at(-1)!];
    const exponent =
      before && Math.log(last.seconds / before.seconds) / Math.log(sizes.at(-1)! / sizes.at(-2)!);
    const shown = used.map(({ seconds, megabytes }) => `${seconds.toFixed(1)} s ${megabytes.toFixed(0)} MB`);
    console.log(
      `${name.padEnd(10)} ${shown.join("  ")}${exponent ? `  exponent ${exponent.toFixed(2)}` : ""}`,
    );
    if (exponent && exponent > limits.exponent && last.seconds > leastSeconds)
      missed.push(`${name} grows with an exponent of ${exponent.toFixed(2)}`);
    if (last.megabytes > limits.megabytes) missed.push(`${name} needs ${last.megabytes.toFixed(0)} MB`);
    if (name === "generate" && last.seconds > limits.generate)
      missed.push(`generate takes ${last.seconds.toFixed(1)} s`);
  }
  for (const one of missed) console.error(`limit missed: ${one}`);
  if (missed.length > 0) process.exitCode = 1;
}

/** Every stage of a study of this size, in order, with what it used. */
async function timesOf(size: number): Promise<[string, Used][]> {
  const folder = await mkdtemp(join(tmpdir(), "tinylove-bench-"));
  try {
    await writeStudy(join(folder, "study"), size);
    const used: [string, Used][] = [];
    const early = ["collect", "generate", "factorial", "describe", "influence", "compose"];
    for (const name of [...early, "simulate"]) used.push([name, await usedBy(join(folder, "study"), name)]);
    for (const name of ["judgments", "analyse", "report"])
      used.push([name, await usedBy(join(folder, "study-simulated"), name)]);
    return used;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function usedBy(folder: string, name: string): Promise<Used> {
  const { stdout } = await promisify(execFile)(process.execPath, [program!, "stage", folder, name]);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Used;
}

async function runPart(study: string, name: string): Promise<void> {
  const effects = quietEffects();
  const opened = await openStudy(study);
  const before = process.cpuUsage();
  if (name === "simulate") {
    const participants = Math.round(Number(opened.config.title) / 10);
    await simulate.run(study, simulate.options.parse({ participants }), effects);
  } else {
    const stage = await stages[name]!.load();
    const applies = (await stage.applies?.(opened)) ?? true;
    if (applies === true) await runStage(stage, opened, stage.options?.parse({}) ?? {}, effects);
  }
  const { user, system } = process.cpuUsage(before);
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ seconds: (user + system) / 1e6, megabytes } satisfies Used));
}

/** Made-up stories of about a hundred words, with the words of the example study in random order. */
async function writeStudy(folder: string, size: number): Promise<void> {
  const examples = await readTable(new URL("examples/first-study/stories.csv", packageFolder).pathname);
  const words = examples.flatMap(({ text = "" }) => text.split(/\s+/));
  const random = randomFrom("bench", "stories");
  const sentence = (length: number) => Array.from({ length }, () => random.pick(words)).join(" ");
  const rows = Array.from({ length: size }, (_, at) => {
    const text = Array.from({ length: 10 }, () => `${sentence(10)}.`).join(" ");
    return JSON.stringify({ title: `${sentence(3)} ${at}`, text });
  });
  await writeWhole(join(folder, "stories.jsonl"), `${rows.join("\n")}\n`);
  const settings = {
    name: "bench",
    title: String(size),
    corpus: {
      file: "stories.jsonl",
      words: { warn: 120, refuse: 200 },
      split: { train: 0.5, validation: 0.1, test: 0.4 },
    },
    generate: { models: [{ address: "echo:" }], tokens: { least: 100, most: 140 } },
    describe: { skip: ["grammar", "perplexity"] },
    compose: { words: { least: 60, most: 80 }, forms: Math.ceil(size / 25) },
  };
  await writeWhole(join(folder, "study.yaml"), JSON.stringify(settings));
}
