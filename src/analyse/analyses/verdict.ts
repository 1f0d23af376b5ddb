import { crossedBootstrap } from "../../stats/bootstrap.ts";
import { holm } from "../../stats/multiple-tests.ts";
import { type PermutationTest, permuteOrigins } from "../../stats/permutation.ts";
import type { Random } from "../../stats/random.ts";
import { criterion, sensitivity } from "../../stats/signal-detection.ts";
import { type StudyVerdict, type Verdict, verdictTest } from "../../stats/verdict-test.ts";
import { type Figure, type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { counted, percent, percentRange, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { asJudgments, bootstrapDraws } from "../judged.ts";
import { saysWhatIsReady } from "../ready.ts";
import { rule2022 } from "../rule-2022.ts";

/** Equivalent to chance within the declared margin, different from chance, or inconclusive; with bias taken apart. */
export const verdict: Analysis = {
  name: "verdict",
  asks: "Can readers tell human stories from a machine’s?",
  needs: ["choices"],
  beforeData: true,
  run(data, random) {
    const { choices, settings } = data;
    if (choices.length === 0) return beforeData(data);
    const judgments = asJudgments(choices);
    const test = verdictTest(judgments, settings);
    const permutation = permuteOrigins(judgments, { draws: settings.draws }, random.fork("permutation"));
    const detection = detectionOf(data, test, random.fork("bootstrap"));
    const rule = rule2022(data);
    const models = modelVerdicts(data);
    const findings: Finding[] = [
      sentence("verdict", headline(test)),
      sentence("verdict", deck(test, data)),
      figure("verdict", figureCaption(data), verdictFigure(test, data)),
      ...sayBias(test, detection),
      table("result", "The verdicts, and what each stands on", verdictTable(test)),
      sentence("detail", sayReasons(test)),
      ...(permutation.draws > 0 ? [sentence("result", sayPermutation(permutation))] : []),
      ...(detection.youden ? [table("result", "Skill and bias", detectionTable(detection, data))] : []),
      ...modelFindings(models),
      ...rule.findings,
      sentence("method", method(data, permutation.draws, detection.draws)),
    ];
    return { findings, numbers: { ...test, models, permutation, detection, rule2022: rule.numbers } };
  },
};

function beforeData(data: Data) {
  const { margin, alpha } = data.settings;
  return {
    findings: [
      sentence("verdict", "No verdict yet: nobody has judged a story."),
      saysWhatIsReady(data),
      sentence(
        "result",
        `Declared before the data: accuracy within ${percentRange(bounds(margin))} counts as no better than chance, and a claim may be wrong with probability ${alpha}.`,
      ),
    ],
    numbers: { judgments: 0, margin, alpha },
  };
}

const bounds = (margin: number) => ({ low: 0.5 - margin, high: 0.5 + margin });

/** The one sentence. The word "indistinguishable" stands in it only where all three claims are carried. */
function headline({ overall, together }: StudyVerdict): string {
  if (together === "equivalent") {
    return "Indistinguishable within the margin: readers do no better than guessing.";
  }
  if (together === "inconclusive") {
    return "Inconclusive: it is shown neither that readers can tell human stories from a machine’s nor that they cannot.";
  }
  return overall.estimate! > 0.5
    ? "Different: readers can tell human stories from a machine’s."
    : "Different: readers take one for the other more often than guessing would.";
}

/** What the one sentence rests on. */
function deck(test: StudyVerdict, { settings: { margin, alpha } }: Data): string {
  const { overall, human, machine, together } = test;
  const within = percentRange(bounds(margin));
  const seen = `${counted(overall.readers, "reader")} judged ${overall.correct} of ${overall.judgments} stories rightly (${percent(overall.correct / overall.judgments)})`;
  const inner = `the ${levelOf(1 - 2 * alpha)} interval`;
  const outer = `the ${levelOf(1 - alpha)} interval, ${percentRange(overall.interval)},`;
  if (together === "equivalent") {
    return `${seen}; overall, for human and for machine stories alike, ${inner} lies within the declared margin of ${within}.`;
  }
  if (together === "different") {
    return `${seen}; ${outer} lies ${overall.estimate! > 0.5 ? "above" : "below"} guessing.`;
  }
  if (overall.degrees === 0) return `${seen}; ${overall.reason}.`;
  if (overall.verdict === "equivalent") {
    const open = [human.verdict !== "equivalent" && "human", machine.verdict !== "equivalent" && "machine"];
    return `${seen}. Overall that is no better than chance within the declared margin of ${within}, but for ${open.filter(Boolean).join(" and for ")} stories alone ${inner} reaches beyond it, so the claim as a whole is not carried.`;
  }
  return `${seen}; ${inner}, ${percentRange(overall.equivalenceInterval)}, reaches beyond the declared margin of ${within}, and ${outer} holds guessing.`;
}

const levelOf = (level: number): string => `${Number((level * 100).toPrecision(4))} %`;

const named = (test: StudyVerdict): [string, string, Verdict][] => [
  ["All stories, balanced", "all", test.overall],
  ["Human stories", "human", test.human],
  ["Machine stories", "machine", test.machine],
];

const figureCaption = ({ settings: { alpha, margin } }: Data): string =>
  `How often readers were right. Equivalence is shown where the thick line (${levelOf(1 - 2 * alpha)} interval) lies within the margin of ${percentRange(bounds(margin))}; a difference, where the thin line (${levelOf(1 - alpha)}) leaves out guessing`;

function verdictFigure(test: StudyVerdict, { settings: { margin, alpha } }: Data): Figure {
  const [inner, outer] = [levelOf(1 - 2 * alpha), levelOf(1 - alpha)];
  return {
    draw: "intervals",
    table: {
      columns: [
        { key: "of", label: "Judgments of", format: "text" },
        { key: "estimate", label: "Accuracy", format: "percent" },
        { key: "low", label: `${inner} interval`, format: "percent" },
        { key: "high", label: "to", format: "percent" },
        { key: "outer_low", label: `${outer} interval`, format: "percent" },
        { key: "outer_high", label: "to", format: "percent" },
        { key: "counts", label: "Right", format: "text" },
      ],
      rows: named(test).map(([of, group, one]) => ({
        of,
        group,
        estimate: one.estimate ?? null,
        low: one.equivalenceInterval.low,
        high: one.equivalenceInterval.high,
        outer_low: one.interval.low,
        outer_high: one.interval.high,
        counts: `${one.correct} of ${one.judgments}`,
      })),
    },
    encode: {
      x: "estimate",
      low: "low",
      high: "high",
      outerLow: "outer_low",
      outerHigh: "outer_high",
      y: "of",
      note: "counts",
      group: "group",
    },
    labels: { x: "Share of right answers" },
    marks: [
      { axis: "x", at: 0.5, label: "guessing" },
      { axis: "x", at: 0.5 - margin, label: "margin" },
      { axis: "x", at: 0.5 + margin, label: "margin" },
    ],
  };
}

const verdictTable = (test: StudyVerdict): Table => ({
  columns: [
    { key: "of", label: "Judgments of", format: "text" },
    { key: "verdict", label: "Verdict", format: "text" },
    { key: "estimate", label: "Accuracy", format: "percent" },
    { key: "error", label: "Standard error", format: "percent" },
    { key: "degrees", label: "df", format: "number" },
    { key: "equivalence_p", label: "p, equivalence", format: "p" },
    { key: "difference_p", label: "p, difference", format: "p" },
  ],
  rows: named(test).map(([of, , one]) => ({
    of,
    verdict: one.verdict,
    estimate: one.estimate ?? null,
    error: Number.isFinite(one.standardError) ? one.standardError : null,
    degrees: one.degrees,
    equivalence_p: one.equivalenceP,
    difference_p: one.differenceP,
  })),
});

const sayPermutation = ({ youden, p }: PermutationTest): string =>
  `If the origins of the stories were dealt anew at random, a difference as large as this one (Youden’s J = ${printed(youden, "number")}) or larger would come up with ${pValue(p)}.`;

const sayReasons = (test: StudyVerdict): string =>
  named(test)
    .map(([of, , { verdict: word, reason }]) => `${of}: ${word}, for ${reason}.`)
    .join(" ");

interface Measured {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** d', c and J with intervals that draw readers and stories anew; undefined where one kind was never judged. */
interface Detection {
  readonly saysHuman: number;
  readonly sensitivity: Measured | undefined;
  readonly criterion: Measured | undefined;
  readonly youden: Measured | undefined;
  readonly draws: number;
}

function detectionOf(data: Data, { overall }: StudyVerdict, random: Random): Detection {
  const { choices, settings } = data;
  const { readers, stories, origins } = asJudgments(choices);
  const values = choices.map(({ answer }) => Number(answer === "human"));
  const humanFirst = choices[0]!.origin === "human";
  const draws = bootstrapDraws(data);
  // Groups are numbered in order of first appearance; the log-linear correction keeps rates off 0 and 1.
  const of = (measure: (hit: number, falseAlarm: number) => number, name: string): Measured | undefined => {
    if (overall.estimate === undefined) return undefined;
    const drawn = crossedBootstrap(
      { values, readers, stories, groups: origins },
      (sums, sizes) => {
        const [human, machine] = humanFirst ? [0, 1] : [1, 0];
        if (sizes[human] === 0 || sizes[machine] === 0) return Number.NaN;
        return measure(
          (sums[human]! + 0.5) / (sizes[human]! + 1),
          (sums[machine]! + 0.5) / (sizes[machine]! + 1),
        );
      },
      { draws, level: settings.level },
      random.fork(name),
    );
    return drawn && { value: drawn.estimate, ...drawn.interval };
  };
  const { estimate, interval } = overall;
  return {
    saysHuman: values.reduce((sum, value) => sum + value, 0) / values.length,
    sensitivity: of(sensitivity, "sensitivity"),
    criterion: of(criterion, "criterion"),
    youden:
      estimate === undefined
        ? undefined
        : { value: 2 * estimate - 1, low: 2 * interval.low - 1, high: 2 * interval.high - 1 },
    draws,
  };
}

function detectionTable({ sensitivity, criterion, youden }: Detection, { settings: { level } }: Data): Table {
  const row = (measure: string, value: Measured | undefined, meaning: string) => ({
    measure,
    value: value?.value ?? null,
    low: value?.low ?? null,
    high: value?.high ?? null,
    meaning,
  });
  return {
    columns: [
      { key: "measure", label: "Measure", format: "text" },
      { key: "value", label: "Value", format: "number" },
      { key: "low", label: `${levelOf(level)} interval`, format: "number" },
      { key: "high", label: "to", format: "number" },
      { key: "meaning", label: "Meaning", format: "text" },
    ],
    rows: [
      row("d′", sensitivity, "skill, whatever the bias; 0 is none"),
      row("c", criterion, "leaning; below 0 towards “human”, above 0 towards “machine”"),
      row("Youden’s J", youden, "accuracy on human + accuracy on machine − 1; 0 is no skill"),
    ],
  };
}

interface ModelVerdict extends Verdict {
  readonly model: string;
  readonly equivalenceHolm: number;
  readonly differenceHolm: number;
}

/** Each model's stories beside all human ones, balanced; p-values by Holm over the models. Empty where one model wrote. */
function modelVerdicts({ choices, settings }: Data): ModelVerdict[] {
  const models = [...new Set(choices.map(({ model }) => model))].filter(Boolean).sort();
  if (models.length < 2) return [];
  const tests = models.map((model) => {
    const own = choices.filter((choice) => choice.origin === "human" || choice.model === model);
    return verdictTest(asJudgments(own), settings).overall;
  });
  const equivalence = holm(tests.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(tests.map(({ differenceP }) => differenceP));
  return tests.map((test, at) => {
    const [equivalenceHolm, differenceHolm] = [equivalence[at]!, difference[at]!];
    const verdict =
      equivalenceHolm <= settings.alpha
        ? "equivalent"
        : differenceHolm <= settings.alpha
          ? "different"
          : "inconclusive";
    return { ...test, verdict, model: models[at]!, equivalenceHolm, differenceHolm };
  });
}

const modelFindings = (models: readonly ModelVerdict[]): Finding[] =>
  models.length === 0
    ? []
    : [
        table("result", "Each model beside all human stories; p-values by Holm over the models", {
          columns: [
            { key: "model", label: "Model", format: "text" },
            { key: "verdict", label: "Verdict", format: "text" },
            { key: "estimate", label: "Balanced accuracy", format: "percent" },
            { key: "low", label: "Interval", format: "percent" },
            { key: "high", label: "to", format: "percent" },
            { key: "equivalence_p", label: "p, equivalence", format: "p" },
            { key: "difference_p", label: "p, difference", format: "p" },
          ],
          rows: models.map(({ model, verdict, estimate, interval, equivalenceHolm, differenceHolm }) => ({
            model,
            verdict,
            estimate: estimate ?? null,
            low: interval.low,
            high: interval.high,
            equivalence_p: equivalenceHolm,
            difference_p: differenceHolm,
          })),
        }),
      ];

/** A bias is told only where its interval leaves out 0. */
function sayBias({ overall }: StudyVerdict, { saysHuman, criterion }: Detection): Finding[] {
  if (!criterion || overall.degrees === 0) return [];
  const share = `Readers said “human” in ${percent(saysHuman)} of judgments`;
  if (criterion.low > 0 || criterion.high < 0) {
    const leaning = criterion.value < 0 ? "human" : "machine";
    return [
      sentence(
        "result",
        `${share}: they lean towards “${leaning}” whatever they are shown, which moves accuracy on human and on machine stories apart without any skill.`,
      ),
    ];
  }
  return [sentence("result", `${share}; no leaning is shown.`)];
}

const method = ({ settings: { margin, alpha, level } }: Data, permutations: number, draws: number): string =>
  `Equivalence of balanced accuracy (the mean of the accuracies on human and on machine stories) and of each accuracy with 0.5 was tested against the declared margin of ${margin} by two one-sided tests at alpha ${alpha}, difference from 0.5 by a two-sided test at the same alpha. Standard errors are clustered by reader and by story, stories within their origin (Cameron, Gelbach and Miller 2011), with Student’s t on the degrees of freedom of the fewer clusters, and are never below those of independent judgments. The claim as a whole needs all three tests (an intersection-union test, so no correction). Origins were permuted over stories ${permutations} times. d′ and c carry the log-linear correction (Hautus 1995), with ${levelOf(level)} percentile intervals of a bootstrap that draws readers and stories anew (Owen 2007; ${draws} draws).`;
