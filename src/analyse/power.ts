import { z } from "zod";
import {
  fewestReaders,
  plannedErrors,
  type StudyPower,
  simulatedPower,
  verdictPower,
} from "../stats/power.ts";
import { randomFrom } from "../stats/random.ts";
import { type StudyPlan, usualSpread } from "../stats/simulate-study.ts";
import { type Finding, type Findings, figure, sentence, table } from "../study/finding.ts";
import { counted, declaredPercent, marginRange, percent } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import { writeWhole } from "../workbench/files.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import type { PageOf } from "./analyse.ts";
import { printedFindings } from "./print.ts";

const Options = z.object({
  margin: realNumber(0.001, 0.49).default(0.1),
  alpha: realNumber(0.0001, 0.49).default(0.05),
  power: realNumber(0.01, 0.999).default(0.8),
  stories: wholeNumber(2, 10_000).default(60),
  each: wholeNumber(2, 10_000).default(6),
  readers: wholeNumber(2, 100_000).optional(),
  accuracy: realNumber(0.01, 0.99).default(0.5),
  bias: realNumber(0, 5).default(usualSpread.bias),
  skill: realNumber(0, 5).default(usualSpread.skill),
  story: realNumber(0, 5).default(usualSpread.story),
  check: wholeNumber(0, 100_000).default(400),
  seed: z.string().default("2022"),
  json: z.boolean().default(false),
  report: z.string().optional(),
});
type Options = z.infer<typeof Options>;

/** `tinylove power`: plans a study before its data, over readers and stories alike. */
export const power = (pageOf: PageOf) =>
  command<Options>({
    name: "power",
    summary: "Plan how many readers and stories a verdict needs, before the data",
    examples: [
      "tinylove power --margin 0.10 --stories 60 --each 6",
      "tinylove power --readers 13 --each 6 --stories 18     # what thirteen responses can show",
    ],
    flags: [
      ["--margin <share>", "accuracy within 0.5 -/+ this counts as chance (default 0.1)"],
      ["--alpha <share>", "how often a claim may be wrong (default 0.05)"],
      ["--power <share>", "how often a true claim should be shown (default 0.8)"],
      ["--stories <number>", "stories in all, half of them human (default 60)"],
      ["--each <number>", "stories that each reader judges, half of them human (default 6)"],
      ["--readers <number>", "tell what so many readers can show, instead of finding how many are needed"],
      ["--accuracy <share>", "the true accuracy that is expected (default 0.5)"],
      ["--bias <number>", `how readers differ in saying "human", log-odds (default ${usualSpread.bias})`],
      ["--skill <number>", `how readers differ in skill, log-odds (default ${usualSpread.skill})`],
      ["--story <number>", `how stories differ in looking human, log-odds (default ${usualSpread.story})`],
      ["--check <studies>", "studies simulated to check the formula (default 400; 0 for none)"],
      ["--seed <seed>", "of the simulation (default 2022)"],
      ["--json", "print every figure with full precision"],
      ["--report <file>", "also write a page with the curve"],
    ],
    options: Options,
    async run(_, options, effects) {
      const found = planned(options);
      if (options.report !== undefined) {
        await writeWhole(
          options.report,
          await pageOf({ title: "A study before its data", simulated: false }, [found]),
        );
        effects.log(`wrote ${options.report}`);
      }
      effects.print(options.json ? JSON.stringify(found.numbers, null, 2) : printedFindings([found]));
    },
  });

type Plan = Omit<StudyPlan, "readers">;

interface Test {
  readonly margin: number;
  readonly alpha: number;
}

/** The probability that the claim as a whole is shown: overall, and for human and for machine stories, whose errors are near independent. */
function claimPower({ overall, human, machine }: StudyPower): number {
  return Math.min(overall.equivalent, human.equivalent * machine.equivalent);
}

/**
 * The fewest readers with whom the formula promises the wanted power for the claim as a whole, or for overall accuracy
 * alone; undefined where even 100,000 would not do, because the stories are too few.
 */
function readersNeeded(
  plan: Plan,
  test: Test,
  wanted: number,
  of: "claim" | "overall" = "claim",
): number | undefined {
  return fewestReaders((readers) => {
    const formula = verdictPower({ ...plan, readers }, test);
    return (of === "claim" ? claimPower(formula) : formula.overall.equivalent) >= wanted;
  });
}

/** The smallest design, or what a design can show; with the curve over readers and a check by simulation. */
export function planned(options: Options): Findings {
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
  const findings: Finding[] = [
    sentence(
      "verdict",
      options.readers === undefined ? sayNeeded(needed, options) : sayCan(formula, whole, options),
    ),
    sentence("result", saySize(whole, errors.overall.standardError, options)),
    sentence("result", sayOverall(forOverall, options)),
    ...(options.readers === undefined ? [] : [sentence("result", sayMore(needed, options))]),
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

function planOf({ stories, each, accuracy, bias, skill, story }: Options): Plan {
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
  return {
    stories,
    each,
    variances: { bias, skill, story },
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
function curveOf(plan: Plan, test: Test, readers: number): Point[] {
  const most = Math.max(60, Math.ceil((2 * readers) / 12) * 12);
  const even = (count: number) => Math.max(plan.each, 2 * Math.round(count / 2));
  const counts = [...new Set([even(plan.stories / 2), plan.stories, even(plan.stories * 4)])];
  return counts.flatMap((stories) =>
    Array.from({ length: 12 }, (_, step) => {
      const count = Math.max(2, Math.round(((step + 1) * most) / 12));
      return {
        readers: count,
        stories,
        power: claimPower(verdictPower({ ...plan, stories, readers: count }, test)),
      };
    }),
  );
}

function designsTable(options: Options, test: Test) {
  const rows = [6, 10, 20].flatMap((each) =>
    [20, 60, 120, 300]
      .filter((stories) => stories >= each)
      .map((stories) => {
        const plan = planOf({ ...options, each, stories });
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

function sayNeeded(
  needed: number | undefined,
  { power: wanted, margin, stories, each, accuracy }: Options,
): string {
  if (needed === undefined) {
    return `No number of readers will do: with ${stories} stories, the stories alone leave too much to chance for a margin of ${declaredPercent(margin)}; take more stories.`;
  }
  return `${counted(needed, "reader")} are needed to show that readers cannot tell (accuracy overall, on human and on machine stories within ${marginRange(margin)}) with probability ${declaredPercent(wanted)}, if accuracy is truly ${declaredPercent(accuracy)}, with ${stories} stories of which each reader judges ${each}.`;
}

function sayCan(
  formula: StudyPower,
  { readers, stories, each }: StudyPlan,
  { margin, accuracy }: Options,
): string {
  return `${counted(readers, "reader")} of ${each} stories each, out of ${stories}, show that readers cannot tell (accuracy overall, on human and on machine stories within ${marginRange(margin)}) with probability ${percent(claimPower(formula))}, and a difference with probability ${percent(formula.overall.different)}, if accuracy is truly ${declaredPercent(accuracy)}.`;
}

const sayMore = (needed: number | undefined, { power: wanted, stories }: Options): string =>
  needed === undefined
    ? `With ${stories} stories no number of readers reaches ${declaredPercent(wanted)}: more stories are needed.`
    : `For ${declaredPercent(wanted)}, ${counted(needed, "reader")} are needed with as many stories.`;

const sayOverall = (needed: number | undefined, { power: wanted }: Options): string =>
  needed === undefined
    ? `Overall accuracy alone does not reach ${declaredPercent(wanted)} either.`
    : `Overall accuracy alone, which is a weaker claim, needs ${counted(needed, "reader")} for ${declaredPercent(wanted)}.`;

const saySize = ({ readers, each }: StudyPlan, error: number, { alpha }: Options): string =>
  `That is ${counted(readers * each, "judgment")}; the standard error of overall accuracy will be about ${percent(error)}, at alpha ${alpha}.`;

function sayParts(
  { overall, human, machine }: StudyPower,
  checked: (StudyPower & { together: { equivalent: number } }) | undefined,
): string {
  const formula = `Equivalence is shown overall with probability ${percent(overall.equivalent)}, for human stories alone with ${percent(human.equivalent)}, for machine stories alone with ${percent(machine.equivalent)}`;
  return checked
    ? `${formula}. Simulated studies of this plan show it overall in ${percent(checked.overall.equivalent)}, and all three together in ${percent(checked.together.equivalent)}.`
    : `${formula}.`;
}

const method = ({ bias, skill, story, check }: Options): string =>
  `Power is that of the clustered equivalence test by formula: variances of readers (bias ${bias}, skill ${skill}) and of stories (${story}), standard deviations on the log-odds of saying “human”, are carried to shares by integration${check > 0 ? `, and checked on ${check} simulated studies` : ""}. The variances are an assumption: those of an earlier study of yours are better (see its mixed model).`;
