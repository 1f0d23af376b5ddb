import { describe, expect, test } from "vitest";
import { accuracy } from "../../src/analyse/analyses/accuracy.ts";
import { bayes } from "../../src/analyse/analyses/bayes.ts";
import { cues } from "../../src/analyse/analyses/cues.ts";
import { leaks } from "../../src/analyse/analyses/leaks.ts";
import { pairs } from "../../src/analyse/analyses/pairs.ts";
import { quality } from "../../src/analyse/analyses/quality.ts";
import { ratings } from "../../src/analyse/analyses/ratings.ts";
import { verdict } from "../../src/analyse/analyses/verdict.ts";
import type { Choice, Pair, Rating } from "../../src/analyse/data.ts";
import type { Detection } from "../../src/analyse/detector.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import type { Findings, Table } from "../../src/study/finding.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { choicesBy, dataOf, found, guess, of, sentencesIn } from "./made-up.ts";

const other = { human: "machine", machine: "human" } as const;

/** Readers with this probability of a right answer, for either origin. */
const rightWith = (share: number) => (origin: Choice["origin"], random: Random) =>
  random.next() < share ? origin : other[origin];

const settings = (some: Record<string, unknown>) => AnalyseSettings.parse({ draws: 200, ...some });

function tableWith(caption: string, { findings }: Findings): Table {
  const shown = findings.find((one) => one.kind !== "sentence" && one.caption.includes(caption))!;
  return shown.kind === "table"
    ? shown.table
    : shown.kind === "figure"
      ? shown.figure.table
      : (undefined as never);
}

describe("equivalence", () => {
  test("is not equality: readers who are shown to do better are not called indistinguishable", () => {
    const better = sentencesIn(
      of(found(dataOf({ choices: choicesBy(300, 60, rightWith(0.53)) }), [verdict]), "verdict"),
    );
    expect(better).toMatch(
      /^Readers can tell, but only a little: they are right .* \(53\.0 %\), within the margin of 10 points\./,
    );
    expect(better).toContain("lies above 50 %; the 90 % interval lies within the declared margin");
    expect(better.toLowerCase()).not.toContain("indistinguishable");
    expect(better).not.toContain("no better than");
  });

  test("within a very wide margin is not called indistinguishable", () => {
    const choices = choicesBy(60, 40, guess);
    const wide = sentencesIn(
      of(found(dataOf({ choices, settings: settings({ margin: 0.49 }) }), [verdict]), "verdict"),
    );
    expect(wide).toMatch(/^Equivalent within a wide margin: accuracy lies between 1 % and 99 %/);
    expect(wide.toLowerCase()).not.toContain("indistinguishable");
  });

  test("over two models says nothing about each: one is recognised too often, the other too rarely", () => {
    const random = randomFrom("opposed");
    const choices = choicesBy(80, 80, guess).map((choice) => {
      if (choice.origin === "human") return choice;
      const easy = Number(choice.stimulus.slice(6)) % 4 === 1;
      const right = random.next() < (easy ? 0.65 : 0.35);
      return {
        ...choice,
        model: easy ? "easy" : "hard",
        right,
        answer: right ? "machine" : "human",
      } as Choice;
    });
    const all = of(found(dataOf({ choices }), [verdict]), "verdict");
    expect(all.numbers["together"]).toBe("different");
    expect(sentencesIn(all, "verdict")).toMatch(
      /^Readers can tell some models: stories by easy \(\d\d\.\d %\) are recognised; stories by hard \(\d\d\.\d %\) pass as human/,
    );
    expect(sentencesIn(all, "verdict")).toContain("different: easy, hard");
    expect(sentencesIn(all).toLowerCase()).not.toContain("indistinguishable");
  });

  test("of a model needs equivalence for its stories, human stories and both, as for a study", () => {
    const leaning = (_: unknown, random: Random) =>
      (random.next() < 0.7 ? "human" : "machine") as Choice["answer"];
    const choices = choicesBy(200, 80, leaning).map((choice) =>
      choice.origin === "human" ? choice : { ...choice, model: `m${Number(choice.stimulus.slice(6)) % 4}` },
    );
    const { models } = of(found(dataOf({ choices }), [verdict]), "verdict").numbers as {
      models: { verdict: string; estimate: number }[];
    };
    expect(models.map((model) => model.verdict)).toEqual(["inconclusive", "inconclusive"]);
    for (const { estimate } of models) expect(Math.abs(estimate - 0.5)).toBeLessThan(0.05);
  });
});

describe("few data give no interval", () => {
  test("one reader who is always right gives no interval of skill or accuracy, and no credible interval", () => {
    const all = found(dataOf({ choices: choicesBy(1, 20, (origin) => origin) }));
    const skill = tableWith("Skill and bias", of(all, "signal-detection"));
    expect(skill.rows.map(({ low, high }) => [low ?? null, high ?? null])).toEqual(
      Array(3).fill([null, null]),
    );
    const shares = tableWith("Accuracy with", of(all, "accuracy"));
    for (const row of shares.rows) expect(row["clustered_low"]).toBeNull();
    const drawn = tableWith("How often readers were right", of(all, "verdict"));
    for (const { low, outer_high } of drawn.rows) expect([low, outer_high]).toEqual([null, null]);
    expect(sentencesIn(of(all, "bayes"))).toContain("one reader cannot represent readers in general");
    expect(of(all, "bayes").numbers["effectiveJudgments"]).toBe(0);
  });

  test("a model with one story gets no interval, and another model has its own", () => {
    const choices = choicesBy(12, 20, guess).map((choice) => {
      if (choice.origin === "human") return choice;
      return { ...choice, model: choice.stimulus === "story-1" ? "lone" : "many" };
    });
    const { findings } = of(found(dataOf({ choices }), [verdict]), "verdict");
    const { rows } = findings.flatMap((one) => (one.kind === "figure" ? [one.figure.table] : []))[0]!;
    const models = rows.filter((row) => row["of"] === "lone" || row["of"] === "many");
    expect(models.map(({ of: model, low }) => [model, low === null])).toEqual([
      ["lone", true],
      ["many", false],
    ]);
  });

  test("two readers who agree on everything do not count as independent judgments", () => {
    const choices = choicesBy(2, 40, (origin) => origin);
    const worth = of(found(dataOf({ choices }), [bayes]), "bayes").numbers["effectiveJudgments"];
    // z / t with one degree of freedom is 0.154.
    expect(worth).toBeLessThan(80 * 0.155 ** 2 * 3);
  });

  test("one reader who judged all machine stories is named as the reason", () => {
    const choices = choicesBy(20, 12, guess).filter(
      ({ origin, participant }) => origin === "human" || participant === "reader-0",
    );
    expect(sentencesIn(of(found(dataOf({ choices }), [verdict]), "verdict"))).toContain(
      "one reader judged all machine stories",
    );
  });

  test("a claim from few readers has a note on groups that may be missing", () => {
    const verdictOf = (readers: number) =>
      sentencesIn(
        of(found(dataOf({ choices: choicesBy(readers, 40, rightWith(0.8)) }), [verdict]), "verdict"),
      );
    expect(verdictOf(13)).toContain("is missing from the sample with probability 0.25");
    expect(verdictOf(60)).not.toContain("missing from the sample");
  });

  test("the intervals of accuracy are those of the verdict", () => {
    const almost = choicesBy(30, 20, (origin) => origin).map((choice, at) =>
      at === 0 ? { ...choice, right: false, answer: other[choice.origin] } : choice,
    );
    const all = found(dataOf({ choices: almost }), [verdict, accuracy]);
    const { human } = of(all, "verdict").numbers as { human: { interval: { low: number; high: number } } };
    const { shares } = of(all, "accuracy").numbers as { shares: { clustered: unknown }[] };
    expect(shares[1]!.clustered).toEqual(human.interval);
  });
});

describe("bias is not skill", () => {
  test("a reader who calls everything human, and is shown mostly human stories, is estimated to guess", () => {
    const choices = choicesBy(50, 40, () => "human").filter(
      ({ origin, stimulus }) => origin === "human" || Number(stimulus.slice(6)) < 8,
    );
    const all = found(dataOf({ choices }));
    const { clustered } = of(all, "bayes").numbers as { clustered: { mean: number; aboveChance: number } };
    expect(clustered.mean).toBeCloseTo(0.5, 6);
    expect(clustered.aboveChance).toBeCloseTo(0.5, 6);
    expect(sentencesIn(of(all, "verdict"))).toContain("bias towards “human”");
  });

  /** Readers who choose the left story with this probability, regardless of who wrote it. */
  const pairsBy = (left: (random: Random) => boolean, humanLeft: (pair: number) => boolean): Pair[] => {
    const random = randomFrom("sides");
    return Array.from({ length: 1600 }, (_, at) => {
      const pair = at % 40;
      const humanSide = humanLeft(pair) ? "left" : "right";
      return {
        participant: `reader-${Math.floor(at / 40)}`,
        form: "",
        stimulus: `pair-${pair}`,
        humanSide,
        chosenSide: left(random) ? "left" : "right",
        left: humanSide === "left" ? "human" : "model",
        right: humanSide === "right" ? "human" : "model",
      };
    });
  };
  const saidOf = (data: Pair[]) => sentencesIn(of(found(dataOf({ pairs: data }), [pairs]), "pairs"));

  test("readers who prefer the left do not get credit for human stories that were mostly on the left", () => {
    const often = pairsBy(
      (random) => random.next() < 0.75,
      (pair) => pair % 4 > 0,
    );
    expect(saidOf(often)).toMatch(/^Inconclusive/);
    expect(saidOf(often)).toContain("a preference for a side may hide skill");
    expect(
      saidOf(
        pairsBy(
          () => true,
          (pair) => pair % 4 > 0,
        ),
      ),
    ).toMatch(/^Inconclusive/);
    expect(
      saidOf(
        pairsBy(
          () => true,
          (pair) => pair % 2 > 0,
        ),
      ),
    ).toMatch(/^Inconclusive/);
    const guessing = pairsBy(
      (random) => random.next() < 0.5,
      (pair) => pair % 4 > 0,
    );
    expect(saidOf(guessing)).toMatch(/^Indistinguishable/);
  });

  test("there is no verdict if the human story was always on the left", () => {
    const always = saidOf(
      pairsBy(
        (random) => random.next() < 0.7,
        () => true,
      ),
    );
    expect(always).toMatch(/^Inconclusive/);
    expect(always).toContain("skill cannot be separated from a preference for a side");
  });

  test("a side that a few readers prefer is tested over readers", () => {
    const few = pairsBy(
      () => true,
      (pair) => pair % 2 > 0,
    )
      .slice(0, 160)
      .map((pair, at) => ({ ...pair, chosenSide: at < 120 ? ("left" as const) : ("right" as const) }));
    // 120 of 160 would give p < .001 if judgments were independent; but it is three readers of four.
    const { sides } = of(found(dataOf({ pairs: few }), [pairs]), "pairs").numbers as { sides: { p: number } };
    expect(sides.p).toBeGreaterThan(0.3);
  });
});

describe("an interim analysis", () => {
  const choices = choicesBy(20, 40, rightWith(0.6));
  const at = (stop: Record<string, unknown>) =>
    found(dataOf({ choices, settings: settings({ stop }) }), [verdict, quality]);

  test("that was not declared has no verdict anywhere", () => {
    const all = at({ readers: 100 });
    expect(sentencesIn(of(all, "verdict"), "verdict")).toMatch(/^No verdict yet: 20 of 100 planned readers/);
    expect(of(all, "verdict").numbers["together"]).toBe("inconclusive");
    expect(JSON.stringify(tableWith("The tests behind the verdict", of(all, "verdict")).rows)).not.toContain(
      "different",
    );
    expect(JSON.stringify(of(all, "quality").findings)).not.toContain("different");
  });

  test("counts finished readers: excluded ones count as finished, those who left half-way do not", () => {
    const headline = (judged: Choice[], stop: Record<string, unknown>) => {
      const all = dataOf({ choices: judged, settings: settings({ stop, exclude: { straightLining: 10 } }) });
      return sentencesIn(of(found(all, [verdict]), "verdict"), "verdict");
    };
    const careless = choices.map((choice) =>
      choice.participant === "reader-3"
        ? { ...choice, answer: "human" as const, right: choice.origin === "human" }
        : choice,
    );
    expect(headline(careless, { readers: 20 })).toMatch(/^Readers can tell: .* 19 readers were right/);
    const left = choices
      .slice(0, 120)
      .map((choice) => ({ ...choice, participant: `left-${choice.participant}` }));
    const halfWay = left.filter((_, at) => at % 40 < 25);
    expect(headline([...choices, ...halfWay], { readers: 22 })).toMatch(/^No verdict yet: 20 of 22 planned/);
  });

  test("that was declared claims only what alpha spending allows, with wider intervals", () => {
    const early = of(at({ readers: 100, looks: [0.2] }), "verdict");
    const end = of(at({ readers: 20 }), "verdict");
    type Overall = { overall: { differenceP: number; verdict: string; interval: { low: number } } };
    const [one, two] = [early.numbers as Overall, end.numbers as Overall];
    expect(two.overall).toMatchObject({ verdict: "different" });
    expect(one.overall).toMatchObject({ verdict: "inconclusive", differenceP: two.overall.differenceP });
    expect(one.overall.interval.low).toBeLessThan(two.overall.interval.low);
    expect(sentencesIn(early, "verdict")).toMatch(/^Inconclusive/);
  });
});

describe("leaks", () => {
  test("are not possible to scan if only the origin of the stories is known", () => {
    const choices = choicesBy(20, 40, guess).map(({ order: _, ...choice }) => choice);
    expect(sentencesIn(of(found(dataOf({ choices }), [leaks]), "leaks"))).toContain(
      "give the stories away cannot be tested",
    );
  });

  test("that are stronger than the readers' accuracy are still reported", () => {
    const choices = choicesBy(20, 40, (origin) => origin);
    const measures = new Map(
      Array.from({ length: 40 }, (_, at) => [`story-${at}`, { length: 90 + (at % 2) * 5 + (at % 3) }]),
    );
    const result = sentencesIn(of(found(dataOf({ choices, measures }), [leaks]), "leaks"));
    expect(result).toContain("Surface features give the stories away");
    expect(result).not.toContain("not shown");
  });
});

test("no random figure depends on the order of a table's rows", () => {
  const choices = choicesBy(20, 24, guess);
  const random = randomFrom("measures");
  const measures = new Map(
    Array.from({ length: 24 }, (_, at) => [
      `story-${at}`,
      { length: random.normal(), commas: random.normal() },
    ]),
  );
  const mixed = random.shuffle(choices);
  const [one, other] = [choices, mixed].map((rows) => {
    const all = found(dataOf({ choices: rows, measures }), [cues, leaks]);
    const { detectors } = of(all, "leaks").numbers as unknown as Detection;
    return [
      ...(of(all, "cues").numbers["cues"] as { saidHumanP: number }[]).map(({ saidHumanP }) => saidHumanP),
      ...detectors.flatMap(({ detector, accuracy: share, p }) => [detector, Number(share.toFixed(9)), p]),
    ];
  });
  expect(one).toHaveLength(2 + 3 * 4);
  expect(other).toEqual(one);
});

describe("ratings", () => {
  const ratingsOf = (tasks: number, rate: (origin: string, random: Random) => number): Rating[] => {
    const random = randomFrom("rated", tasks);
    return Array.from({ length: tasks * 400 }, (_, at) => {
      const story = at % 20;
      const origin = story % 2 === 0 ? ("human" as const) : ("machine" as const);
      return {
        participant: `reader-${Math.floor(at / 20) % 20}`,
        form: "",
        task: `task-${Math.floor(at / 400)}`,
        stimulus: `story-${story}`,
        origin,
        model: "",
        example: "",
        title: "",
        rating: rate(origin, random),
      };
    });
  };

  test("that never vary within a kind have no interval of width 0", () => {
    const all = of(
      found(dataOf({ ratings: ratingsOf(1, (origin) => (origin === "human" ? 4 : 3)) }), [ratings]),
      "ratings",
    );
    expect(sentencesIn(all)).toContain("Inconclusive, because the values do not vary within a kind");
    for (const { low } of tableWith("Mean ratings", all).rows) expect(low).toBeNull();
  });

  const fits = (values: readonly number[]): Rating[] =>
    ratingsOf(1, () => 5)
      .slice(0, 60)
      .map((rating, at) => ({ ...rating, task: "fits-its-title", rating: values[at % values.length]! }));

  test("have no interval beyond their scale, and are drawn on the whole scale", () => {
    const all = of(found(dataOf({ ratings: fits([5, 5, 5, 5, 5, 5, 2]) }), [ratings]), "ratings");
    const { figure } = all.findings.find((one) => one.kind === "figure")!;
    for (const { estimate, low, high } of figure.table.rows) {
      expect(Number(low)).toBeLessThan(Number(estimate));
      expect(Number(high)).toBeGreaterThan(Number(estimate));
      expect(Number(high)).toBeLessThan(5);
    }
    expect(figure.marks?.map(({ at, label }) => [at, label])).toEqual([
      [1, "lowest"],
      [5, "highest"],
    ]);
    const { groups } = all.numbers["fits-its-title"] as { groups: { interval: { high: number } }[] };
    for (const { interval } of groups) expect(interval.high).toBeLessThan(5);
  });

  test("are listed in a fixed order: human stories, machine stories, then each model by name", () => {
    const data = ratingsOf(1, (_, random) => random.integer(1, 5)).map((rating, at) => ({
      ...rating,
      model: rating.origin === "machine" ? ["the second", "a first"][Math.floor(at / 2) % 2]! : "",
    }));
    const { rows } = tableWith(
      "Mean ratings",
      of(found(dataOf({ ratings: data.reverse() }), [ratings]), "ratings"),
    );
    expect(rows.map(({ of }) => of)).toEqual(["Human stories", "Machine stories", "a first", "the second"]);
  });

  test("of readers who left half-way get a note, and a comparison without them", () => {
    const whole = ratingsOf(1, (origin, random) => random.integer(1, 3) + Number(origin === "human"));
    // A generous reader rates human stories alone.
    const half = whole
      .filter(({ origin, participant }) => origin === "human" && participant === "reader-0")
      .map((rating) => ({ ...rating, participant: "half-way", rating: 5 }));
    const text = sentencesIn(of(found(dataOf({ ratings: [...whole, ...half] }), [ratings]), "ratings"));
    expect(text).toContain(
      "1 of 21 readers rated a different mix of human and machine stories than the others",
    );
    const points = (all: string) => Number(/([\d.]+) points above machine stories/.exec(all)![1]);
    const without = points(text.slice(text.indexOf("Without them")));
    expect(without).toBe(points(sentencesIn(of(found(dataOf({ ratings: whole }), [ratings]), "ratings"))));
    expect(points(text)).toBeGreaterThan(without);
    expect(sentencesIn(of(found(dataOf({ ratings: whole }), [ratings]), "ratings"))).not.toContain(
      "half-way",
    );
  });

  test("on many scales are corrected for the number of scales", () => {
    const data = ratingsOf(10, (_, random) => random.integer(1, 5));
    const numbers = of(found(dataOf({ ratings: data }), [ratings]), "ratings").numbers;
    const differences = Object.values(numbers).map(
      (task) => (task as { difference: { differenceP: number; differenceHolm: number } }).difference,
    );
    const smallest = differences.reduce((one, two) => (one.differenceP < two.differenceP ? one : two));
    expect(smallest.differenceHolm).toBeCloseTo(Math.min(1, 10 * smallest.differenceP), 12);
  });

  test("on a scale of two steps get a note that the margin is half of it", () => {
    const data = ratingsOf(1, (_, random) => random.integer(0, 1));
    expect(sentencesIn(of(found(dataOf({ ratings: data }), [ratings]), "ratings"))).toContain(
      "50.0 % of the scale",
    );
  });
});

test("an accuracy has the same interval everywhere, for all stories and for each kind", () => {
  const random = randomFrom("one interval");
  const choices = choicesBy(30, 20, guess).map((choice) => {
    const answer = random.next() < 0.3 ? choice.origin : choice.answer;
    return { ...choice, answer, right: answer === choice.origin };
  });
  const all = found(dataOf({ choices }));
  const rowsOf = (name: string, caption: string) => tableWith(caption, of(all, name)).rows;
  const verdicts = rowsOf("verdict", "How often readers were right");
  const shares = rowsOf("accuracy", "Accuracy with");
  expect(
    shares.map(({ share, clustered_low, clustered_high }) => [share, clustered_low, clustered_high]),
  ).toEqual(
    verdicts.map(({ estimate, outer_low, outer_high }) => [
      expect.closeTo(Number(estimate), 12),
      expect.closeTo(Number(outer_low), 12),
      expect.closeTo(Number(outer_high), 12),
    ]),
  );
  const [{ low, high }] = rowsOf("quality", "The verdict by exclusion rule") as [Record<string, unknown>];
  expect([low, high]).toEqual([verdicts[0]!["outer_low"], verdicts[0]!["outer_high"]]);
});

test("with few data no share, interval or p-value is out of range, and none is rounded to exactly 0 or 1", () => {
  const cases = [
    choicesBy(2, 4, guess),
    choicesBy(3, 6, (origin) => origin),
    choicesBy(13, 6, (origin) => other[origin]),
    choicesBy(40, 12, () => "human"),
    choicesBy(5, 12, guess).filter((_, at) => at % 7 < 2),
  ];
  for (const choices of cases) {
    const all = found(dataOf({ choices }));
    const words = all.map((findings) => sentencesIn(findings)).join(" ");
    expect(words).not.toMatch(/NaN|Infinity|undefined|∞|−0\.0+\b|probability (0\.0|100\.0) %/);
    for (const { findings } of all) {
      for (const one of findings) {
        if (one.kind === "sentence") continue;
        const { columns, rows } = one.kind === "table" ? one.table : one.figure.table;
        for (const row of rows) {
          for (const { key, format } of columns) {
            const value = row[key];
            if (typeof value !== "number") continue;
            if (format === "percent" || format === "p")
              expect(value, `${one.caption} ${key}`).toBeGreaterThanOrEqual(0);
            if (format === "percent" || format === "p")
              expect(value, `${one.caption} ${key}`).toBeLessThanOrEqual(1);
          }
        }
      }
    }
  }
});
