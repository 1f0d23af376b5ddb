import { beforeAll, describe, expect, test } from "vitest";
import { questions } from "../../src/analyse/analyses/questions.ts";
import { ratings } from "../../src/analyse/analyses/ratings.ts";
import type { Data } from "../../src/analyse/data.ts";
import { withoutExcluded } from "../../src/analyse/exclusions.ts";
import { finishedReaders } from "../../src/analyse/finished.ts";
import { answersOnForms } from "../../src/analyse/from-study.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Form } from "../../src/study/form.ts";
import type { Judgment } from "../../src/study/judgment.ts";
import { studyOf } from "../../src/workbench/study.ts";
import { ownQuestions } from "../survey/own-questions.ts";

const stories = Array.from({ length: 12 }, (_, at) => ({
  stimulus: `s${at}`,
  origin: at % 2 === 0 ? ("human" as const) : ("machine" as const),
  model: at % 2 === 0 ? "" : "a-model",
  example: "",
  title: `Title ${at}`,
}));
const pairs = [0, 2, 4, 6, 8, 10].map((at) => [`s${at}`, `s${at + 1}`]);
const tasks = {
  single: ["liking", "quality-vivid", "mood", "ending", "why"],
  pair: ["better-moving", "better-written"],
};

/** Forty readers of twelve stories and six pairs. `effect` makes human stories sad, closed and better written. */
function dataWith(effect: number, random: Random): Data {
  const form: Form = {
    id: "form-1",
    questions: [
      ...tasks.single.flatMap((task) => stories.map(({ stimulus }) => ({ task, stimuli: [stimulus] }))),
      ...tasks.pair.flatMap((task) => pairs.map((stimuli) => ({ task, stimuli }))),
    ].map((question, at) => ({ ...question, id: `q${at}` })),
  };
  const originOf = (id: string) => stories.find(({ stimulus }) => stimulus === id)!.origin;
  const judgments = Array.from({ length: 40 }, (_, reader) =>
    form.questions.flatMap(({ id, task, stimuli }, at): Judgment[] => {
      const towards = originOf(stimuli[0]!) === "human" ? effect : -effect;
      const answer = answerTo(task, towards, at, random);
      if (answer === undefined) return [];
      return [
        {
          ...{ participant: `p${reader}`, form: "form-1", question: id, task, stimuli: [...stimuli] },
          ...{ order: at + 1, at: "", simulated: true, response: { answer } },
          ...(stimuli.length === 2 && { side: reader % 2 === 0 ? ("left" as const) : ("right" as const) }),
        },
      ];
    }),
  ).flat();
  const { analyse } = StudyConfig.parse({ name: "study", analyse: { ratingMargin: "10%" } });
  const shown = (id: string) => stories.find(({ stimulus }) => stimulus === id)!;
  return { settings: analyse, measures: new Map(), ...answersOnForms(judgments, [form], shown) };
}

function answerTo(task: string, towards: number, at: number, random: Random): string | undefined {
  const likely = (share: number) => random.next() < share + towards;
  if (task === "liking")
    return String(Math.max(1, Math.min(11, Math.round(6 + 4 * towards + 2 * random.normal()))));
  if (task === "quality-vivid") return String(random.integer(1, 4));
  if (task === "mood") return [...(likely(0.5) ? ["sad"] : []), "tender"].join("|");
  // A reader may leave it out, or may not be asked.
  if (task === "ending") return random.next() < 0.2 ? "" : likely(0.5) ? "closed" : "open";
  if (task === "why") return at % 3 === 0 ? `Because of ${at}.` : undefined;
  if (task === "better-moving") return random.pick(["left", "right", "tie"]);
  return "tie";
}

describe("the study's own questions are analysed without code:", () => {
  let found: ReturnType<typeof questions.run>;
  let data: Data;
  beforeAll(() => {
    studyOf("/analysed", StudyConfig.parse({ name: "study", survey: { questions: ownQuestions } }));
    data = dataWith(0.35, randomFrom("own questions"));
    found = questions.run(data, randomFrom("analysis"));
  });
  const rows = (caption: RegExp) => {
    const finding = found.findings.find((one) => one.kind !== "sentence" && caption.test(one.caption))!;
    return finding.kind === "table"
      ? finding.table.rows
      : finding.kind === "figure"
        ? finding.figure.table.rows
        : [];
  };

  test("shares of options, their odds and verdicts", () => {
    const shares = rows(/^Chosen options/);
    expect(shares.map(({ question, option }) => `${question} ${option}`)).toEqual([
      "Mood tender",
      "Mood sad",
      "Mood funny",
      "Ending open",
    ]);
    const sad = shares[1]!;
    expect(sad["verdict"]).toBe("different");
    expect(Number(sad["human"])).toBeCloseTo(0.85, 1);
    expect(Number(sad["machine"])).toBeCloseTo(0.15, 1);
    // The odds ratio of two shares, computed from the table itself.
    const odds = (share: unknown) => Number(share) / (1 - Number(share));
    expect(Number(sad["odds"]) / (odds(sad["human"]) / odds(sad["machine"]))).toBeCloseTo(1, 1);
    // Everybody chose one and nobody the other: no verdict from answers that are all the same.
    expect([shares[0]!["verdict"], shares[2]!["verdict"]]).toEqual(["inconclusive", "inconclusive"]);
    expect(Number(shares[3]!["difference"])).toBeLessThan(-0.3);
  });

  test("preferences with ties as halves, and strengths", () => {
    const [moving, written] = rows(/^How often the human story is preferred/);
    expect(moving!["comparisons"]).toBe(240);
    expect(Number(moving!["human"]) + Number(moving!["machine"]) + Number(moving!["tie"])).toBeCloseTo(1, 12);
    expect(moving!["verdict"]).not.toMatch(/different/);
    // Ties alone show no preference: the share is one half.
    expect([written!["tie"], written!["share"]]).toEqual([1, 0.5]);
    expect(rows(/^Bradley–Terry strength of each source: Better moving/)).toHaveLength(2);
  });

  test("texts are listed as written, with their story", () => {
    const texts = rows(/^Why: /);
    expect(texts).toHaveLength(data.texts!.length);
    expect(String(texts[0]!["text"])).toMatch(/^Because of \d+\.$/);
  });

  test("ratings by their kind, corrected by Holm over all scales", () => {
    const { numbers } = ratings.run(data, randomFrom("ratings"));
    expect(Object.keys(numbers)).toEqual(["liking", "quality-vivid"]);
    const liking = numbers["liking"] as { scale: object; difference: { verdict: string } };
    expect(liking.scale).toEqual({ low: 1, high: 11, declared: true });
    expect(liking.difference.verdict).toBe("different");
  });

  test("readers who skipped what may be skipped have finished", () => {
    expect(data.optionalTasks).toEqual(new Set(["ending", "why"]));
    expect(finishedReaders(data)).toBe(40);
  });

  test("who is excluded is excluded everywhere", () => {
    const checks = [{ participant: "p0", passed: false }];
    const settings = { ...data.settings, exclude: { ...data.settings.exclude, failedChecks: 0 } };
    const kept = withoutExcluded({ ...data, checks, settings });
    for (const answers of [kept.picks!, kept.preferences!, kept.texts!, kept.ratings])
      expect(new Set(answers.map(({ participant }) => participant)).size).toBe(39);
  });
});
