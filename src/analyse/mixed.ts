import { inversePositive } from "../stats/cholesky.ts";
import type { Slope } from "../stats/crossed-hessian.ts";
import { fSurvival } from "../stats/f-distribution.ts";
import { indexLabels, type Label } from "../stats/labels.ts";
import type { LinkName } from "../stats/link.ts";
import { fitMixedLogistic, type MixedLogistic } from "../stats/mixed-logistic.ts";
import { studentQuantile } from "../stats/student-t.ts";
import { counted, printed } from "../study/print.ts";
import type { AnalyseSettings } from "../study/settings/analyse.ts";
import type { Choice } from "./data.ts";
import type { Effect } from "./fixed-effects.ts";
import { sharedTitles } from "./titles.ts";

/** The mixed model with its tests, or why it could not be fitted. */
export type Mixed =
  | FittedMixed
  | {
      readonly fitted: false;
      readonly reason: string;
      /** Whether it could be fitted, but only on request because of its size. */
      readonly onRequest?: true;
    };

export interface FittedMixed {
  readonly fitted: true;
  readonly fit: MixedLogistic;
  /** In lme4's notation, with the column names of judgments.csv. */
  readonly formula: string;
  readonly coefficients: readonly Coefficient[];
  readonly tests: readonly EffectTest[];
}

export interface Coefficient {
  readonly effect: string;
  readonly term: string;
  readonly estimate: number;
  /** The model's own, as in lme4. */
  readonly standardError: number;
  /** By Student's t, widened like the tests; undefined with too few readers, stories or titles. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** The F test of all columns of an effect. */
export interface EffectTest {
  readonly effect: string;
  readonly f: number;
  readonly columns: number;
  readonly degrees: number;
  readonly p: number;
}

/** A grouping factor of the random effects, and its column in judgments.csv. */
interface GroupingFactor {
  readonly name: "reader" | "story" | "title";
  readonly column: string;
  readonly labels: readonly string[];
}

/**
 * A logistic (or probit) mixed model of saying "human". Readers, stories and (if human and machine stories share them) titles have
 * random intercepts. Every effect has an uncorrelated random slope (`||`) by reader and by story where it varies within
 * them; otherwise its test would not generalise beyond these readers (Barr, Levy, Scheepers and Tily 2013). Titles have a
 * slope of origin only. If every title has at most one story of each origin, story intercepts are redundant and left out.
 *
 * Each effect is tested by a Wald F test. Its degrees of freedom are the number of units (readers, stories or titles,
 * whichever are fewest) minus the effects estimated at that level. Maximum-likelihood variances are too small by about
 * that ratio, so standard errors are widened by sqrt(units / degrees). Rows with a missing value must have been removed.
 *
 * Above `mostJudgments` or `mostCrossed` it is fitted only with `models: "always"`.
 */
export function fitMixed(
  choices: readonly Choice[],
  effects: readonly Effect[],
  { level, models }: Pick<AnalyseSettings, "level" | "models">,
  link: LinkName = "logit",
): Mixed {
  const columns = effects.flatMap((effect) =>
    effect.columns.map(({ label, values }) => ({ effect: effect.name, label, values: values as number[] })),
  );
  const titles = sharedTitles(choices);
  const readers: GroupingFactor = {
    name: "reader",
    column: "participant",
    labels: choices.map((one) => one.participant),
  };
  const stories: GroupingFactor = {
    name: "story",
    column: "stimulus",
    labels: choices.map((one) => one.stimulus),
  };
  const factors: GroupingFactor[] = [
    readers,
    ...(titles && effects.some(({ name }) => name === "origin") && onePerTitleAndOrigin(choices, titles)
      ? []
      : [stories]),
    ...(titles ? [{ name: "title" as const, column: "title", labels: titles }] : []),
  ];
  const slopes = new Map<string, Slope & { readonly effect: string }>();
  for (const factor of factors) {
    for (const { effect, label, values } of columns) {
      if (factor.name === "title" && effect !== "origin") continue;
      if (!variesWithinUnit(values, factor.labels)) continue;
      const name = columns.filter((one) => one.effect === effect).length > 1 ? `${effect} ${label}` : effect;
      slopes.set(`${name} by ${factor.name}`, { within: factor.name, by: values, effect });
    }
  }
  const crossed = crossedEffects(factors, slopes);
  if (crossed > maxCrossed) {
    const reason = `there are ${crossed} crossed random effects of readers, stories and titles, more than the limit of ${maxCrossed}`;
    return { fitted: false, reason };
  }
  if (models !== "always" && (choices.length > mostJudgments || crossed > mostCrossed)) {
    const reason = `a fit of ${counted(choices.length, "judgment")} with ${counted(crossed, "crossed random effect")} can take minutes, and above ${printed(mostJudgments, "integer")} judgments or ${mostCrossed} such effects it runs only on request (\`--models\`; for a study \`models: always\` under \`analyse\`)`;
    return { fitted: false, reason, onRequest: true };
  }
  const fit = fitMixedLogistic({
    link,
    design: choices.map((_, at) => [1, ...columns.map(({ values }) => values[at]!)]),
    outcomes: choices.map(({ answer }) => Number(answer === "human")),
    groups: Object.fromEntries(factors.map(({ name, labels }) => [name, labels])),
    slopes: Object.fromEntries(slopes),
  });
  if (!fit.fitted) return fit;

  const all: GroupingFactor[] = [readers, stories, ...factors.filter(({ name }) => name === "title")];
  const units = (of: string) =>
    degreesOf(of === "intercept" ? [] : columns.filter(({ effect }) => effect === of), all, columns);
  const terms = [{ effect: "intercept", label: "bias towards “human”" }, ...columns];
  return {
    fitted: true,
    fit,
    formula: formulaOf(effects, factors, slopes),
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

/** Above these sizes a fit can take minutes. Time grows with the cube of the number of crossed effects. */
const mostJudgments = 100_000;
const mostCrossed = 500;

/** At this limit a fit takes hours. */
const maxCrossed = 2500;

/** The number of random effects outside the factor with the most units, which is cheap to solve. */
function crossedEffects(factors: readonly GroupingFactor[], slopes: ReadonlyMap<string, Slope>): number {
  const counts = factors.map(({ name, labels }) => ({
    units: new Set(labels).size,
    terms: 1 + [...slopes.values()].filter(({ within }) => within === name).length,
  }));
  const most = Math.max(...counts.map(({ units }) => units));
  const widest = counts.findIndex(({ units }) => units === most);
  return counts.reduce((sum, { units, terms }, at) => sum + (at === widest ? 0 : units * terms), 0);
}

/** The degrees of freedom of an effect, and the factor that widens its standard error. */
function degreesOf(
  own: readonly { readonly values: readonly number[] }[],
  factors: readonly GroupingFactor[],
  columns: readonly { readonly values: readonly number[] }[],
): { readonly degrees: number; readonly widen: number } {
  const counts = factors.map(({ labels }) => {
    const units = new Set(labels).size;
    const between = own.length > 0 && !own.some(({ values }) => variesWithinUnit(values, labels));
    const estimated = columns.filter(({ values }) => !variesWithinUnit(values, labels)).length;
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

/** Whether the values vary within some unit. */
function variesWithinUnit(values: ArrayLike<number>, labels: ArrayLike<Label>): boolean {
  const { index } = indexLabels(labels);
  const first = new Map<number, number>();
  for (let at = 0; at < index.length; at++) {
    const known = first.get(index[at]!);
    if (known === undefined) first.set(index[at]!, values[at]!);
    else if (known !== values[at]) return true;
  }
  return false;
}

/** Whether every title has at most one story of each origin. */
function onePerTitleAndOrigin(choices: readonly Choice[], titles: readonly string[]): boolean {
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
  factors: readonly GroupingFactor[],
  slopes: ReadonlyMap<string, Slope & { readonly effect: string }>,
): string {
  const random = factors.map(({ name, column }) => {
    const own = new Set(
      [...slopes.values()].filter(({ within }) => within === name).map(({ effect }) => effect),
    );
    return own.size === 0 ? `(1 | ${column})` : `(${["1", ...own].join(" + ")} || ${column})`;
  });
  return `human ~ ${[...effects.map(({ name }) => name), ...random].join(" + ") || "1"}`;
}
