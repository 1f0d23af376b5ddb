import { inversePositive } from "./cholesky.ts";
import { checkLengths, type Label } from "./labels.ts";
import { type LaplaceData, LaplaceModel } from "./laplace.ts";
import { checkDesign, fitLogistic } from "./logistic.ts";
import { type Minimum, minimise } from "./minimise.ts";

/**
 * The design has the fixed effects, a row per observation, with the intercept as a column of ones. Outcomes are 0 or 1, or
 * successes out of `trials`. Groups have random intercepts, a label per observation:
 * `{ reader, story }`. Slopes are random slopes of predictors within a group,
 * `{ "origin by reader": { within: "reader", by: origin } }`, uncorrelated with its intercept (lme4's `||`).
 */
export type MixedLogisticData = LaplaceData;

/** A fitted model, or why it could not be fitted. */
export type MixedLogisticFit = MixedLogistic | { readonly fitted: false; readonly reason: string };

export interface MixedLogistic {
  readonly fitted: true;
  /** Fixed effects on the logit (or probit). */
  readonly coefficients: Float64Array;
  readonly standardErrors: Float64Array;
  /** Covariance of the fixed effects, row by row. */
  readonly covariance: Float64Array;
  /** Covariance of the standard deviations, in the order of `deviations`, and then the fixed effects; 0 for one at 0. */
  readonly joint: Float64Array;
  /** Standard deviation of each random intercept and slope: theta in lme4. */
  readonly deviations: Readonly<Record<string, number>>;
  /** The random intercepts and slopes at their modes, by name and label. */
  readonly effects: Readonly<Record<string, ReadonlyMap<Label, number>>>;
  /** By the Laplace approximation, including the binomial constant, as in lme4. */
  readonly logLikelihood: number;
  readonly observations: number;
  /** Number of fixed effects and standard deviations. */
  readonly parameters: number;
  readonly converged: boolean;
  /** Whether a standard deviation is estimated as 0 (below 1e-4). */
  readonly singular: boolean;
}

/**
 * A logistic (or probit) model with crossed random intercepts and slopes, `outcome ~ design + (1 + x || reader) + (1 | story)`, by
 * Laplace's approximation (Bates, Maechler, Bolker and Walker 2015, which is lme4). Fixed effects and deviations are
 * estimated together by a quasi-Newton method on the exact gradient, started off the boundary; the random
 * effects follow by penalised iteratively reweighted least squares to 1e-12. The largest group's block of the
 * penalised Hessian is block-diagonal and is eliminated; only the other groups remain dense. Standard errors come from the
 * Hessian over all parameters at the optimum, as in lme4.
 *
 * Data without a fit (no observations, all outcomes the same, separating or dependent predictors) give a reason. Throws RangeError when lengths differ, outcomes exceed trials, or no group is given.
 */
export function fitMixedLogistic(data: MixedLogisticData): MixedLogisticFit {
  const { design, outcomes, trials, groups } = data;
  const width = checkDesign(design, outcomes, trials);
  const { slopes = {} } = data;
  if (Object.keys(groups).length === 0)
    throw new RangeError("a mixed model needs a group with random intercepts");
  const names = [...Object.keys(groups), ...Object.keys(slopes)];
  checkLengths(outcomes.length, groups);
  checkLengths(
    outcomes.length,
    Object.fromEntries(Object.entries(slopes).map(([name, { by }]) => [name, by])),
  );
  const start = fitLogistic(design, outcomes, trials ? { trials } : {});
  if (!start.fitted) return start;

  const model = new LaplaceModel(data);
  // A logit is about 1.7 times as large as the probit of the same probability.
  const scale = data.link === "probit" ? 1 / 1.7 : 1;
  const point = new Float64Array(names.length + width).fill(0.7 * scale, 0, names.length);
  point.set(
    start.coefficients.map((value) => scale * value),
    names.length,
  );
  const optimum = minimise((at) => model.deviance(at), point);
  return describe(model, optimum, names, width, outcomes.length);
}

function describe(
  model: LaplaceModel,
  optimum: Minimum,
  names: readonly string[],
  width: number,
  observations: number,
): MixedLogisticFit {
  const { at } = optimum;
  const coefficients = at.slice(names.length);
  if (coefficients.some((value) => Math.abs(value) > 1e3)) return { fitted: false, reason: separated };
  // The sign of a standard deviation doesn't matter to the deviance.
  const deviations = names.map((_, group) => Math.abs(at[group]!));
  const singular = deviations.some((deviation) => deviation < 1e-4);
  model.deviance(at);
  const effects = model.effects(at);
  const joint = jointCovariance(model, at, names.length, deviations);
  if (joint === undefined) return { fitted: false, reason: separated };
  const size = names.length + width;
  const covariance = Float64Array.from({ length: width * width }, (_, cell) => {
    return joint[(names.length + Math.floor(cell / width)) * size + names.length + (cell % width)]!;
  });
  return {
    fitted: true,
    coefficients,
    standardErrors: coefficients.map((_, one) => Math.sqrt(covariance[one * width + one]!)),
    covariance,
    joint,
    deviations: Object.fromEntries(names.map((name, group) => [name, deviations[group]!])),
    effects: Object.fromEntries(names.map((name, group) => [name, effects[group]!])),
    logLikelihood: -optimum.value / 2,
    observations,
    parameters: names.length + width,
    converged: optimum.converged,
    singular,
  };
}

const separated =
  "outcomes hardly vary within the groups, the predictors separate them, or the model is too large for the data, so there is no finite estimate";

/**
 * Twice the inverse of the deviance's Hessian, by central differences of its gradient. A standard deviation at its boundary of 0 doesn't affect the fixed effects and is left out.
 */
function jointCovariance(
  model: LaplaceModel,
  at: Float64Array,
  groups: number,
  deviations: readonly number[],
): Float64Array | undefined {
  const free = [...at.keys()].filter((parameter) => parameter >= groups || deviations[parameter]! >= 1e-4);
  const size = free.length;
  const hessian = new Float64Array(size * size);
  for (const [row, parameter] of free.entries()) {
    const step = 1e-4 * Math.max(1, Math.abs(at[parameter]!));
    const slopes = [1, -1].map((sign) => {
      const moved = Float64Array.from(at);
      moved[parameter]! += sign * step;
      return model.deviance(moved).gradient;
    });
    for (const [column, other] of free.entries()) {
      hessian[row * size + column] = (slopes[0]![other]! - slopes[1]![other]!) / (2 * step);
    }
  }
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) {
      const half = (hessian[row * size + column]! + hessian[column * size + row]!) / 2;
      hessian[row * size + column] = half;
      hessian[column * size + row] = half;
    }
  }
  const inverse = inversePositive(hessian, size);
  if (inverse === undefined) return undefined;
  const joint = new Float64Array(at.length ** 2);
  for (const [row, one] of free.entries()) {
    for (const [column, other] of free.entries()) {
      // A deviation may have been found at its negative.
      const sign = (one < groups && at[one]! < 0 ? -1 : 1) * (other < groups && at[other]! < 0 ? -1 : 1);
      joint[one * at.length + other] = 2 * sign * inverse[row * size + column]!;
    }
  }
  return joint;
}
