import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { main } from "../../src/cli.ts";
import { readForms, readGenerations, readJudgments, readKey } from "../../src/workbench/artefacts.ts";
import { embeddedModelFile } from "../../src/workbench/llama.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

async function tinylove(...argv: string[]): Promise<void> {
  const effects = quietEffects();
  const code = await main(argv, effects);
  if (code !== 0) throw new Error(`tinylove ${argv.join(" ")}: ${effects.told.join("\n")}`);
}

test("two models go side by side from titles through forms and judgments to the report", async () => {
  const folder = join(await temporaryFolder(), "study");
  await tinylove("init", folder);
  await copyFile(embeddedModelFile, join(folder, "other.gguf"));
  const settings = parse(await readFile(join(folder, "study.yaml"), "utf8"));
  const models = [
    { address: "llama:embedded", threads: 1 },
    { address: "llama:other.gguf", threads: 1 },
  ];
  await writeFile(
    join(folder, "study.yaml"),
    stringify({ ...settings, generate: { ...settings.generate, models } }),
  );
  for (const stage of ["collect", "generate", "compose"]) await tinylove(stage, "--study", folder);

  const study = await openStudy(folder);
  const titles = new Map<string, Set<string>>();
  for (const { model, story } of await readGenerations(study))
    titles.set(model.address, (titles.get(model.address) ?? new Set()).add(story));
  const [one, other] = models.map(({ address }) => titles.get(address)!);
  expect(one!.size).toBeGreaterThan(0);
  expect(other).toEqual(one);

  const key = await readKey(study);
  const shares = models.map(
    ({ address }) => [...key.values()].filter(({ model }) => model?.startsWith(address)).length,
  );
  expect(Math.abs(shares[0]! - shares[1]!)).toBeLessThanOrEqual((await readForms(study)).length);

  const copy = join(await temporaryFolder(), "copy");
  const readers = ["--participants", "40", "--skill", "0.3", "--to", copy];
  await tinylove("simulate", "--study", folder, ...readers);
  for (const stage of ["judgments", "analyse", "report"]) await tinylove(stage, "--study", copy);
  expect((await readJudgments(await openStudy(copy))).length).toBeGreaterThan(0);
  const page = await readFile(join(copy, "report/report.html"), "utf8");
  for (const { address } of models) expect(page.includes(address)).toBe(true);
}, 600_000);
