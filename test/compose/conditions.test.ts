import { expect, test } from "vitest";
import { compose } from "../../src/compose/compose.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { readForms, readKey, readStimuli } from "../../src/workbench/artefacts.ts";
import { temporaryStudy } from "../helpers/world.ts";
import { generation, run, story, studyWith, upTo } from "./fixture.ts";

const stories = () => [upTo(20, (at) => story(at)), upTo(20, (at) => generation(at))] as const;

test("every form once for each condition, with the same stories and other question ids", async () => {
  const study = await studyWith(...stories(), {
    conditions: { of: [{ name: "nothing" }, { name: "honest", says: "truth", seconds: 30 }] },
  });
  await run(study);
  const forms = await readForms(study);
  expect(forms.map(({ id, group }) => [id, group])).toEqual(
    upTo(5, (at) => [
      [`form-${at + 1}-honest`, "honest"],
      [`form-${at + 1}-nothing`, "nothing"],
    ]).flat(),
  );
  const key = await readKey(study);
  const questions = forms.flatMap((form) => form.questions);
  expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  for (const { condition, told, stimuli } of questions)
    expect(told).toBe(condition === "honest" ? key.get(stimuli[0]!)!.origin : undefined);
  const shown = (id: string) => forms.find((form) => form.id === id)!.questions.map(({ stimuli }) => stimuli);
  expect(shown("form-1-honest")).toEqual(shown("form-1-nothing"));
  expect(forms.some(({ deceives }) => deceives)).toBe(false);
  expect(forms.find(({ id }) => id === "form-1-honest")!.conditions).toEqual([
    { name: "honest", instructions: [], feedback: false, seconds: 30 },
  ]);
});

test("by story, human and machine stories take turns through the conditions", async () => {
  const study = await studyWith(...stories(), {
    forms: 2,
    conditions: { by: "story", of: [{ name: "a" }, { name: "b" }, { name: "c" }] },
  });
  await run(study);
  const key = await readKey(study);
  for (const { questions } of await readForms(study)) {
    const cells = questions.map(({ condition, stimuli }) => `${condition} ${key.get(stimuli[0]!)!.origin}`);
    expect(cells.sort()).toEqual(["a human", "a machine", "b human", "b machine", "c human", "c machine"]);
  }
});

test.each<[string, object, RegExp]>([
  [
    "untrue statements need a debriefing",
    { of: [{ name: "a" }, { name: "b", says: "machine" }] },
    /b says something untrue/,
  ],
  ["a false name too", { of: [{ name: "a" }, { name: "b", author: "Ada" }] }, /b says something untrue/],
  [
    "an instruction cannot change from story to story",
    { by: "story", of: [{ name: "a" }, { name: "b", feedback: true }] },
    /cannot change from story to story/,
  ],
  [
    "says or author",
    { of: [{ name: "a" }, { name: "b", says: "truth", author: "Ada" }] },
    /b has both says and author/,
  ],
])("%s", async (_, conditions, message) => {
  const study = await temporaryStudy({ compose: { conditions } });
  await expect(compose.preflight!(study, new Set())).rejects.toThrow(message);
});

test("clipped or whole: both lengths are matched, and each text is in its stimulus", async () => {
  const random = randomFrom("clipped or whole");
  const lengths = upTo(60, () => random.integer(95, 150));
  const study = await studyWith(
    lengths.map((words, at) => story(at, words)),
    lengths.map((words, at) => generation(at, Math.round(words * (1.05 + 0.1 * random.normal())))),
    { conditions: { of: [{ name: "clipped" }, { name: "whole", text: "whole" }] } },
  );
  await run(study);
  const key = await readKey(study);
  const stimuli = await readStimuli(study);
  const mean = (origin: string) => {
    const own = stimuli.filter(({ id }) => key.get(id)!.origin === origin);
    return own.reduce((sum, { words, cut }) => sum + words + cut, 0) / own.length;
  };
  expect(Math.abs(mean("human") - mean("machine"))).toBeLessThan(1);
  for (const { text, whole, words, cut } of stimuli) {
    expect(cut).toBeGreaterThan(0);
    expect(whole).toMatch(/\.$/);
    expect(text).toMatch(/ …$/);
    expect(whole!.split(/\s+/)).toHaveLength(words + cut);
  }
  const [form] = (await readForms(study)).filter(({ group }) => group === "whole");
  expect(form!.conditions).toEqual([{ name: "whole", instructions: [], feedback: false, whole: true }]);
});

test("a pair has no author to speak of", async () => {
  const conditions = { of: [{ name: "a" }, { name: "b", says: "truth" }] };
  const study = await temporaryStudy({ compose: { conditions, tasks: [{ task: "which-is-human" }] } });
  await expect(compose.preflight!(study, new Set())).rejects.toThrow(/which-is-human shows two/);
});
