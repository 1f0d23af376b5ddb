import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { pairs } from "../../src/analyse/analyses/pairs.ts";
import { verdict } from "../../src/analyse/analyses/verdict.ts";
import type { Choice, Data } from "../../src/analyse/data.ts";
import { designOf, evenDesign } from "../../src/analyse/design.ts";
import { dataOfStudy } from "../../src/analyse/from-study.ts";
import { dataOfTable } from "../../src/analyse/from-table.ts";
import { asJudgments } from "../../src/analyse/judged.ts";
import { plannedStudy, power } from "../../src/analyse/power.ts";
import { tooFewForText } from "../../src/analyse/power-plan.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { answersTo, aStudy, quiet, writeJudgments } from "./a-study.ts";
import { dataOf, found, of, sentencesIn } from "./made-up.ts";

/** The judgments of a table, without any options for reading it. */
const dataIn = async (path: string, by: AnalyseSettings): Promise<Data> =>
  (await dataOfTable(path, { map: {}, values: new Map() }, by)).data;

const settings = (some: Record<string, unknown> = {}) => AnalyseSettings.parse({ draws: 1000, ...some });
const verdictOf = (data: Data) => of(found(data, [verdict]), "verdict");
const headline = (data: Data) => {
  const first = verdictOf(data).findings[0]!;
  return first.kind === "sentence" ? first.text : "";
};

/** Readers who judge some of the stories, half of them human; `chance` is the probability of a right answer. */
function choicesOf(
  plan: { readers: number; each: number; stories: number; titles?: boolean; seed?: string },
  chance: (reader: number, story: number) => number,
  more: (story: number, reader: number) => Partial<Choice> = () => ({}),
): Choice[] {
  const random = randomFrom(plan.seed ?? "headline", plan.readers, plan.each, plan.stories);
  const half = plan.stories / 2;
  return Array.from({ length: plan.readers }, (_, reader) => {
    const hand = [0, half].flatMap((first) =>
      random.shuffle(Array.from({ length: half }, (_, at) => first + at)).slice(0, plan.each / 2),
    );
    return hand.map((story): Choice => {
      const origin = story < half ? "human" : "machine";
      const right = random.next() < chance(reader, story);
      const answer = (origin === "human") === right ? "human" : "machine";
      const shown = {
        stimulus: `s${story}`,
        origin,
        model: origin === "human" ? "" : "m",
        example: "",
      } as const;
      const title = plan.titles ? `Title ${story % half}` : "";
      return {
        ...{ participant: `p${reader}`, form: "", title, answer, right, reason: "" },
        ...shown,
        ...more(story, reader),
      };
    });
  }).flat();
}

const normals = (name: string, count: number, deviation: number): number[] => {
  const random: Random = randomFrom(name);
  return Array.from({ length: count }, () => deviation * random.normal());
};
const chanceOf = (logit: number) => 1 / (1 + Math.exp(-logit));

describe("the sentence", () => {
  test("of a study in which five of a hundred can tell names them, not the average", () => {
    const choices = choicesOf({ readers: 100, each: 30, stories: 60 }, (reader) =>
      reader < 5 ? 0.95 : 0.495,
    );
    const all = verdictOf(dataOf({ choices, settings: settings() }));
    expect(sentencesIn(all, "verdict")).toMatch(
      /^Equivalent on average, but some readers can tell: 5 of 100 are shown to, and an estimated \d\.\d % \(95 % interval \d\.\d % to 1\d\.\d %\) can\. /,
    );
    expect(all.numbers).toMatchObject({ together: "equivalent on average", readers: { shown: true } });
    expect(sentencesIn(all).toLowerCase()).not.toContain("indistinguishable");
  });

  test("of a study without the power to detect such readers gives an upper bound", () => {
    const choices = choicesOf({ readers: 200, each: 6, stories: 80 }, () => 0.5);
    const all = verdictOf(dataOf({ choices, settings: settings() }));
    expect(sentencesIn(all, "verdict")).toMatch(
      /^Equivalent on average; up to \d+\.\d % of readers could still be able to tell\. /,
    );
    expect(sentencesIn(all)).toContain(
      "needs at least 16 answers from one reader, all right; the median reader gave 6",
    );
    expect(sentencesIn(all).toLowerCase()).not.toContain("indistinguishable");
  });

  test("of a study in which half are mostly right and half mostly wrong says that readers differ", () => {
    const choices = choicesOf({ readers: 120, each: 20, stories: 60 }, (reader) =>
      reader % 2 === 0 ? 0.65 : 0.35,
    );
    expect(headline(dataOf({ choices, settings: settings() }))).toMatch(
      /^Equivalent on average, but .*readers/,
    );
  });

  test("of titles that are easy or hard for both kinds is inconclusive, although clustering by story only would show a difference", () => {
    // The first seed for which version 0.1 gives the wrong verdict.
    let wrong = 0;
    for (let seed = 0; seed < 60; seed++) {
      const ease = normals(`titles ${seed}`, 10, 0.9);
      const plan = { readers: 60, each: 20, stories: 20, titles: true, seed: `titles ${seed}` };
      const choices = choicesOf(plan, (_, story) => chanceOf(ease[story % 10]!));
      const before = dataOf({ choices, settings: settings({ weighting: "judgments", clusters: [] }) });
      if (!headline(before).startsWith("Readers can tell")) continue;
      wrong++;
      const now = verdictOf(dataOf({ choices, settings: settings() }));
      if (now.numbers["together"] === "different") continue;
      expect(sentencesIn(now, "verdict")).toMatch(
        /^Inconclusive: these data cannot say whether readers can tell/,
      );
      expect(sentencesIn(now)).toContain(
        "The verdict generalises to readers like these 60 and titles like these 10",
      );
      return;
    }
    expect.unreachable(`${wrong} of 60 studies were called different without titles, and all with them`);
  });

  test("of two models that differ in opposite directions names each, and the JSON does not say equivalent", () => {
    const model = (story: number) => (story < 60 ? "" : story % 2 === 0 ? "A" : "B");
    const chance = (_: number, story: number) =>
      model(story) === "A" ? 0.72 : model(story) === "B" ? 0.29 : 0.505;
    const choices = choicesOf({ readers: 120, each: 20, stories: 120 }, chance, (story) => ({
      model: model(story),
    }));
    const all = verdictOf(dataOf({ choices, settings: settings() }));
    expect(sentencesIn(all, "verdict")).toMatch(
      /^Readers can tell some models: stories by A \(\d\d\.\d %\) are recognised; stories by B \(3\d\.\d %\) pass as human\. /,
    );
    expect(all.numbers["together"]).toBe("different");
  });

  test("of a small difference says so, at any margin", () => {
    // 8,845 judgments; human stories are recognised more often: 57.8 % overall, within ten points.
    const choices = choicesOf({ readers: 222, each: 40, stories: 200 }, (_, story) =>
      story < 100 ? 0.64 : 0.516,
    ).slice(0, 8845);
    for (const margin of [0.01, 0.03, 0.05, 0.07, 0.1, 0.15, 0.3, 0.49]) {
      const all = verdictOf(dataOf({ choices, settings: settings({ margin, draws: 50 }) }));
      expect(sentencesIn(all, "verdict"), `margin ${margin}`).toMatch(/^Readers can tell/);
      expect(all.numbers["together"]).toBe("different");
      if (margin === 0.1) {
        expect(sentencesIn(all, "verdict")).toMatch(
          /^Readers can tell, but only a little: they are right .* \(57\.\d %\), within the margin of 10 points\. /,
        );
      }
      if (margin === 0.05) {
        expect(sentencesIn(all, "verdict")).toMatch(
          /^Readers can tell: they are right about human and machine stories more often than by guessing \(57\.\d %\)\. /,
        );
      }
    }
  });

  test("of a study with four titles says that there are too few", () => {
    const choices = choicesOf({ readers: 50, each: 8, stories: 8, titles: true }, () => 0.8);
    const result = sentencesIn(verdictOf(dataOf({ choices, settings: settings() })), "verdict");
    expect(result).toMatch(/^Inconclusive/);
    expect(result).toContain("there are 4 clusters by title, and at least 6 are needed");
    expect(headline(dataOf({ choices, settings: settings({ clusters: [] }) }))).toMatch(/^Readers can tell/);
  });
});

describe("readers who left", () => {
  // Every other reader is right in four of five, and leaves after four stories.
  const choices = choicesOf({ readers: 80, each: 20, stories: 60 }, (reader) =>
    reader % 2 === 0 ? 0.8 : 0.5,
  ).filter(({ participant }, at) => Number(participant.slice(1)) % 2 === 1 || at % 10 < 2);

  test("have the same weight as those who stayed, and the report warns if it matters", () => {
    const all = verdictOf(dataOf({ choices, settings: settings() }));
    const { overall, alternatives } = all.numbers as {
      overall: { estimate: number };
      alternatives: Record<"judgments" | "finished", { test: { overall: { estimate: number } } }>;
    };
    expect(Math.abs(overall.estimate - 0.65)).toBeLessThan(0.04);
    expect(alternatives.judgments.test.overall.estimate).toBeLessThan(0.58);
    expect(Math.abs(alternatives.finished.test.overall.estimate - 0.5)).toBeLessThan(0.05);
    expect(sentencesIn(all)).toMatch(
      /Accuracy is 6\d\.\d % with equal weight for each reader, 5\d\.\d % with equal weight for each judgment and \d\d\.\d % for only the 40 readers who finished\./,
    );
    expect(sentencesIn(all, "warning")).toContain("Readers who judged more stories were right less often");
  });

  test("have the weight of their judgments if the study declared that, with the default analysis for comparison", () => {
    const all = verdictOf(dataOf({ choices, settings: settings({ weighting: "judgments", clusters: [] }) }));
    const { overall } = all.numbers as { overall: { estimate: number } };
    expect(overall.estimate).toBeLessThan(0.58);
    expect(sentencesIn(all)).toMatch(
      /The study declared the analysis of version 0\.1: .* the verdict is different, accuracy 6\d\.\d %/,
    );
  });

  test("are not mentioned if all judged equally many", () => {
    const even = choicesOf({ readers: 40, each: 20, stories: 60 }, () => 0.5);
    expect(sentencesIn(verdictOf(dataOf({ choices: even, settings: settings() })))).not.toContain(
      "equal weight for each",
    );
  });
});

describe("a table", () => {
  const table = async (text: string) => {
    const path = join(await mkdtemp(join(tmpdir(), "tinylove-clusters-")), "table.csv");
    await writeFile(path, text);
    return path;
  };
  const rows = choicesOf({ readers: 48, each: 20, stories: 40, titles: true }, () => 0.55).map(
    ({ participant, stimulus, origin, answer, title }) =>
      `${participant},${stimulus},${origin},${answer},${title},${Number(participant.slice(1)) % 8}`,
  );
  const text = ["participant,stimulus,origin,response,title,room", ...rows].join("\n");
  const waysOf = (data: Data) =>
    (verdictOf(data).numbers["overall"] as { clusterings: { name: string; clusters: number }[] }).clusterings;

  test("with titles is clustered by title, with a named column by that column, and with none by neither", async () => {
    const path = await table(text);
    const by = async (clusters?: string[]) =>
      waysOf(await dataIn(path, settings(clusters ? { clusters } : {})));
    expect(await by()).toEqual([
      { name: "reader", clusters: 48 },
      { name: "title", clusters: 20 },
    ]);
    // Readers are nested in rooms, stories in titles.
    expect(await by(["title", "room"])).toEqual([
      { name: "title", clusters: 20 },
      { name: "room", clusters: 8 },
    ]);
    expect(await by([])).toEqual([
      { name: "reader", clusters: 48 },
      { name: "story", clusters: 40 },
    ]);
    // A column of clusters is not a measure.
    expect((await dataIn(path, settings({ clusters: ["room"] }))).measures.get("s1")).toEqual({});
  });

  test("takes its clusters from --cluster, none or at most two", async () => {
    const path = await table(text);
    const waysAsked = async (...cluster: string[]) => {
      const effects = quiet();
      await analyse.standalone!(analyse.options!.parse({ judgments: path, json: true, cluster }), effects);
      const { overall } = JSON.parse(effects.printed[0]!).verdict as {
        overall: { clusterings: { name: string }[] };
      };
      return overall.clusterings.map(({ name }) => name);
    };
    expect(await waysAsked("none")).toEqual(["reader", "story"]);
    expect(await waysAsked("room")).toEqual(["story", "room"]);
    await expect(waysAsked("room", "title", "wave")).rejects.toThrow("--cluster room title wave: 3 columns");
  });

  test("without the named column, or with an empty cell in it, is refused with the name", async () => {
    const path = await table(text);
    await expect(dataIn(path, settings({ clusters: ["wave"] }))).rejects.toThrow(
      /--cluster wave: .* has no column wave/,
    );
    const empty = await table(text.replace(/,\d$/m, ","));
    await expect(dataIn(empty, settings({ clusters: ["room"] }))).rejects.toThrow(
      /line 2: room is empty, and judgments are clustered by it/,
    );
  });
});

describe("a study", () => {
  const demographics = [{ name: "class", ask: "Your class?", options: ["1", "2", "3", "4", "5", "6", "7"] }];
  const judged = Array.from({ length: 28 }, (_, at) => [
    ...answersTo(`form-${(at % 2) + 1}`, `reader-${at}`, { human: 1 + (at % 3), machine: at % 4 }),
    ...(at === 0
      ? []
      : [
          {
            ...{ participant: `reader-${at}`, form: `form-${(at % 2) + 1}`, question: "who", order: 7 },
            ...{ task: "demographics", stimuli: [], at: "2026-01-01T00:00:00.000Z", simulated: false },
            response: { answer: "given", class: String((at % 7) + 1) },
          },
        ]),
  ]).flat();

  test("is clustered by readers' demographic answers and by forms; a reader without an answer is a cluster", async () => {
    const waysOf = async (clusters: string[]) => {
      const study = await aStudy({ survey: { demographics }, analyse: { clusters } });
      await writeJudgments(study, judged);
      const data = await dataOfStudy(study);
      const judgments = asJudgments(data.choices, data);
      return judgments.clusters!.map(({ name, labels }) => [name, new Set(Array.from(labels)).size]);
    };
    expect(await waysOf(["class", "form"])).toEqual([
      ["class", 8],
      ["form", 2],
    ]);
  });

  test("refuses unknown clusters before anything runs", async () => {
    const study = await aStudy({ survey: { demographics }, analyse: { clusters: ["wave"] } });
    await expect(analyse.preflight!(study, new Set())).rejects.toThrow("analyse.clusters: unknown wave");
    const known = await aStudy({ survey: { demographics }, analyse: { clusters: ["class"] } });
    await expect(analyse.preflight!(known, new Set())).resolves.toBeUndefined();
  });

  test("power includes the clusters of its forms", async () => {
    const { options } = power;
    const study = await aStudy({ survey: { demographics }, analyse: { clusters: ["class"] } });
    const asked = await plannedStudy(options.parse({ check: 0 }), study);
    expect(asked.groups).toEqual({ count: 7, hold: "readers" });
    expect(asked.about).toContain("clustered by 7 classes");
    const byForm = await aStudy({ compose: { forms: 2 }, analyse: { clusters: ["form"] } });
    const design = evenDesign(await designOf(byForm));
    expect(tooFewForText(design, { margin: 0.1, alpha: 0.05 })).toContain(
      "2 forms are too few for a verdict",
    );
  });
});

// Simulated data from a review, in the folder that TINYLOVE_DATA names; skipped without it.
const reviewed = process.env.TINYLOVE_DATA ? join(process.env.TINYLOVE_DATA, "reviewer") : "";
describe.skipIf(!existsSync(join(reviewed, "experts.csv")))(
  "the reviewer’s table (else TINYLOVE_DATA)",
  () => {
    test.each([
      [
        "experts.csv",
        "Equivalent on average, but some readers can tell: 5 of 100 are shown to, and an estimated 5.0 % (95 % interval 2.2 % to 11.2 %) can.",
      ],
      [
        "two.csv",
        "Readers can tell some models: stories by A (61.5 %) are recognised; stories by B (39.8 %) pass as human.",
      ],
      [
        "title_false_different.csv",
        "Inconclusive: these data cannot say whether readers can tell human stories from machine stories.",
      ],
      [
        "pairs.csv",
        "Readers can tell: side by side, they find the human story more often than by guessing (66.6 %).",
      ],
    ])("%s has its sentence", async (name, sentence) => {
      const data = await dataIn(join(reviewed, name), settings());
      const first = found(data, [verdict, pairs]).find(({ findings }) => findings.length > 0)!.findings[0]!;
      expect(first.kind === "sentence" && first.text).toBe(sentence);
    });
  },
);
