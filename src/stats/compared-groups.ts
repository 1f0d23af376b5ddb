import { cellContrast } from "./cell-contrast.ts";
import type { Origin } from "./judgments.ts";
import {
  logistic,
  logisticNormalLogit,
  logisticNormalMean,
  logisticNormalVariance,
} from "./logistic-normal.ts";
import { holm } from "./multiple-tests.ts";
import { normalCdf, normalDensity, normalQuantile } from "./normal.ts";
import { fewestReaders, powerOf } from "./power.ts";
import type { Random } from "./random.ts";
import { type StudySpread, storyDrawer } from "./simulate-study.ts";

/**
 * A study that compares groups of readers, or conditions, in how well they tell the origin. All groups but the last have the
 * accuracies given; the d' of the last one is higher by `apart`, at the same criterion.
 */
export interface ComparisonPlan {
  /** Readers in all groups together. */
  readonly readers: number;
  /** Stories in all, half of them human. Even. */
  readonly stories: number;
  /** Judgments of each reader, half of them of human stories. Even. */
  readonly each: number;
  readonly variances: StudySpread;
  /** The number of groups or conditions, at least 2. */
  readonly groups: number;
  /** The share of readers in the last group; equal shares by default. */
  readonly share?: number | undefined;
  /** Difference of d' of the last group from the first. */
  readonly apart: number;
  /** `groups`: readers come as they are. `readers`: conditions between readers, each form once in every condition. `stories`: every reader reads in all conditions. */
  readonly by: "groups" | "readers" | "stories";
  readonly titles?: number | undefined;
  readonly humanAccuracy?: number;
  readonly machineAccuracy?: number;
}

/** Shares called human in the last group: the d' of the plan's accuracies, and `apart`. */
function sharesOf({ humanAccuracy = 0.5, machineAccuracy = 0.5, apart }: ComparisonPlan) {
  const first = { human: humanAccuracy, machine: 1 - machineAccuracy };
  const last = {
    human: normalCdf(normalQuantile(first.human) + apart / 2),
    machine: normalCdf(normalQuantile(first.machine) - apart / 2),
  };
  return { first, last };
}

/** The readers of the last group, and of each other group. */
function readersIn({ readers, groups, share = 1 / groups }: ComparisonPlan) {
  const last = Math.max(1, Math.round(readers * share));
  return { last, first: Math.max(1, (readers - last) / (groups - 1)) };
}

const storySpread = ({ variances: { story, title = 0 }, titles }: ComparisonPlan): number =>
  titles ? Math.hypot(story, title) : story;

/**
 * The power to show that the last group differs from the first (`cellContrast` of choices, p corrected by Holm at its first
 * step: times the number of comparisons). A group's variance of d' is that between its readers, with bias and skill
 * integrated, and that of single answers. What stories add cancels where the groups read the same stories equally often; where
 * groups come as they are, each story's readers are a random mix of them, which makes stories part of the residual. Within readers,
 * readers cancel too. The test's own error is larger on average: by the jackknife, and because clustering by story never lowers
 * it. Degrees of freedom are those of the fewest readers, stories or titles. Within .03 of simulation in
 * `bench/compared-groups.ts`. Throws RangeError on impossible plans.
 */
export function comparisonPower(plan: ComparisonPlan, alpha = 0.05): number {
  checkPlan(plan);
  const { variances, stories, titles, groups, each, by } = plan;
  const { bias, skill } = variances;
  const story = storySpread(plan);
  const spread = Math.hypot(bias, skill / 2, story);
  const shares = sharesOf(plan);
  const count = readersIn(plan);
  // The variance of the estimate, what the test estimates for it, and what both would be for independent answers.
  let [variance, estimated, residual, independent] = [0, 0, 0, 0];
  let expected = 0;
  const compared = by === "stories" ? plan.readers : count.first + count.last;
  for (const group of ["first", "last"] as const) {
    const readers = by === "stories" ? plan.readers : count[group];
    const perKind = each / 2 / (by === "stories" ? groups : 1);
    let ofGroup = 0;
    const levels = { human: 0, machine: 0 };
    const slopes = { human: 0, machine: 0 };
    for (const origin of ["human", "machine"] as const) {
      const share = shares[group][origin];
      levels[origin] = logisticNormalLogit(share, spread);
      slopes[origin] = 1 / normalDensity(normalQuantile(share));
      const single = slopes[origin] ** 2 / (readers * perKind);
      const between = (deviation: number) =>
        logisticNormalVariance(
          levels[origin],
          deviation,
          Math.sqrt(Math.max(0, spread ** 2 - deviation ** 2)),
        );
      const ofStories = by === "groups" ? 0 : between(story);
      ofGroup += single * (share * (1 - share) - between(Math.hypot(bias, skill / 2)) - ofStories);
      // The log-linear correction draws shares towards one half.
      const answers = readers * perKind;
      const corrected = normalQuantile((share * answers + 0.5) / (answers + 1));
      expected += (group === "last" ? 1 : -1) * (origin === "human" ? 1 : -1) * corrected;
      independent += single * share * (1 - share);
    }
    residual += ofGroup;
    if (by !== "stories") ofGroup += readerVariance(levels, slopes, variances, story) / readers;
    variance += ofGroup;
    // The jackknife over readers in two groups.
    const jackknife = (readers / Math.max(1, readers - 1)) * ((compared - 1) / compared);
    estimated += ofGroup * (by === "stories" ? 1 : jackknife);
  }
  // Clustering by story adds noise of mean 0, but never lowers the error: half of a normal distribution remains.
  const clusters = titles ?? stories;
  const judged = (compared * each) / (by === "stories" ? groups / 2 : 1) / clusters;
  const noise = residual * Math.sqrt((2 * Math.max(0, 1 - 1 / judged)) / clusters);
  estimated += noise * normalDensity(0);
  const error = {
    standardError: Math.sqrt(variance),
    independentError: Math.sqrt(independent),
    estimatedError: Math.sqrt(estimated),
    degrees: Math.max(1, Math.min(compared, titles ?? stories) - 1),
  };
  return powerOf(error, expected, 1, alpha / (groups - 1)).different;
}

/** The variance between readers of the weighted difference of their two shares called human. */
function readerVariance(
  levels: Readonly<Record<Origin, number>>,
  slopes: Readonly<Record<Origin, number>>,
  { bias, skill }: StudySpread,
  story: number,
): number {
  const share = (logit: number) => (story === 0 ? logistic(logit) : logisticNormalMean(logit, story));
  let [weights, first, second] = [0, 0, 0];
  for (let b = -4; b <= 4; b += 0.5) {
    for (let s = -4; s <= 4; s += 0.5) {
      const weight = Math.exp(-0.5 * (b * b + s * s));
      const value =
        slopes.human * share(levels.human + bias * b + (skill * s) / 2) -
        slopes.machine * share(levels.machine + bias * b - (skill * s) / 2);
      weights += weight;
      first += weight * value;
      second += weight * value * value;
    }
  }
  return Math.max(0, second / weights - (first / weights) ** 2);
}

/** The smallest number of readers with `power`; undefined if 100,000 are not enough because there are too few stories. */
export function readersForComparison(
  plan: Omit<ComparisonPlan, "readers">,
  { alpha = 0.05, power = 0.8 } = {},
): number | undefined {
  return fewestReaders(
    (readers) => readers >= plan.groups && comparisonPower({ ...plan, readers }, alpha) >= power,
  );
}

/** The smallest difference of d' that the plan shows with `power`; undefined if 4 is not enough. */
export function smallestComparison(
  plan: ComparisonPlan,
  { alpha = 0.05, power = 0.8 } = {},
): number | undefined {
  const enough = (apart: number) => comparisonPower({ ...plan, apart }, alpha) >= power;
  let [low, high] = [0, 4];
  if (!enough(high)) return undefined;
  while (high - low > 0.005) {
    const middle = (low + high) / 2;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The share of simulated studies in which the last group is shown to differ from the first, after Holm's correction. */
export function simulatedComparison(
  plan: ComparisonPlan,
  { studies = 1000, alpha = 0.05, step = () => {} }: { studies?: number; alpha?: number; step?: () => void },
  random: Random,
): { readonly last: number; readonly any: number } {
  let [last, any] = [0, 0];
  const others = Array.from({ length: plan.groups - 1 }, (_, at) => String(at + 1));
  for (let study = 0; study < studies; study++) {
    const data = simulateComparison(plan, random.fork(study));
    const present = new Set(data.conditions.map((one, at) => `${one} ${data.origins[at]}`));
    const p = others.map((one) =>
      [one, "0"].every((name) => present.has(`${name} human`) && present.has(`${name} machine`))
        ? cellContrast("interaction", "choices", [one, "0"], data, 0.95).p
        : 1,
    );
    const corrected = holm(p);
    last += Number(corrected.at(-1)! <= alpha);
    any += Number(corrected.some((one) => one <= alpha));
    step();
  }
  return { last: last / studies, any: any / studies };
}

/** Simulates one study: answers are 1 for "human"; groups are named 0, 1, ... */
export function simulateComparison(plan: ComparisonPlan, random: Random) {
  checkPlan(plan);
  const { readers, stories, each, variances, groups, titles, by } = plan;
  const { bias, skill, story, title = 0 } = variances;
  const spread = Math.hypot(bias, skill / 2, storySpread(plan));
  const shares = sharesOf(plan);
  const level = (group: number, origin: Origin) =>
    logisticNormalLogit(shares[group === groups - 1 ? "last" : "first"][origin], spread);
  const levels = Array.from({ length: groups }, (_, group) => ({
    human: level(group, "human"),
    machine: level(group, "machine"),
  }));
  const half = stories / 2;
  const looks = Array.from({ length: stories }, () => story * random.normal());
  const ease = Array.from({ length: titles ?? 0 }, () => title * random.normal());
  const drawers = [0, half].map((first) =>
    storyDrawer(
      Array.from({ length: half }, (_, at) => first + at),
      random,
    ),
  );
  const last = readersIn(plan).last;
  const inGroups = random.shuffle(
    Array.from({ length: readers }, (_, at) => (at < last ? groups - 1 : (at - last) % (groups - 1))),
  );
  const rows = { values: [], conditions: [], origins: [], readers: [], stories: [], titles: [] } as {
    values: number[];
    conditions: string[];
    origins: Origin[];
    readers: number[];
    stories: number[];
    titles: number[];
  };
  let form: number[][] = [];
  for (let reader = 0; reader < readers; reader++) {
    const leaning = bias * random.normal();
    const ability = skill * random.normal();
    const place = reader % groups;
    // Between readers and within, a form is read once in every condition, or assignment of conditions.
    if (by === "groups" || place === 0) form = drawers.map((drawn) => drawn(each / 2));
    for (const [kind, own] of form.entries()) {
      const human = kind === 0;
      for (const [at, shown] of own.entries()) {
        const group = by === "groups" ? inGroups[reader]! : by === "readers" ? place : (place + at) % groups;
        const ofTitle = titles ? (shown % half) % titles : shown;
        const easier = ease[ofTitle] ?? 0;
        const side = human ? 1 : -1;
        const logit =
          levels[group]![human ? "human" : "machine"] +
          leaning +
          side * (ability / 2 + (titles ? easier : 0)) +
          looks[shown]!;
        rows.values.push(Number(random.next() < logistic(logit)));
        rows.conditions.push(String(group));
        rows.origins.push(human ? "human" : "machine");
        rows.readers.push(reader);
        rows.stories.push(shown);
        rows.titles.push(ofTitle);
      }
    }
  }
  return { ...rows, ...(titles && { clusters: [rows.titles] }) };
}

function checkPlan({ groups, share, each, stories, by }: ComparisonPlan): void {
  if (!Number.isInteger(groups) || groups < 2)
    throw new RangeError(`groups must be a whole number from 2: ${groups}`);
  if (share !== undefined && !(share > 0 && share < 1))
    throw new RangeError(`share must be between 0 and 1: ${share}`);
  if (each > stories || each % 2 !== 0 || stories % 2 !== 0)
    throw new RangeError(`each and stories must be even, and each at most stories: ${each}, ${stories}`);
  if (by === "stories" && each / 2 < groups)
    throw new RangeError(
      `each must be at least ${2 * groups} for ${groups} conditions within readers: ${each}`,
    );
}
