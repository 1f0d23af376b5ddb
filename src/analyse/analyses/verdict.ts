import { studentQuantile } from "../../stats/student-t.ts";
import type { StudyVerdict, Verdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, inSection, sentence, type Table, table } from "../../study/finding.ts";
import {
  capital,
  counted,
  listed,
  percent,
  percentApart,
  percentRange,
  printed,
  pValue,
} from "../../study/print.ts";
import { methodOf } from "../../study/settings/analyse.ts";
import { accuracyFigure } from "../accuracy-figure.ts";
import { balancedNote, levelText } from "../accuracy-text.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { designOfData, evenDesign } from "../design.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { clustersOf, declaredVerdict } from "../judged.ts";
import {
  betweenMargins,
  differentText,
  equivalentText,
  isWideMargin,
  marginReasonText,
  referencesOf,
  withinMargin,
} from "../margin.ts";
import { missedReadersFindings } from "../missed-readers.ts";
import { modelNoun } from "../model-noun.ts";
import {
  differentModelsText,
  type ModelVerdict,
  modelConclusions,
  modelsParts,
  modelVerdicts,
} from "../model-verdicts.ts";
import { defaultPower, tooFewForText } from "../power-plan.ts";
import {
  onAverageText,
  type ReaderDifferences,
  readerDifferences,
  readerFindings,
  readersAllow,
} from "../reader-differences.ts";
import { noJudgmentsFinding } from "../ready.ts";
import { rule2022 } from "../rule-2022.ts";
import { alternativeFindings, alternativeVerdicts } from "../sensitivity.ts";
import { biasFindings, type Detection, detectionOf } from "../skill-and-bias.ts";

/** Equivalent to chance within the declared margin, different from chance, or inconclusive; bias is reported separately from skill. */
export const verdict: Analysis = {
  name: "verdict",
  question: "Can readers tell human stories from machine stories?",
  needs: ["choices"],
  section: "result",
  beforeData: true,
  run(data, random, reached) {
    const { choices } = data;
    if (choices.length === 0) return beforeData(data);
    const test = declaredVerdict(data);
    const detection = detectionOf(data);
    const rule = data.settings.rule2022 ? rule2022(data) : undefined;
    const models = modelVerdicts(data);
    const differences = readerDifferences(data, random, reached);
    const alternatives = alternativeVerdicts(data);
    const together = studyConclusion(test, models, differences, data);
    const findings: Finding[] = [
      sentence("verdict", headline(together, test, models, differences, data)),
      sentence("verdict", headlineFigures(test, data)),
      ...modelConclusions(test, models, data),
      figure(
        "verdict",
        figureCaption(models, data),
        accuracyFigure(
          "of",
          "Judgments of",
          figureRows(test, models).map(([name, group, one]) => ({ name, group, test: one })),
          data,
          { isRounded: true },
        ),
      ),
      ...plainFindings(together, test, models, data),
      ...factsOf(test.overall, data),
      sentence("result", decisionText(data)),
      sentence("result", marginReasonText(data)),
      table("result", tableCaption(models, data), verdictTable(test, models, data)),
      ...biasFindings(detection),
      sentence("detail", reasonsText(test)),
      ...inSection(
        "limits",
        ...generalisationFindings(test),
        ...sensitivityFindings(test.overall, data),
        ...(test.overall.degrees > 0 && test.together !== "inconclusive"
          ? missedReadersFindings(test.overall.readers)
          : []),
      ),
      ...readerFindings(differences, data),
      ...alternativeFindings(alternatives, test, data),
      ...(rule?.findings ?? []),
      sentence("method", methodText(data)),
      ...apaFindings(test, detection, data),
    ];
    const method = {
      weighting: methodOf(data.settings).weighting,
      clusters: clustersOf(choices, data).map(({ name }) => name),
    };
    const numbers = {
      ...test,
      together,
      method,
      models,
      readers: differences ?? null,
      alternatives,
      detection,
    };
    return { findings, numbers: { ...numbers, ...(rule && { rule2022: rule.numbers }) } };
  },
};

function beforeData(data: Data) {
  const { margin, alpha } = data.settings;
  const design = designOfData(data);
  const tooFew = design && tooFewForText(evenDesign(design), data.settings);
  return {
    findings: [
      sentence("verdict", "No verdict yet: nobody has judged a story."),
      noJudgmentsFinding(data),
      sentence(
        "result",
        `Declared before data collection: accuracy of ${withinMargin(data)} counts as equivalent to guessing, and each test has alpha ${alpha}.`,
      ),
      ...(tooFew === undefined ? [] : [sentence("warning", `${tooFew} A difference may still be shown.`)]),
    ],
    numbers: { judgments: 0, margin, alpha },
  };
}

/** The conclusion for programs: "equivalent" only where models and readers are not shown to differ and the study could have shown it. */
function studyConclusion(
  { together }: StudyVerdict,
  models: readonly ModelVerdict[],
  differences: ReaderDifferences | undefined,
  data: Data,
): StudyVerdict["together"] | "equivalent on average" {
  if (whyWithheld(data) !== undefined) return "inconclusive";
  if (models.some(({ verdict: conclusion }) => conclusion === "different")) return "different";
  if (together !== "equivalent") return together;
  const each = models.every(({ verdict: conclusion }) => conclusion === "equivalent");
  return each && readersAllow(differences) ? "equivalent" : "equivalent on average";
}

/**
 * The headline. A significant difference goes first, whatever the margin; with several models each is named.
 * "Indistinguishable" appears only where all three equivalence claims are shown (for every model), readers are not
 * shown to differ, and the study had the power to detect a few readers who can tell.
 */
function headline(
  conclusion: ReturnType<typeof studyConclusion>,
  test: StudyVerdict,
  models: readonly ModelVerdict[],
  differences: ReaderDifferences | undefined,
  data: Data,
): string {
  const { overall } = test;
  const why = whyWithheld(data);
  if (why !== undefined) return `No verdict yet: ${why}.`;
  if (conclusion === "different") {
    if (models.some(({ verdict: its }) => its === "different")) return differentModelsText(models, data);
    const isMore = overall.estimate! > 0.5;
    const share = percentApart(overall.estimate!, referencesOf(data));
    const what = `they are right about human and machine stories ${isMore ? "more" : "less"} often than by guessing (${share})`;
    return differentText({ isMore, isSmall: overall.withinMargin, what }, data);
  }
  if (conclusion === "inconclusive") {
    return "Inconclusive: these data cannot say whether readers can tell human stories from machine stories.";
  }
  const open = models.filter(({ verdict: its }) => its !== "equivalent");
  if (open.length > 0) {
    return `Equivalent on average only: over all ${models.length} ${modelNoun(data)}s accuracy lies ${betweenMargins(data)}, but this is not shown for each ${modelNoun(data)}.`;
  }
  if (conclusion === "equivalent" || isWideMargin(data)) return equivalentText({ share: "accuracy" }, data);
  return onAverageText(differences, data);
}

/** The figures behind the headline. */
function headlineFigures(test: StudyVerdict, data: Data): string {
  const { overall, human, machine, together } = test;
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const within = withinMargin(data);
  const summary = `${counted(overall.readers, "reader")} ${overall.readers === 1 ? "was" : "were"} right in ${printed(overall.correct, "integer")} of ${counted(overall.judgments, "judgment")} (${percent(overall.correct / overall.judgments)})`;
  if (whyWithheld(data) !== undefined) return `So far ${summary}.`;
  const inner = `the ${levelText(1 - 2 * equivalenceAlpha)} interval`;
  const outer = `the ${levelText(1 - alpha)} interval${balancedNote(overall)}, ${percentRange(overall.interval, referencesOf(data))},`;
  if (together === "equivalent") {
    return `${summary}. ${capital(inner)} lies within the declared margin of ${within} overall, for human stories and for machine stories.`;
  }
  if (together === "different") {
    const small = overall.withinMargin ? `; ${inner} lies within the declared margin of ${within}` : "";
    return `${summary}. ${capital(outer)} lies ${overall.estimate! > 0.5 ? "above" : "below"} 50 %${small}.`;
  }
  if (overall.degrees === 0) return `${summary}. No test is possible: ${overall.reason}.`;
  if (overall.verdict === "equivalent") {
    const open = [!human.withinMargin && "human", !machine.withinMargin && "machine"];
    return `${summary}. ${capital(inner)} lies within the declared margin of ${within} overall, but not for ${open.filter(Boolean).join(" or ")} stories alone, so equivalence is not shown.`;
  }
  return `${summary}. ${capital(inner)}${balancedNote(overall)}, ${percentRange(overall.equivalenceInterval, referencesOf(data))}, extends beyond the declared margin of ${within}, and ${outer} includes 50 %.`;
}

const verdictRows = (test: StudyVerdict): [string, string, Verdict][] => [
  ["All stories", "all", test.overall],
  ["Human stories", "human", test.human],
  ["Machine stories", "machine", test.machine],
];

function figureCaption(models: readonly ModelVerdict[], data: Data): string {
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const each =
    models.length > 0
      ? ` The row of a ${modelNoun(data)} is the mean of the accuracies on its own stories and on all human stories.`
      : "";
  return `How often readers were right, with ${levelText(1 - alpha)} intervals (thin lines).${each} A thin line that excludes 50 % shows a difference from guessing; a thick line (${levelText(1 - 2 * equivalenceAlpha)}) within the margin shows equivalence to guessing`;
}

/** The rows of the figure and the table: overall, each kind of story, each model. */
const figureRows = (test: StudyVerdict, models: readonly ModelVerdict[]): [string, string, Verdict][] => [
  ...verdictRows(test),
  ...models.map((one): [string, string, Verdict] => [one.model, "all", one]),
];

/** The primary test and the rule of decision. */
function decisionText(data: Data): string {
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  return `The primary test compares balanced accuracy, the mean of the accuracies on human and on machine stories, with the 50 % of guessing. “Different” needs p ≤ ${apaAlpha(alpha)} (two-sided). “Equivalent” needs all three accuracies (overall, human, machine) within ${withinMargin(data)}, each by two one-sided tests with p ≤ ${apaAlpha(equivalenceAlpha)}. A difference counts first; otherwise the verdict is inconclusive. All other tests in this report are secondary.`;
}

function tableCaption(models: readonly ModelVerdict[], data: Data): string {
  const corrected =
    models.length === 0
      ? ""
      : `; the p-values of single ${modelNoun(data)}s are corrected by Holm, their intervals are not`;
  return `The tests behind the verdict: accuracy with its ${levelText(1 - alphaLevelsOf(data).alpha)} interval, t against 50 % with its degrees of freedom${corrected}`;
}

function verdictTable(test: StudyVerdict, models: readonly ModelVerdict[], data: Data): Table {
  const holm = new Map(models.map((one) => [one.model, one]));
  return {
    columns: [
      { key: "of", label: "Judgments of", format: "text" },
      { key: "right", label: "Right", format: "text" },
      { key: "accuracy", label: "Accuracy", format: "percent" },
      { key: "low", label: "Interval", format: "percent" },
      { key: "high", label: "to", format: "percent" },
      { key: "t", label: "t", format: "number" },
      { key: "degrees", label: "df", format: "number" },
      { key: "difference_p", label: "p, difference", format: "p" },
      { key: "equivalence_p", label: "p, equivalence", format: "p" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: figureRows(test, models).map(([of, , one]) => ({
      of,
      right: `${printed(one.correct, "integer")} of ${printed(one.judgments, "integer")}`,
      accuracy: one.estimate ?? null,
      ...testOf(one),
      difference_p: holm.get(of)?.differenceHolm ?? one.differenceP,
      equivalence_p: holm.get(of)?.equivalenceHolm ?? one.equivalenceP,
      verdict: whyWithheld(data) === undefined ? one.verdict : "none yet",
    })),
  };
}

/** The interval and the test statistic against guessing; nothing with one reader, or one story of a kind. */
const testOf = ({ estimate, standardError, degrees, interval }: Verdict) =>
  degrees > 0
    ? { low: interval.low, high: interval.high, t: (estimate! - 0.5) / standardError, degrees }
    : { low: null, high: null, t: null, degrees: null };

/** The verdict for readers from outside the field: what was found, how sure it is, what could change it. */
function plainFindings(
  conclusion: ReturnType<typeof studyConclusion>,
  test: StudyVerdict,
  models: readonly ModelVerdict[],
  data: Data,
): Finding[] {
  const { overall } = test;
  const share = percent(overall.estimate ?? 0);
  if (whyWithheld(data) !== undefined) return [];
  const readers = data.simulated ? "Simulated readers" : "Readers";
  const isMixed = conclusion === "different" && test.together !== "different";
  const found = {
    different: isMixed
      ? `Over all ${modelNoun(data)}s ${readers.toLowerCase()} were right in ${share} of their answers, where guessing gives 50 %. This mean hides that they differ: ${modelsParts(models)}.`
      : (overall.estimate ?? 0) > 0.5
        ? `${readers} were right in ${share} of their answers. Guessing gives 50 %, so they can tell machine stories from human ones more often than by luck.`
        : `${readers} were right in ${share} of their answers, less than the 50 % of guessing. They took machine stories for human ones, or human ones for machine stories.`,
    equivalent: `${readers} were right in ${share} of their answers. That is as good as guessing, within the margin that was set beforehand.`,
    "equivalent on average": `On average ${readers.toLowerCase()} were right in ${share} of their answers, as good as guessing. But this does not hold for every reader or ${modelNoun(data)}, or is not shown.`,
    inconclusive: `${readers} were right in ${share} of their answers. The study is too small to say whether this is more than guessing, which gives 50 %.`,
  }[conclusion];
  const sure =
    overall.degrees > 0
      ? `How sure is this? For readers and stories like these, the true share is most likely between ${percent(overall.interval.low)} and ${percent(overall.interval.high)}.`
      : "How sure is this? One reader, or one story of a kind, says nothing about others.";
  const about = [
    counted(overall.readers, "reader"),
    counted(overall.stories, "story", "stories"),
    ...(models.length > 0 ? [counted(models.length, modelNoun(data))] : []),
  ];
  const change =
    conclusion === "inconclusive"
      ? "What could change it? More readers and more stories would narrow this range, in either direction."
      : `What could change it? Other readers, stories or ${modelNoun(data)}s: these were ${listed(about)}.`;
  return [found, `${sure} ${change}`].map((text) => sentence("plain", text));
}

/** How many readers, and the margin. */
const factsOf = ({ readers, judgments, stories }: Verdict, data: Data): Finding[] => [
  sentence(
    "fact",
    `Readers: ${printed(readers, "integer")} (${counted(judgments, "judgment")} of ${counted(stories, "story", "stories")})`,
  ),
  sentence("fact", `Margin: ${withinMargin(data)} counts as guessing`),
];

/** The results as a paper prints them. */
function apaFindings(test: StudyVerdict, { sensitivity, criterion }: Detection, data: Data): Finding[] {
  const { level } = data.settings;
  const each = verdictRows(test)
    .filter(([, , { degrees }]) => degrees > 0)
    .map(([of, , { estimate, standardError, degrees, interval, differenceP, equivalenceP }]) => {
      const off = estimate! - 0.5;
      const t = off / standardError;
      // The one of the two one-sided tests with the larger p-value.
      const nearer = (off - Math.sign(off) * data.settings.margin) / standardError;
      return `${of}: M = ${apa(estimate!)}, SE = ${apa(standardError)}, ${levelText(1 - alphaLevelsOf(data).alpha)} CI [${apa(interval.low)}, ${apa(interval.high)}], t(${printed(degrees, "number").replace(/\.00$/, "")}) = ${printed(t, "number")}, ${pValue(differenceP)} against .50; equivalence within ± ${apa(data.settings.margin)}: t = ${printed(nearer, "number")}, ${pValue(equivalenceP)}.`;
    });
  const measured = (
    [
      ["d′", sensitivity],
      ["c", criterion],
    ] as const
  ).flatMap(([name, one]) =>
    one === undefined
      ? []
      : [
          `${name} = ${printed(one.value, "number")}${one.low === undefined ? "" : `, ${levelText(level)} CI [${printed(one.low, "number")}, ${printed(one.high, "number")}]`}`,
        ],
  );
  if (each.length === 0) return [];
  return [
    sentence(
      "apa",
      `Share of right answers, ${counted(test.overall.readers, "reader")} and ${counted(test.overall.stories, "story", "stories")}. ${each.join(" ")}${measured.length > 0 ? ` ${measured.join("; ")}.` : ""}`,
    ),
  ];
}

/** A share as APA prints it: `.625`. */
const apa = (share: number): string =>
  share
    .toFixed(3)
    .replace(/^(-?)0\./, "$1.")
    .replace("-", "−");

const reasonsText = (test: StudyVerdict): string =>
  verdictRows(test)
    .map(([of, , { verdict: conclusion, reason }]) => `${of}: ${conclusion}, because ${reason}.`)
    .join(" ");

/** The readers and stories to which the verdict generalises. */
function generalisationFindings({ overall: { clusterings, degrees } }: StudyVerdict): Finding[] {
  if (degrees === 0) return [];
  const kinds = clusterings.map(({ name, clusters }) => {
    const count = printed(clusters, "integer");
    if (name === "reader") return `readers like these ${count}`;
    if (name === "story") return `stories like these ${count}`;
    if (name === "title") return `titles like these ${count}`;
    return `clusters by ${name} like these ${count}`;
  });
  return [sentence("result", `The verdict generalises to ${listed(kinds)}.`)];
}

/** The accuracy that a study with this standard error would show to differ from guessing, with the usual power. */
function sensitivityFindings({ standardError, degrees }: Verdict, data: Data): Finding[] {
  if (degrees === 0 || whyWithheld(data) !== undefined) return [];
  const { alpha } = alphaLevelsOf(data);
  const off =
    (studentQuantile(1 - alpha / 2, degrees) + studentQuantile(defaultPower, degrees)) * standardError;
  if (off >= 0.5) return [];
  return [
    sentence(
      "result",
      `Power: with the observed standard error of ${percent(standardError).replace(" %", " points")}, a study like this shows a difference with probability ${defaultPower.toFixed(2)} if the true accuracy is at least ${percent(0.5 + off)} (or at most ${percent(0.5 - off)}).`,
    ),
  ];
}

function methodText(data: Data): string {
  const { margin } = data.settings;
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const clusters = listed(clustersOf(data.choices, data).map(({ name }) => name));
  return `Balanced accuracy (the mean of the accuracies on human and on machine stories) and each of the two accuracies were tested for equivalence with 0.5 within the declared margin of ${margin} by two one-sided tests (TOST) at alpha ${printedAlpha(equivalenceAlpha)}, and for a difference from 0.5 by a two-sided test at alpha ${printedAlpha(alpha)}. ${weightingText(data)} Standard errors are clustered by reader and by story, with stories nested in origin${clusters === "" ? "" : `, and by ${clusters}`} (leave-one-out jackknife, CV3, for each clustering; combined as in Cameron, Gelbach and Miller 2011), with Student’s t. ${degreesText(clusters !== "")} Standard errors are never below those of independent judgments. Equivalence needs all three tests (an intersection-union test, so no correction).`;
}

/** The degrees of freedom of `clusteredContrast`. */
const degreesText = (isNamed: boolean): string =>
  isNamed
    ? "Degrees of freedom are Satterthwaite’s (1946) over the clusterings, at least those of the clustering with the fewest; a clustering has one fewer than its clusters if these are equally large, and fewer if not."
    : "Degrees of freedom are those of the clustering with the fewest: one fewer than its clusters if these are equally large, fewer if not, and Welch’s for stories nested in origin.";

const weightingText = ({ settings }: Data): string =>
  methodOf(settings).weighting === "readers"
    ? "Each accuracy is the mean of the readers’ own accuracies."
    : "All judgments have equal weight.";

const apaAlpha = (alpha: number): string => printedAlpha(alpha).replace(/^0/, "");

const printedAlpha = (alpha: number): string => String(Number(alpha.toPrecision(3)));
