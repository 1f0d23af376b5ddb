import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgments } from "../../src/judgments/judgments.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { status } from "../../src/workbench/commands/status.ts";
import { exists, writeWhole } from "../../src/workbench/files.ts";
import { readManifest, runStage, stateOf } from "../../src/workbench/manifest.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { type Fixture, fixture, quietEffects, served, TestClient } from "../survey/fixture.ts";

let original: Fixture;
beforeAll(async () => {
  original = await fixture({ forms: 5, stories: 6 });
});
afterAll(async () => {
  await original.remove();
  await Promise.all(copies.map((copy) => rm(copy, { recursive: true, force: true })));
});
const copies: string[] = [];

const simulated = async (name: string, flags: object) => {
  const to = `${original.study.folder}-${name}`;
  copies.push(to);
  await simulate.run(original.study.folder, simulate.options.parse({ to, ...flags }), quietEffects());
  return openStudy(to);
};

/** The share of right answers to stories of an origin. */
async function accuracy(folder: string, only?: string): Promise<number> {
  const judgments = await readJudgments(await openStudy(folder));
  const scores = judgments.flatMap(({ stimuli, response }) => {
    const origin = original.origins.get(stimuli[0]!);
    return only && origin !== only ? [] : [Number(response.answer === origin)];
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

test("a simulated study is a marked copy, balanced over the forms, and the original is unchanged", async () => {
  const copy = await simulated("copy", { participants: 100 });
  const all = await readJudgments(copy);
  expect(all).toHaveLength(600);
  expect(all.every(({ simulated }) => simulated)).toBe(true);
  expect(all.every(({ ms }) => ms! > 0)).toBe(true);
  const participants = await readTable(copy.path("judgments/participants.csv"));
  const byForm = [...new Set(participants.map(({ form }) => form))].map(
    (form) => participants.filter((other) => other["form"] === form).length,
  );
  expect(byForm).toEqual([20, 20, 20, 20, 20]);
  expect(await exists(original.study.path("survey.sqlite"))).toBe(false);
  expect(await exists(original.study.path("judgments"))).toBe(false);
});

test("the copy has the inputs and outputs of the stages, and no other files of the folder", async () => {
  const { study, remove } = await fixture();
  const reads = {
    "stories.csv": "1",
    "survey.sqlite": "2",
    "../beside.csv": "3",
    "package:prompts/a.txt": "4",
  };
  const record = {
    at: "",
    ms: 1,
    seed: 1,
    settings: "",
    reads,
    writes: { "corpus/codes.csv": "5", report: "6" },
    versions: {},
  };
  const files = {
    "manifest.json": JSON.stringify({ stages: { collect: record } }),
    "stories.csv": "title,text",
    "corpus/codes.csv": "text",
    "tuned/a/findings.json": "{}",
    "preregistration.json": "{}",
  };
  const strays = {
    ".env": "KEY=1",
    "survey.sqlite": "answers",
    "survey-backup.sqlite": "answers",
    "backups/survey.sqlite": "answers",
    "old copy.sqlite": "answers",
    "judgments/judgments.csv": "answers",
    "report/report.html": "answers",
    "tuned/a/model/model.bin": "large",
    ".tinylove/cache": "large",
    "node_modules/a.js": "large",
  };
  for (const [path, content] of Object.entries({ ...files, ...strays }))
    await writeWhole(study.path(path), content);
  const to = `${study.folder}-part`;
  copies.push(to);
  const effects = quietEffects();
  await simulate.run(study.folder, simulate.options.parse({ to, participants: 2 }), effects);
  for (const [path, content] of Object.entries(files))
    expect(await readFile(join(to, path), "utf8")).toBe(content);
  for (const path of Object.keys(strays).filter((path) => !/^(judgments|survey\.sqlite$)/.test(path)))
    expect([path, await exists(join(to, path))]).toEqual([path, false]);
  expect(await readFile(join(to, "judgments/judgments.csv"), "utf8")).not.toContain("answers");
  expect(effects.logged.at(-2)).toBe(
    `next: \`tinylove run --study ${to}\` analyses them and writes the report`,
  );
  await remove();
});

test("with fewer than the planned readers a note says how many give a verdict; with enough, or at a declared look, there is no note", async () => {
  const { study, remove } = await fixture({ forms: 2, stories: 3, survey: { quota: 6 } });
  const said = async (participants: number, settings = "") => {
    await writeWhole(study.path("study.yaml"), (await readFile(study.path("study.yaml"), "utf8")) + settings);
    const to = `${study.folder}-${participants}${settings.length}`;
    copies.push(to);
    const effects = quietEffects();
    await simulate.run(study.folder, simulate.options.parse({ to, participants }), effects);
    return effects.logged.join("\n");
  };
  const sentence = "there is no verdict before the planned end of 6 readers: use --participants 6 to see one";
  expect(await said(4)).toContain(sentence);
  expect(await said(6)).not.toContain("no verdict");
  expect(await said(3, "\nanalyse: { stop: { looks: [0.5] } }\n")).not.toContain("no verdict");
  await remove();
});

test("skill determines how often readers are right, and bias the direction of their errors", async () => {
  const flags = { participants: 300 };
  const [guessing, able, biased] = [
    await simulated("guessing", { ...flags, skill: 0 }),
    await simulated("able", { ...flags, skill: 2 }),
    await simulated("biased", { ...flags, skill: 0, bias: 1 }),
  ];
  // 1800 judgments: four standard errors are 0.047.
  expect(Math.abs((await accuracy(guessing.folder)) - 0.5)).toBeLessThan(0.047);
  // Phi(d' / 2) = 0.84, slightly less with variance between readers.
  expect(await accuracy(able.folder)).toBeGreaterThan(0.76);
  expect(await accuracy(biased.folder, "human")).toBeGreaterThan(0.7);
  expect(await accuracy(biased.folder, "machine")).toBeLessThan(0.3);
});

test("the same seed simulates the same judgments, byte for byte", async () => {
  const flags = { participants: 20, skill: 0.5 };
  const [one, other] = [await simulated("one", flags), await simulated("other", flags)];
  for (const file of ["judgments/judgments.csv", "judgments/participants.csv"]) {
    expect(await readFile(one.path(file), "utf8")).toBe(await readFile(other.path(file), "utf8"));
  }
});

test("a target folder that is not empty is refused", async () => {
  await expect(simulated("copy", {})).rejects.toThrow(/is not empty/);
  await expect(simulated("../inside", { to: original.study.path("inside") })).rejects.toThrow(
    /inside the study/,
  );
});

test("the stage exports the answers of the store, and is fresh afterwards", async () => {
  const copy = await simulated("stage", { participants: 10 });
  const before = await readFile(copy.path("judgments/judgments.csv"), "utf8");
  await runStage(judgments, copy, {}, quietEffects());
  expect(await readFile(copy.path("judgments/judgments.csv"), "utf8")).toBe(before);
  expect(await stateOf(judgments, copy, await readManifest(copy))).toEqual({ is: "fresh" });
});

test("without answers the stage waits, and says whether the survey is open", async () => {
  const { study, remove } = await fixture();
  const state = () => stateOf(judgments, study, { stages: {} });
  const closed = { is: "waiting", because: "for answers; `tinylove serve` opens the survey" };
  expect(await state()).toEqual(closed);
  const survey = await served(study);
  await new TestClient(survey.url).get("/");
  expect(await state()).toEqual({ is: "waiting", because: "for answers; the survey is open" });
  const effects = quietEffects();
  await status([judgments]).run(study.folder, { json: false }, effects);
  expect(effects.logged.at(-1)).toBe("\neverything is fresh; waiting for answers; the survey is open");
  await survey.close();
  expect(await state()).toEqual(closed);
  const again = await served(study);
  await new TestClient(again.url).begin();
  await again.close();
  expect((await state()).is).toBe("missing");
  await remove();
});

test("judgments that came without a store are never overwritten", async () => {
  const { study, remove } = await fixture();
  await writeWhole(
    study.path("judgments/judgments.csv"),
    await readFile((await simulated("foreign", { participants: 2 })).path("judgments/judgments.csv")),
  );
  expect((await stateOf(judgments, study, { stages: {} })).is).toBe("waiting");
  await remove();
});

test("while the survey runs the stage uses the server's own export", async () => {
  const { study, remove } = await fixture();
  const first = await served(study);
  const client = new TestClient(first.url);
  await client.begin();
  await client.finish();
  // After two seconds the answers so far are exported; the rest with the next export, or at the end.
  await expect.poll(() => readJudgments(study), { timeout: 10_000 }).not.toHaveLength(0);
  await first.close();
  const survey = await served(study);
  const effects = quietEffects();
  await runStage(judgments, study, {}, effects);
  expect(effects.logged).toContain("the survey is running and has exported its answers itself");
  expect((await stateOf(judgments, study, await readManifest(study))).is).toBe("fresh");
  await survey.close();
  await runStage(judgments, study, {}, effects);
  expect(effects.logged.at(-1)).toBe("4 judgments of 1 participant");
  expect(await readJudgments(study)).toHaveLength(4);
  await remove();
});
