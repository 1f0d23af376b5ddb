import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { judgments } from "../../src/judgments/judgments.ts";
import { backup } from "../../src/survey/backup.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { fixture, quietEffects, served, TestClient } from "./fixture.ts";

test("a backup of a running survey has every answer, opens as a store, and is not overwritten", async () => {
  const { study, remove } = await fixture({ forms: 1, stories: 4 });
  const survey = await served(study);
  const effects = quietEffects();
  const client = new TestClient(survey.url);
  await client.begin();
  await client.finish();
  await backup.run(study.folder, {}, effects);
  await survey.close();
  const file = effects.logged.at(-1)!;
  const copy = await fixture();
  await writeWhole(copy.study.path("survey.sqlite"), await readFile(file));
  await judgments.run(copy.study, {}, quietEffects());
  expect(await readJudgments(copy.study)).toHaveLength(4);
  await expect(backup.run(study.folder, { file }, effects)).rejects.toThrow(/exists already/);
  await copy.remove();
  await remove();
});
