import { fewestClusters } from "./clustered-share.ts";
import { logGamma } from "./log-gamma.ts";
import {
  logistic,
  logisticNormalLogit,
  logisticNormalMean,
  logisticNormalVariance,
} from "./logistic-normal.ts";
import { normalCdf, normalDensity } from "./normal.ts";
import type { Random } from "./random.ts";
import { type StudyPlan, simulateStudy } from "./simulate-study.ts";
import { studentQuantile } from "./student-t.ts";
import { checkAlpha, checkMargin } from "./tost.ts";
import { type VerdictOptions, verdictTest } from "./verdict-test.ts";

/** The power of both tests of one accuracy. Both may be shown at once: a difference from chance that is within the margin. */
export interface Power {
  readonly equivalent: number;
  readonly different: number;
}

/** Power for balanced accuracy, and for the accuracy on each kind of story. */
export interface StudyPower {
  readonly overall: Power;
  readonly human: Power;
  readonly machine: Power;
}

/** The standard error of an accuracy under a plan. */
export interface PlannedError {
  readonly standardError: number;
  readonly degrees: number;
  /** The standard error of independent judgments. */
  readonly independentError: number;
  /** What the test estimates on average, if it is more than the standard error. */
  readonly estimatedError?: number;
}

/**
 * The power of `verdictTest` by formula: the probability that a study of this plan shows equivalence within the
 * margin, and that it shows a difference, at the plan's true accuracies. Variances of readers and stories are
 * converted from the logit to shares by integration. The variance of an accuracy is readers / R + stories / S +
 * residual / judgments (of readers with equal weight, if some leave), plus titles / T and groups / G if there are any; with fewer of these than `fewestClusters` the
 * power is 0. `together` is the power to show all three equivalences. The error's estimate has a chi distribution with the test's degrees of freedom. Within 3 points of simulation in
 * `bench/stats-calibration.ts`. Throws RangeError on impossible plans and margins.
 */
export function verdictPower(
  plan: StudyPlan,
  options: VerdictOptions,
): StudyPower & { readonly together: number } {
  const { margin, chance = 0.5, alpha = 0.05 } = options;
  checkMargin({ chance, margin });
  checkAlpha(alpha);
  const { humanAccuracy = 0.5, machineAccuracy = 0.5 } = plan;
  const errors = plannedErrors(plan);
  const of = (error: PlannedError, truth: number) => powerOf(error, truth - chance, margin, alpha);
  const power = {
    overall: of(errors.overall, (humanAccuracy + machineAccuracy) / 2),
    human: of(errors.human, humanAccuracy),
    machine: of(errors.machine, machineAccuracy),
  };
  const both =
    plan.titles || plan.groups
      ? bothEquivalent(
          { off: humanAccuracy - chance, error: errors.human, power: power.human.equivalent },
          { off: machineAccuracy - chance, error: errors.machine, power: power.machine.equivalent },
          errors.overall,
        )
      : power.human.equivalent * power.machine.equivalent;
  return { ...power, together: Math.min(power.overall.equivalent, both) };
}

interface OneKind {
  readonly off: number;
  readonly error: PlannedError;
  readonly power: number;
}

/**
 * The probability that both kinds are shown to be equivalent, with the correlation of their errors: titles and groups make
 * both kinds easier or harder. Each kind has the normal interval whose probability is its power.
 */
function bothEquivalent(one: OneKind, other: OneKind, overall: PlannedError): number {
  const [first, second] = [one.error.standardError, other.error.standardError];
  const covariance = 2 * overall.standardError ** 2 - (first ** 2 + second ** 2) / 2;
  const correlation = Math.max(-0.99, Math.min(0.99, covariance / (first * second)));
  const [outer, inner] = [limitsOf(one), limitsOf(other)];
  if (!outer || !inner) return 0;
  const rest = Math.sqrt(1 - correlation ** 2);
  const steps = 200;
  const width = (Math.min(8, outer.high) - Math.max(-8, outer.low)) / steps;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const z = Math.max(-8, outer.low) + (step + 0.5) * width;
    const within =
      normalCdf((inner.high - correlation * z) / rest) - normalCdf((inner.low - correlation * z) / rest);
    sum += width * normalDensity(z) * within;
  }
  return sum;
}

/** The interval of standard normal errors around -off with the probability of the power; undefined for a power of 0. */
function limitsOf({ off, error: { standardError }, power }: OneKind) {
  if (!(power > 0)) return undefined;
  const at = (room: number) => ({ low: (-room - off) / standardError, high: (room - off) / standardError });
  let [low, high] = [0, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    const ends = at(middle);
    if (normalCdf(ends.high) - normalCdf(ends.low) < power) low = middle;
    else high = middle;
  }
  return at(high);
}

/**
 * The power of `verdictTest` by simulation, of 1,000 studies by default. In `together`, equivalence is that of all three accuracies, and the
 * difference is that of `overall`.
 */
export function simulatedPower(
  plan: StudyPlan,
  options: VerdictOptions,
  { studies = 1000, step = () => {} }: { readonly studies?: number; readonly step?: () => void },
  random: Random,
): StudyPower & { readonly together: Power } {
  const names = ["overall", "human", "machine"] as const;
  const { alpha = 0.05 } = options;
  const counts = { overall: tally(), human: tally(), machine: tally(), together: tally() };
  for (let study = 0; study < studies; study++) {
    const verdict = verdictTest(simulateStudy(plan, random.fork(study)), options);
    const shown = (name: keyof StudyPower) => verdict[name].differenceP <= alpha;
    for (const name of names) counts[name].add(verdict[name].withinMargin, shown(name));
    step();
    counts.together.add(
      names.every((name) => verdict[name].withinMargin),
      shown("overall"),
    );
  }
  return {
    overall: counts.overall.power(studies),
    human: counts.human.power(studies),
    machine: counts.machine.power(studies),
    together: counts.together.power(studies),
  };
}

/**
 * The smallest number of readers with `power` (0.8 by default) to show equivalence of the named accuracy; undefined if
 * 100,000 are not enough because there are too few stories.
 */
export function readersForPower(
  plan: Omit<StudyPlan, "readers">,
  options: VerdictOptions,
  { power = 0.8, of = "overall" as keyof StudyPower } = {},
): number | undefined {
  return fewestReaders((readers) => verdictPower({ ...plan, readers }, options)[of].equivalent >= power);
}

/**
 * The smallest distance of overall accuracy from chance that a study of this plan shows as a difference with `power`; undefined if
 * .49 is not enough. The plan's leaning (its human minus its machine accuracy) is kept as far as accuracies allow.
 */
export function smallestEffect(plan: StudyPlan, options: VerdictOptions, power = 0.8): number | undefined {
  const { chance = 0.5 } = options;
  const { humanAccuracy = 0.5, machineAccuracy = 0.5 } = plan;
  const leaning = (humanAccuracy - machineAccuracy) / 2;
  const within = (share: number) => Math.min(0.995, Math.max(0.005, share));
  const enough = (effect: number) => {
    const accuracies = {
      humanAccuracy: within(chance + effect + leaning),
      machineAccuracy: within(chance + effect - leaning),
    };
    return verdictPower({ ...plan, ...accuracies }, options).overall.different >= power;
  };
  let [low, high] = [0, 0.49];
  if (!enough(high)) return undefined;
  while (high - low > 0.0005) {
    const middle = (low + high) / 2;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The smallest number of readers that is enough, for a monotone condition; undefined if 100,000 are not. */
export function fewestReaders(enough: (readers: number) => boolean): number | undefined {
  let high = 2;
  while (!enough(high)) {
    high *= 2;
    if (high > 100_000) return undefined;
  }
  let low = Math.max(1, high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The expected standard error of each accuracy, with its degrees of freedom. */
export function plannedErrors(plan: StudyPlan): Record<keyof StudyPower, PlannedError> {
  const { readers, stories, each } = plan;
  const { human, machine, balanced } = componentsOf(plan);
  const half = stories / 2;
  const { judged, both: onBoth, inverse, effective } = exposureOf(plan);
  // The mean of 1 / judgments over the readers who judged the kind, over their number; 1 / judgments if all finish.
  const perJudgment = inverse / (readers * judged);
  const uneven = perJudgment - 2 / (readers * each);
  const ofKind = ({ reader, story, title, group, rest, share }: KindVariances): PlannedError => ({
    ...errorOfComponents(
      { ...plan, readers: readers * effective },
      {
        reader: (reader * effective) / judged,
        story: story / half,
        title,
        group,
        // If readers leave, stories are judged unequally often.
        rest: rest * perJudgment + (story + title) * uneven,
      },
      half - 1,
    ),
    independentError: Math.sqrt(share * (1 - share) * perJudgment),
  });
  const kinds = { human: ofKind(human), machine: ofKind(machine) };
  const both = {
    // The bias of a reader who judged one kind only does not cancel.
    reader:
      (effective * (onBoth * balanced + ((judged - onBoth) * (human.reader + machine.reader)) / 4)) /
      judged ** 2,
    story: (human.story + machine.story) / (4 * half),
    // A title or group is easier for both kinds of story, so nothing cancels.
    title: (human.title + machine.title) / 2,
    group: (human.group + machine.group) / 2,
    rest:
      ((human.rest + machine.rest) * perJudgment +
        (human.story + machine.story + human.title + machine.title) * uneven) /
      4,
  };
  return {
    ...kinds,
    overall: {
      ...errorOfComponents({ ...plan, readers: readers * effective }, both, stories - 2),
      independentError: Math.hypot(kinds.human.independentError, kinds.machine.independentError) / 2,
    },
  };
}

/** What readers judge of one kind of story if some of them leave. */
interface Exposure {
  /** The share of readers who judge the kind at all, and who judge both. */
  readonly judged: number;
  readonly both: number;
  /** The mean of 1 / judgments of the kind among those who judge it. */
  readonly inverse: number;
  /** The effective share of readers: (mean judgments)^2 / mean squared judgments (Kish 1965). */
  readonly effective: number;
}

/** Readers who leave judge 1 to `each` - 1 stories in random order, so the number of one kind is hypergeometric. */
function exposureOf({ each, finish = 1 }: StudyPlan): Exposure {
  if (finish === 1) return { judged: 1, both: 1, inverse: 2 / each, effective: 1 };
  const key = `${each} ${finish}`;
  const before = cachedExposures.get(key);
  if (before) return before;
  const half = each / 2;
  const leaving = (1 - finish) / (each - 1);
  let [judged, both, inverse, sum, squares] = [
    finish,
    finish,
    finish / half,
    finish * half,
    finish * half ** 2,
  ];
  for (let answers = 1; answers < each; answers++) {
    for (let own = Math.max(0, answers - half); own <= Math.min(half, answers); own++) {
      const share =
        leaving * Math.exp(logChoose(half, own) + logChoose(half, answers - own) - logChoose(each, answers));
      if (own === 0) continue;
      judged += share;
      if (own < answers) both += share;
      inverse += share / own;
      sum += share * own;
      squares += share * own ** 2;
    }
  }
  const exposure = { judged, both, inverse: inverse / judged, effective: sum ** 2 / squares };
  cachedExposures.set(key, exposure);
  return exposure;
}

const cachedExposures = new Map<string, Exposure>();

const logChoose = (all: number, some: number): number =>
  logGamma(all + 1) - logGamma(some + 1) - logGamma(all - some + 1);

/** The standard error from the variances of readers, titles, groups, stories and the residual, and its degrees of freedom. */
function errorOfComponents(
  { readers, titles, groups }: StudyPlan,
  parts: { reader: number; story: number; title: number; group: number; rest: number },
  storyDegrees: number,
): { readonly standardError: number; readonly degrees: number } {
  const byReader = parts.reader / readers;
  const byTitle = titles ? parts.title / titles : 0;
  const byGroup = groups ? parts.group / groups.count : 0;
  const whole = byReader + parts.story + byTitle + byGroup + parts.rest;
  const standardError = Math.sqrt(whole);
  if (!titles && !groups) return { standardError, degrees: Math.max(1, Math.min(readers - 1, storyDegrees)) };
  if ((titles ?? fewestClusters) < fewestClusters || (groups?.count ?? fewestClusters) < fewestClusters) {
    return { standardError, degrees: 0 };
  }
  // As in the verdict: Satterthwaite's degrees of freedom over the clusterings, each with everything nested in it.
  const components =
    groups?.hold === "all"
      ? [{ variance: whole, degrees: groups.count - 1 }]
      : [
          { variance: byReader + byGroup + parts.rest, degrees: groups ? groups.count - 1 : readers - 1 },
          { variance: parts.story + byTitle + parts.rest, degrees: titles ? titles - 1 : storyDegrees },
        ];
  const fewest = Math.min(...components.map(({ degrees }) => degrees));
  const most = Math.max(...components.map(({ degrees }) => degrees));
  const scale = components.reduce((sum, component) => sum + component.variance ** 2 / component.degrees, 0);
  return { standardError, degrees: Math.max(1, fewest, Math.min(most, whole ** 2 / scale)) };
}

interface Components {
  readonly human: KindVariances;
  readonly machine: KindVariances;
  /** Variance between readers of the mean of both accuracies. */
  readonly balanced: number;
}

const cachedComponents = new Map<string, Components>();

/** The variances of a plan, cached: they don't depend on the numbers of readers and stories that a search varies. */
function componentsOf(plan: StudyPlan): Components {
  const { variances, humanAccuracy = 0.5, machineAccuracy = 0.5, titles, groups } = plan;
  const key = JSON.stringify([variances, humanAccuracy, machineAccuracy, Boolean(titles), Boolean(groups)]);
  const before = cachedComponents.get(key);
  if (before) return before;
  const human = kindVariances(plan, humanAccuracy, true);
  const machine = kindVariances(plan, machineAccuracy, false);
  const components = { human, machine, balanced: balancedReaderVariance(human.level, machine.level, plan) };
  if (cachedComponents.size > 1000) cachedComponents.clear();
  cachedComponents.set(key, components);
  return components;
}

/** The variance components of one kind's right answers, on the scale of shares. */
interface KindVariances {
  readonly level: number;
  readonly share: number;
  readonly reader: number;
  readonly story: number;
  readonly title: number;
  readonly group: number;
  readonly rest: number;
}

function kindVariances(
  { variances, titles, groups }: StudyPlan,
  share: number,
  human: boolean,
): KindVariances {
  const deviations = {
    reader: Math.hypot(variances.bias, variances.skill / 2),
    story: variances.story,
    title: titles ? (variances.title ?? 0) : 0,
    group: groups ? (variances.group ?? 0) : 0,
  };
  const all = Math.hypot(...Object.values(deviations));
  const level = logisticNormalLogit(human ? share : 1 - share, all);
  const of = (deviation: number) =>
    logisticNormalVariance(level, deviation, Math.sqrt(Math.max(0, all ** 2 - deviation ** 2)));
  const [reader, story, title, group] = [
    of(deviations.reader),
    of(deviations.story),
    of(deviations.title),
    of(deviations.group),
  ];
  return {
    level,
    share,
    reader,
    story,
    title,
    group,
    rest: share * (1 - share) - reader - story - title - group,
  };
}

/** The variance between readers of the mean of their two accuracies: bias cancels, skill doesn't. */
function balancedReaderVariance(humanLevel: number, machineLevel: number, plan: StudyPlan): number {
  const { bias, skill } = plan.variances;
  const { title = 0, group = 0 } = plan.variances;
  const story = Math.hypot(plan.variances.story, plan.titles ? title : 0, plan.groups ? group : 0);
  let [weights, first, second] = [0, 0, 0];
  for (let b = -6; b <= 6; b += 0.5) {
    for (let s = -6; s <= 6; s += 0.5) {
      const weight = Math.exp(-0.5 * (b * b + s * s));
      const right =
        (shareAt(humanLevel + bias * b + (skill * s) / 2, story) +
          1 -
          shareAt(machineLevel + bias * b - (skill * s) / 2, story)) /
        2;
      weights += weight;
      first += weight * right;
      second += weight * right * right;
    }
  }
  return Math.max(0, second / weights - (first / weights) ** 2);
}

function shareAt(logit: number, deviation: number): number {
  return deviation === 0 ? logistic(logit) : logisticNormalMean(logit, deviation);
}

/** Integrates over the estimated error, which has a chi distribution and the same lower bound as in the test. */
export function powerOf(
  { standardError, degrees, independentError, estimatedError = standardError }: PlannedError,
  off: number,
  margin: number,
  alpha: number,
): Power {
  // Too few clusters give no verdict.
  if (degrees === 0) return { equivalent: 0, different: 0 };
  const oneSided = studentQuantile(1 - alpha, degrees);
  const twoSided = studentQuantile(1 - alpha / 2, degrees);
  let [weights, equivalent, different] = [0, 0, 0];
  for (let ratio = 0.005; ratio < 6; ratio += 0.01) {
    // The density of sqrt(chi-square / degrees), up to a constant.
    const weight = Math.exp((degrees - 1) * Math.log(ratio) - (degrees * (ratio * ratio - 1)) / 2);
    const estimated = Math.max(ratio * estimatedError, independentError);
    const room = margin - oneSided * estimated;
    const within =
      room <= 0 ? 0 : normalCdf((room - off) / standardError) - normalCdf((-room - off) / standardError);
    const reach = twoSided * estimated;
    const beyond = normalCdf((-reach - off) / standardError) + normalCdf((off - reach) / standardError);
    weights += weight;
    equivalent += weight * within;
    different += weight * beyond;
  }
  return { equivalent: equivalent / weights, different: different / weights };
}

function tally() {
  let equivalent = 0;
  let different = 0;
  return {
    add(isEquivalent: boolean, isDifferent: boolean) {
      equivalent += Number(isEquivalent);
      different += Number(isDifferent);
    },
    power: (studies: number): Power => ({ equivalent: equivalent / studies, different: different / studies }),
  };
}
