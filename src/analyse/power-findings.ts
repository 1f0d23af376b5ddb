import {
  type ComparisonPlan,
  comparisonPower,
  readersForComparison,
  simulatedComparison,
  smallestComparison,
} from "../stats/compared-groups.ts";
import {
  plannedErrors,
  type StudyPower,
  simulatedPower,
  smallestEffect,
  verdictPower,
} from "../stats/power.ts";
import { randomFrom } from "../stats/random.ts";
import type { StudyPlan } from "../stats/simulate-study.ts";
import { type Finding, type Findings, figure, sentence, table } from "../study/finding.ts";
import { capital, counted, declaredPercent, marginBetween, percent, printed } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import {
  type DesignPlan,
  type PlannedTest,
  readersNeeded,
  tooFewStoriesText,
  withStories,
} from "./power-plan.ts";

/** The plan, from the flags and the study. */
export interface PlannedStudy {
  readonly margin: number;
  readonly alpha: number;
  readonly stories: number;
  readonly each: number;
  /** The target power. */
  readonly power: number;
  /** Computes the power for this many readers; without it, the number of readers needed. */
  readonly readers?: number | undefined;
  /** The assumed true accuracy. */
  readonly accuracy: number;
  /** How much more often human stories than machine stories are taken rightly, halved: readers' leaning towards "human". */
  readonly leaning: number;
  /** The share of readers who finish. */
  readonly finish: number;
  /** Standard deviations between readers and between stories, on the log-odds. */
  readonly bias: number;
  readonly skill: number;
  readonly story: number;
  /** The number of shared titles, and their standard deviation in how easy they are. */
  readonly titles?: number | undefined;
  readonly title: number;
  /** Classes of readers, or forms with separate readers and stories, and their standard deviation. */
  readonly groups?: StudyPlan["groups"];
  readonly group: number;
  /** Groups of readers or conditions that are compared; see `ComparisonPlan`. */
  readonly compared?: {
    readonly count: number;
    readonly by: ComparisonPlan["by"];
    readonly apart: number;
    readonly share?: number | undefined;
  };
  /** Number of simulated studies that check the formula. */
  readonly check: number;
  readonly seed: string;
  /** One sentence about the study; undefined without a study. */
  readonly about?: string;
}

/** The readers needed, or the power of a design, with a power curve and a check by simulation. */
export function powerFindings(options: PlannedStudy, step: (note: string) => void = () => {}): Findings {
  const plan = planOf(options);
  step("readers needed");
  const test = { margin: options.margin, alpha: options.alpha };
  const needed = readersNeeded(plan, test, options.power);
  const forOverall = readersNeeded(plan, test, options.power, "overall");
  const readers = options.readers ?? needed ?? 1000;
  const fullPlan: StudyPlan = { ...plan, readers };
  const formula = verdictPower(fullPlan, test);
  const errors = plannedErrors(fullPlan);
  const checked =
    options.check > 0
      ? simulatedPower(
          fullPlan,
          { ...test, weighting: "readers" },
          { studies: options.check, step: () => step("simulated studies") },
          randomFrom(options.seed, "power"),
        )
      : undefined;
  const curve = curveOf(plan, test, Math.max(readers, needed ?? 0));
  const effect = smallestEffect(fullPlan, test, options.power);
  const grid = powerGrid(plan).map(({ name, plan: varied }) => {
    step("assumptions");
    const at: StudyPlan = { ...varied, readers };
    const { overall, together } = verdictPower(at, test);
    return {
      name,
      plan: at,
      power: together,
      overall: overall.equivalent,
      effect: smallestEffect(at, test, options.power) ?? null,
    };
  });
  const comparison = comparisonOf(options, fullPlan, step);
  const numbers = {
    plan: fullPlan,
    ...test,
    wanted: options.power,
    needed: needed ?? null,
    neededForOverall: forOverall ?? null,
    formula,
    errors,
    simulated: checked ?? null,
    curve,
    smallestEffect: effect ?? null,
    comparison: comparison?.numbers ?? null,
    grid: grid.map(({ name, power, overall, effect: smallest }) => ({
      name,
      power,
      overall,
      smallestEffect: smallest,
    })),
  };
  const tooFew = tooFewStoriesText(plan, test, options.power);
  const findings: Finding[] = [
    sentence(
      "verdict",
      options.readers === undefined
        ? (tooFew ?? neededText(needed!, options))
        : powerText(formula, fullPlan, options),
    ),
    ...(options.about === undefined ? [] : [sentence("result", options.about)]),
    sentence("result", precisionText(fullPlan, errors.overall.standardError, options, readers === needed)),
    sentence("result", overallText(forOverall, options)),
    ...(options.readers === undefined
      ? []
      : [sentence("result", tooFew ?? readersNeededText(needed!, options))]),
    sentence("result", powerByKindText(formula, checked)),
    sentence("result", effectText(effect, readers, options)),
    ...(comparison ? [sentence("result", comparison.text)] : []),
    table(
      "result",
      `Power with ${counted(readers, "reader")} if the assumptions are wrong: to show equivalence, and the smallest difference from 50 % that is shown with a power of ${declaredPercent(options.power)}`,
      gridTable(grid),
    ),
    figure(
      "result",
      "Power to show equivalence (overall and for each kind of story), by the number of readers and stories",
      {
        draw: "curve",
        table: {
          columns: [
            { key: "readers", label: "Readers", format: "integer" },
            { key: "stories", label: "Stories", format: "text" },
            { key: "power", label: "Power", format: "percent" },
          ],
          rows: curve.map(({ readers: count, stories, power: shown }) => ({
            readers: count,
            stories: `${stories} stories`,
            power: shown,
          })),
        },
        encode: { x: "readers", y: "power", group: "stories" },
        labels: { x: `Readers, ${options.each} stories each`, y: "Power" },
        marks: [{ axis: "y", at: options.power, label: `wanted: ${declaredPercent(options.power)}` }],
      },
    ),
    table(
      "detail",
      "Readers needed to show equivalence, by the number of stories; an empty cell means that no number of readers is enough",
      designsTable(options, test),
    ),
    sentence("method", method(options)),
  ];
  return { analysis: "power", question: "What can this study show?", findings, numbers };
}

/** The power to show that the last group or condition differs in d′, with the readers of the plan. */
function comparisonOf(
  { compared, alpha, power: wanted, check, seed }: PlannedStudy,
  plan: StudyPlan,
  step: (note: string) => void,
) {
  if (!compared) return undefined;
  const { count, by, apart, share } = compared;
  const { readers, stories, each, variances, titles, humanAccuracy = 0.5, machineAccuracy = 0.5 } = plan;
  if (by === "stories" && each / 2 < count) {
    return {
      text: `${count} conditions within readers are not planned: each reader needs ${2 * count} stories or more, so that every condition has human and machine stories.`,
      numbers: null,
    };
  }
  const compare: ComparisonPlan = {
    ...{ readers, stories, each, variances, titles, humanAccuracy, machineAccuracy },
    ...{ groups: count, share: by === "groups" ? share : undefined, by, apart },
  };
  const formula = comparisonPower(compare, alpha);
  const needed = readersForComparison(compare, { alpha, power: wanted });
  const smallest = smallestComparison(compare, { alpha, power: wanted });
  const simulated =
    check > 0
      ? simulatedComparison(
          compare,
          { studies: check, alpha, step: () => step("comparisons") },
          randomFrom(seed, "power", "comparison"),
        ).last
      : undefined;
  const what = `${count} ${by === "groups" ? "groups of readers" : `conditions ${by === "readers" ? "between" : "within"} readers`}${compare.share === undefined ? "" : ` (${declaredPercent(compare.share)} of readers in the last)`}`;
  const checked = simulated === undefined ? "" : ` (simulated: ${percent(simulated)})`;
  const enough =
    needed === undefined
      ? `No number of readers gives a power of ${declaredPercent(wanted)} with these stories`
      : `You need ${counted(needed, "reader")} for a power of ${declaredPercent(wanted)}`;
  const least =
    smallest === undefined
      ? ""
      : `; ${counted(readers, "reader")} show a difference of ${printed(smallest, "number")} or more`;
  return {
    text: `If ${what} are compared and the d′ of the last differs from that of the first by ${apart}, the power to show it is ${percent(formula)}${checked} with ${counted(readers, "reader")}, after Holm’s correction. ${enough}${least}.`,
    numbers: {
      ...compared,
      readers,
      power: formula,
      simulated: simulated ?? null,
      needed: needed ?? null,
      smallest: smallest ?? null,
    },
  };
}

function planOf(given: PlannedStudy): DesignPlan {
  const { stories, each, accuracy, leaning, finish, bias, skill, story, titles, title, groups, group } =
    given;
  for (const [flag, count] of [
    ["--stories", stories],
    ["--each", each],
  ] as const) {
    if (count % 2 === 0) continue;
    throw new StudyError(`${flag} ${count}: an odd number`, {
      hint: "half of them are human; give an even number",
    });
  }
  if (each > stories) {
    throw new StudyError(`--each ${each}: more than the ${stories} stories there are`, {
      hint: "raise --stories",
    });
  }
  if (titles !== undefined && titles > stories / 2) {
    throw new StudyError(`--titles ${titles}: more than the ${stories / 2} stories of either origin`, {
      hint: "raise --stories",
    });
  }
  if (groups?.hold === "all" && each > 2 * Math.floor(stories / 2 / groups.count)) {
    throw new StudyError(`--forms ${groups.count}: ${stories} stories give no form ${each} of its own`, {
      hint: "raise --stories, or lower --each",
    });
  }
  return {
    stories,
    each,
    titles,
    groups,
    variances: { bias, skill, story, title, group },
    humanAccuracy: within(accuracy + leaning),
    machineAccuracy: within(accuracy - leaning),
    ...(finish < 1 && { finish }),
  };
}

const within = (share: number): number => Math.min(0.995, Math.max(0.005, share));

/** A plan under other assumptions, with their name. */
export interface VariedPlan {
  readonly name: string;
  readonly plan: DesignPlan;
}

/**
 * Twelve sets of assumptions around a plan: stories that differ as planned or 1.6 times as much, readers who lean 5 points
 * further towards "human" or not, and nobody more leaving, 30 % more leaving, or titles that differ (twice as much as
 * planned, if human and machine stories share titles already).
 */
export function powerGrid(plan: DesignPlan): VariedPlan[] {
  const { variances, humanAccuracy = 0.5, machineAccuracy = 0.5, finish = 1, titles } = plan;
  const { title = 0 } = variances;
  const stories = [
    { name: "", variances },
    { name: "stories differ 1.6 times as much", variances: { ...variances, story: 1.6 * variances.story } },
  ];
  const leanings = [
    { name: "", by: 0 },
    { name: "readers lean 5 points towards “human”", by: 0.05 },
  ];
  const others: readonly { readonly name: string; readonly title?: number; readonly finish?: number }[] = [
    { name: "" },
    { name: "30 % more leave half-way", finish: 0.7 * finish },
    titles
      ? { name: "titles differ twice as much", title: 2 * title }
      : { name: "human and machine stories share titles that differ", title },
  ];
  return stories.flatMap((story) =>
    leanings.flatMap((leaning) =>
      others.map((other) => ({
        name: capital([story.name, leaning.name, other.name].filter(Boolean).join("; ") || "as planned"),
        plan: {
          ...plan,
          variances: { ...story.variances, title: other.title ?? title },
          humanAccuracy: within(humanAccuracy + leaning.by),
          machineAccuracy: within(machineAccuracy - leaning.by),
          ...(other.finish !== undefined && { finish: other.finish }),
          ...(other.title !== undefined && { titles: titles ?? plan.stories / 2 }),
        },
      })),
    ),
  );
}

const gridTable = (
  grid: readonly { name: string; power: number; overall: number; effect: number | null }[],
) => ({
  columns: [
    { key: "name", label: "Assumptions", format: "text" as const },
    { key: "power", label: "Equivalence, all three claims", format: "percent" as const },
    { key: "overall", label: "Equivalence overall", format: "percent" as const },
    { key: "effect", label: "Smallest difference shown", format: "percent" as const },
  ],
  rows: grid.map(({ name, power, overall, effect }) => ({ name, power, overall, effect })),
});

const effectText = (effect: number | undefined, readers: number, { power: wanted }: PlannedStudy): string =>
  effect === undefined
    ? `No difference from guessing is shown with a power of ${declaredPercent(wanted)} by ${counted(readers, "reader")}.`
    : `The smallest effect that ${counted(readers, "reader")} show with a power of ${declaredPercent(wanted)} is an accuracy of ${percent(0.5 + effect)}, or ${percent(0.5 - effect)}.`;

interface Point {
  readonly readers: number;
  readonly stories: number;
  readonly power: number;
}

/** Power up to twice the number of readers, for half, once and four times the number of stories. */
function curveOf(plan: DesignPlan, test: PlannedTest, readers: number): Point[] {
  const most = Math.max(60, Math.ceil((2 * readers) / 12) * 12);
  const even = (count: number) => Math.max(plan.each, 2 * Math.round(count / 2));
  const counts = [...new Set([even(plan.stories / 2), plan.stories, even(plan.stories * 4)])];
  return counts.flatMap((stories) =>
    Array.from({ length: 12 }, (_, step) => {
      const count = Math.max(2, Math.round(((step + 1) * most) / 12));
      return {
        readers: count,
        stories,
        power: verdictPower({ ...withStories(plan, stories), readers: count }, test).together,
      };
    }),
  );
}

function designsTable(options: PlannedStudy, test: PlannedTest) {
  const rows = [6, 10, 20].flatMap((each) =>
    [20, 60, 120, 300]
      .filter((stories) => stories >= each)
      .map((stories) => {
        const plan = { ...withStories(planOf(options), stories), each };
        return { each, stories, readers: readersNeeded(plan, test, options.power) ?? null };
      }),
  );
  return {
    columns: [
      { key: "each", label: "Stories per reader", format: "integer" as const },
      { key: "stories", label: "Stories", format: "integer" as const },
      { key: "readers", label: `Readers for ${declaredPercent(options.power)}`, format: "integer" as const },
    ],
    rows,
  };
}

function neededText(
  needed: number,
  { power: wanted, margin, stories, each, accuracy }: PlannedStudy,
): string {
  return `You need ${counted(needed, "reader")} for a power of ${declaredPercent(wanted)} to show equivalence (accuracy overall, on human stories and on machine stories ${marginBetween(margin)}), if the true accuracy is ${declaredPercent(accuracy)} and each reader judges ${each} of ${stories} stories.`;
}

function powerText(
  formula: ReturnType<typeof verdictPower>,
  { readers, stories, each }: StudyPlan,
  { margin, accuracy }: PlannedStudy,
): string {
  return `With ${counted(readers, "reader")} who each judge ${each} of ${stories} stories, the power is ${percent(formula.together)} to show equivalence (accuracy overall, on human stories and on machine stories ${marginBetween(margin)}) and ${percent(formula.overall.different)} to show a difference, if the true accuracy is ${declaredPercent(accuracy)}.`;
}

const readersNeededText = (needed: number, { power: wanted }: PlannedStudy): string =>
  `For a power of ${declaredPercent(wanted)} with the same stories, you need ${counted(needed, "reader")}.`;

const overallText = (needed: number | undefined, { power: wanted }: PlannedStudy): string =>
  needed === undefined
    ? `Equivalence of overall accuracy alone does not reach a power of ${declaredPercent(wanted)} either.`
    : `Equivalence of overall accuracy alone, a weaker claim, needs ${counted(needed, "reader")} for a power of ${declaredPercent(wanted)}.`;

const precisionText = (
  { readers, each }: StudyPlan,
  error: number,
  { alpha, readers: given }: PlannedStudy,
  enough: boolean,
): string => {
  // If no number of readers is enough, the figures are for a large one.
  const begin = enough || given !== undefined ? "This gives" : `${counted(readers, "reader")} would give`;
  return `${begin} ${counted(readers * each, "judgment")} and a standard error of overall accuracy of about ${percent(error)}. Alpha is ${alpha}.`;
};

function powerByKindText(
  { overall, human, machine }: StudyPower,
  checked: (StudyPower & { together: { equivalent: number } }) | undefined,
): string {
  const formula = `The power to show equivalence is ${percent(overall.equivalent)} overall, ${percent(human.equivalent)} for human stories and ${percent(machine.equivalent)} for machine stories`;
  return checked
    ? `${formula}. In simulated studies it is shown overall in ${percent(checked.overall.equivalent)} and for all three in ${percent(checked.together.equivalent)}.`
    : `${formula}.`;
}

const method = ({
  bias,
  skill,
  story,
  titles,
  title,
  groups,
  group,
  finish,
  leaning,
  check,
}: PlannedStudy): string =>
  `Power is that of the clustered equivalence test, by formula. Standard deviations between readers (bias ${bias}, skill ${skill}) and stories (${story})${titles ? `, of ${titles} titles (${title})` : ""}${groups ? `, of ${groups.count} ${groups.hold === "all" ? "forms" : "classes"} (${group})` : ""} are on the log-odds of saying “human” and are converted to shares by integration${finish < 1 ? `; ${declaredPercent(finish)} of readers finish, the others leave after a random number of stories, and all readers have equal weight` : ""}${leaning === 0 ? "" : `; readers lean ${declaredPercent(Math.abs(leaning)).replace(" %", " points")} towards “${leaning > 0 ? "human" : "machine"}”`}${check > 0 ? `. The result is checked with ${check} simulated studies` : ""}. The standard deviations are assumptions; use those of an earlier study (see its mixed model) if you can.`;
