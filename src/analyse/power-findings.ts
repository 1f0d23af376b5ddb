import { plannedErrors, type StudyPower, simulatedPower, verdictPower } from "../stats/power.ts";
import { randomFrom } from "../stats/random.ts";
import type { StudyPlan } from "../stats/simulate-study.ts";
import { type Finding, type Findings, figure, sentence, table } from "../study/finding.ts";
import { counted, declaredPercent, marginBetween, percent } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import {
  claimPower,
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
  /** Number of simulated studies that check the formula. */
  readonly check: number;
  readonly seed: string;
  /** One sentence about the study; undefined without a study. */
  readonly about?: string;
}

/** The readers needed, or the power of a design, with a power curve and a check by simulation. */
export function powerFindings(options: PlannedStudy): Findings {
  const plan = planOf(options);
  const test = { margin: options.margin, alpha: options.alpha };
  const needed = readersNeeded(plan, test, options.power);
  const forOverall = readersNeeded(plan, test, options.power, "overall");
  const readers = options.readers ?? needed ?? 1000;
  const fullPlan: StudyPlan = { ...plan, readers };
  const formula = verdictPower(fullPlan, test);
  const errors = plannedErrors(fullPlan);
  const checked =
    options.check > 0
      ? simulatedPower(fullPlan, test, { studies: options.check }, randomFrom(options.seed, "power"))
      : undefined;
  const curve = curveOf(plan, test, Math.max(readers, needed ?? 0));
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
  return { analysis: "power", asks: "What can this study show?", findings, numbers };
}

function planOf(given: PlannedStudy): DesignPlan {
  const { stories, each, accuracy, bias, skill, story, titles, title, groups, group } = given;
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
    humanAccuracy: accuracy,
    machineAccuracy: accuracy,
  };
}

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
        power: claimPower(verdictPower({ ...withStories(plan, stories), readers: count }, test)),
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
  formula: StudyPower,
  { readers, stories, each }: StudyPlan,
  { margin, accuracy }: PlannedStudy,
): string {
  return `With ${counted(readers, "reader")} who each judge ${each} of ${stories} stories, the power is ${percent(claimPower(formula))} to show equivalence (accuracy overall, on human stories and on machine stories ${marginBetween(margin)}) and ${percent(formula.overall.different)} to show a difference, if the true accuracy is ${declaredPercent(accuracy)}.`;
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

const method = ({ bias, skill, story, titles, title, groups, group, check }: PlannedStudy): string =>
  `Power is that of the clustered equivalence test, by formula. Standard deviations between readers (bias ${bias}, skill ${skill}) and stories (${story})${titles ? `, of ${titles} titles (${title})` : ""}${groups ? `, of ${groups.count} ${groups.hold === "all" ? "forms" : "classes"} (${group})` : ""} are on the log-odds of saying “human” and are converted to shares by integration${check > 0 ? `. The result is checked with ${check} simulated studies` : ""}. The standard deviations are assumptions; use those of an earlier study (see its mixed model) if you can.`;
