import { describe, expect, test } from "vitest";
import { accuracy } from "../../src/analyse/analyses/accuracy.ts";
import { overview } from "../../src/analyse/analyses/overview.ts";
import { verdict } from "../../src/analyse/analyses/verdict.ts";
import { analyses } from "../../src/analyse/analyses.ts";
import type { Pair, Rating } from "../../src/analyse/data.ts";
import { withoutExcluded } from "../../src/analyse/exclusions.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { generationOf } from "../helpers/generations.ts";
import { choicesBy, dataOf, found, guess, of, sentencesIn } from "./made-up.ts";

describe("every analysis gives valid findings", () => {
  test("of nothing", () => {
    const all = found(dataOf({ questionKinds: new Set(["choices", "pairs"]) }));
    expect(all.map(({ analysis }) => analysis)).toEqual(["verdict", "leaks", "pairs"]);
    for (const { name, run } of analyses.filter(({ needs }) => !needs.includes("study"))) {
      const { findings } = run(dataOf({}), randomFrom("test", name));
      expect(findings[0]?.kind === "sentence" && findings[0].text.length, name).toBeGreaterThan(10);
    }
  });

  test.each([
    ["of one judgment", choicesBy(1, 1, guess)],
    ["of one reader", choicesBy(1, 20, guess)],
    ["of one story of a kind", choicesBy(20, 2, guess)],
    ["when all are right", choicesBy(10, 20, (origin) => origin)],
    ["when all are wrong", choicesBy(10, 20, (origin) => (origin === "human" ? "machine" : "human"))],
    ["when all say human", choicesBy(10, 20, () => "human")],
    [
      "when only human stories were judged",
      choicesBy(10, 20, guess).filter(({ origin }) => origin === "human"),
    ],
  ])("%s", (_, choices) => {
    const all = found(dataOf({ choices, questionKinds: new Set(["choices"]) }));
    expect(all.map(({ analysis }) => analysis)).toEqual([
      "verdict",
      "robustness",
      "accuracy",
      "signal-detection",
      "leaks",
      "cues",
      "mixed-model",
      "practice",
      "bayes",
      "quality",
    ]);
    for (const findings of all) expect(sentencesIn(findings).length, findings.analysis).toBeGreaterThan(10);
  });

  // All analyses, including the mixed model, are measured in bench/analyse-scale.ts.
  test("of a hundred thousand judgments", { timeout: 600_000 }, () => {
    const data = dataOf({
      choices: choicesBy(1000, 100, guess),
      settings: AnalyseSettings.parse({ draws: 20 }),
    });
    const all = found(data, [verdict, accuracy]);
    expect(sentencesIn(of(all, "verdict"), "verdict")).toMatch(/^Indistinguishable within the margin/);
    expect(of(all, "accuracy").numbers["judgments"]).toBe(100_000);
  });

  test("of separated data: the mixed model says why it could not be fitted", () => {
    const all = found(dataOf({ choices: choicesBy(10, 20, (origin) => origin) }));
    expect(sentencesIn(of(all, "mixed-model"))).toMatch(/could not be fitted: the predictors separate/);
  });
});

describe("the verdict", () => {
  test("the word indistinguishable appears only if all three claims are shown", () => {
    const few = sentencesIn(of(found(dataOf({ choices: choicesBy(13, 6, guess) }), [verdict]), "verdict"));
    expect(few.toLowerCase()).not.toContain("indistinguishable");
    const leaning = choicesBy(100, 60, (_, random) => (random.next() < 0.62 ? "human" : "machine"));
    const biased = found(dataOf({ choices: leaning }), [verdict]);
    expect(sentencesIn(of(biased, "verdict")).toLowerCase()).not.toContain("indistinguishable");
    expect(sentencesIn(of(biased, "verdict"), "verdict")).toMatch(/^Inconclusive/);
    expect(sentencesIn(of(biased, "verdict"))).toContain("stories alone");
    expect(sentencesIn(of(biased, "verdict"))).toContain("bias towards “human”");
  });
});

describe("several models", () => {
  test("each gets its own verdict, with Holm’s correction", () => {
    const random = randomFrom("models");
    const choices = choicesBy(60, 60, guess).map((choice) => {
      if (choice.origin === "human") return choice;
      const number = Number(choice.stimulus.slice(6));
      const model = number % 4 === 1 ? "weak" : "strong";
      // The weak model is recognised nine times in ten, the strong one half of the time.
      const right = random.next() < (model === "weak" ? 0.9 : 0.5);
      return { ...choice, model, right, answer: right ? ("machine" as const) : ("human" as const) };
    });
    const models = of(found(dataOf({ choices }), [verdict]), "verdict").numbers["models"] as Record<
      string,
      unknown
    >[];
    expect(models.map(({ model, verdict: word }) => [model, word])).toEqual([
      ["strong", "equivalent"],
      ["weak", "different"],
    ]);
    const [strong] = models as [{ equivalenceP: number; equivalenceHolm: number }];
    expect(strong.equivalenceHolm).toBeCloseTo(2 * strong.equivalenceP, 12);
  });
});

describe("the mixed model", () => {
  test("an unknown effect is refused with the known ones", () => {
    const data = dataOf({
      choices: choicesBy(10, 20, guess),
      settings: AnalyseSettings.parse({ effects: ["moon"] }),
    });
    expect(() => found(data)).toThrow(/unknown effect moon/);
  });

  test("a measure that predicts readers' answers is found", () => {
    const random = randomFrom("dialogue");
    const measures = new Map(
      Array.from({ length: 40 }, (_, at) => [`story-${at}`, { dialogue: (at % 7) / 7 }]),
    );
    const choices = choicesBy(60, 40, guess).map((choice) => {
      const pull = 2.5 * (measures.get(choice.stimulus)!.dialogue - 0.5);
      const answer = random.next() < 1 / (1 + Math.exp(-pull)) ? ("human" as const) : ("machine" as const);
      return { ...choice, answer, right: answer === choice.origin };
    });
    const settings = AnalyseSettings.parse({ draws: 200, effects: ["origin", "order", "dialogue"] });
    const all = found(dataOf({ choices, measures, settings }));
    const tests = of(all, "mixed-model").numbers["tests"] as { effect: string; p: number }[];
    expect(tests.find(({ effect }) => effect === "dialogue")!.p).toBeLessThan(0.001);
    expect(tests.find(({ effect }) => effect === "order")!.p).toBeGreaterThan(0.001);
    expect(sentencesIn(of(all, "cues"))).toContain(
      "more often about those with a higher value of “dialogue” (rank",
    );
  });
});

describe("leaks", () => {
  test("a measure that gives the origin away causes a warning with its name", () => {
    const choices = choicesBy(20, 40, guess);
    const measures = new Map(
      Array.from({ length: 40 }, (_, at) => [
        `story-${at}`,
        { length: 90 + (at % 2) * 5 + (at % 3), other: at % 5 },
      ]),
    );
    const leaks = of(found(dataOf({ choices, measures })), "leaks");
    expect(sentencesIn(leaks, "warning")).toMatch(
      /^The stories may be unfair: .* only “length” identifies the origin of 100.0 %/,
    );
    expect(sentencesIn(leaks)).toContain(
      "What gives them away: “length” (mean 91.00 in human stories, 95.95 in machine stories). How to fix it: make human and machine stories more similar in “length”, a column of the table.",
    );
    expect(leaks.numbers["beats"]).toBe(true);
  });

  test("measures unrelated to origin are no leak", () => {
    const choices = choicesBy(20, 40, guess);
    const measures = new Map(
      Array.from({ length: 40 }, (_, at) => [`story-${at}`, { length: (at * 7) % 11, other: (at * 3) % 13 }]),
    );
    const leaks = of(found(dataOf({ choices, measures })), "leaks");
    expect(sentencesIn(leaks, "warning")).toBe("");
    expect(sentencesIn(leaks)).not.toContain("How to fix it");
    expect(leaks.numbers["beats"]).toBe(false);
  });
});

describe("exclusions", () => {
  const settings = (exclude: Record<string, unknown>) => AnalyseSettings.parse({ draws: 200, exclude });

  test("without a declared rule nobody is excluded, and only second answers are left out", () => {
    const choices = choicesBy(3, 6, guess);
    const twice = [...choices, { ...choices[0]! }];
    expect(withoutExcluded(dataOf({ choices: twice })).choices).toEqual(choices);
    const kept = dataOf({ choices: twice, settings: settings({ duplicates: false }) });
    expect(withoutExcluded(kept).choices.length).toBe(19);
  });

  test("fast answers, fast readers, straight-liners and inattentive readers are excluded by their rules", () => {
    const choices = choicesBy(4, 6, guess).map((choice, at) => ({
      ...choice,
      ms: choice.participant === "reader-0" ? 300 : at % 6 === 0 ? 500 : 9000,
      answer:
        choice.participant === "reader-1"
          ? ("human" as const)
          : choice.order! % 2
            ? ("human" as const)
            : ("machine" as const),
    }));
    const rules = settings({
      answerFasterThan: 1000,
      readerFasterThan: 1000,
      straightLining: 5,
      failedChecks: 0,
    });
    const checks = [{ participant: "reader-2", passed: false }];
    const kept = withoutExcluded(dataOf({ choices, checks, settings: rules }));
    expect(new Set(kept.choices.map(({ participant }) => participant))).toEqual(new Set(["reader-3"]));
    expect(kept.choices.length).toBe(5);
    expect(kept.excluded!.rules.map(({ readers }) => readers)).toEqual([0, 1, 0, 1, 1]);
  });

  test("readers who filled in the hidden field or pasted text are excluded only where that was declared", () => {
    const choices = choicesBy(4, 6, guess);
    const botSignals = new Map([
      ["reader-0", { filledTraps: 1, pastedAnswers: 0 }],
      ["reader-1", { filledTraps: 0, pastedAnswers: 2 }],
      ["reader-2", { filledTraps: 0, pastedAnswers: 1 }],
    ]);
    const readers = (rules: Record<string, unknown>) =>
      withoutExcluded(dataOf({ choices, botSignals, settings: settings(rules) })).choices.length / 6;
    expect(readers({})).toBe(4);
    expect(readers({ filledTraps: 0 })).toBe(3);
    expect(readers({ filledTraps: 0, pastedAnswers: 1 })).toBe(2);
  });

  test("the verdict is shown with and without excluded readers", () => {
    const choices = choicesBy(30, 20, guess).map((choice) => ({ ...choice, ms: 9000 }));
    const quality = of(found(dataOf({ choices, settings: settings({ straightLining: 6 }) })), "quality");
    const table = quality.findings.find(
      (one) => one.kind === "table" && one.caption.includes("by exclusion rule"),
    );
    expect(table?.kind === "table" && table.table.rows.length).toBe(4);
  });

  test("a reader who always says “human” but rates stories normally is one reader in the rule, the count and the comparison", () => {
    const choices = choicesBy(8, 6, guess).map((choice) => ({
      ...choice,
      answer:
        choice.participant === "reader-1" || choice.order! % 2 ? ("human" as const) : ("machine" as const),
    }));
    const ratings = choices.map(
      ({ answer: _, ...shown }): Rating => ({
        ...shown,
        task: "how-it-felt",
        rating: 1 + (shown.order! % 5),
      }),
    );
    const all = dataOf({ choices, ratings });
    const quality = of(found(all), "quality");
    expect(sentencesIn(quality)).toContain("1 reader gave the same answer to all of at least six stories.");
    const { withoutStraightLiners } = quality.numbers["compared"] as {
      withoutStraightLiners: { overall: { judgments: number } };
    };
    expect(withoutStraightLiners.overall.judgments).toBe(7 * 6);
    const kept = withoutExcluded({ ...all, settings: settings({ straightLining: 6 }) });
    expect([kept.choices.length, kept.ratings.length]).toEqual([7 * 6, 7 * 6]);
  });

  test("a pair with a story that its reader had already judged alone is counted", () => {
    const choices = choicesBy(2, 6, guess);
    const at = (participant: string, stimulus: string, order: number): Pair => ({
      ...{ participant, form: "", stimulus, order, humanSide: "left", chosenSide: "left" },
      ...{ left: "human", right: "model" },
    });
    const fresh = at("reader-0", "story-6 story-7", 7);
    const again = at("reader-0", "story-7 story-1", 7);
    const aloneAfterwards = at("reader-1", "story-1 story-7", 0);
    const qualityOf = (pairs: Pair[]) => of(found(dataOf({ choices, pairs })), "quality");
    expect(sentencesIn(qualityOf([fresh, aloneAfterwards]))).not.toContain("judged or rated alone");
    expect(sentencesIn(qualityOf([fresh, again, aloneAfterwards]))).toContain(
      "1 of 3 answers about pairs includes a story that the reader had already judged or rated alone",
    );
  });
});

describe("pairs", () => {
  const pairsWhere = (finds: (random: Random) => boolean, each = 10): Pair[] => {
    const random = randomFrom("pairs");
    return Array.from({ length: 60 * each }, (_, at) => {
      const humanSide = at % 2 === 0 ? ("left" as const) : ("right" as const);
      const other = humanSide === "left" ? ("right" as const) : ("left" as const);
      return {
        participant: `reader-${Math.floor(at / each)}`,
        form: "",
        stimulus: `pair-${(at * 7 + Math.floor(at / each)) % 40}`,
        humanSide,
        chosenSide: finds(random) ? humanSide : other,
        left: humanSide === "left" ? "human" : `model-${at % 3}`,
        right: humanSide === "right" ? "human" : `model-${at % 3}`,
      };
    });
  };

  test("readers who find the human story get this verdict, and people have the largest strength", () => {
    const pairs = of(found(dataOf({ pairs: pairsWhere((random) => random.next() < 0.75) })), "pairs");
    expect(sentencesIn(pairs, "verdict")).toMatch(
      /^Readers can tell: side by side, they find the human story/,
    );
    const { conditions } = pairs.numbers["strengths"] as {
      conditions: { condition: string; strength: number }[];
    };
    expect(conditions[0]).toMatchObject({ condition: "human", strength: 0 });
    expect(conditions.length).toBe(4);
  });

  test("readers who guess are indistinguishable from guessing only with enough pairs, and enough of each reader", () => {
    const enough = pairsWhere((random) => random.next() < 0.5, 30);
    expect(sentencesIn(of(found(dataOf({ pairs: enough })), "pairs"), "verdict")).toMatch(
      /^Indistinguishable/,
    );
    const guessing = pairsWhere((random) => random.next() < 0.5);
    const result = of(found(dataOf({ pairs: guessing })), "pairs");
    expect(sentencesIn(result, "verdict")).toMatch(
      /^Equivalent on average; up to \d+\.\d % of readers could still be able to tell/,
    );
    expect(sentencesIn(of(found(dataOf({ pairs: guessing.slice(0, 30) })), "pairs"), "verdict")).toMatch(
      /^Inconclusive/,
    );
  });

  test("one pair, and pairs that are always found, do not fail", () => {
    const always = pairsWhere(() => true);
    expect(sentencesIn(of(found(dataOf({ pairs: always.slice(0, 1) })), "pairs"))).toContain("one reader");
    expect(sentencesIn(of(found(dataOf({ pairs: always })), "pairs"), "verdict")).toMatch(
      /^Readers can tell/,
    );
  });
});

describe("ratings", () => {
  const ratingsWhere = (lead: number, spread = 1): Rating[] => {
    const random = randomFrom("ratings", lead);
    return Array.from({ length: 1200 }, (_, at) => {
      const origin = at % 2 === 0 ? ("human" as const) : ("machine" as const);
      const value = 4 + (origin === "human" ? lead : 0) + spread * random.normal();
      return {
        participant: `reader-${Math.floor(at / 20)}`,
        form: "",
        task: "how-it-felt",
        stimulus: `story-${(at * 7) % 60}`,
        origin: ((at * 7) % 60) % 2 === 0 ? "human" : "machine",
        model: ((at * 7) % 60) % 2 === 0 ? "" : "model",
        example: "",
        title: "",
        rating: Math.max(1, Math.min(7, Math.round(value))),
      };
    });
  };

  test("equal ratings are equivalent within the declared points, a difference of one point is different", () => {
    const equal = of(found(dataOf({ ratings: ratingsWhere(0) })), "ratings");
    expect(sentencesIn(equal)).toContain(": equivalent. Equivalence within 0.5 points: p < .001");
    const apart = of(found(dataOf({ ratings: ratingsWhere(1) })), "ratings");
    expect(sentencesIn(apart)).toMatch(/Human stories are rated .* above .*: different/);
  });

  test("one rating, and identical ratings, do not fail", () => {
    expect(sentencesIn(of(found(dataOf({ ratings: ratingsWhere(0).slice(0, 1) })), "ratings"))).toContain(
      "nothing to compare",
    );
    expect(sentencesIn(of(found(dataOf({ ratings: ratingsWhere(0, 0) })), "ratings"))).toContain(
      "could not be fitted: all ratings are the same",
    );
  });
});

test("texts chosen among several draws are reported with the count of all texts", () => {
  const result = (chosen: boolean) => {
    const generations = [1, 2, 3].map((attempt) => ({
      ...generationOf({ id: `one-${attempt}`, attempt }),
      ...(chosen && attempt === 2 && { chosen }),
    }));
    const study = { generations, stimuli: [] } as never;
    return JSON.stringify(overview.run(dataOf({ study }), randomFrom("test", "chosen")).findings);
  };
  expect(result(true)).toContain("1 text was chosen");
  expect(result(true)).toContain("wrote 3 texts");
  expect(result(false)).not.toContain("chosen");
});

test("a corpus without authors is reported as such, without a number of authors", () => {
  const result = (authors: number) => {
    const words = { least: 60, median: 90, most: 99, mean: 89, limit: 100, aboveLimit: 0 };
    const split = { train: 30, validation: 10, test: 20 };
    const corpus = { stories: 60, authors, groups: 60, licences: {}, split, words, rejected: {} };
    const study = { corpus, generations: [], stimuli: [] } as never;
    return JSON.stringify(overview.run(dataOf({ study }), randomFrom("test", "authors")).findings);
  };
  expect(result(0)).toContain("60 human stories by unnamed authors: 30 for training");
  expect(result(1)).toContain("60 human stories by 1 author: 30");
});
