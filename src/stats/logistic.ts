import { choleskyInPlace, choleskyInverse, choleskySolve } from "./cholesky.ts";
import { logistic } from "./logistic-normal.ts";

/** A design matrix as rows of predictors, including the intercept if there is one. */
export type DesignMatrix = readonly (readonly number[])[];

/** A fitted logistic regression, or why it could not be fitted. */
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
  /** Trials of each row, with outcomes as counts of successes; 1 by default. */
  readonly trials?: ArrayLike<number>;
  /** Penalty ridge/2 |coefficient|^2 on every coefficient but `unpenalised`; 0 by default. */
  readonly ridge?: number;
  /** Columns without the ridge; by default column 0, the intercept. */
  readonly unpenalised?: readonly number[];
}

/**
 * Logistic regression by iteratively reweighted least squares (McCullagh and Nelder 1989), to a change of the
 * log-likelihood below 1e-12. Without a ridge there is no finite estimate if predictors separate the outcomes
 * or are linearly dependent; the result then has the reason. With a ridge there is always an estimate; its standard errors
 * are those of the penalised fit. Throws RangeError when lengths differ, outcomes exceed their trials or the
 * ridge is negative.
 */
export function fitLogistic(
  design: DesignMatrix,
  outcomes: ArrayLike<number>,
  options: LogisticOptions = {},
): LogisticFit {
  const { trials, ridge = 0, unpenalised = [0] } = options;
  const width = checkDesign(design, outcomes, trials);
  if (!(ridge >= 0)) throw new RangeError(`a ridge must be 0 or more: ${ridge}`);
  if (design.length === 0) return { fitted: false, reason: "there are no observations" };
  const constant = isConstant(outcomes, trials);
  const columns = columnsOf(design, outcomes, trials, width);
  const scales = columnScales(columns);
  const penalty = Float64Array.from({ length: width }, (_, at) => (unpenalised.includes(at) ? 0 : ridge));

  let coefficients = new Float64Array(width);
  let state = evaluate(columns, coefficients, penalty);
  for (let iteration = 1; iteration <= 100; iteration++) {
    if (!choleskyInPlace(state.information, width)) return noFit(state.largestLogit, constant);
    if (state.largestLogit > 18 && isFlat(state.information)) return noFit(state.largestLogit, constant);
    const step = Float64Array.from(state.score);
    choleskySolve(state.information, width, step);
    let next = state;
    let candidate = coefficients;
    for (let length = 1; length > 1e-9; length /= 2) {
      candidate = coefficients.map((value, at) => value + length * step[at]!);
      next = evaluate(columns, candidate, penalty);
      if (next.penalised >= state.penalised - 1e-12 * Math.abs(state.penalised)) break;
    }
    const change = next.penalised - state.penalised;
    coefficients = candidate;
    state = next;
    if (Math.abs(change) <= 1e-12 * (1 + Math.abs(state.penalised))) return finish(iteration, true);
  }
  return finish(100, false);

  /** A standard error of 50 logits per standard deviation of a predictor: the likelihood is flat in its direction. */
  function isFlat(factor: Float64Array): boolean {
    const covariance = choleskyInverse(factor, width);
    return scales.some((scale, at) => Math.sqrt(covariance[at * width + at]!) * scale > 50);
  }

  function finish(iterations: number, converged: boolean): LogisticFit {
    if (!choleskyInPlace(state.information, width)) return noFit(state.largestLogit, constant);
    if (isFlat(state.information)) return noFit(state.largestLogit, constant);
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
    throw new RangeError(`outcomes: ${outcomes.length} entries, expected ${design.length}`);
  }
  if (trials !== undefined && trials.length !== design.length) {
    throw new RangeError(`trials: ${trials.length} entries, expected ${design.length}`);
  }
  for (let row = 0; row < design.length; row++) {
    if (design[row]!.length !== width) {
      throw new RangeError(`row ${row} has ${design[row]!.length} predictors, expected ${width}`);
    }
    for (const value of design[row]!) {
      if (!Number.isFinite(value))
        throw new RangeError(`row ${row} has a predictor that is not a number: ${value}`);
    }
    const most = trials?.[row] ?? 1;
    if (!(outcomes[row]! >= 0 && outcomes[row]! <= most)) {
      throw new RangeError(`row ${row} has ${outcomes[row]} successes of ${most}`);
    }
  }
  return width;
}

function isConstant(outcomes: ArrayLike<number>, trials: ArrayLike<number> | undefined): boolean {
  let right = 0;
  let all = 0;
  for (let row = 0; row < outcomes.length; row++) {
    right += outcomes[row]!;
    all += trials?.[row] ?? 1;
  }
  return right === 0 || right === all;
}

/** The standard deviation of each column; 1 for a constant. */
function columnScales({ predictors, outcomes: { length }, width }: Columns): Float64Array {
  return Float64Array.from({ length: width }, (_, at) => {
    let [sum, squares] = [0, 0];
    for (let cell = at; cell < predictors.length; cell += width) sum += predictors[cell]!;
    for (let cell = at; cell < predictors.length; cell += width)
      squares += (predictors[cell]! - sum / length) ** 2;
    return Math.sqrt(squares / length) || 1;
  });
}

/** The data as typed arrays, `predictors` row by row. */
interface Columns {
  readonly predictors: Float64Array;
  readonly outcomes: Float64Array;
  readonly trials: Float64Array;
  readonly width: number;
}

function columnsOf(
  design: DesignMatrix,
  outcomes: ArrayLike<number>,
  trials: ArrayLike<number> | undefined,
  width: number,
): Columns {
  const predictors = new Float64Array(design.length * width);
  for (let row = 0; row < design.length; row++) predictors.set(design[row]!, row * width);
  return {
    predictors,
    outcomes: Float64Array.from(outcomes),
    trials: trials ? Float64Array.from(trials) : new Float64Array(design.length).fill(1),
    width,
  };
}

interface Likelihood {
  readonly logLikelihood: number;
  readonly penalised: number;
  readonly score: Float64Array;
  readonly information: Float64Array;
  /** The largest fitted logit. */
  readonly largestLogit: number;
}

function evaluate(
  { predictors, outcomes, trials, width }: Columns,
  coefficients: Float64Array,
  penalty: Float64Array,
): Likelihood {
  const score = coefficients.map((value, at) => -penalty[at]! * value);
  const information = new Float64Array(width * width);
  for (let at = 0; at < width; at++) information[at * width + at] = penalty[at]!;
  let logLikelihood = 0;
  let largestLogit = 0;
  for (let row = 0; row < outcomes.length; row++) {
    const first = row * width;
    let logit = 0;
    for (let at = 0; at < width; at++) logit += coefficients[at]! * predictors[first + at]!;
    const count = trials[row]!;
    // One exponential for the probability and for log(1 + exp(logit)).
    const small = Math.exp(-Math.abs(logit));
    const probability = logit >= 0 ? 1 / (1 + small) : small / (1 + small);
    logLikelihood += outcomes[row]! * logit - count * (Math.max(0, logit) + Math.log1p(small));
    largestLogit = Math.max(largestLogit, Math.abs(logit));
    const residual = outcomes[row]! - count * probability;
    const weight = count * probability * (1 - probability);
    for (let one = 0; one < width; one++) {
      const predictor = predictors[first + one]!;
      score[one]! += residual * predictor;
      const scaled = weight * predictor;
      for (let other = 0; other <= one; other++)
        information[one * width + other]! += scaled * predictors[first + other]!;
    }
  }
  const penaltyTerm = coefficients.reduce((sum, value, at) => sum + 0.5 * penalty[at]! * value * value, 0);
  return { logLikelihood, penalised: logLikelihood - penaltyTerm, score, information, largestLogit };
}

function noFit(largestLogit: number, constant: boolean): LogisticFit {
  if (constant) {
    return {
      fitted: false,
      reason: "all outcomes are the same",
    };
  }
  return {
    fitted: false,
    reason:
      largestLogit > 10
        ? "the predictors separate the outcomes, so there is no finite estimate"
        : "the predictors are linearly dependent",
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
