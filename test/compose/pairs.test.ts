import { expect, test } from "vitest";
import { titlesNeeded } from "../../src/compose/titles-needed.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Form } from "../../src/study/form.ts";
import { planOf } from "../../src/survey/survey-plan.ts";
import { readClipSummary, readForms, readKey, readStimuli } from "../../src/workbench/artefacts.ts";
import { filesUnder } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";
import { quietEffects } from "../helpers/world.ts";
import { generation, run, story, studyWith, upTo } from "./fixture.ts";

const singlesAndPairs = [
  { task: "human-or-machine" },
  { task: "how-it-felt" },
  { task: "which-is-human", count: 1 },
];

async function composed(settings: Record<string, unknown>, titles = 40): Promise<Study> {
  const models = ["llama:a", "llama:b"];
  const generations = models.flatMap((model) => upTo(titles, (at) => generation(at, 140, model)));
  const study = await studyWith(
    upTo(titles, (at) => story(at)),
    generations,
    { tasks: singlesAndPairs, ...settings },
  );
  await run(study);
  return study;
}

/** How often a form shows each story; several questions about it alone count once. */
function timesRead({ questions }: Form): number[] {
  const pages = new Set(
    questions.filter(({ stimuli }) => stimuli.length > 0).map(({ stimuli }) => stimuli.join(" ")),
  );
  const times = new Map<string, number>();
  for (const id of [...pages].flatMap((page) => page.split(" "))) times.set(id, (times.get(id) ?? 0) + 1);
  return [...times.values()];
}

const pairsOf = ({ questions }: Form) => questions.filter(({ task }) => task === "which-is-human");

test.each(["title", "mixed"])("pairs (%s) have separate stories: a form shows none twice", async (pairs) => {
  const study = await composed({ pairs });
  const key = await readKey(study);
  for (const form of await readForms(study)) {
    expect(timesRead(form)).toEqual(new Array(6).fill(1));
    const alone = form.questions.filter(({ task }) => task === "human-or-machine");
    expect(alone.map(({ stimuli }) => key.get(stimuli[0]!)!.origin).sort()).toEqual([
      "human",
      "human",
      "machine",
      "machine",
    ]);
  }
});

test("a pair (title) shows the human and the machine story of a title, equally long, and no other form has this pair", async () => {
  const study = await composed({ forms: 6 });
  const [key, stimuli] = [await readKey(study), await readStimuli(study)];
  const wordsOf = new Map(stimuli.map(({ id, words }) => [id, words]));
  const pairs = (await readForms(study)).flatMap(pairsOf).map(({ stimuli }) => stimuli);
  for (const [left, right] of pairs) {
    expect(key.get(left!)!.story).toBe(key.get(right!)!.story);
    expect([key.get(left!)!.origin, key.get(right!)!.origin].sort()).toEqual(["human", "machine"]);
    expect(wordsOf.get(left!)).toBe(wordsOf.get(right!));
  }
  expect(new Set(pairs.map(([left]) => key.get(left!)!.story)).size).toBe(6);
  const models = pairs.flat().flatMap((id) => key.get(id)!.model || []);
  expect(models.filter((model) => model.startsWith("llama:a")).length).toBe(3);
});

test("a mixed pair has two titles", async () => {
  const study = await composed({ pairs: "mixed" });
  const key = await readKey(study);
  for (const { stimuli } of (await readForms(study)).flatMap(pairsOf))
    expect(new Set(stimuli.map((id) => key.get(id)!.story)).size).toBe(2);
});

test("a form of only pairs shows every story in one pair", async () => {
  const study = await composed({ tasks: [{ task: "which-is-human" }] });
  for (const form of await readForms(study)) {
    expect(pairsOf(form).length).toBe(3);
    expect(timesRead(form)).toEqual(new Array(6).fill(1));
  }
});

test("pairs are refused if there are no separate stories for them, before anything is written", async () => {
  const tasks = [{ task: "human-or-machine" }, { task: "which-is-human" }];
  const study = await studyWith(
    upTo(40, (at) => story(at)),
    upTo(40, (at) => generation(at)),
    { tasks },
  );
  await expect(run(study)).rejects.toThrow(
    "the pairs of which-is-human take 3 human and 3 machine stories of 3 and 3, but human-or-machine needs some of both too",
  );
  expect(await filesUnder(study.path("forms"))).toEqual([]);
});

test("with reread, pairs come after single stories, compose warns, and the summary has the count", async () => {
  const effects = quietEffects();
  const study = await studyWith(
    upTo(40, (at) => story(at)),
    upTo(40, (at) => generation(at)),
    {
      tasks: [{ task: "which-is-human" }, { task: "human-or-machine" }],
      pairs: "reread",
    },
  );
  await run(study, effects);
  expect(effects.logged.join("\n")).toContain("6 of 6 stories of a form are read twice, alone and in a pair");
  expect((await readClipSummary(study))!.rereadings).toBe(30);
  for (const form of await readForms(study)) {
    const shown = planOf(form, randomFrom("order", form.id)).map(({ task }) => task);
    const pairs = ["which-is-human", "which-is-human", "which-is-human"];
    expect(shown.slice(-3)).toEqual(pairs);
    // A system that keeps the form's order asks in this order too.
    expect(form.questions.map(({ task }) => task).slice(-3)).toEqual(pairs);
  }
});

test.each([
  { forms: 5 },
  { forms: 1 },
  { forms: 4, human: 4, machine: 2 },
  { forms: 1, pairs: "mixed" },
  { forms: 3, pairs: "reread" },
  {
    forms: 3,
    human: 5,
    machine: 5,
    pairs: "mixed",
    tasks: [{ task: "human-or-machine" }, { task: "which-is-human", count: 3 }],
  },
])("%j needs as many titles as announced", async (settings) => {
  const study = await composed(settings);
  const titles = new Set([...(await readKey(study)).values()].map((row) => row.story));
  expect(titles.size).toBe(titlesNeeded(study.config.compose));
  expect(titlesNeeded(StudyConfig.parse({ name: "test" }).compose)).toBe(15);
});
