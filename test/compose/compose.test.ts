import { readFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { compose } from "../../src/compose/compose.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { readForms, readKey, readStimuli } from "../../src/workbench/artefacts.ts";
import { filesUnder, jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { generation, run, story, studyWith, upTo } from "./fixture.ts";

let study: Study;
beforeAll(async () => {
  study = await studyWith(
    upTo(20, (at) => story(at)),
    upTo(20, (at) => generation(at)),
  );
  await run(study);
});

test("five forms of six stories, three human and three machine", async () => {
  const [forms, key] = [await readForms(study), await readKey(study)];
  expect(forms.length).toBe(5);
  for (const { questions } of forms) {
    const origins = questions.map(({ stimuli }) => key.get(stimuli[0]!)!.origin);
    expect(origins.filter((origin) => origin === "human").length).toBe(3);
    expect(origins.filter((origin) => origin === "machine").length).toBe(3);
  }
});

test.each([
  [2, [1, 1]],
  [4, [2, 2]],
  [5, [2, 3]],
])("a task about %i of six stories asks about both kinds equally", async (count, shares) => {
  const some = await studyWith(
    upTo(20, (at) => story(at)),
    upTo(20, (at) => generation(at)),
    { tasks: [{ task: "human-or-machine" }, { task: "how-it-felt", count }] },
  );
  await run(some);
  const key = await readKey(some);
  for (const { questions } of await readForms(some)) {
    const felt = questions.filter(({ task }) => task === "how-it-felt");
    const human = felt.filter(({ stimuli }) => key.get(stimuli[0]!)!.origin === "human").length;
    expect([human, felt.length - human].sort()).toEqual(shares);
  }
});

test("a title is on a form once, its other version on another form", async () => {
  const key = await readKey(study);
  const seen = new Map<string, string[]>();
  for (const form of await readForms(study)) {
    for (const { stimuli } of form.questions) {
      const title = key.get(stimuli[0]!)!.story;
      seen.set(title, [...(seen.get(title) ?? []), form.id]);
    }
  }
  expect(seen.size).toBe(15);
  for (const forms of seen.values()) expect(new Set(forms).size).toBe(2);
});

test("both sides have the same lengths, and every text is clipped", async () => {
  const key = await readKey(study);
  const lengths = { human: [] as number[], machine: [] as number[] };
  for (const stimulus of await readStimuli(study)) {
    expect(stimulus.cut).toBeGreaterThan(0);
    expect(stimulus.words).toBeGreaterThanOrEqual(90);
    expect(stimulus.words).toBeLessThanOrEqual(100);
    lengths[key.get(stimulus.id)!.origin].push(stimulus.words);
  }
  expect(lengths.human.sort()).toEqual(lengths.machine.sort());
});

test.each([
  { forms: 1, human: 60, machine: 60 },
  { forms: 1, human: 60, machine: 60, pairs: "mixed", tasks: [{ task: "which-is-human" }] },
  { forms: 2, human: 60, machine: 15 },
])("length reveals nothing, even with human titles that have no machine story: %j", async (settings) => {
  const random = randomFrom("lengths");
  const study = await studyWith(
    upTo(160, (at) => story(at, random.integer(95, 160))),
    upTo(160, (at) => generation(at, random.integer(91, 96))),
    settings,
  );
  await run(study);
  const key = await readKey(study);
  const stimuli = await readStimuli(study);
  const wordsOf = (origin: string) =>
    stimuli.filter(({ id }) => key.get(id)!.origin === origin).map(({ words }) => words);
  const [human, machine] = [wordsOf("human"), wordsOf("machine")];
  const longer = human.flatMap((one) => machine.map((other) => (Math.sign(one - other) + 1) / 2));
  // How often the longer one of two is human; the standard error is below 0.06.
  const share = longer.reduce((sum, one) => sum + one, 0) / longer.length;
  expect(Math.abs(share - 0.5)).toBeLessThan(0.12);
});

test("every text has the same ending and the same quotes, so that neither reveals its origin", async () => {
  for (const { text } of await readStimuli(study)) {
    expect(text).toMatch(/[\p{L}\p{N}] …$/u);
    expect(text).not.toMatch(/[“”‘’]/);
  }
});

test("the files that readers may see contain no origin, model or story id", async () => {
  const seen = await readFile(study.path("stimuli/stimuli.jsonl"), "utf8");
  const forms = await Promise.all(
    (await filesUnder(study.path("forms"))).map((file) => readFile(file, "utf8")),
  );
  for (const text of [seen, ...forms])
    expect(text).not.toMatch(/"(origin|model|story|generation)"|llama:|"human"|"machine"/);
});

test("the same seed gives the same bytes, another seed other forms", async () => {
  const contents = async (at: Study) =>
    Promise.all(
      [...(await filesUnder(at.path("forms"))), ...(await filesUnder(at.path("stimuli")))].map((file) =>
        readFile(file, "utf8"),
      ),
    );
  const before = await contents(study);
  await run(study);
  expect(await contents(study)).toEqual(before);
  const other = await temporaryStudy({ seed: 8 });
  await writeWhole(other.path("corpus/stories.jsonl"), await readFile(study.path("corpus/stories.jsonl")));
  await writeWhole(
    other.path("generations/a/one-shot.jsonl"),
    await readFile(study.path("generations/a/one-shot.jsonl")),
  );
  await run(other);
  expect(await contents(other)).not.toEqual(before);
});

test("stories that are too short remove their title on both sides, and are counted", async () => {
  const generations = upTo(20, (at) => generation(at, at < 5 ? 60 : 140));
  const short = await studyWith(
    upTo(20, (at) => story(at)),
    generations,
  );
  await run(short);
  const summary = JSON.parse(await readFile(short.path("stimuli/summary.json"), "utf8"));
  expect(summary.machine).toMatchObject({ candidates: 20, tooShort: 5, used: 15 });
  const used = new Set([...(await readKey(short)).values()].map(({ story: id }) => id));
  for (const dropped of ["s0", "s1", "s2", "s3", "s4"]) expect(used.has(dropped)).toBe(false);
});

test("too few long stories are reported with counts, and nothing is written", async () => {
  const short = await studyWith(
    upTo(20, (at) => story(at)),
    upTo(20, (at) => generation(at, at < 9 ? 60 : 140)),
  );
  await expect(run(short)).rejects.toThrow(/too few titles .*\(11 by llama:a one-shot\)/);
  expect(await filesUnder(short.path("stimuli"))).toEqual([]);
});

test("a lower range applies to both sides", async () => {
  const settings = { tooShort: "lower" };
  const short = await studyWith(
    upTo(20, (at) => story(at)),
    upTo(20, (at) => generation(at, at < 9 ? 71 : 140)),
    settings,
  );
  await run(short);
  const summary = JSON.parse(await readFile(short.path("stimuli/summary.json"), "utf8"));
  expect(summary.range).toEqual({ least: 70, most: 100 });
});

test("several models have equally many stories on each form", async () => {
  const generations = [
    ...upTo(30, (at) => generation(at)),
    ...upTo(30, (at) => generation(at, 140, "llama:b")),
  ];
  const two = await studyWith(
    upTo(30, (at) => story(at)),
    generations,
    { forms: 4, human: 4, machine: 4 },
  );
  await run(two);
  const key = await readKey(two);
  for (const { questions } of await readForms(two)) {
    const models = questions.map(({ stimuli }) => key.get(stimuli[0]!)!.model).filter(Boolean);
    expect(models.filter((model) => model.startsWith("llama:a")).length).toBe(2);
  }
});

test("of several attempts the last one counts", async () => {
  const generations = upTo(20, (at) => generation(at, 60)).concat(
    upTo(20, (at) => generation(at, 140, "llama:a", 2)),
  );
  const redrawn = await studyWith(
    upTo(20, (at) => story(at)),
    generations,
  );
  await run(redrawn);
  for (const row of (await readKey(redrawn)).values())
    if (row.origin === "machine") expect(row.generation).toMatch(/-2$/);
});

test("a single form never shows a title twice", async () => {
  const one = await studyWith(
    upTo(20, (at) => story(at)),
    upTo(20, (at) => generation(at)),
    { forms: 1 },
  );
  await run(one);
  expect(new Set([...(await readKey(one)).values()].map(({ story: id }) => id)).size).toBe(6);
});

test("forms cannot change after judgments", async () => {
  const judged = await studyWith(
    upTo(20, (at) => story(at)),
    upTo(20, (at) => generation(at)),
  );
  await run(judged);
  // A store that cannot be read may have answers.
  await writeWhole(judged.path("survey.sqlite"), "");
  const runAsStage = () => runStage(compose, judged, {}, quietEffects());
  await runAsStage();
  await writeWhole(
    judged.path("generations/a/one-shot.jsonl"),
    jsonLines(upTo(20, (at) => generation(at, 120))),
  );
  await expect(runAsStage()).rejects.toThrow(/would change, but people have already read/);
});

test("an unknown task is refused with the known ones", async () => {
  const odd = await studyWith(
    upTo(20, (at) => story(at)),
    upTo(20, (at) => generation(at)),
    { tasks: [{ task: "pairs" }] },
  );
  await expect(run(odd)).rejects.toThrow(/unknown task pairs/);
});
