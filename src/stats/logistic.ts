import { choleskyInPlace, choleskyInverse, choleskySolve } from "./cholesky.ts";
import { logistic } from "./logistic-normal.ts";

/** A regression's rows: each a list of predictors, the intercept among them where there is one. */
export type DesignMatrix = readonly (readonly number[])[];

/** A fitted logistic regression, or why there is none. */
export type LogisticFit =
  | {
      readonly fitted: true;
      readonly coefficients: Float64Array;
      readonly standardErrors: Float64Array;
      /** Covariance of the coefficients, row by row. */
      readonly covariance: Float64Array;
      readonly logLikelihood: number;
      readonly converged: boolean;
      readonly iterations: number;
    }
  | { readonly fitted: false; readonly reason: string };

export interface LogisticOptions {
  /** Trials behind each row; 1 unless told. Outcomes are then counts of successes. */
  readonly trials?: ArrayLike<number>;
  /** Penalty ridge/2 |coefficient|^2 on every coefficient but `unpenalised`; 0 unless told. */
  readonly ridge?: number;
  /** Columns that the ridge spares; column 0, the intercept, unless told. */
  readonly unpenalised?: readonly number[];
}

/**
 * Logistic regression by iteratively reweighted least squares (McCullagh and Nelder 1989), to a change of the
 * log-likelihood below 1e-12. Without a ridge, predictors that separate right from wrong have no finite estimate;
 * that is told, as are columns that depend on each other. With a ridge every data set has one answer; its standard
 * errors are those of the penalised fit. Throws RangeError when lengths differ, outcomes exceed their trials or the
 * ridge is negative.
 */
export function fitLogistic(
  design: DesignMatrix,
  outcomes: ArrayLike<number>,
  options: LogisticOptions = {},
): LogisticFit {
  const { trials, ridge = 0, unpenalised = [0] } = options;
  const width = checkDesign(design, outcomes, trials);
  if (!(ridge >= 0)) throw new RangeError(`a ridge is 0 or more: ${ridge}`);
  if (design.length === 0) return { fitted: false, reason: "there are no observations" };
  const alike = allAlike(outcomes, trials);
  const scales = columnScales(design, width);
  const penalty = Float64Array.from({ length: width }, (_, at) => (unpenalised.includes(at) ? 0 : ridge));

  let coefficients = new Float64Array(width);
  let state = evaluate(design, outcomes, trials, coefficients, penalty);
  for (let iteration = 1; iteration <= 100; iteration++) {
    if (!choleskyInPlace(state.information, width)) return noFit(state.furthest, alike);
    if (state.furthest > 18 && flat(state.information)) return noFit(state.furthest, alike);
    const step = Float64Array.from(state.score);
    choleskySolve(state.information, width, step);
    let next = state;
    let candidate = coefficients;
    for (let length = 1; length > 1e-9; length /= 2) {
      candidate = coefficients.map((value, at) => value + length * step[at]!);
      next = evaluate(design, outcomes, trials, candidate, penalty);
      if (next.penalised >= state.penalised - 1e-12 * Math.abs(state.penalised)) break;
    }
    const change = next.penalised - state.penalised;
    coefficients = candidate;
    state = next;
    if (Math.abs(change) <= 1e-12 * (1 + Math.abs(state.penalised))) return finish(iteration, true);
  }
  return finish(100, false);

  /** An error of 50 logits for a predictor's usual step: the likelihood has no top that way, only a slope that fades. */
  function flat(factor: Float64Array): boolean {
    const covariance = choleskyInverse(factor, width);
    return scales.some((scale, at) => Math.sqrt(covariance[at * width + at]!) * scale > 50);
  }

  function finish(iterations: number, converged: boolean): LogisticFit {
    if (!choleskyInPlace(state.information, width)) return noFit(state.furthest, alike);
    if (flat(state.information)) return noFit(state.furthest, alike);
    const covariance = choleskyInverse(state.information, width);
    return {
      fitted: true,
      coefficients,
      standardErrors: coefficients.map((_, at) => Math.sqrt(covariance[at * width + at]!)),
      covariance,
      logLikelihood: state.logLikelihood,
      converged,
      iterations,
    };
  }
}

/** The fitted probability of a row. */
export function logisticProbability(coefficients: ArrayLike<number>, row: readonly number[]): number {
  return logistic(linear(coefficients, row));
}

/** Throws RangeError unless design, outcomes and trials fit each other; gives the number of columns. */
export function checkDesign(
  design: DesignMatrix,
  outcomes: ArrayLike<number>,
  trials: ArrayLike<number> | undefined,
): number {
  const width = design[0]?.length ?? 0;
  if (outcomes.length !== design.length) {
    throw new RangeError(`outcomes: ${outcomes.length} entries beside ${design.length}`);
  }
  if (trials !== undefined && trials.length !== design.length) {
    throw new RangeError(`trials: ${trials.length} entries beside ${design.length}`);
  }
  for (let row = 0; row < design.length; row++) {
    if (design[row]!.length !== width) {
      throw new RangeError(`row ${row} has ${design[row]!.length} predictors beside ${width}`);
    }
    const bad = design[row]!.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new RangeError(`row ${row} has a predictor that is no number: ${bad}`);
    const most = trials?.[row] ?? 1;
    if (!(outcomes[row]! >= 0 && outcomes[row]! <= most)) {
      throw new RangeError(`row ${row} has ${outcomes[row]} successes of ${most}`);
    }
  }
  return width;
}

function allAlike(outcomes: ArrayLike<number>, trials: ArrayLike<number> | undefined): boolean {
  let right = 0;
  let all = 0;
  for (let row = 0; row < outcomes.length; row++) {
    right += outcomes[row]!;
    all += trials?.[row] ?? 1;
  }
  return right === 0 || right === all;
}

/** The standard deviation of each column; 1 for a constant. */
function columnScales(design: DesignMatrix, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, at) => {
    const mean = design.reduce((sum, row) => sum + row[at]!, 0) / design.length;
    const variance = design.reduce((sum, row) => sum + (row[at]! - mean) ** 2, 0) / design.length;
    return Math.sqrt(variance) || 1;
  });
}

interface State {
  readonly logLikelihood: number;
  readonly penalised: number;
  readonly score: Float64Array;
  readonly information: Float64Array;
  /** The largest fitted logit. */
  readonly furthest: number;
}

function evaluate(
  design: DesignMatrix,
  outcomes: ArrayLike<number>,
  trials: ArrayLike<number> | undefined,
  coefficients: Float64Array,
  penalty: Float64Array,
): State {
  const width = coefficients.length;
  const score = coefficients.map((value, at) => -penalty[at]! * value);
  const information = new Float64Array(width * width);
  for (let at = 0; at < width; at++) information[at * width + at] = penalty[at]!;
  let logLikelihood = 0;
  let furthest = 0;
  for (let row = 0; row < design.length; row++) {
    const predictors = design[row]!;
    const logit = linear(coefficients, predictors);
    const count = trials?.[row] ?? 1;
    const probability = logistic(logit);
    logLikelihood += outcomes[row]! * logit - count * logOnePlusExp(logit);
    furthest = Math.max(furthest, Math.abs(logit));
    const residual = outcomes[row]! - count * probability;
    const weight = count * probability * (1 - probability);
    for (let one = 0; one < width; one++) {
      score[one]! += residual * predictors[one]!;
      for (let other = 0; other <= one; other++) {
        information[one * width + other]! += weight * predictors[one]! * predictors[other]!;
      }
    }
  }
  const shrunk = coefficients.reduce((sum, value, at) => sum + 0.5 * penalty[at]! * value * value, 0);
  return { logLikelihood, penalised: logLikelihood - shrunk, score, information, furthest };
}

function noFit(furthest: number, alike: boolean): LogisticFit {
  if (alike) {
    return {
      fitted: false,
      reason: "all outcomes are alike, so that nothing varies that a model could explain",
    };
  }
  return {
    fitted: false,
    reason:
      furthest > 10
        ? "the predictors separate the outcomes, so that no finite estimate exists"
        : "predictors depend on each other, so that their parts can't be told apart",
  };
}

function linear(coefficients: ArrayLike<number>, row: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < row.length; at++) sum += coefficients[at]! * row[at]!;
  return sum;
}

/** log(1 + exp(x)), without overflow. */
export function logOnePlusExp(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}
