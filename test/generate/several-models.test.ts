import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { main } from "../../src/cli.ts";
import { embeddedModelFile } from "../../src/llm/llama.ts";
import { modelName } from "../../src/study/generation.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readForms, readGenerations, readJudgments, readKey } from "../../src/workbench/artefacts.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

async function tinylove(...argv: string[]): Promise<void> {
  const effects = quietEffects();
  const code = await main(argv, effects);
  if (code !== 0) throw new Error(`tinylove ${argv.join(" ")}: ${effects.logged.join("\n")}`);
}

test("several models, two at one address, work from titles through forms and judgments to the report", async () => {
  const folder = join(await temporaryFolder(), "study");
  await tinylove("init", folder);
  await copyFile(embeddedModelFile, join(folder, "other.gguf"));
  const settings = parse(await readFile(join(folder, "study.yaml"), "utf8"));
  const models = [
    { address: "llama:embedded", threads: 1 },
    { address: "llama:other.gguf", threads: 1 },
    { address: "llama:embedded", threads: 1, name: "twin" },
  ];
  const writers = ["llama:embedded", "llama:other.gguf", "twin"];
  await writeFile(
    join(folder, "study.yaml"),
    stringify({
      ...settings,
      corpus: { ...settings.corpus, split: { train: 40, validation: 4, test: 16 } },
      describe: { measures: ["words"] },
      analyse: { ...settings.analyse, draws: 1000 },
      // Short texts: three models write each title.
      generate: { ...settings.generate, models, tokens: { least: 80, most: 110 } },
      compose: { ...settings.compose, words: { least: 40, most: 50 }, forms: 2, human: 3, machine: 3 },
    }),
  );
  for (const stage of ["collect", "generate", "describe", "compose"])
    await tinylove(stage, "--study", folder);

  const study = await openStudy(folder);
  const titles = new Map<string, Set<string>>();
  for (const generation of await readGenerations(study)) {
    const writer = modelName(generation);
    titles.set(writer, (titles.get(writer) ?? new Set()).add(generation.story));
  }
  expect([...titles.keys()].sort()).toEqual(writers);
  const [one, ...others] = titles.values();
  expect(one!.size).toBeGreaterThan(0);
  for (const other of others) expect(other).toEqual(one);

  const described = await readTable(study.path("corpus/codes.csv"));
  expect([...new Set(described.flatMap(({ model }) => model || []))].sort()).toEqual(writers);

  const key = [...(await readKey(study)).values()].filter(({ origin }) => origin === "machine");
  const shares = writers.map((writer) => key.filter(({ model }) => model === `${writer} one-shot`).length);
  expect(shares.reduce((sum, share) => sum + share)).toBe(key.length);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual((await readForms(study)).length);

  const copy = join(await temporaryFolder(), "copy");
  const readers = ["--participants", "40", "--skill", "0.3", "--to", copy];
  await tinylove("simulate", "--study", folder, ...readers);
  for (const stage of ["judgments", "analyse"]) await tinylove(stage, "--study", copy);
  await tinylove("report", "--no-pdf", "--study", copy);
  expect((await readJudgments(await openStudy(copy))).length).toBeGreaterThan(0);
  const page = await readFile(join(copy, "report/report.html"), "utf8");
  for (const writer of writers) expect(page.includes(`>${writer} one-shot<`)).toBe(true);

  await tinylove("package", "--study", copy);
  const published = await readTable(join(copy, "package/csv/generations.csv"));
  expect([...new Set(published.map(({ model }) => model))].sort()).toEqual(writers);
}, 600_000);
