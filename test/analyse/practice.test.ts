import { expect, test } from "vitest";
import { practice } from "../../src/analyse/analyses/practice.ts";
import type { Choice } from "../../src/analyse/data.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { choicesBy, dataOf, found, guess, of, sentencesIn } from "./made-up.ts";

interface Change {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
type Numbers = Record<
  "trial" | "time",
  { sensitivity: Change; criterion: Change; accuracy: { accuracy: number }[] }
>;

/** Readers whose d' grows by `gain` for every ten stories, and by `slow` where they take twice as long. */
function learners(gain: number, slow: number): Choice[] {
  const random = randomFrom("learners", gain, slow);
  return choicesBy(40, 30, guess).map((choice): Choice => {
    const speed = random.normal();
    const skill = 0.5 + (gain * (choice.order! - 15)) / 10 + slow * speed;
    const seen = skill * (choice.origin === "human" ? 0.5 : -0.5) + random.normal();
    const answer = seen > 0 ? "human" : "machine";
    const pace = 1 + (Number(choice.participant.slice(7)) % 4);
    return { ...choice, ms: 4000 * pace * 2 ** speed, answer, right: answer === choice.origin };
  });
}

test("skill that grows with practice and with time is found, each by its own model", {
  timeout: 300_000,
}, () => {
  const result = of(found(dataOf({ choices: learners(0.6, 0.5) }), [practice]), "practice");
  const { trial, time } = result.numbers as Numbers;
  for (const [{ sensitivity }, truth] of [
    [trial, 0.6],
    [time, 0.5],
  ] as const) {
    expect(sensitivity.low).toBeGreaterThan(0);
    expect(Math.abs(sensitivity.value - truth)).toBeLessThan(0.25);
  }
  expect(trial.accuracy).toHaveLength(5);
  expect(trial.accuracy[4]!.accuracy).toBeGreaterThan(trial.accuracy[0]!.accuracy);
  expect(sentencesIn(result)).toContain("For every ten stories read, the mean reader’s d′");
  expect(sentencesIn(result)).toContain("so skill rises");
});

test("without order and times there is nothing to compare", () => {
  const choices = choicesBy(10, 10, guess).map(({ order: _, ...choice }) => choice);
  expect(sentencesIn(of(found(dataOf({ choices }), [practice]), "practice"))).toContain(
    "neither the order of the stories nor times",
  );
});

test("of two readers there is no model, with the reason", () => {
  const result = of(found(dataOf({ choices: choicesBy(2, 20, guess) }), [practice]), "practice");
  expect(sentencesIn(result)).toContain("is not estimated: there are too few readers or stories");
});
