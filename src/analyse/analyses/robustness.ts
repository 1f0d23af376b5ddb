import { conclusionOf } from "../../stats/claim.ts";
import { leaveOneOut, type WithoutUnit } from "../../stats/leave-one-out.ts";
import { studentCdf, studentQuantile } from "../../stats/student-t.ts";
import type { StudyVerdict, Verdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, inSection, sentence, type Table, table } from "../../study/finding.ts";
import { selectedAttempts } from "../../study/generation.ts";
import { counted, declaredPercent, listed, percent, printed } from "../../study/print.ts";
import { methodOf } from "../../study/settings/analyse.ts";
import { accuracyFigure } from "../accuracy-figure.ts";
import { levelText } from "../accuracy-text.ts";
import type { Analysis } from "../analysis.ts";
import type { Choice, Data } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { asJudgments, declaredVerdict, verdictBeforeExclusions, verdictOnChoices } from "../judged.ts";
import { withinMargin } from "../margin.ts";
import { modelNoun } from "../model-noun.ts";
import { alternativeVerdicts } from "../sensitivity.ts";

/** The margins at which every verdict is shown. */
const margins = [0.05, 0.1, 0.15, 0.2];

/** Below this many judgments times units, the verdict without each unit is computed; above it, without the most influential. */
const mostRefits = 3_000_000;

/** The verdict at other margins, under other analyses, and without one reader, title or form. */
export const robustness: Analysis = {
  name: "robustness",
  section: "robustness",
  question: "Does the verdict depend on the margin, the analysis, or a single reader, title or form?",
  needs: ["choices"],
  run(data) {
    const { choices } = data;
    const why = choices.length === 0 ? "nobody has judged a story" : whyWithheld(data);
    const declared = why === undefined ? declaredVerdict(data) : undefined;
    const none = why ?? (declared!.overall.degrees === 0 ? declared!.overall.reason : undefined);
    if (none !== undefined || !declared) {
      return { findings: [sentence("result", `No test of robustness yet: ${none}.`)], numbers: {} };
    }
    const alternatives = alternativesOf(declared, data);
    const influences = influencesOf(declared, data);
    const rows = [...alternatives, ...influences.flatMap(extremesOf)];
    const smallest = smallestMargin(declared, data);
    const findings: Finding[] = [
      ...inSection("robustness", sentence("result", marginText(smallest, declared, data))),
      ...firstDraftFindings(alternatives, declared, data),
      sentence(
        "result",
        agreementText(
          alternatives.filter(({ name }) => name !== firstDrafts),
          declared,
          data,
        ),
      ),
      ...(influences.length > 0
        ? [sentence("result", influences.map((one) => influenceText(one, declared)).join(" "))]
        : []),
      figure(
        "result",
        figureCaption(data),
        accuracyFigure(
          "analysis",
          "Analysis",
          rows.map(({ name, test: { overall } }) => ({ name, test: overall })),
          data,
        ),
      ),
      table(
        "detail",
        "The verdict under each analysis, at the declared margin and at others; only the declared margin and analysis decide",
        rowsTable(rows, data),
      ),
      sentence("method", method(influences, data)),
    ];
    return {
      findings,
      numbers: {
        smallestMargin: smallest ?? null,
        /** One-sided, of each test of equivalence. */
        alpha: alphaLevelsOf(data).equivalenceAlpha,
        margins: margins.map((margin) => ({ margin, verdict: verdictAt(margin, declared, data) })),
        alternatives: rows.map(({ name, test }) => ({
          name,
          estimate: test.overall.estimate ?? null,
          standardError: test.overall.degrees > 0 ? test.overall.standardError : null,
          verdict: test.together,
          smallestMargin: smallestMargin(test, data) ?? null,
        })),
        leftOut: influences.map(({ noun, units, checked, changed, low, high, most }) => ({
          unit: noun,
          units,
          checked,
          changed,
          low: low.estimate,
          high: high.estimate,
          mostInfluential: most.unit,
        })),
      },
    };
  },
};

/** A verdict by another analysis, with the name of that analysis. */
interface Named {
  readonly name: string;
  readonly test: StudyVerdict;
}

function alternativesOf(declared: StudyVerdict, data: Data): Named[] {
  const before = verdictBeforeExclusions(data);
  const first = firstAttempts(data);
  const weighted = alternativeVerdicts(data);
  const other = methodOf(data.settings).weighting === "readers" ? weighted.judgments : weighted.readers;
  return [
    { name: "As declared", test: declared },
    ...(before ? [{ name: "No exclusions", test: before }] : []),
    other,
    ...(first ? [{ name: firstDrafts, test: verdictOnChoices(first, data) }] : []),
  ];
}

const firstDrafts = "First drafts only";

/** The verdict if readers had seen only first drafts: a fact of the first page, and a warning if it is another. */
function firstDraftFindings(
  alternatives: readonly Named[],
  { together }: StudyVerdict,
  data: Data,
): Finding[] {
  const test = alternatives.find(({ name }) => name === firstDrafts)?.test;
  if (!test) return [];
  const generations = data.study?.generations ?? [];
  const replaced = generations.length - selectedAttempts(generations).length;
  const accuracy = percent(test.overall.estimate!);
  const judged = counted(test.overall.judgments, "judgment");
  const drafts = `${printed(replaced, "integer")} of ${counted(generations.length, "draft")} were replaced by another`;
  const begin = `With first drafts only, accuracy is ${accuracy} (${judged})`;
  return [
    sentence("fact", `First drafts: ${test.together} (${accuracy}, ${judged}); ${drafts}`),
    test.together === together
      ? sentence("result", `${begin}; the verdict is the same, ${together}.`)
      : sentence(
          "warning",
          `With first drafts only, the verdict is ${test.together}, not ${together}: ${drafts} before readers saw the stories. ${begin.replace("With first drafts only, accuracy is", "Accuracy on first drafts is")}.`,
        ),
  ];
}

/** The judgments of human stories and of machine stories that were the first draft for their title; undefined if all were, or it is not known. */
function firstAttempts({ choices, study }: Data): Choice[] | undefined {
  if (!study) return undefined;
  const attempts = new Map(study.generations.map(({ id, attempt }) => [id, attempt]));
  const kept = choices.filter(({ origin, stimulus }) => {
    const generation = study.generationOf.get(stimulus);
    return origin === "human" || generation === undefined || attempts.get(generation) === 1;
  });
  const machine = kept.some(({ origin }) => origin === "machine");
  return kept.length < choices.length && machine ? kept : undefined;
}

/** What leaving out each reader, title or form does. */
interface Influence {
  readonly noun: string;
  readonly units: number;
  /** The number of units without which the verdict was computed, and how many of these verdicts are another. */
  readonly checked: number;
  readonly changed: number;
  readonly low: { readonly unit: string; readonly estimate: number; readonly test: StudyVerdict };
  readonly high: { readonly unit: string; readonly estimate: number; readonly test: StudyVerdict };
  /** The unit without which accuracy changes most. */
  readonly most: { readonly unit: string; readonly estimate: number; readonly test: StudyVerdict };
}

function influencesOf(declared: StudyVerdict, data: Data): Influence[] {
  const { choices } = data;
  const kinds: readonly [string, (choice: Choice) => string][] = [
    ["title", ({ title, stimulus }) => title || stimulus],
    ["reader", ({ participant }) => participant],
    ["form", ({ form }) => form],
  ];
  return kinds.flatMap(([noun, of]) => {
    const labels = choices.map(of);
    const unit = noun === "title" && choices.every(({ title }) => title === "") ? "story" : noun;
    return influenceOf(unit, labels, declared, data) ?? [];
  });
}

function influenceOf(
  noun: string,
  labels: readonly string[],
  declared: StudyVerdict,
  data: Data,
): Influence | undefined {
  const { choices, settings } = data;
  const without = leaveOneOut(asJudgments(choices, data), labels, methodOf(settings).weighting).filter(
    (one): one is WithoutUnit & { overall: number } => one.unit !== "" && one.overall !== undefined,
  );
  if (without.length < 2) return undefined;
  const tests = new Map<string, StudyVerdict>();
  const testOf = (unit: string) => {
    const known =
      tests.get(unit) ??
      verdictOnChoices(
        choices.filter((_, at) => labels[at] !== unit),
        data,
      );
    tests.set(unit, known);
    return known;
  };
  const extreme = (of: "overall" | "human" | "machine", sign: 1 | -1) =>
    without.reduce((most, one) => (sign * (one[of] ?? 0) > sign * (most[of] ?? 0) ? one : most));
  const all = without.length * choices.length <= mostRefits;
  const checked = all
    ? without
    : (["overall", "human", "machine"] as const).flatMap((of) => [extreme(of, -1), extreme(of, 1)]);
  for (const { unit } of checked) testOf(String(unit));
  const changed = [...tests.values()].filter(({ together }) => together !== declared.together).length;
  const end = ({ unit, overall }: (typeof without)[number]) => ({
    unit: String(unit),
    estimate: overall,
    test: testOf(String(unit)),
  });
  const [low, high] = [extreme("overall", -1), extreme("overall", 1)];
  const estimate = declared.overall.estimate!;
  const most = Math.abs(low.overall - estimate) > Math.abs(high.overall - estimate) ? low : high;
  return {
    noun,
    units: without.length,
    checked: tests.size,
    changed,
    low: end(low),
    high: end(high),
    most: end(most),
  };
}

const extremesOf = ({ noun, low, high }: Influence): Named[] =>
  [low, high].map(({ unit, test }, at) => ({
    name: noun === "title" ? `Without “${unit}”` : `Without one ${noun}, ${["lowest", "highest"][at]}`,
    test,
  }));

/** The smallest margin at which all three accuracies are equivalent to guessing; undefined if it is one half or more. */
function smallestMargin({ overall, human, machine }: StudyVerdict, data: Data): number | undefined {
  const { equivalenceAlpha } = alphaLevelsOf(data);
  const needed = ({ estimate, standardError, degrees }: Verdict) =>
    degrees > 0
      ? Math.abs(estimate! - 0.5) + studentQuantile(1 - equivalenceAlpha, degrees) * standardError
      : Infinity;
  const margin = Math.max(...[overall, human, machine].map(needed));
  return margin < 0.5 ? margin : undefined;
}

/** The verdict at another margin: as declared, all three accuracies for equivalence, and a difference goes first. */
function verdictAt(margin: number, { overall, human, machine }: StudyVerdict, data: Data) {
  const levels = alphaLevelsOf(data);
  const p = Math.max(
    ...[overall, human, machine].map(({ estimate, standardError, degrees }) =>
      degrees > 0 ? studentCdf((Math.abs(estimate! - 0.5) - margin) / standardError, degrees) : 1,
    ),
  );
  return conclusionOf({ equivalenceP: p, differenceP: overall.differenceP }, levels);
}

function marginText(smallest: number | undefined, declared: StudyVerdict, data: Data): string {
  const difference =
    declared.together === "different"
      ? " A difference from guessing is shown at every margin, because that test does not depend on it."
      : "";
  if (smallest === undefined) return `Equivalence is not shown at any margin.${difference}`;
  const up = roundedUp(smallest);
  return `The smallest margin at which equivalence is shown (overall, for human and for machine stories) is ${declaredPercent(up).replace(" %", " points")}; the declared margin is ${declaredPercent(data.settings.margin).replace(" %", " points")}. Only the declared margin decides, because this one was found after the data.${difference}`;
}

/** Equivalence is shown at the margin that is printed. */
const roundedUp = (margin: number): number => Math.ceil(margin * 1000 - 1e-9) / 1000;

function agreementText(alternatives: readonly Named[], { together }: StudyVerdict, data: Data): string {
  const models = new Set(data.choices.map(({ model }) => model).filter(Boolean)).size;
  // Single models may have another verdict.
  const what = models > 1 ? `The verdict over all ${models} ${modelNoun(data)}s` : "The verdict";
  const others = alternatives.slice(1);
  const differ = others.filter(({ test }) => test.together !== together);
  if (differ.length === 0)
    return `${what} (${together}) is the same under ${counted(others.length, "other analysis", "other analyses")}: ${listed(others.map(({ name }) => lower(name)))}.`;
  return `${what} is ${together} as declared, but ${listed(differ.map(({ name, test }) => `${test.together} with ${lower(name)}`))}.`;
}

const lower = (name: string): string => `${name[0]!.toLowerCase()}${name.slice(1)}`;

function influenceText(
  { noun, units, checked, changed, low, high, most }: Influence,
  { together }: StudyVerdict,
): string {
  // Readers, stories and forms have ids, which mean nothing in a sentence.
  const named =
    noun === "title" ? `; “${most.unit}” changes it most (${percent(most.estimate)} without it)` : "";
  const range = `Without any one ${noun}, accuracy is between ${percent(low.estimate)} and ${percent(high.estimate)}${named}.`;
  const which =
    checked === units
      ? `any of the ${printed(units, "integer")}`
      : `any of the ${checked} that change accuracy most, of ${printed(units, "integer")}`;
  return changed === 0
    ? `${range} The verdict stays ${together} without ${which}.`
    : `${range} The verdict is another without ${changed} of the ${printed(checked, "integer")}${checked === units ? "" : " that change accuracy most"}.`;
}

function figureCaption(data: Data): string {
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  return `Balanced accuracy under each analysis and without single titles, readers or forms, with the margin of ${withinMargin(data)} (thick line: ${levelText(1 - 2 * equivalenceAlpha)} interval, thin line: ${levelText(1 - alpha)})`;
}

const rowsTable = (rows: readonly Named[], data: Data): Table => ({
  columns: [
    { key: "analysis", label: "Analysis", format: "text" },
    { key: "verdict", label: "Verdict", format: "text" },
    { key: "smallest", label: "Smallest margin", format: "percent" },
    ...margins.map((margin) => ({
      key: `at_${margin}`,
      label: `Margin ${declaredPercent(margin)}`,
      format: "text" as const,
    })),
  ],
  rows: rows.map(({ name, test }) => ({
    analysis: name,
    verdict: test.together,
    ...smallestAndCells(test, data),
  })),
});

function smallestAndCells(test: StudyVerdict, data: Data): Record<string, string | number | null> {
  const smallest = smallestMargin(test, data);
  const cells = margins.map((margin) => {
    const conclusion = verdictAt(margin, test, data);
    const within = conclusion === "different" && smallest !== undefined && smallest < margin;
    return [`at_${margin}`, within ? "different, within it" : conclusion];
  });
  return { smallest: smallest === undefined ? null : roundedUp(smallest), ...Object.fromEntries(cells) };
}

const method = (influences: readonly Influence[], data: Data): string =>
  `Each analysis is the verdict’s own test with one thing changed. The smallest margin is the largest of |accuracy − 0.5| + t × standard error over the three accuracies, at the one-sided alpha ${Number(alphaLevelsOf(data).equivalenceAlpha.toPrecision(3))}. Accuracies without each ${listed(influences.map(({ noun }) => noun)) || "unit"} are exact; the verdict is computed without each of them, or, in large tables, without those that change an accuracy most.`;
