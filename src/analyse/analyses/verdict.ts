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
import { clustersOf, verdictOnChoices } from "../judged.ts";
import {
  betweenMargins,
  differentWithin,
  equivalentText,
  isWideMargin,
  referencesOf,
  withinMargin,
} from "../margin.ts";
import { missedReadersFindings } from "../missed-readers.ts";
import {
  differentModelsText,
  type ModelVerdict,
  modelConclusions,
  modelVerdicts,
} from "../model-verdicts.ts";
import { tooFewForText } from "../power-plan.ts";
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
  run(data, random) {
    const { choices } = data;
    if (choices.length === 0) return beforeData(data);
    const test = verdictOnChoices(choices, data);
    const detection = detectionOf(data, test);
    const rule = data.settings.rule2022 ? rule2022(data) : undefined;
    const models = modelVerdicts(data);
    const differences = readerDifferences(data, random);
    const alternatives = alternativeVerdicts(data, test);
    const together = studyConclusion(test, models, differences, data);
    const findings: Finding[] = [
      sentence("verdict", headline(together, test, models, differences, data)),
      sentence("verdict", headlineFigures(test, data)),
      ...modelConclusions(test, models),
      figure(
        "verdict",
        figureCaption(models, data),
        accuracyFigure(
          "of",
          "Judgments of",
          figureRows(test, models).map(([name, group, one]) => ({ name, group, test: one })),
          data,
        ),
      ),
      ...plainFindings(together, test, models, data),
      ...factsOf(test.overall, data),
      table("result", tableCaption(models), verdictTable(test, models, data)),
      ...biasFindings(detection),
      sentence("detail", reasonsText(test)),
      ...inSection(
        "limits",
        ...generalisationFindings(test),
        ...(test.overall.degrees > 0 && test.together !== "inconclusive"
          ? missedReadersFindings(test.overall.readers)
          : []),
      ),
      ...readerFindings(differences, data),
      ...inSection("robustness", ...alternativeFindings(alternatives, test, data)),
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
    if (models.some(({ verdict: its }) => its === "different")) return differentModelsText(models);
    const more = overall.estimate! > 0.5;
    if (overall.withinMargin) {
      const share = percentApart(overall.estimate!, referencesOf(data));
      return `${differentWithin(data)}: readers are right in ${share}${more ? "" : ", less often than by guessing"}.`;
    }
    return more
      ? "Different: readers can tell human stories from machine stories more often than by guessing."
      : "Different: readers confuse human and machine stories more often than by guessing.";
  }
  if (conclusion === "inconclusive") {
    return "Inconclusive: these data cannot say whether readers can tell human stories from machine stories.";
  }
  const open = models.filter(({ verdict: its }) => its !== "equivalent");
  if (open.length > 0) {
    return `Equivalent on average only: over all ${models.length} models accuracy lies ${betweenMargins(data)}, but this is not shown for each model.`;
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
      ? " A model’s figure is the mean of the accuracies on its own stories and on all human stories."
      : "";
  return `How often readers were right, with ${levelText(1 - alpha)} intervals (thin lines).${each} A thin line that excludes 50 % shows a difference from guessing; a thick line (${levelText(1 - 2 * equivalenceAlpha)}) within the margin shows equivalence to guessing`;
}

/** The rows of the figure and the table: overall, each kind of story, each model. */
const figureRows = (test: StudyVerdict, models: readonly ModelVerdict[]): [string, string, Verdict][] => [
  ...verdictRows(test),
  ...models.map((one): [string, string, Verdict] => [one.model, "all", one]),
];

const tableCaption = (models: readonly ModelVerdict[]): string =>
  models.length === 0
    ? "The tests behind the verdict"
    : "The tests behind the verdict; p-values of single models are corrected by Holm";

/** Counts and tests; the estimates and intervals are in the figure. */
function verdictTable(test: StudyVerdict, models: readonly ModelVerdict[], data: Data): Table {
  const holm = new Map(models.map((one) => [one.model, one]));
  return {
    columns: [
      { key: "of", label: "Judgments of", format: "text" },
      { key: "right", label: "Right", format: "text" },
      { key: "error", label: "Standard error", format: "percent" },
      { key: "degrees", label: "df", format: "number" },
      { key: "equivalence_p", label: "p, equivalence", format: "p" },
      { key: "difference_p", label: "p, difference", format: "p" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: figureRows(test, models).map(([of, , one]) => ({
      of,
      right: `${printed(one.correct, "integer")} of ${printed(one.judgments, "integer")}`,
      error: Number.isFinite(one.standardError) ? one.standardError : null,
      degrees: one.degrees > 0 ? one.degrees : null,
      equivalence_p: holm.get(of)?.equivalenceHolm ?? one.equivalenceP,
      difference_p: holm.get(of)?.differenceHolm ?? one.differenceP,
      verdict: whyWithheld(data) === undefined ? one.verdict : "none yet",
    })),
  };
}

/** The verdict for readers from outside the field: what was found, how sure it is, what could change it. */
function plainFindings(
  conclusion: ReturnType<typeof studyConclusion>,
  { overall }: StudyVerdict,
  models: readonly ModelVerdict[],
  data: Data,
): Finding[] {
  const share = percent(overall.estimate ?? 0);
  if (whyWithheld(data) !== undefined) return [];
  const readers = data.simulated ? "Simulated readers" : "Readers";
  const found = {
    different:
      (overall.estimate ?? 0) > 0.5
        ? `${readers} were right in ${share} of their answers. Guessing gives 50 %, so they can tell machine stories from human ones more often than by luck.`
        : `${readers} were right in ${share} of their answers, less than the 50 % of guessing. They took machine stories for human ones, or human ones for machine stories.`,
    equivalent: `${readers} were right in ${share} of their answers. That is as good as guessing, within the margin that was set beforehand.`,
    "equivalent on average": `On average ${readers.toLowerCase()} were right in ${share} of their answers, as good as guessing. But this does not hold for every reader or model, or is not shown.`,
    inconclusive: `${readers} were right in ${share} of their answers. The study is too small to say whether this is more than guessing, which gives 50 %.`,
  }[conclusion];
  const sure =
    overall.degrees > 0
      ? `How sure is this? For readers and stories like these, the true share is most likely between ${percent(overall.interval.low)} and ${percent(overall.interval.high)}.`
      : "How sure is this? One reader, or one story of a kind, says nothing about others.";
  const about = [
    counted(overall.readers, "reader"),
    counted(overall.stories, "story", "stories"),
    ...(models.length > 0 ? [counted(models.length, "model")] : []),
  ];
  const change =
    conclusion === "inconclusive"
      ? "What could change it? More readers and more stories would narrow this range, in either direction."
      : `What could change it? Other readers, stories or models: these were ${listed(about)}.`;
  return [found, `${sure} ${change}`].map((text) => sentence("plain", text));
}

/** How many readers, and the margin. */
const factsOf = ({ readers, judgments, stories }: Verdict, data: Data): Finding[] => [
  sentence(
    "fact",
    `Readers: ${printed(readers, "integer")}, with ${counted(judgments, "judgment")} of ${counted(stories, "story", "stories")}`,
  ),
  sentence("fact", `Margin: equivalent to guessing only if shown to lie within ${withinMargin(data)}`),
];

/** The results as a paper prints them. */
function apaFindings(test: StudyVerdict, { sensitivity, criterion }: Detection, data: Data): Finding[] {
  const { level } = data.settings;
  const each = verdictRows(test)
    .filter(([, , { degrees }]) => degrees > 0)
    .map(([of, , { estimate, standardError, degrees, interval, differenceP, equivalenceP }]) => {
      const t = (estimate! - 0.5) / standardError;
      return `${of}: M = ${apa(estimate!)}, SE = ${apa(standardError)}, ${levelText(1 - alphaLevelsOf(data).alpha)} CI [${apa(interval.low)}, ${apa(interval.high)}], t(${printed(degrees, "number").replace(/\.00$/, "")}) = ${printed(t, "number")}, ${pValue(differenceP)} against .50; equivalence within ${apa(data.settings.margin)}: ${pValue(equivalenceP)}.`;
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
  return [sentence("detail", `The verdict generalises to ${listed(kinds)}.`)];
}

function methodText(data: Data): string {
  const { margin } = data.settings;
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const clusters = listed(clustersOf(data.choices, data).map(({ name }) => name));
  return `Balanced accuracy (the mean of the accuracies on human and on machine stories) and each of the two accuracies were tested for equivalence with 0.5 within the declared margin of ${margin} by two one-sided tests (TOST) at alpha ${printedAlpha(equivalenceAlpha)}, and for a difference from 0.5 by a two-sided test at alpha ${printedAlpha(alpha)}. ${weightingText(data)} Standard errors are clustered by reader and by story, with stories nested in origin${clusters === "" ? "" : `, and by ${clusters}`} (leave-one-out jackknife, CV3, for each clustering; combined as in Cameron, Gelbach and Miller 2011), with Student’s t and the degrees of freedom of the fewest clusters. They are never below those of independent judgments. Equivalence needs all three tests (an intersection-union test, so no correction).`;
}

const weightingText = ({ settings }: Data): string =>
  methodOf(settings).weighting === "readers"
    ? "Each accuracy is the mean of the readers’ own accuracies."
    : "All judgments have equal weight.";

const printedAlpha = (alpha: number): string => String(Number(alpha.toPrecision(3)));
