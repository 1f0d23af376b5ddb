import { inversePositive } from "../stats/cholesky.ts";
import type { Slope } from "../stats/crossed-hessian.ts";
import { fSurvival } from "../stats/f-distribution.ts";
import { indexLabels, type Label } from "../stats/labels.ts";
import { fitMixedLogistic, type MixedLogistic } from "../stats/mixed-logistic.ts";
import { studentQuantile } from "../stats/student-t.ts";
import type { Choice } from "./data.ts";
import type { Effect } from "./fixed-effects.ts";
import { sharedTitles } from "./titles.ts";

/** The mixed model of some choices: its fit with all that its tests rest on, or why there is none. */
export type Mixed = FittedMixed | { readonly fitted: false; readonly reason: string };

export interface FittedMixed {
  readonly fitted: true;
  readonly fit: MixedLogistic;
  /** As lme4 writes it, columns named as in judgments.csv. */
  readonly formula: string;
  readonly coefficients: readonly Coefficient[];
  readonly tests: readonly EffectTest[];
}

export interface Coefficient {
  readonly effect: string;
  readonly term: string;
  readonly estimate: number;
  /** The model's own, as lme4 has it. */
  readonly standardError: number;
  /** By Student's t, widened as the tests are; undefined where too few readers, stories or titles carry it. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** Fisher's F on all columns of an effect. */
export interface EffectTest {
  readonly effect: string;
  readonly f: number;
  readonly columns: number;
  readonly degrees: number;
  readonly p: number;
}

/** A way in which judgments repeat, and the name it has in judgments.csv. */
interface Way {
  readonly name: "reader" | "story" | "title";
  readonly column: string;
  readonly labels: readonly string[];
}

/**
 * A logistic mixed model of saying "human". Readers, stories and (where human and machine stories share them) titles
 * have random intercepts, and every effect has a random slope for each reader within whom it varies and each story
 * within which it varies, uncorrelated (`||`): without them its error is that of these very readers (Barr, Levy,
 * Scheepers and Tily 2013). A title has a slope of origin alone. Where a title has one story of each origin at most, its
 * intercept and its slope say all that intercepts of stories could, and these are left out.
 *
 * Each effect is tested by Wald's F with the degrees of freedom of the fewest units that carry it: readers, stories or
 * titles, less what was estimated at that level. Variances of a maximum-likelihood fit are too small by about the same
 * share, so that errors are widened by the root of units over degrees. Rows without a value of an effect must have been
 * left out.
 */
export function fitMixed(choices: readonly Choice[], effects: readonly Effect[], level: number): Mixed {
  const columns = effects.flatMap((effect) =>
    effect.columns.map(({ label, values }) => ({ effect: effect.name, label, values: values as number[] })),
  );
  const titles = sharedTitles(choices);
  const readers: Way = {
    name: "reader",
    column: "participant",
    labels: choices.map((one) => one.participant),
  };
  const stories: Way = { name: "story", column: "stimulus", labels: choices.map((one) => one.stimulus) };
  const ways: Way[] = [
    readers,
    ...(titles && effects.some(({ name }) => name === "origin") && aloneInTitle(choices, titles)
      ? []
      : [stories]),
    ...(titles ? [{ name: "title" as const, column: "title", labels: titles }] : []),
  ];
  const slopes = new Map<string, Slope & { readonly effect: string }>();
  for (const way of ways) {
    for (const { effect, label, values } of columns) {
      if (way.name === "title" && effect !== "origin") continue;
      if (!variesWithin(values, way.labels)) continue;
      const name = columns.filter((one) => one.effect === effect).length > 1 ? `${effect} ${label}` : effect;
      slopes.set(`${name} by ${way.name}`, { within: way.name, by: values, effect });
    }
  }
  const crossed = crossedEffects(ways, slopes);
  if (crossed > mostCrossed) {
    const reason = `readers, stories and titles have ${crossed} effects that cross, and it takes at most ${mostCrossed}`;
    return { fitted: false, reason };
  }
  const fit = fitMixedLogistic({
    design: choices.map((_, at) => [1, ...columns.map(({ values }) => values[at]!)]),
    outcomes: choices.map(({ answer }) => Number(answer === "human")),
    groups: Object.fromEntries(ways.map(({ name, labels }) => [name, labels])),
    slopes: Object.fromEntries(slopes),
  });
  if (!fit.fitted) return fit;

  const all: Way[] = [readers, stories, ...ways.filter(({ name }) => name === "title")];
  const units = (of: string) =>
    unitsOf(of === "leaning" ? [] : columns.filter(({ effect }) => effect === of), all, columns);
  const terms = [{ effect: "leaning", label: "towards “human”, whatever is shown" }, ...columns];
  return {
    fitted: true,
    fit,
    formula: formulaOf(effects, ways, slopes),
    coefficients: terms.map(({ effect, label }, at) => {
      const { degrees, widen } = units(effect);
      const [estimate, standardError] = [fit.coefficients[at]!, fit.standardErrors[at]!];
      const half =
        degrees > 0 ? studentQuantile(0.5 + level / 2, degrees) * widen * standardError : undefined;
      return {
        effect,
        term: label,
        estimate,
        standardError,
        low: half === undefined ? undefined : estimate - half,
        high: half === undefined ? undefined : estimate + half,
      };
    }),
    tests: effects.flatMap(({ name }) => {
      const own = [...columns.keys()].filter((at) => columns[at]!.effect === name).map((at) => at + 1);
      return testOf(name, own, fit, units(name));
    }),
  };
}

/** Effects that cross are solved together, which takes the cube of their number in time: here some minutes. */
const mostCrossed = 2500;

/** Random effects of all ways but the one that has the most units, which costs little. */
function crossedEffects(ways: readonly Way[], slopes: ReadonlyMap<string, Slope>): number {
  const counts = ways.map(({ name, labels }) => ({
    units: new Set(labels).size,
    terms: 1 + [...slopes.values()].filter(({ within }) => within === name).length,
  }));
  const most = Math.max(...counts.map(({ units }) => units));
  const widest = counts.findIndex(({ units }) => units === most);
  return counts.reduce((sum, { units, terms }, at) => sum + (at === widest ? 0 : units * terms), 0);
}

/** Units that carry an effect, less what is estimated at their level, and how much too small the model's error is. */
function unitsOf(
  own: readonly { readonly values: readonly number[] }[],
  ways: readonly Way[],
  columns: readonly { readonly values: readonly number[] }[],
): { readonly degrees: number; readonly widen: number } {
  const counts = ways.map(({ labels }) => {
    const units = new Set(labels).size;
    const between = own.length > 0 && !own.some(({ values }) => variesWithin(values, labels));
    const estimated = columns.filter(({ values }) => !variesWithin(values, labels)).length;
    return { units, degrees: units - 1 - (between ? estimated : 0) };
  });
  const fewest = counts.reduce((least, one) => (one.degrees < least.degrees ? one : least));
  const degrees = fewest.degrees;
  return { degrees: Math.max(0, degrees), widen: degrees > 0 ? Math.sqrt(fewest.units / degrees) : Infinity };
}

function testOf(
  effect: string,
  own: readonly number[],
  { coefficients, covariance }: MixedLogistic,
  { degrees, widen }: { readonly degrees: number; readonly widen: number },
): EffectTest[] {
  const size = own.length;
  const width = coefficients.length;
  const block = Float64Array.from({ length: size * size }, (_, cell) => {
    return covariance[own[Math.floor(cell / size)]! * width + own[cell % size]!]!;
  });
  const inverse = inversePositive(block, size);
  const left = degrees - (size - 1);
  if (inverse === undefined || left < 1) return [];
  let square = 0;
  for (const [row, one] of own.entries()) {
    for (const [column, other] of own.entries())
      square += coefficients[one]! * inverse[row * size + column]! * coefficients[other]!;
  }
  const f = square / size / widen ** 2;
  return [{ effect, f, columns: size, degrees: left, p: fSurvival(f, size, left) }];
}

/**
 * d' of the mean reader over stories like these, and how far readers lie apart in it (SD): the effect of origin on the
 * logit, brought to the normal scale by √3/π, over the root of 1 and the variance of what stories look like. Pooled d' is
 * smaller where readers lean apart. Undefined without an effect of origin.
 */
export function meanReader({ fit, coefficients }: Pick<FittedMixed, "fit" | "coefficients">) {
  const origin = coefficients.find(({ effect }) => effect === "origin");
  if (origin === undefined) return undefined;
  const toNormal = Math.sqrt(3) / Math.PI;
  const { story = 0, title = 0, "origin by reader": skill = 0 } = fit.deviations;
  const scale = toNormal / Math.hypot(1, toNormal * Math.hypot(story, title));
  return { sensitivity: scale * origin.estimate, spread: scale * skill };
}

/** Whether some unit has two values. */
function variesWithin(values: ArrayLike<number>, labels: ArrayLike<Label>): boolean {
  const { index } = indexLabels(labels);
  const first = new Map<number, number>();
  for (let at = 0; at < index.length; at++) {
    const known = first.get(index[at]!);
    if (known === undefined) first.set(index[at]!, values[at]!);
    else if (known !== values[at]) return true;
  }
  return false;
}

/** Whether no title has two stories of one origin. */
function aloneInTitle(choices: readonly Choice[], titles: readonly string[]): boolean {
  const story = new Map<string, string>();
  return choices.every(({ origin, stimulus }, at) => {
    const place = `${origin} ${titles[at]}`;
    const known = story.get(place) ?? stimulus;
    story.set(place, known);
    return known === stimulus;
  });
}

function formulaOf(
  effects: readonly Effect[],
  ways: readonly Way[],
  slopes: ReadonlyMap<string, Slope & { readonly effect: string }>,
): string {
  const random = ways.map(({ name, column }) => {
    const own = new Set(
      [...slopes.values()].filter(({ within }) => within === name).map(({ effect }) => effect),
    );
    return own.size === 0 ? `(1 | ${column})` : `(${["1", ...own].join(" + ")} || ${column})`;
  });
  return `human ~ ${[...effects.map(({ name }) => name), ...random].join(" + ") || "1"}`;
}
