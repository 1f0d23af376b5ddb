import { plannedErrors, type StudyPower, simulatedPower, verdictPower } from "../stats/power.ts";
import { randomFrom } from "../stats/random.ts";
import type { StudyPlan } from "../stats/simulate-study.ts";
import { type Finding, type Findings, figure, sentence, table } from "../study/finding.ts";
import { counted, declaredPercent, marginRange, percent } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import {
  claimPower,
  type PlanWithoutReaders,
  readersNeeded,
  sayTooFewStories,
  type Test,
  withStories,
} from "./power-plan.ts";

/** What is planned once study and flags have been heard. */
export interface Asked {
  readonly margin: number;
  readonly alpha: number;
  readonly stories: number;
  readonly each: number;
  /** How often a true claim should be shown. */
  readonly power: number;
  /** Tells what so many can show, instead of finding how many are needed. */
  readonly readers?: number | undefined;
  /** The true accuracy that is expected. */
  readonly accuracy: number;
  /** How readers and stories differ, standard deviations on the log-odds. */
  readonly bias: number;
  readonly skill: number;
  readonly story: number;
  /** Titles that the stories share, and how they differ in being easy. */
  readonly titles?: number | undefined;
  readonly title: number;
  /** Classes of readers, or forms with all that they hold, and how they differ. */
  readonly groups?: StudyPlan["groups"];
  readonly group: number;
  /** Studies simulated to check the formula. */
  readonly check: number;
  readonly seed: string;
  /** What the study says of it, in one sentence; undefined where no study stands behind. */
  readonly about?: string;
}

/** The smallest design, or what a design can show; with the curve over readers and a check by simulation. */
export function planned(options: Asked): Findings {
  const plan = planOf(options);
  const test = { margin: options.margin, alpha: options.alpha };
  const needed = readersNeeded(plan, test, options.power);
  const forOverall = readersNeeded(plan, test, options.power, "overall");
  const readers = options.readers ?? needed ?? 1000;
  const whole: StudyPlan = { ...plan, readers };
  const formula = verdictPower(whole, test);
  const errors = plannedErrors(whole);
  const checked =
    options.check > 0
      ? simulatedPower(whole, test, { studies: options.check }, randomFrom(options.seed, "power"))
      : undefined;
  const curve = curveOf(plan, test, Math.max(readers, needed ?? 0));
  const numbers = {
    plan: whole,
    ...test,
    wanted: options.power,
    needed: needed ?? null,
    neededForOverall: forOverall ?? null,
    formula,
    errors,
    simulated: checked ?? null,
    curve,
  };
  const tooFew = sayTooFewStories(plan, test, options.power);
  const findings: Finding[] = [
    sentence(
      "verdict",
      options.readers === undefined
        ? (tooFew ?? sayNeeded(needed!, options))
        : sayCan(formula, whole, options),
    ),
    ...(options.about === undefined ? [] : [sentence("result", options.about)]),
    sentence("result", saySize(whole, errors.overall.standardError, options, readers === needed)),
    sentence("result", sayOverall(forOverall, options)),
    ...(options.readers === undefined ? [] : [sentence("result", tooFew ?? sayMore(needed!, options))]),
    sentence("result", sayParts(formula, checked)),
    figure(
      "result",
      "The probability that the whole claim is shown, by the number of readers and of stories",
      {
        draw: "curve",
        table: {
          columns: [
            { key: "readers", label: "Readers", format: "integer" },
            { key: "stories", label: "Stories", format: "text" },
            { key: "power", label: "Claim shown", format: "percent" },
          ],
          rows: curve.map(({ readers: count, stories, power: shown }) => ({
            readers: count,
            stories: `${stories} stories`,
            power: shown,
          })),
        },
        encode: { x: "readers", y: "power", group: "stories" },
        labels: { x: `Readers, ${options.each} stories each`, y: "Claim shown" },
        marks: [{ axis: "y", at: options.power, label: `wanted: ${declaredPercent(options.power)}` }],
      },
    ),
    table(
      "detail",
      "Designs that show the whole claim, by how many stories each reader judges; an empty cell: no number of readers will do",
      designsTable(options, test),
    ),
    sentence("method", method(options)),
  ];
  return { analysis: "power", asks: "What can such a study show?", findings, numbers };
}

function planOf(asked: Asked): PlanWithoutReaders {
  const { stories, each, accuracy, bias, skill, story, titles, title, groups, group } = asked;
  for (const [flag, count] of [
    ["--stories", stories],
    ["--each", each],
  ] as const) {
    if (count % 2 === 0) continue;
    throw new StudyError(`${flag} ${count}: an odd number`, {
      hint: "half of them are human, so give an even one",
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

/** Up to twice the readers in question, for half as many, as many and four times as many stories. */
function curveOf(plan: PlanWithoutReaders, test: Test, readers: number): Point[] {
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

function designsTable(options: Asked, test: Test) {
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
      { key: "each", label: "Stories each", format: "integer" as const },
      { key: "stories", label: "Stories in all", format: "integer" as const },
      { key: "readers", label: `Readers for ${declaredPercent(options.power)}`, format: "integer" as const },
    ],
    rows,
  };
}

function sayNeeded(needed: number, { power: wanted, margin, stories, each, accuracy }: Asked): string {
  return `${counted(needed, "reader")} are needed to show that readers cannot tell (accuracy overall, on human and on machine stories within ${marginRange(margin)}) with probability ${declaredPercent(wanted)}, if accuracy is truly ${declaredPercent(accuracy)}, with ${stories} stories of which each reader judges ${each}.`;
}

function sayCan(
  formula: StudyPower,
  { readers, stories, each }: StudyPlan,
  { margin, accuracy }: Asked,
): string {
  return `${counted(readers, "reader")} of ${each} stories each, out of ${stories}, show that readers cannot tell (accuracy overall, on human and on machine stories within ${marginRange(margin)}) with probability ${percent(claimPower(formula))}, and a difference with probability ${percent(formula.overall.different)}, if accuracy is truly ${declaredPercent(accuracy)}.`;
}

const sayMore = (needed: number, { power: wanted }: Asked): string =>
  `For ${declaredPercent(wanted)}, ${counted(needed, "reader")} are needed with as many stories.`;

const sayOverall = (needed: number | undefined, { power: wanted }: Asked): string =>
  needed === undefined
    ? `Overall accuracy alone does not reach ${declaredPercent(wanted)} either.`
    : `Overall accuracy alone, which is a weaker claim, needs ${counted(needed, "reader")} for ${declaredPercent(wanted)}.`;

const saySize = (
  { readers, each }: StudyPlan,
  error: number,
  { alpha, readers: asked }: Asked,
  enough: boolean,
): string => {
  // Where no number of readers will do, what follows is told of one that is large.
  const begin =
    enough || asked !== undefined ? "That is" : `With ${counted(readers, "reader")} there would be`;
  return `${begin} ${counted(readers * each, "judgment")}; the standard error of overall accuracy will be about ${percent(error)}, at alpha ${alpha}.`;
};

function sayParts(
  { overall, human, machine }: StudyPower,
  checked: (StudyPower & { together: { equivalent: number } }) | undefined,
): string {
  const formula = `Equivalence is then shown overall with probability ${percent(overall.equivalent)}, for human stories alone with ${percent(human.equivalent)}, for machine stories alone with ${percent(machine.equivalent)}`;
  return checked
    ? `${formula}. Simulated studies of this plan show it overall in ${percent(checked.overall.equivalent)}, and all three together in ${percent(checked.together.equivalent)}.`
    : `${formula}.`;
}

const method = ({ bias, skill, story, titles, title, groups, group, check }: Asked): string =>
  `Power is that of the clustered equivalence test by formula: variances of readers (bias ${bias}, skill ${skill}) and of stories (${story})${titles ? `, of ${titles} titles (${title})` : ""}${groups ? `, of ${groups.count} ${groups.hold === "all" ? "forms" : "classes"} (${group})` : ""}, standard deviations on the log-odds of saying “human”, are carried to shares by integration${check > 0 ? `, and checked on ${check} simulated studies` : ""}. The variances are an assumption: those of an earlier study of yours are better (see its mixed model).`;
