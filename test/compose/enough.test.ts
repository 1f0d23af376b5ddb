import { expect, test } from "vitest";
import { compose } from "../../src/compose/compose.ts";
import { checkEnough } from "../../src/compose/enough.ts";
import { generationsFolder, storiesFile } from "../../src/workbench/artefacts.ts";
import { runAll } from "../../src/workbench/commands/run.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { readManifest } from "../../src/workbench/manifest.ts";
import { type AnyStage, stage } from "../../src/workbench/stage.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";
import { generation, story, studyWith, upTo } from "./fixture.ts";

const nothing = new Set<string>();

test("too few test stories or titles are reported from the settings alone", async () => {
  const few = await temporaryStudy({ corpus: { split: { train: 30, validation: 10, test: 12 } } });
  await expect(checkEnough(few, nothing)).rejects.toThrow(
    "5 forms of 3 human and 3 machine stories need 15 titles: corpus.split.test is 12",
  );
  const titles = await temporaryStudy({ generate: { titles: 14 } });
  await expect(checkEnough(titles, nothing)).rejects.toThrow("need 15 titles: generate.titles is 14");
  await checkEnough(
    await temporaryStudy({
      generate: { titles: 15 },
      corpus: { split: { train: 0.5, validation: 0, test: 0.5 } },
    }),
    nothing,
  );
});

test("stories that are too short are reported before a model generates", async () => {
  const study = await studyWith(
    upTo(20, (at) => story(at, at < 6 ? 90 : 96)),
    [],
  );
  await expect(checkEnough(study, new Set([storiesFile]))).rejects.toThrow(
    "14 test stories of more than 90 words",
  );
  // The existing stories may be collected again.
  await checkEnough(study, nothing);
});

test("after generation the exact number of titles is checked", async () => {
  const written = (long: number) => upTo(20, (at) => generation(at, at < long ? 140 : 60));
  const settled = new Set([storiesFile, generationsFolder]);
  const stories = upTo(20, (at) => story(at));
  await expect(checkEnough(await studyWith(stories, written(14)), settled)).rejects.toThrow(
    /too few titles .*\(14 by/,
  );
  await checkEnough(await studyWith(stories, written(15)), settled);
});

test("run reports it before the slow stages", async () => {
  const folder = await temporaryFolder();
  await writeWhole(`${folder}/study.yaml`, "name: test\n");
  const wrote = (name: string, path: string, content: string): AnyStage =>
    stage({
      name,
      examples: [],
      reads: [],
      writes: [path],
      settings: () => name,
      run: (study) => writeWhole(study.path(path), content),
    });
  const collect = wrote("collect", storiesFile, jsonLines(upTo(20, (at) => story(at))));
  const written = jsonLines(upTo(14, (at) => generation(at)));
  const generate = {
    ...wrote("generate", `${generationsFolder}/a.jsonl`, written),
    writes: [generationsFolder],
  };
  const describe = wrote("describe", "corpus/codes.csv", "");
  await expect(
    runAll([collect, generate, describe, compose]).run(folder, { dryRun: false }, quietEffects()),
  ).rejects.toThrow(/too few titles/);
  expect(Object.keys((await readManifest(await openStudy(folder))).stages)).toEqual(["collect", "generate"]);
});
