import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import type { Judgment } from "../../src/study/judgment.ts";
import type { Stimulus } from "../../src/study/stimulus.ts";
import { requireTask } from "../../src/tasks/tasks.ts";
import { Evidence, learntPreference } from "../../src/tune/evidence.ts";
import { leastTitles, preferencesFrom, tooFew, withHeldOut } from "../../src/tune/preferences.ts";
import { tuningFindings } from "../../src/tune/tuning-findings.ts";
import { verdictOn } from "../../src/tune/verdict.ts";
import { limits } from "../../src/tune/verdict-rules.ts";

const text = (id: string, title: string, cut = 0): Stimulus => ({
  id,
  title,
  text: `The story ${id}${cut > 0 ? " …" : ""}`,
  words: 3,
  cut,
});
const judged = (task: string, stimuli: string[], answer: string | number, more: Partial<Judgment> = {}) => ({
  participant: "p",
  form: "form-1",
  question: "q",
  order: 1,
  at: "2026-01-01T00:00:00Z",
  simulated: false,
  task,
  stimuli,
  response: { answer },
  ...more,
});
const choice = requireTask("test", "human-or-machine");
const rating = requireTask("test", "how-it-felt");
const pair = requireTask("test", "which-is-human");
const wonBy = (found: ReturnType<typeof preferencesFrom>) =>
  found.pairs.map(({ chosen, rejected }) => [chosen, rejected]);

test("the text that more readers take for human is preferred, within a title", () => {
  const stimuli = [
    text("a", "Rain"),
    text("b", "Rain", 4),
    text("c", "Snow"),
    text("d", "Sun"),
    text("e", "Sun"),
  ];
  const say = (id: string, answer: string, more = {}) => judged(choice.name, [id], answer, more);
  const judgments = [
    ...[say("a", "human"), say("a", "machine"), say("b", "human"), say("b", "human")],
    ...[say("c", "human"), say("d", "human"), say("e", "human")], // one text only; no difference
    say("a", "human", { told: "human" }), // knew the answer
    judged(rating.name, ["a"], 7), // another question
  ];
  const found = preferencesFrom(judgments, stimuli, choice, " …");
  expect(wonBy(found)).toEqual([["The story b", "The story a"]]);
  expect(found.pairs[0]).toMatchObject({ title: "Rain", chosen_clipped: true, rejected_clipped: false });
  expect(found).toMatchObject({ judgments: 7, titlesWithout: 2 });
});

test("the text with the higher mean rating is preferred; of texts shown together, the one chosen more often", () => {
  const stimuli = [text("a", "Rain"), text("b", "Rain"), text("c", "Snow")];
  const rate = (id: string, answer: number) => judged(rating.name, [id], answer);
  expect(wonBy(preferencesFrom([rate("a", 6), rate("a", 2), rate("b", 5)], stimuli, rating, " …"))).toEqual([
    ["The story b", "The story a"],
  ]);
  const together = (answer: string, side: "left" | "right", stimuli = ["a", "b"]) =>
    judged(pair.name, stimuli, answer, { side });
  // `side` is the place of the second text, here b.
  const answers = [together("left", "left"), together("right", "right"), together("left", "right")];
  const others = [together("left", "right", ["a", "c"])]; // of different titles
  expect(wonBy(preferencesFrom([...answers, ...others], stimuli, pair, " …"))).toEqual([
    ["The story b", "The story a"],
  ]);
  expect(preferencesFrom(answers.slice(1), stimuli, pair, " …").pairs).toEqual([]); // one all
});

test("a third of the titles is held out with all pairs; too few titles are refused, with the number it takes", () => {
  const some = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      title: `Title ${at % (count - 2)}`,
      chosen: "a",
      rejected: "b",
      chosen_clipped: false,
      rejected_clipped: false,
    }));
  const order = (titles: string[]) => randomFrom("test").shuffle(titles);
  const pairs = withHeldOut(some(44), order)!;
  const titlesOf = (heldOut: boolean) =>
    new Set(pairs.filter((one) => one.held_out === heldOut).map(({ title }) => title));
  expect([titlesOf(true).size, titlesOf(false).size]).toEqual([14, 28]);
  expect([...titlesOf(true)].some((title) => titlesOf(false).has(title))).toBe(false);

  expect(withHeldOut(some(31), order)).toBeUndefined();
  const { message, hint } = tooFew({ pairs: some(12), judgments: 200, titlesWithout: 10 });
  expect(message).toBe(
    `200 judgments prefer one of two texts for 10 titles; learning from readers needs 30 (${leastTitles.learnt} to learn from, ${leastTitles.heldOut} to measure on)`,
  );
  expect(hint).toBe(
    "judgments of two texts for about 60 titles are needed, about 600 judgments as they came so far",
  );
  expect(tooFew({ pairs: [], judgments: 50, titlesWithout: 10 }).hint).toContain(
    "at least two texts for each title",
  );
});

const measured = (title: string, raised: boolean) => ({
  event: "preference",
  title,
  tokens: { chosen: 10, rejected: 20 },
  before: { chosen: -30, rejected: -50 },
  after: { chosen: raised ? -20 : -40, rejected: -50 },
});
const events = (right: number, titles: number) => [
  { event: "start" },
  ...Array.from({ length: 2 * titles }, (_, at) => measured(`Title ${at % titles}`, at < right)),
];

test("preference accuracy is the share of pairs that moved the right way, with an interval clustered by title", () => {
  const { accuracy, likelier, pairs, titles } = learntPreference([measured("old", true), ...events(18, 12)])!;
  expect([pairs, titles]).toEqual([24, 12]);
  expect(accuracy.estimate).toBe(0.75);
  // Each title has two pairs, of which the first is right and the second in half of the titles: CV3 by hand.
  const means = Array.from({ length: 12 }, (_, at) => (at < 6 ? 1 : 0.5));
  const squares = means.reduce((sum, one) => sum + (one - 0.75) ** 2, 0);
  const independent = Math.sqrt((0.75 * 0.25) / 24);
  const error = Math.max(Math.sqrt(squares / (12 * 11)), independent);
  expect(accuracy.high - accuracy.estimate).toBeGreaterThanOrEqual(2.2 * error - 1e-9);
  expect(accuracy.high - accuracy.estimate).toBeLessThan(2.6 * error);
  // Per token the chosen text was less likely before (-3 against -2.5), and in 18 of 24 pairs more likely after.
  expect(likelier).toEqual({ before: 0, after: 0.75 });
  expect(learntPreference([{ event: "start" }, { event: "progress" }])).toBeUndefined();
});

const healthy = Evidence.parse(
  JSON.parse(readFileSync(new URL("../fixtures/tuning/3e-3.json", import.meta.url), "utf8")),
);
/** A run that learnt from readers, from a model with the same measures. */
const preferred = (right: number, change: Partial<Evidence> = {}): Evidence => {
  const [first] = healthy.evaluations;
  return {
    ...healthy,
    base: healthy.tuned,
    evaluations: [first!, { step: 50, loss: 1.02 * first!.loss }],
    preference: learntPreference(events(right, 12)),
    ...change,
  };
};

test("a model that learnt from readers is judged by what it learnt and by what that cost", () => {
  const learnt = preferred(20);
  expect(verdictOn(learnt)).toMatchObject({
    is: "healthy",
    because: expect.stringMatching(
      /^of 24 held-out pairs it raised the preferred text more than the other in 83 % \(95 % interval \d+ to \d+ %, clustered by 12 titles\)/,
    ),
  });
  expect(verdictOn(preferred(13))).toMatchObject({
    is: "no better than chance",
    because: expect.stringContaining("the interval includes 50 %"),
  });

  const alike = { ...healthy.tuned, sampled: { ...healthy.tuned.sampled, distinct_2: 0.05 } };
  expect(healthy.tuned.sampled.distinct_2 * limits.variety).toBeGreaterThan(0.05);
  expect(verdictOn(preferred(20, { tuned: alike }))).toMatchObject({
    is: "monotonous",
    because: expect.stringMatching(/^its sampled texts are more alike than before: 5 % .*before: \d+ %/),
    remedy: expect.stringContaining("tune.prefer.beta"),
  });
  const [first] = healthy.evaluations;
  const dear = { evaluations: [first!, { step: 50, loss: 1.3 * first!.loss }] };
  expect(verdictOn(preferred(20, dear)).is).toBe("costly");
  // Rules of one kind of training do not judge the other.
  expect(verdictOn({ ...healthy, base: healthy.tuned, tuned: alike }).is).not.toBe("monotonous");

  const { findings } = tuningFindings("liked", learnt, verdictOn(learnt), []);
  const table = findings.find((one) => one.kind === "table")!;
  expect(table).toMatchObject({ caption: expect.stringContaining("before (base) and after (tuned)") });
  expect(
    findings.some((one) => one.kind === "sentence" && /^liked learnt from readers: of 24/.test(one.text)),
  ).toBe(true);
});
