import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cues } from "../../src/analyse/analyses/cues.ts";
import { leaks } from "../../src/analyse/analyses/leaks.ts";
import { mixedModel } from "../../src/analyse/analyses/mixed-model.ts";
import { pairs } from "../../src/analyse/analyses/pairs.ts";
import { ratings } from "../../src/analyse/analyses/ratings.ts";
import { signalDetection } from "../../src/analyse/analyses/signal-detection.ts";
import type { Choice, Rating } from "../../src/analyse/data.ts";
import { type Detection, detect } from "../../src/analyse/detector.ts";
import { answersOnForms } from "../../src/analyse/from-study.ts";
import { dataOfTable } from "../../src/analyse/from-table.ts";
import { alphaLevelsOf } from "../../src/analyse/interim-analysis.ts";
import { findingsText } from "../../src/findings/terminal.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import type { Findings, Table } from "../../src/study/finding.ts";
import type { Judgment } from "../../src/study/judgment.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { csv } from "../../src/tables/tables.ts";
import { choicesBy, dataOf, found, guess, of, sentencesIn } from "./made-up.ts";

const settings = (some: Record<string, unknown> = {}) => AnalyseSettings.parse({ draws: 200, ...some });

async function tableOf(
  rows: readonly Readonly<Record<string, string | number>>[],
  some: Record<string, unknown> = {},
) {
  const file = join(await mkdtemp(join(tmpdir(), "tinylove-pairs-")), "table.csv");
  await writeFile(file, csv(Object.keys(rows[0]!), rows));
  return (await dataOfTable(file, { map: {}, values: new Map() }, settings(some))).data;
}

const tableIn = ({ findings }: Findings, caption: string): Table =>
  findings.flatMap((one) => (one.kind === "table" && one.caption.includes(caption) ? [one.table] : []))[0]!;

/** Readers x titles; the human story is found with this probability, its side is random for each judgment. */
function pairRows(readers: number, titles: number, finds: (random: Random) => boolean | "tie") {
  const random = randomFrom("pair rows", readers, titles);
  return Array.from({ length: readers * titles }, (_, at) => {
    const title = at % titles;
    const human = random.next() < 0.5 ? "left" : "right";
    const result = finds(random);
    const other = human === "left" ? "right" : "left";
    return {
      participant: `r${Math.floor(at / titles)}`,
      stimulus: `pair ${title}.${at % 3}`,
      title: `title ${title}`,
      human_side: human,
      chosen_side: result === "tie" ? "neither" : result ? human : other,
    };
  });
}

describe("pairs", () => {
  test("of a study are judged by the side of the human story for each reader", () => {
    const origins = { h: "human", m: "machine" } as const;
    const shown = (id: string) => ({
      stimulus: id,
      origin: origins[id as "h" | "m"],
      model: id === "m" ? "model" : "",
      example: "",
      title: "A title",
    });
    const judged = (side: "left" | "right", answer: string): Judgment => ({
      ...{ participant: `${side} ${answer}`, form: "form-1", question: "q", task: "which-is-human" },
      ...{ stimuli: ["h", "m"], side, order: 1, at: "2026-01-01T00:00:00.000Z", simulated: false },
      response: { answer },
    });
    // `side` is the side of the second stimulus, the machine's.
    const { pairs: all } = answersOnForms([judged("left", "right"), judged("right", "left")], [], shown);
    expect(all.map(({ humanSide, chosenSide }) => [humanSide, chosenSide])).toEqual([
      ["right", "right"],
      ["left", "left"],
    ]);
    expect(all.map(({ left, right, leftStory, rightStory }) => [left, right, leftStory, rightStory])).toEqual(
      [
        ["model", "human", "m", "h"],
        ["human", "model", "h", "m"],
      ],
    );
  });

  test("that end in a tie count as a guess, and are counted", async () => {
    const half = await tableOf(pairRows(20, 10, (random) => (random.next() < 0.5 ? "tie" : true)));
    const result = of(found(half, [pairs]), "pairs");
    const ties = half.pairs.filter(({ chosenSide }) => chosenSide === "tie").length;
    expect(result.numbers).toMatchObject({ ties, correct: 200 - ties / 2 });
    expect(sentencesIn(result)).toContain(
      `${ties} answers of 200 are ties: each counts as a guess (one half of a correct answer)`,
    );
    const all = await tableOf(pairRows(20, 10, () => "tie"));
    expect(of(found(all, [pairs]), "pairs").numbers).toMatchObject({ estimate: 0.5, ties: 200 });
  });

  test("of one title are one cluster, whatever the number of versions", async () => {
    const data = await tableOf(pairRows(12, 10, (random) => random.next() < 0.5));
    expect(of(found(data, [pairs]), "pairs").numbers["stories"]).toBe(10);
    const apart = { ...data, settings: settings({ clusters: [] }) };
    expect(of(found(apart, [pairs]), "pairs").numbers["stories"]).toBe(30);
  });

  test("that few readers judged get the warning about rare kinds of reader, and their figures are printed", async () => {
    const few = of(found(await tableOf(pairRows(6, 20, () => true)), [pairs]), "pairs");
    expect(sentencesIn(few)).toContain("is missing from the sample with probability 0.53");
    const printed = findingsText([few], { full: true });
    expect(printed).toContain("missing from the sample");
    const { rows } = tableIn(few, "The verdict on pairs");
    expect(rows.map(({ of, found: counts }) => [of, counts])).toEqual([
      ["both sides", "120 of 120"],
      ["left", expect.stringMatching(/^(\d+) of \1$/)],
      ["right", expect.stringMatching(/^(\d+) of \1$/)],
    ]);
    expect(printed).toMatch(/Human story +both sides\n +Found +120 of 120\n +Share +100\.0 %/);
    const many = await tableOf(pairRows(60, 20, () => true));
    expect(sentencesIn(of(found(many, [pairs]), "pairs"))).not.toContain("missing from the sample");
  });

  test("print no p-value that treats judgments as independent", async () => {
    const result = of(
      found(await tableOf(pairRows(12, 10, (random) => random.next() < 0.6)), [pairs]),
      "pairs",
    );
    expect(sentencesIn(result)).not.toContain("independent, which they are not");
    expect(result.numbers).not.toHaveProperty("naive");
  });

  test("a small difference is different at any margin", async () => {
    const data = await tableOf(pairRows(200, 30, (random) => random.next() < 0.54));
    for (const margin of [0.02, 0.1]) {
      const result = of(found({ ...data, settings: settings({ margin }) }, [pairs]), "pairs");
      expect(sentencesIn(result, "verdict")).toMatch(
        margin === 0.1
          ? /^Readers can tell, but only a little: side by side, they find the human story more often than by guessing \(5\d\.\d %\)/
          : /^Readers can tell: side by side/,
      );
    }
  });
});

describe("a choice of several", () => {
  /** Readers of sets of four, who find the human story with this probability, and else choose another at random. */
  const setRows = (share: number, place = (random: Random) => random.integer(1, 4)) => {
    const random = randomFrom("sets", share);
    return Array.from({ length: 40 * 20 }, (_, at) => {
      const human = place(random);
      const other = 1 + ((human + random.integer(0, 2)) % 4);
      return {
        participant: `r${Math.floor(at / 20)}`,
        stimulus: `set ${at % 20}`,
        options: 4,
        human_side: human,
        chosen_side: random.next() < share ? human : other,
      };
    });
  };

  test("has its own chance level: one in four for four options", async () => {
    const guessing = of(found(await tableOf(setRows(0.25)), [pairs]), "pairs");
    expect(sentencesIn(guessing, "verdict")).toMatch(/^(Equivalent|Inconclusive).*among 4 stories/);
    expect(Number(guessing.numbers["differenceP"])).toBeGreaterThan(0.05);
    const finding = of(found(await tableOf(setRows(0.5)), [pairs]), "pairs");
    expect(sentencesIn(finding, "verdict")).toMatch(
      /^Readers can tell: among 4 stories, they find the human story more often/,
    );
    const { rows } = tableIn(finding, "The verdict on choices of 4");
    expect(rows.map(({ of }) => of)).toEqual([
      "all positions",
      ...[1, 2, 3, 4].map((at) => `position ${at}`),
    ]);
  });

  test("has no verdict if the human story was never at one of the positions", async () => {
    const result = of(found(await tableOf(setRows(0.5, (random) => random.integer(1, 3))), [pairs]), "pairs");
    expect(sentencesIn(result, "verdict")).toMatch(/^Inconclusive.*the right answer was never at position 4/);
  });

  test("refuses a margin without values outside it", async () => {
    const data = await tableOf(setRows(0.25), { margin: 0.3 });
    expect(() => found(data, [pairs])).toThrow(
      /a margin of 0.3 is too wide for a choice of 4: guessing gives 25 %/,
    );
  });

  test("names the row with an impossible position", async () => {
    await expect(tableOf([{ ...setRows(0.25)[0]!, chosen_side: 5 }])).rejects.toThrow(
      /line 2: chosen_side “5” is not understood/,
    );
    await expect(tableOf([{ ...setRows(0.25)[0]!, options: 1 }])).rejects.toThrow(
      /line 2: options “1” is not understood/,
    );
  });
});

describe("the leak scan", () => {
  test("finds in pairs what differs within titles, even if titles differ much more", async () => {
    const random = randomFrom("within titles");
    const rows = pairRows(8, 24, (draw) => draw.next() < 0.5).map((row, at) => {
      const title = at % 24;
      const [human, machine] = [100 * title + 3, 100 * title];
      const noise = () => Math.round(50 * random.normal());
      const [left, right] = row.human_side === "left" ? [human, machine] : [machine, human];
      return {
        ...row,
        stimulus: `pair ${title}`,
        left: `${row.human_side === "left" ? "h" : "m"} ${title}`,
        right: `${row.human_side === "left" ? "m" : "h"} ${title}`,
        left_words: left,
        right_words: right,
        left_other: noise(),
        right_other: noise(),
      };
    });
    const result = of(found(await tableOf(rows), [leaks]), "leaks");
    expect(sentencesIn(result, "warning")).toMatch(
      /^The stories may be unfair: a program that sees only “words” finds the human story in 100.0 % of the pairs \(p = \.0\d+\), more than readers did/,
    );
    expect(sentencesIn(result)).toContain(
      "“words” (mean 1153.00 in human stories, 1150.00 in machine stories)",
    );
    // A threshold over all stories hardly detects it.
    const alone = detect(
      {
        names: ["words"],
        features: [...Array(24).keys()].flatMap((title) => [[100 * title + 3], [100 * title]]),
        labels: [...Array(24).keys()].flatMap(() => [1, 0]),
      },
      randomFrom("alone"),
    )!;
    expect(alone.p).toBeGreaterThan(0.2);
  });

  test("scans the pairs of a study before anybody has answered", () => {
    const stimuli = Array.from({ length: 24 }, (_, at) => {
      const [title, origin] = [Math.floor(at / 2), at % 2 === 0 ? ("human" as const) : ("machine" as const)];
      const text = `${"It rained, and we went home. ".repeat(2 + (title % 5))}${origin === "human" ? "So it was, was it? Yes!" : ""}`;
      const shown = {
        stimulus: `${origin} ${title}`,
        origin,
        model: "",
        example: "",
        title: `Title ${title}`,
      };
      return { ...shown, id: shown.stimulus, text, words: 9, cut: 1 };
    });
    const study = { stimuli, generations: [] } as never;
    const result = of(found(dataOf({ questionKinds: new Set(["pairs"]), study }), [leaks]), "leaks");
    expect(sentencesIn(result, "warning")).toMatch(
      /finds the human story in 100\.0 % of the pairs .* above the 50 % of guessing/,
    );
  });

  test("of pairs without known features says so", async () => {
    const result = of(found(await tableOf(pairRows(8, 24, () => true)), [leaks]), "leaks");
    expect(sentencesIn(result)).toContain("cannot be tested: the stories in the pairs have no measures");
  });

  test("keeps the stories of a title together: what they share is not evidence about either", () => {
    const titles = [...Array(30).keys()].flatMap((title) => [`t${title}`, `t${title}`]);
    const random = randomFrom("shared");
    const shared = [...Array(30).keys()].map(() => random.normal());
    const { detectors } = detect(
      {
        names: ["of the title"],
        features: titles.map((_, at) => [shared[Math.floor(at / 2)]!]),
        labels: titles.map((_, at) => at % 2),
        titles,
      },
      randomFrom("titles"),
    ) as Detection;
    // One of each title is classified correctly, whatever the threshold and however labels are permuted within titles.
    expect(detectors[0]).toEqual({ detector: "of the title", accuracy: 0.5, p: 1 });
  });
});

describe("ratings", () => {
  const ratingsWhere = (
    task: string,
    rate: (origin: string, random: Random) => number,
    readers = 12,
  ): Rating[] => {
    const random = randomFrom("rate", task);
    return Array.from({ length: readers * 12 }, (_, at) => {
      const story = at % 12;
      const origin = story % 2 === 0 ? ("human" as const) : ("machine" as const);
      return {
        ...{ participant: `r${Math.floor(at / 12)}`, form: "", task, stimulus: `s${story}` },
        ...{ origin, model: "", example: "", title: "", rating: rate(origin, random) },
      };
    });
  };
  type Numbers = Record<
    string,
    { margin: number; tooWide: boolean; difference: { verdict: string; equivalenceP: number } }
  >;
  const rated = (rows: Rating[], some: Record<string, unknown> = {}) =>
    of(found(dataOf({ ratings: rows, settings: settings(some) }), [ratings]), "ratings");

  test("that are nearly all the same have no verdict, with the reason", () => {
    const rows = ratingsWhere("liking", () => 3).map((rating, at) =>
      at === 7 ? { ...rating, rating: 4 } : rating,
    );
    const result = rated(rows);
    expect(sentencesIn(result)).toContain(
      "Inconclusive, because 99.3 % of the values are 3, so the scale was not used",
    );
    expect((result.numbers as unknown as Numbers)["liking"]!.difference).toMatchObject({
      verdict: "inconclusive",
      equivalenceP: 1,
    });
    expect(sentencesIn(result)).not.toMatch(/p < \.001/);
  });

  test("have a margin in points or as a share of the scale", () => {
    const rows = ratingsWhere("share", (_, random) => random.integer(0, 100) / 100);
    const margin = (some: Record<string, unknown>) =>
      (rated(rows, some).numbers as unknown as Numbers)["share"]!.margin;
    const range =
      Math.max(...rows.map(({ rating }) => rating)) - Math.min(...rows.map(({ rating }) => rating));
    expect(margin({ ratingMargin: "10 %" })).toBeCloseTo(0.1 * range, 12);
    expect(margin({ ratingMargin: 0.2 })).toBe(0.2);
    expect(() => settings({ ratingMargin: "ten" })).toThrow();
    expect(() => settings({ ratingMargin: "60 %" })).toThrow();
  });

  test("within a margin of half of their scale are not called equivalent, and the fix is named", () => {
    const rows = ratingsWhere("share", (_, random) => random.integer(0, 100) / 100, 60);
    const result = rated(rows);
    expect((result.numbers as unknown as Numbers)["share"]).toMatchObject({
      tooWide: true,
      difference: { verdict: "inconclusive" },
    });
    expect(sentencesIn(result, "warning")).toMatch(
      /no equivalence is claimed\. Declare one that fits: .*--rating-margin 10%/,
    );
    const fitting = rated(rows, { ratingMargin: "20%" });
    expect((fitting.numbers as unknown as Numbers)["share"]!.difference.verdict).toBe("equivalent");
  });

  test("on several scales are in one table, which comes first", () => {
    const result = rated([
      ...ratingsWhere("liking", (_, random) => random.integer(1, 7)),
      ...ratingsWhere("warmth", (origin, random) => random.integer(1, 4) + (origin === "human" ? 3 : 0)),
    ]);
    const table = tableIn(result, "Ratings of human and machine stories on all 2 scales");
    expect(table.rows.map(({ scale, ratings: count, verdict }) => [scale, count, verdict])).toEqual([
      ["Liking", 144, "inconclusive"],
      ["Warmth", 144, "different"],
    ]);
    expect(table.rows[1]!["difference"]).toBeGreaterThan(2);
    expect(result.findings.findIndex(({ kind }) => kind !== "sentence")).toBe(
      result.findings.findIndex((one) => one.kind === "table"),
    );
    expect(sentencesIn(result)).toContain("is missing from the sample");
  });

  test("the ordinal model has the verdict's degrees of freedom: four stories have few", () => {
    const few = ratingsWhere(
      "liking",
      (origin, random) => random.integer(1, 5) + (origin === "human" ? 1 : 0),
      40,
    ).map((rating, at) => ({ ...rating, stimulus: `s${(at % 12) % 4}` }));
    const { ordinal } = (rated(few).numbers as unknown as Record<string, { ordinal: { p: number } }>)[
      "liking"
    ]!;
    // With the normal distribution and independent ratings p would be far below .001.
    expect(ordinal.p).toBeGreaterThan(0.001);
    expect(ordinal.p).toBeLessThan(0.2);
  });
});

describe("alpha spending", () => {
  const errorsAt = (finished: number, looks: number[]) =>
    alphaLevelsOf(
      dataOf({
        choices: choicesBy(finished, 6, guess),
        settings: settings({ stop: { readers: 20, looks } }),
      }),
    );

  test("applies up to the planned end, where less than alpha is left", () => {
    expect(errorsAt(20, []).alpha).toBe(0.05);
    expect(errorsAt(20, [0.5]).alpha).toBeCloseTo(0.049, 4);
    expect(errorsAt(20, [0.25, 0.5, 0.75]).alpha).toBeCloseTo(0.044, 3);
    expect(errorsAt(24, [0.5]).alpha).toBe(errorsAt(20, [0.5]).alpha);
    expect(errorsAt(10, [0.5]).alpha).toBeCloseTo(0.0031, 4);
    expect(errorsAt(20, [0.5]).equivalenceAlpha).toBeLessThan(0.05);
  });
});

describe("cues", () => {
  type Cue = { measure: string; saidHuman: number; saidHumanP: number; rightP: number };
  const cuesIn = (choices: Choice[], measures: Map<string, Record<string, number>>) =>
    of(found(dataOf({ choices, measures, settings: settings({ draws: 999 }) }), [cues]), "cues").numbers[
      "cues"
    ] as Cue[];

  test("a measure that merely differs between origins is no cue, however well readers can tell", () => {
    const random = randomFrom("merely");
    const choices = choicesBy(30, 40, (origin, draw) =>
      draw.next() < 0.8 ? origin : origin === "human" ? "machine" : "human",
    );
    const measures = new Map(
      Array.from({ length: 40 }, (_, at) => [
        `story-${at}`,
        { length: (at % 2 === 0 ? 3 : 0) + random.normal() },
      ]),
    );
    const [length] = cuesIn(choices, measures);
    expect(length!.saidHumanP).toBeGreaterThan(0.05);
    expect(Math.abs(length!.saidHuman)).toBeLessThan(0.35);
  });

  test("are tested over titles if human and machine stories share them", () => {
    // Five titles of one human and four machine stories; the measure and the readers' answers both rise over titles.
    const story = (at: number) => ({ title: Math.floor((at % 25) / 5), version: at % 5 });
    const choices = choicesBy(20, 25, guess).map((choice, at): Choice => {
      const { title, version } = story(at);
      const origin = version === 0 ? "human" : "machine";
      const answer = Math.floor(at / 25) < 4 * title + 2 ? "human" : "machine";
      const model = origin === "human" ? "" : "model";
      return { ...choice, origin, model, answer, right: answer === origin, title: `title ${title}` };
    });
    const measures = new Map(
      Array.from({ length: 25 }, (_, at) => [`story-${at}`, { tone: story(at).title }]),
    );
    const [tone] = cuesIn(choices, measures);
    expect(tone!.saidHuman).toBeGreaterThan(0.9);
    // Two of the 120 permutations of five titles are as extreme; of the permutations of 25 stories almost none.
    expect(tone!.saidHumanP).toBeGreaterThan(0.008);
    expect(tone!.saidHumanP).toBeLessThan(0.04);
  });
});

describe("the mixed model", () => {
  const formulaOf = (choices: Choice[], effects = ["origin"]) => {
    const result = of(
      found(dataOf({ choices, settings: settings({ effects }) }), [mixedModel]),
      "mixed-model",
    );
    return result.numbers as {
      formula: string;
      tests: { effect: string; degrees: number; p: number; f: number }[];
      coefficients: { effect: string; estimate: number; standardError: number; low: number }[];
    };
  };
  const answersBy = (skill: number) => {
    const random = randomFrom("skill", skill);
    const skills = Array.from({ length: 14 }, () => 0.8 + skill * random.normal());
    const looks = Array.from({ length: 20 }, () => 0.4 * random.normal());
    return choicesBy(14, 20, guess).map((choice): Choice => {
      const its = skills[Number(choice.participant.slice(7))]! * (choice.origin === "human" ? 0.5 : -0.5);
      const logit = its + looks[Number(choice.stimulus.slice(6))]!;
      const answer = random.next() < 1 / (1 + Math.exp(-logit)) ? "human" : "machine";
      return { ...choice, answer, right: answer === choice.origin };
    });
  };

  test("has slopes for effects that vary within units, with the degrees of freedom of the fewest units", () => {
    const choices = answersBy(1);
    const plain = formulaOf(choices, ["origin", "order"]);
    expect(plain.formula).toBe(
      "human ~ origin + order + (1 + origin + order || participant) + (1 | stimulus)",
    );
    // 14 readers for effects within readers; of the 20 stories, two means and the order are estimated.
    expect(plain.tests.map(({ effect, degrees }) => [effect, degrees])).toEqual([
      ["origin", 13],
      ["order", 13],
    ]);
    const [, origin] = plain.coefficients;
    const test = plain.tests[0]!;
    expect(test.f).toBeCloseTo((origin!.estimate / origin!.standardError) ** 2 / (14 / 13), 8);
    expect(origin!.low).toBeLessThan(origin!.estimate - 2.16 * origin!.standardError);
  });

  test("gives the mean reader's d', which pooling underestimates if readers differ in bias", () => {
    const random = randomFrom("probit");
    const leans = Array.from({ length: 150 }, () => 1.2 * random.normal());
    const skills = Array.from({ length: 150 }, () => 0.9 + 0.4 * random.normal());
    const choices = choicesBy(150, 40, guess).map((choice): Choice => {
      const reader = Number(choice.participant.slice(7));
      const seen =
        leans[reader]! + skills[reader]! * (choice.origin === "human" ? 0.5 : -0.5) + random.normal();
      const answer = seen > 0 ? "human" : "machine";
      return { ...choice, answer, right: answer === choice.origin };
    });
    const result = of(
      found(dataOf({ choices, settings: settings() }), [signalDetection]),
      "signal-detection",
    );
    const { meanReader, pooled } = result.numbers as {
      meanReader: { sensitivity: Record<"value" | "low" | "high" | "spread", number> };
      pooled: { sensitivity: { value: number } };
    };
    const mean = skills.reduce((sum, skill) => sum + skill, 0) / 150;
    const { value, low, high, spread } = meanReader.sensitivity;
    expect(Math.abs(value - mean)).toBeLessThan(0.05);
    expect([low < mean, mean < high]).toEqual([true, true]);
    expect(Math.abs(spread - 0.4)).toBeLessThan(0.1);
    expect(pooled.sensitivity.value).toBeLessThan(mean - 0.2);
    // The mean reader's comes first, and the pooled one says what it is.
    const [first, , third] = tableIn(result, "Skill and bias").rows;
    expect([first!["measure"], third!["measure"]]).toEqual(["d′, mean reader", "d′, pooled"]);
  });

  test("of too many titles has no fit, with the reason", () => {
    const rows = Array.from({ length: 1300 * 3 }, (_, at) => {
      const [title, version] = [Math.floor(at / 3), at % 3];
      const choice = choicesBy(1, 2, guess)[Math.min(1, version)]!;
      const participant = `r${at % 7}`;
      return { ...choice, participant, stimulus: `s${title}.${version}`, title: `t${title}` };
    });
    const result = of(found(dataOf({ choices: rows }), [mixedModel]), "mixed-model");
    expect(sentencesIn(result)).toContain("could not be fitted: there are 2614 crossed random effects");
  });

  test("of more than 500 crossed effects is left out with a note, and fitted on request", () => {
    // Every reader judges one story alone, so that the fit itself is quick.
    const rows = Array.from({ length: 2 * 510 }, (_, at) => {
      const choice = choicesBy(1, 2, guess)[at % 2]!;
      const answer = at % 3 === 0 ? ("human" as const) : ("machine" as const);
      const right = answer === choice.origin;
      return { ...choice, answer, right, participant: `r${at % 510}`, stimulus: `s${at}` };
    });
    const result = (given: Record<string, unknown>) =>
      sentencesIn(
        of(found(dataOf({ choices: rows, settings: settings(given) }), [mixedModel]), "mixed-model"),
      );
    expect(result({})).toContain("was left out: a fit of 1020 judgments with 510 crossed random effects");
    expect(result({})).toContain("`--models`");
    expect(result({ models: "always" })).not.toContain("was left out");
  });

  test("has titles with a slope of origin if both origins share them, and no stories if these are redundant", () => {
    const choices = answersBy(1).map((choice) => ({
      ...choice,
      title: `title ${Math.floor(Number(choice.stimulus.slice(6)) / 2)}`,
    }));
    const alone = formulaOf(choices);
    expect(alone.formula).toBe("human ~ origin + (1 + origin || participant) + (1 + origin || title)");
    expect(alone.tests[0]!.degrees).toBe(9);
    const several = choices.map((choice) => ({
      ...choice,
      title: `title ${Math.floor(Number(choice.stimulus.slice(6)) / 4)}`,
    }));
    expect(formulaOf(several).formula).toBe(
      "human ~ origin + (1 + origin || participant) + (1 | stimulus) + (1 + origin || title)",
    );
  });
});
