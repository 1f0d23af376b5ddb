import { expect, test } from "vitest";
import { compose } from "../../src/compose/compose.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { readClipSummary, readKey, readStimuli } from "../../src/workbench/artefacts.ts";
import type { Study } from "../../src/workbench/study.ts";
import { quietEffects } from "../helpers/world.ts";
import { generation, run, story, studyWith, upTo } from "./fixture.ts";

const whole = { clip: "none", words: { least: 60, most: 140 }, tolerance: 0.15 };
const random = randomFrom("whole stories");

/** The number of words of every story on each side. */
async function lengthsOf(study: Study) {
  const key = await readKey(study);
  const stimuli = await readStimuli(study);
  const of = (origin: string) =>
    stimuli.filter(({ id }) => key.get(id)!.origin === origin).map(({ words }) => words);
  return { human: of("human"), machine: of("machine") };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test("whole stories are shown to the last sign, and the versions of a title are about equally long", async () => {
  const lengths = upTo(60, () => random.integer(50, 150));
  const study = await studyWith(
    lengths.map((words, at) => story(at, words)),
    // The model writes a tenth more than people on average.
    lengths.map((words, at) => generation(at, Math.round(words * (1 + 0.1 + 0.15 * random.normal())))),
    whole,
  );
  const warnings: string[] = [];
  await run(study, { ...quietEffects(), warn: (message) => void warnings.push(message) });
  const key = await readKey(study);
  for (const { id, text, words, cut } of await readStimuli(study)) {
    expect(cut).toBe(0);
    expect(text).toMatch(/\.$/);
    expect(words).toBeGreaterThanOrEqual(60);
    expect(words).toBeLessThanOrEqual(140);
    expect(key.get(id)).toBeDefined();
  }
  const { human, machine } = await lengthsOf(study);
  expect([human.length, machine.length]).toEqual([15, 15]);
  // All titles together differ by 10 words; those chosen do not.
  expect(Math.abs(mean(human) - mean(machine))).toBeLessThan(1);
  const summary = (await readClipSummary(study))!;
  expect(summary.clip).toBe("none");
  expect(summary.human.meanWords).toBeCloseTo(mean(human), 9);
  expect(summary.machine.meanCut).toBe(0);
  expect(warnings.join("\n")).not.toContain("longer");
});

test("human stories beyond the titles of a machine have the lengths of the machine's", async () => {
  const study = await studyWith(
    upTo(60, (at) => story(at, 62 + at)),
    upTo(60, (at) => generation(at, 62 + at)),
    { ...whole, forms: 2, human: 12, machine: 3 },
  );
  await run(study);
  const { human, machine } = await lengthsOf(study);
  expect([human.length, machine.length]).toEqual([24, 6]);
  expect(Math.abs(mean(human) - mean(machine))).toBeLessThan(8);
});

test("a text that stopped at the token limit is never shown whole", async () => {
  const texts = upTo(20, (at) => generation(at, 96));
  const study = await studyWith(
    upTo(20, (at) => story(at)),
    texts.map((one, at) => (at === 3 ? { ...one, outcome: "cut short" as const } : one)),
    whole,
  );
  await run(study);
  const key = await readKey(study);
  const shown = [...key.values()].filter(({ origin }) => origin === "machine").map(({ story }) => story);
  expect(shown).toHaveLength(15);
  expect(shown).not.toContain("s3");
});

test("too few titles of the same length: an error before anything is written", async () => {
  const study = await studyWith(
    upTo(20, (at) => story(at, 90)),
    upTo(20, (at) => generation(at, 130)),
    whole,
  );
  await expect(run(study)).rejects.toThrow(
    /both have 60 to 140 words and differ by at most 15 % \(0 by llama:a one-shot\)/,
  );
  await expect(compose.preflight!(study, new Set(["corpus/stories.jsonl", "generations"]))).rejects.toThrow(
    /differ by at most 15 %/,
  );
});

test("lengths that cannot be matched are named", async () => {
  const study = await studyWith(
    upTo(15, (at) => story(at, 100 + (at % 3))),
    upTo(15, (at) => generation(at, 108 + (at % 3))),
    whole,
  );
  const warnings: string[] = [];
  await run(study, { ...quietEffects(), warn: (message) => void warnings.push(message) });
  expect(warnings.join("\n")).toMatch(
    /the machine stories are longer, which may reveal who wrote them \(p (<|=) \.\d+\): lower compose\.tolerance/,
  );
});
