import { type VerdictWord, wordOf } from "../../stats/claim.ts";
import { studentInterval } from "../../stats/clustered.ts";
import { clusteredDetection } from "../../stats/clustered-detection.ts";
import { holm } from "../../stats/multiple-tests.ts";
import { type PermutationTest, permuteOrigins } from "../../stats/permutation.ts";
import type { Estimate } from "../../stats/signal-detection.ts";
import { type StudyVerdict, type Verdict, verdictTest } from "../../stats/verdict-test.ts";
import { type Figure, type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { counted, percent, percentRange, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { designOfData, evenDesign } from "../design.ts";
import { sayEquivalent, withinMargin } from "../equivalent.ts";
import { asJudgments, verdictOnChoices } from "../judged.ts";
import { errorsOf, whyWithheld } from "../look.ts";
import { sayTooFewFor } from "../plan.ts";
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
    const test = verdictOnChoices(choices, data);
    const permutation = permuteOrigins(judgments, { draws: settings.draws }, random.fork("permutation"));
    const detection = detectionOf(data, test);
    const rule = rule2022(data);
    const models = modelVerdicts(data);
    const findings: Finding[] = [
      sentence("verdict", headline(test, models, data)),
      sentence("verdict", deck(test, data)),
      ...sayModels(test, models),
      figure("verdict", figureCaption(data), verdictFigure(test, data)),
      ...sayBias(detection),
      table("result", "The verdicts, and what each stands on", verdictTable(test)),
      sentence("detail", sayReasons(test)),
      ...sayUnseen(test),
      ...(permutation.draws > 0 ? [sentence("result", sayPermutation(permutation))] : []),
      ...(detection.youden ? [table("result", "Skill and bias", detectionTable(detection, data))] : []),
      ...modelFindings(models, data),
      ...rule.findings,
      sentence("method", method(data, permutation.draws)),
    ];
    return { findings, numbers: { ...test, models, permutation, detection, rule2022: rule.numbers } };
  },
};

function beforeData(data: Data) {
  const { margin, alpha } = data.settings;
  const design = designOfData(data);
  const tooFew = design && sayTooFewFor(evenDesign(design), data.settings);
  return {
    findings: [
      sentence("verdict", "No verdict yet: nobody has judged a story."),
      saysWhatIsReady(data),
      sentence(
        "result",
        `Declared before the data: accuracy within ${withinMargin(data)} counts as equivalent to guessing, and a claim may be wrong with probability ${alpha}.`,
      ),
      ...(tooFew === undefined
        ? []
        : [sentence("warning", `${tooFew} A difference may still be shown (\`tinylove power\`).`)]),
    ],
    numbers: { judgments: 0, margin, alpha },
  };
}

/**
 * The one sentence. "Indistinguishable" stands in it only where all three claims are carried, of every model where
 * there are several, and no difference is shown.
 */
function headline(test: StudyVerdict, models: readonly ModelVerdict[], data: Data): string {
  const { overall, together } = test;
  const why = whyWithheld(data);
  if (why !== undefined) return `No verdict yet: ${why}.`;
  if (together === "equivalent") {
    const open = models.filter(({ verdict: word }) => word !== "equivalent");
    if (open.length > 0) {
      return `Equivalent on average only: over ${models.length} models together accuracy lies within ${withinMargin(data)}, which is not shown of each by itself.`;
    }
    return sayEquivalent(overall, { share: "accuracy", ...errorsOf(data) }, data);
  }
  if (together === "inconclusive") {
    return "Inconclusive: it is shown neither that readers can tell human stories from a machine’s nor that they cannot.";
  }
  return overall.estimate! > 0.5
    ? "Different: readers can tell human stories from a machine’s more often than by guessing."
    : "Different: readers take one for the other more often than guessing would.";
}

/** What the one sentence rests on. */
function deck(test: StudyVerdict, data: Data): string {
  const { overall, human, machine, together } = test;
  const { alpha, equivalenceAlpha } = errorsOf(data);
  const within = withinMargin(data);
  const seen = `${counted(overall.readers, "reader")} judged ${printed(overall.correct, "integer")} of ${counted(overall.judgments, "story", "stories")} rightly (${percent(overall.correct / overall.judgments)})`;
  if (whyWithheld(data) !== undefined) return `So far ${seen}.`;
  const inner = `the ${levelOf(1 - 2 * equivalenceAlpha)} interval`;
  const outer = `the ${levelOf(1 - alpha)} interval${balancedNote(overall)}, ${percentRange(overall.interval)},`;
  if (together === "equivalent") {
    return `${seen}; overall, for human and for machine stories alike, ${inner} lies within the declared margin of ${within}.`;
  }
  if (together === "different") {
    return `${seen}; ${outer} lies ${overall.estimate! > 0.5 ? "above" : "below"} guessing.`;
  }
  if (overall.degrees === 0) return `${seen}; ${overall.reason}.`;
  if (overall.verdict === "equivalent") {
    const open = [human.verdict !== "equivalent" && "human", machine.verdict !== "equivalent" && "machine"];
    return `${seen}. Overall ${inner} lies within the declared margin of ${within}, but for ${open.filter(Boolean).join(" and for ")} stories alone it reaches beyond it, so the claim as a whole is not carried.`;
  }
  return `${seen}; ${inner}${balancedNote(overall)}, ${percentRange(overall.equivalenceInterval)}, reaches beyond the declared margin of ${within}, and ${outer} holds guessing.`;
}

/** Said where unequal numbers of human and machine stories part balanced accuracy from the share of right answers. */
const balancedNote = ({ estimate, correct, judgments }: Verdict): string =>
  estimate !== undefined && Math.abs(estimate - correct / judgments) > 0.00005
    ? ` of balanced accuracy (${percent(estimate)})`
    : "";

const levelOf = (level: number): string => `${Number((level * 100).toPrecision(4))} %`;

const named = (test: StudyVerdict): [string, string, Verdict][] => [
  ["All stories, balanced", "all", test.overall],
  ["Human stories", "human", test.human],
  ["Machine stories", "machine", test.machine],
];

function figureCaption(data: Data): string {
  const { alpha, equivalenceAlpha } = errorsOf(data);
  return `How often readers were right. Equivalence is shown where the thick line (${levelOf(1 - 2 * equivalenceAlpha)} interval) lies within the margin of ${withinMargin(data)}; a difference, where the thin line (${levelOf(1 - alpha)}) leaves out guessing`;
}

function verdictFigure(test: StudyVerdict, data: Data): Figure {
  const { margin } = data.settings;
  const { alpha, equivalenceAlpha } = errorsOf(data);
  const [inner, outer] = [levelOf(1 - 2 * equivalenceAlpha), levelOf(1 - alpha)];
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
        counts: `${printed(one.correct, "integer")} of ${printed(one.judgments, "integer")}`,
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
    degrees: one.degrees > 0 ? one.degrees : null,
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

/**
 * Few readers may hold none of a rare kind, a few who can always tell, and no test can know of them: in
 * `bench/stats-hard.ts` fifteen readers of such a mixture are wrongly called different in 13 % of studies.
 */
function sayUnseen({ overall: { readers, degrees }, together }: StudyVerdict): Finding[] {
  const missed = 0.9 ** readers;
  if (degrees === 0 || together === "inconclusive" || missed <= 0.01) return [];
  return [
    sentence(
      "detail",
      `The verdict is about readers like these ${readers}. A kind of reader who is one in ten, such as experts, would be missing altogether from so few with probability ${printed(missed, "number")}.`,
    ),
  ];
}

interface Measured {
  readonly value: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** d', c and J with clustered intervals; undefined where one kind was never judged, unbounded where no error is known. */
interface Detection {
  /** How often readers said "human", of both kinds weighed alike, against one half. */
  readonly leaning: Verdict;
  readonly sensitivity: Measured | undefined;
  readonly criterion: Measured | undefined;
  readonly youden: Measured | undefined;
}

function detectionOf({ choices, settings }: Data, { overall }: StudyVerdict): Detection {
  const judgments = asJudgments(choices);
  const said = choices.map(({ answer }) => answer === "human");
  const detection = clusteredDetection(judgments, settings.level);
  // One reader, or one story of a kind, carries no interval at all.
  const known = overall.degrees > 0;
  const measured = ({ value, interval }: Estimate): Measured => ({
    value,
    low: known ? interval.low : undefined,
    high: known ? interval.high : undefined,
  });
  return {
    leaning: verdictTest({ ...judgments, correct: said }, settings).overall,
    sensitivity: detection && measured(detection.sensitivity),
    criterion: detection && measured(detection.criterion),
    youden: detection && measured(youdenOf(overall, settings.level)),
  };
}

/** Balanced accuracy on the scale of Youden's J, 2 x - 1, with the same error. */
function youdenOf({ estimate, standardError, degrees }: Verdict, level: number): Estimate {
  const [value, error] = [2 * estimate! - 1, 2 * standardError];
  const { low, high } = studentInterval(value, error, degrees, level);
  return { value, standardError: error, interval: { low: Math.max(-1, low), high: Math.min(1, high) } };
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
  readonly machineStories: number;
  readonly equivalenceHolm: number;
  readonly differenceHolm: number;
}

/**
 * Each model's stories beside all human ones: equivalent where balanced accuracy and both kinds are (so the largest
 * of three p-values counts), different where balanced accuracy is; p-values by Holm over the models. Empty where one
 * model wrote.
 */
function modelVerdicts(data: Data): ModelVerdict[] {
  const { choices } = data;
  const models = [...new Set(choices.map(({ model }) => model))].filter(Boolean).sort();
  if (models.length < 2) return [];
  const tests = models.map((model) => {
    const own = choices.filter((choice) => choice.origin === "human" || choice.model === model);
    const { overall, human, machine } = verdictOnChoices(own, data);
    const equivalenceP = Math.max(overall.equivalenceP, human.equivalenceP, machine.equivalenceP);
    return { ...overall, equivalenceP, machineStories: machine.stories };
  });
  const equivalence = holm(tests.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(tests.map(({ differenceP }) => differenceP));
  return tests.map((test, at) => {
    const [equivalenceHolm, differenceHolm] = [equivalence[at]!, difference[at]!];
    const word: VerdictWord =
      whyWithheld(data) === undefined
        ? wordOf({ equivalenceP: equivalenceHolm, differenceP: differenceHolm }, errorsOf(data))
        : "inconclusive";
    return { ...test, verdict: word, model: models[at]!, equivalenceHolm, differenceHolm };
  });
}

/** What the verdict on all models together does not say of each. */
function sayModels({ together }: StudyVerdict, models: readonly ModelVerdict[]): Finding[] {
  if (models.length === 0) return [];
  const words: readonly VerdictWord[] = ["equivalent", "different", "inconclusive"];
  const each = words.flatMap((word) => {
    const own = models.filter(({ verdict: its }) => its === word).map(({ model }) => model);
    return own.length > 0 ? [`${word}: ${own.join(", ")}`] : [];
  });
  return [
    sentence(
      models.every(({ verdict: word }) => word === together) ? "result" : "verdict",
      `The ${models.length} models are judged together here. Each by itself, with Holm’s correction, is ${each.join("; ")}.`,
    ),
  ];
}

const modelFindings = (models: readonly ModelVerdict[], { settings: { alpha } }: Data): Finding[] =>
  models.length === 0
    ? []
    : [
        table(
          "result",
          `Each model beside all human stories: p-values by Holm over the models, intervals (${levelOf(1 - alpha)}) each by itself. Equivalent means that balanced accuracy, human and machine stories all are`,
          {
            columns: [
              { key: "model", label: "Model", format: "text" },
              { key: "verdict", label: "Verdict", format: "text" },
              { key: "stories", label: "Its stories", format: "integer" },
              { key: "estimate", label: "Balanced accuracy", format: "percent" },
              { key: "low", label: "Interval", format: "percent" },
              { key: "high", label: "to", format: "percent" },
              { key: "equivalence_p", label: "p, equivalence", format: "p" },
              { key: "difference_p", label: "p, difference", format: "p" },
            ],
            rows: models.map(
              ({ model, verdict: word, estimate, interval, equivalenceHolm, differenceHolm, ...rest }) => ({
                model,
                verdict: word,
                stories: rest.machineStories,
                estimate: estimate ?? null,
                low: interval.low,
                high: interval.high,
                equivalence_p: equivalenceHolm,
                difference_p: differenceHolm,
              }),
            ),
          },
        ),
      ];

/** A bias is told only where its interval leaves out one half. */
function sayBias({ leaning }: Detection): Finding[] {
  const { estimate, interval, degrees } = leaning;
  if (estimate === undefined || degrees === 0) return [];
  const share = `Readers said “human” in ${percent(estimate)} of judgments${balancedNote(leaning) && ", human and machine stories weighed alike"}`;
  if (interval.low > 0.5 || interval.high < 0.5) {
    return [
      sentence(
        "result",
        `${share}: they lean towards “${estimate > 0.5 ? "human" : "machine"}” whatever they are shown, which moves accuracy on human and on machine stories apart without any skill.`,
      ),
    ];
  }
  return [sentence("result", `${share}; no leaning is shown.`)];
}

function method(data: Data, permutations: number): string {
  const { margin, level } = data.settings;
  const { alpha, equivalenceAlpha } = errorsOf(data);
  return `Equivalence of balanced accuracy (the mean of the accuracies on human and on machine stories) and of each accuracy with 0.5 was tested against the declared margin of ${margin} by two one-sided tests at alpha ${printedAlpha(equivalenceAlpha)}, difference from 0.5 by a two-sided test at alpha ${printedAlpha(alpha)}. Standard errors are clustered by reader and by story, stories within their origin (the jackknife’s CV3 for each way; Cameron, Gelbach and Miller 2011 for both), with Student’s t on the degrees of freedom of the fewer clusters, and are never below those of independent judgments. The claim as a whole needs all three tests (an intersection-union test, so no correction). Origins were permuted over stories ${printed(permutations, "integer")} times. d′ and c carry the log-linear correction (Hautus 1995); their ${levelOf(level)} intervals carry the clustered errors of both rates by the delta method.`;
}

const printedAlpha = (alpha: number): string => String(Number(alpha.toPrecision(3)));
