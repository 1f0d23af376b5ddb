import { cp } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { exists, readText, writeWhole } from "../../src/workbench/files.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { startSurvey } from "../../src/workplace/serve.ts";
import {
  contentsOf,
  settingsWith,
  smallStudy,
  storyRows,
  storyTable,
  tinylove,
} from "../helpers/small-study.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

/** A study with answers that are only in the store of a copy, not exported. */
let unread: string;
let answered: string;
beforeAll(async () => {
  unread = await smallStudy();
  expect(await tinylove("run", "--study", unread)).toMatchObject({ code: 0 });
  answered = `${unread}-simulated`;
  expect(await tinylove("simulate", "--study", unread, "--participants", "2")).toMatchObject({ code: 0 });
});

async function copyOf(study: string): Promise<string> {
  const copy = join(await temporaryFolder(), "copy");
  // The driver releases its log and index only at garbage collection, so they may vanish during the copy.
  await cp(study, copy, { recursive: true, filter: (file) => !/-(?:shm|wal)$/.test(file) });
  return copy;
}

async function changed(study: string, ...changes: string[]): Promise<string> {
  const copy = await copyOf(study);
  await writeWhole(join(copy, "study.yaml"), settingsWith(...changes));
  return copy;
}

const seed = "seed: 7\n";
const sampling = 'generate: {models: [{address: "echo:"}], temperature: 0.5}\n';
const clip = "compose: {forms: 1, human: 1, machine: 1, words: {least: 60, most: 62}}\n";

test.each([
  ["run", seed, "generations would change"],
  ["collect", seed, "corpus/stories.jsonl would change"],
  ["run", sampling, "generations would change"],
  ["generate", sampling, "generations would change"],
  ["run", clip, "stimuli/stimuli.jsonl would change"],
  ["compose", clip, "stimuli/stimuli.jsonl would change"],
])(
  "once people have answered, %s after a change (%s) is refused before anything is written",
  async (command, change, said) => {
    const study = await changed(answered, change);
    const before = await contentsOf(study);
    const { code, last } = await tinylove(command, "--study", study);
    expect({ code, last }).toEqual({
      code: 1,
      last: expect.stringMatching(
        new RegExp(
          `^error: ${said}, but people have already read the present version \\(.*undo the change, or make`,
        ),
      ),
    });
    expect(await contentsOf(study)).toEqual(before);
  },
);

test("status suggests no command that would be refused", async () => {
  const { code, printed } = await tinylove("status", "--study", await changed(answered, sampling));
  expect(code).toBe(0);
  expect(printed).toMatch(/generate +stale .*its settings changed/);
  expect(printed).toMatch(/\ngenerations would change, but people .* \(undo the change, /);
  expect(printed).not.toContain("next:");
});

test("answers that are only in the store count", async () => {
  const study = await changed(answered, seed);
  const store = join(study, "judgments/judgments.csv");
  await writeWhole(store, (await readText(store)).split("\n")[0]!);
  expect((await tinylove("run", "--study", study)).last).toContain("(2 participants so far)");
});

test("stages after the forms still work, and so does collecting the same stories", async () => {
  const corpus =
    "corpus: {file: stories.csv, note: Told., split: {train: 6, validation: 2, test: 4}}\ntitle: Another\n";
  const study = await changed(answered, corpus, "describe: {skip: [grammar, perplexity, dialogue]}\n");
  const { code, logged } = await tinylove("run", "--study", study);
  expect({ code, logged }).toMatchObject({ code: 0 });
  const ran = logged.filter((line) => line.includes(": done in")).map((line) => line.split(":")[0]);
  expect(ran).toEqual(expect.arrayContaining(["collect", "describe", "analyse", "report"]));
  expect(logged.filter((line) => line.includes("simulated"))).toEqual([
    "warning: the judgments are simulated: these results say nothing about people",
  ]);
  const late = await changed(answered, sampling);
  for (const stage of ["judgments", "describe", "analyse", "report"])
    expect(await tinylove(stage, "--study", late)).toMatchObject({ code: 0 });
});

test("a survey that was open but has no participants blocks nothing", async () => {
  const study = await changed(unread, seed);
  await writeWhole(join(study, "stories.csv"), storyTable(storyRows.slice(1)));
  const survey = await startSurvey(await openStudy(study), { port: 0, host: "127.0.0.1" }, quietEffects());
  await survey.close();
  expect(await exists(join(study, "survey.sqlite"))).toBe(true);
  expect(await tinylove("run", "--study", study)).toMatchObject({ code: 0 });
});

test("while the survey is open without participants, the files that it shows cannot change", async () => {
  const study = await changed(unread, clip);
  const survey = await startSurvey(await openStudy(study), { port: 0, host: "127.0.0.1" }, quietEffects());
  const before = await contentsOf(study);
  const refused = "but the survey is open with the present version (stop `tinylove serve`";
  for (const command of ["compose", "run"]) {
    const { code, last } = await tinylove(command, "--study", study);
    expect({ code, last }).toEqual({ code: 1, last: expect.stringContaining(refused) });
  }
  expect(await contentsOf(study)).toEqual(before);
  await survey.close();
  expect(await tinylove("compose", "--study", study)).toMatchObject({ code: 0 });
});
