import { join } from "node:path";
import { expect, test } from "vitest";
import { describe } from "../../src/describe/describe.ts";
import type { SlowMeasure, Value } from "../../src/measures/measure.ts";
import { ParsedText } from "../../src/measures/parsed-text.ts";
import { perplexity } from "../../src/measures/perplexity.ts";
import { readTable } from "../../src/tables/tables.ts";
import { storiesFile } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { goodProse, storyOf, textOf } from "../describe/texts.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";

test("good prose has no grammar errors, bad prose has; names and foreign words are no errors", async () => {
  const study = await temporaryStudy({ describe: { measures: ["grammar"] } });
  const stories = [
    storyOf("good", "Bread", goodProse),
    storyOf("broken", "Apples", "She have a apple. They was going to there house. He could of stayed."),
    storyOf(
      "named",
      "Ngũgĩ",
      "Wanjiru met Xochitl Ngũgĩ. “Habari yako?” she asked. “Mi corazón,” said Xochitl.",
    ),
  ];
  await writeWhole(study.path(storiesFile), jsonLines(stories));
  await runStage(describe, study, {}, quietEffects());
  const [good, broken, named] = (await readTable(study.path("corpus/codes.csv"))).map((row) =>
    Number(row["grammar"]),
  );
  expect(good).toBe(0);
  expect(broken).toBeGreaterThanOrEqual(2);
  expect(named).toBe(0);
});

test("perplexity is that of the study's local model", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "planted.gguf");
  // `the` is always followed by `love`, and `love` by `the` in three of five cases.
  await writeTinyModel(file, {
    words: [" the", " love"],
    transitions: { " the": { " love": 1 }, " love": { " the": 3, " love": 2 } },
  });
  const study = await temporaryStudy({ generate: { models: [{ address: `llama:${file}` }] } });
  const [likely, unlikely] = await taken(perplexity, study, [
    "love the love the love",
    "love love love love love",
  ]);
  expect(Number(likely)).toBeGreaterThan(1);
  expect(Number(unlikely)).toBeGreaterThan(Number(likely));
});

test("a text that is too long for the model has no perplexity, and does not stop the others", async () => {
  const file = join(await temporaryFolder(), "noise.gguf");
  await writeTinyModel(file, { words: [], contextTokens: 64 });
  const study = await temporaryStudy({ generate: { models: [{ address: `llama:${file}` }] } });
  const [long, short] = await taken(perplexity, study, ["x".repeat(64), "x"]);
  expect(long).toBeUndefined();
  expect(Number(short)).toBeGreaterThan(1);
});

test("without a local model there is no perplexity", async () => {
  const study = await temporaryStudy({ generate: { models: [{ address: "echo:" }] } });
  expect(await perplexity.instrument(study)).toBeUndefined();
});

async function taken(measure: SlowMeasure, study: Study, texts: readonly string[]): Promise<Value[]> {
  const instrument = await (await measure.instrument(study))!.start(1);
  const values: Value[] = [];
  for (const text of texts) values.push(await instrument.of(new ParsedText(textOf(text))));
  await instrument.end();
  return values;
}
