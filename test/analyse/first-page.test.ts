import { describe, expect, test } from "vitest";
import { overview } from "../../src/analyse/analyses/overview.ts";
import { pairs } from "../../src/analyse/analyses/pairs.ts";
import { quality } from "../../src/analyse/analyses/quality.ts";
import { robustness } from "../../src/analyse/analyses/robustness.ts";
import { verdict } from "../../src/analyse/analyses/verdict.ts";
import type { Data, StudyFacts } from "../../src/analyse/data.ts";
import { modelNoun, modelsText } from "../../src/analyse/model-noun.ts";
import { differentModelsText, type ModelVerdict } from "../../src/analyse/model-verdicts.ts";
import { wholePercent } from "../../src/study/print.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { generationOf } from "../helpers/generations.ts";
import { choicesBy, dataOf, found, guess, of, sentencesIn } from "./made-up.ts";

const condition = (name: string, temperature: number) =>
  generationOf({
    id: name,
    model: { name, address: "llama:embedded", hash: "0" },
    settings: { ...generationOf().settings, temperature },
  });

const study = (part: Partial<StudyFacts>): StudyFacts => ({
  registration: undefined,
  title: "A study",
  corpus: undefined,
  clip: undefined,
  generations: [],
  stimuli: [],
  generationOf: new Map(),
  ...part,
});

describe("one model under several conditions", () => {
  const twoSettings = [condition("cool", 0.4), condition("warm", 0.9)];
  const twoModels = [
    generationOf({ model: { address: "llama:a", hash: "0" } }),
    generationOf({ model: { name: "b", address: "llama:b", hash: "1" } }),
  ];
  const twoPrompts = [
    generationOf(),
    generationOf({ prompt: { template: "zero-shot", hash: "1", text: "" } }),
  ];

  test("is not called several models, and the first page says what differs", () => {
    const nounOf = (generations: StudyFacts["generations"]) => modelNoun({ study: study({ generations }) });
    expect([twoSettings, twoPrompts, twoModels].map(nounOf)).toEqual(["condition", "condition", "model"]);
    expect(modelsText(twoSettings)).toBe(
      "Model: llama:embedded, in 2 conditions: cool (temperature 0.4) and warm (temperature 0.9)",
    );
    expect(modelsText(twoPrompts)).toBe(
      "Model: llama:a-model, in 2 conditions: a-model one-shot and a-model zero-shot",
    );
    expect(modelsText(twoModels)).toBe("Models: a (llama:a) and b (llama:b)");
  });

  test("the headline counts only those that are recognised", () => {
    const one = (model: string, estimate: number, verdict: string) =>
      ({ model, estimate, verdict }) as ModelVerdict;
    const data = dataOf({ study: study({ generations: twoSettings }) });
    const recognised = [one("cool", 0.6, "different"), one("warm", 0.7, "different")];
    expect(differentModelsText(recognised, data)).toBe(
      "Readers can tell: stories by cool (60.0 %) and warm (70.0 %) are recognised.",
    );
    expect(differentModelsText([recognised[0]!, one("warm", 0.52, "inconclusive")], data)).toBe(
      "Readers can tell some conditions: stories by cool (60.0 %) are recognised; the result on warm (52.0 %) is inconclusive.",
    );
    expect(differentModelsText([one("A", 0.4, "different"), one("B", 0.5, "equivalent")], dataOf({}))).toBe(
      "Readers are misled: stories by A (40.0 %) pass as human; accuracy on B (50.0 %) is equivalent to guessing.",
    );
  });
});

test("the primary test, the rule of decision and the reason for the margin are in one place", () => {
  const choices = choicesBy(12, 20, guess);
  const resultOf = (settings: object) =>
    sentencesIn(
      of(found(dataOf({ choices, settings: AnalyseSettings.parse(settings) }), [verdict]), "verdict"),
    );
  expect(resultOf({ margin: 0.05 })).toContain(
    "(overall, human, machine) within 45 % to 55 %, each by two one-sided tests with p ≤ .05. A difference counts first",
  );
  expect(resultOf({ margin: 0.1 })).toContain(
    "No reason for the margin of 10 points was declared. At its upper end readers are right in 60 % of their answers, a d′ of 0.51 without bias.",
  );
  expect(resultOf({ marginReason: "One story in ten more than by luck. " })).toContain(
    "The reason declared for the margin of 10 points: One story in ten more than by luck.",
  );
});

test("the table of tests has what a reviewer recomputes: t is the distance from one half in standard errors", () => {
  const choices = choicesBy(12, 20, (origin, random) =>
    random.next() < 0.7 ? origin : guess(origin, random),
  );
  const { findings, numbers } = of(found(dataOf({ choices }), [verdict]), "verdict");
  const table = findings.find((one) => one.kind === "table" && one.role === "result");
  const [all] = table?.kind === "table" ? table.table.rows : [];
  const { estimate, standardError, degrees, interval } = numbers["overall"] as Record<string, number> & {
    interval: { low: number; high: number };
  };
  expect(all).toMatchObject({ accuracy: estimate, degrees, low: interval.low, high: interval.high });
  expect(all!["t"]).toBeCloseTo((estimate! - 0.5) / standardError!, 12);
});

/** Machine stories are first drafts, except the first half of them. */
function redrawn(says: Parameters<typeof choicesBy>[2]): Data {
  const choices = choicesBy(30, 40, says);
  const machine = [
    ...new Set(choices.filter(({ origin }) => origin === "machine").map((one) => one.stimulus)),
  ];
  const second = (at: number) => at < machine.length / 2;
  return dataOf({
    choices,
    study: study({
      generations: machine.flatMap((id, at) => [
        generationOf({ id: second(at) ? `${id}-first` : id, story: id }),
        ...(second(at) ? [generationOf({ id, story: id, attempt: 2 })] : []),
      ]),
      generationOf: new Map(machine.map((id) => [id, id])),
    }),
  });
}

test("the verdict on first drafts is a fact of the first page, and a warning if it is another", () => {
  const plain = of(found(redrawn(guess), [robustness]), "robustness");
  const fact = sentencesIn(plain, "fact");
  expect(fact).toMatch(
    /^First drafts: \w+ \(\d\d\.\d %, 900 judgments\); 10 of 30 drafts were replaced by another$/,
  );
  const data = redrawn(guess);
  const careful = {
    ...data,
    // Only the stories that were drawn again are recognised.
    choices: data.choices.map((choice) =>
      choice.origin === "machine" && Number(choice.stimulus.slice(6)) < 20
        ? { ...choice, answer: choice.origin, right: true }
        : choice,
    ),
  };
  const other = of(found(careful, [robustness]), "robustness");
  expect(sentencesIn(other, "warning")).toMatch(
    /^With first drafts only, the verdict is (equivalent|inconclusive), not different: 10 of 30 drafts were replaced/,
  );
});

test("stories shown only in pairs, and answers left out by a rule, are in the flow", () => {
  const choices = choicesBy(4, 6, guess);
  const shown = [...Array(10).keys()].map((story) => ({
    id: `story-${story}`,
    stimulus: `story-${story}`,
    title: `Story ${story}`,
    text: "Once …",
    words: 1,
    cut: 0,
    origin: story % 2 === 0 ? ("human" as const) : ("machine" as const),
    model: story % 2 === 0 ? "" : "model",
    example: "",
  }));
  const pair = {
    ...{ participant: "reader-0", form: "", stimulus: "story-6 story-7", humanSide: "left" },
    ...{ chosenSide: "left", left: "human", right: "model" },
  };
  const data = dataOf({
    choices: [...choices, { ...choices[0]! }],
    pairs: [pair],
    checks: [{ participant: "reader-0", passed: false }],
    study: study({ stimuli: shown }),
  });
  const rows = of(found(data, [overview]), "overview").findings.flatMap((one) =>
    one.kind === "table" ? one.table.rows : [],
  );
  const row = (name: string) => rows.find(({ step, question }) => step === name || question === name);
  expect(row("On the forms")).toMatchObject({ human: 5, machine: 5 });
  expect(row("Judged alone, human or machine")).toMatchObject({ human: 3, machine: 3 });
  expect(row("Shown only in pairs")).toMatchObject({ human: 1, machine: 1 });
  expect(row("Without an answer yet")).toMatchObject({ human: 1, machine: 1 });
  expect(row("Human or machine, one story")).toMatchObject({ given: 25, excluded: 1, analysed: 24 });
  expect(row("Attention checks")).toMatchObject({ given: 1, use: "1 failed" });
  expect(sentencesIn(of(found(data, [quality]), "quality"))).toContain(
    "1 of 1 attention check was failed, by 1 reader; no declared rule leaves them out",
  );
});

test("a whole percentage never looks equal to a mark that it is not", () => {
  expect([0.583, 0.5004, 0.598, 0.6, 0.4].map((share) => wholePercent(share, [0.4, 0.5, 0.6]))).toEqual([
    "58 %",
    "50.04 %",
    "59.8 %",
    "60.0 %",
    "40.0 %",
  ]);
});

test("plain words do not call models recognised on average that only differ", () => {
  const choices = choicesBy(40, 40, guess).map((choice) => {
    if (choice.origin === "human") return choice;
    const model = Number(choice.stimulus.slice(6)) % 4 === 1 ? "A" : "B";
    const answer = model === "A" ? ("machine" as const) : ("human" as const);
    return { ...choice, model, answer, right: answer === "machine" };
  });
  const result = of(found(dataOf({ choices }), [verdict]), "verdict");
  expect(sentencesIn(result, "verdict")).toMatch(/^Readers can tell some models: stories by A /);
  expect(sentencesIn(result, "plain")).toMatch(
    /^Over all models readers were right in .* hides that they differ/,
  );
  expect(sentencesIn(result, "plain")).not.toContain("so they can tell");
});

test("a verdict on pairs has its rule, its test and plain words too", () => {
  const pairsOf = (share: number) =>
    Array.from({ length: 400 }, (_, at) => ({
      ...{ participant: `reader-${at % 20}`, form: "", stimulus: `pair-${Math.floor(at / 20)}` },
      ...{ humanSide: at % 3 === 0 ? "left" : "right", left: "", right: "" },
      chosenSide: (at % 3 === 0) === (at * 7) % 10 < share * 10 ? "left" : "right",
    }));
  const result = of(found(dataOf({ pairs: pairsOf(0.8) }), [pairs]), "pairs");
  expect(sentencesIn(result, "result")).toContain("averaged over its sides, with the 50 % of guessing");
  expect(sentencesIn(result, "plain")).toContain("they can tell the human story more often than by luck");
  const table = result.findings.find((one) => one.kind === "table" && one.role === "result");
  const [all] = table?.kind === "table" ? table.table.rows : [];
  const { estimate, standardError } = result.numbers as { estimate: number; standardError: number };
  expect(all!["t"]).toBeCloseTo((estimate - 0.5) / standardError, 12);
});
