import { choleskyInPlace, choleskyInverse, choleskySolve } from "./cholesky.ts";
import { checkLengths, type Indexed, indexLabels, indexPairs, type Label } from "./labels.ts";
import type { Design } from "./logistic.ts";
import { logistic } from "./logistic-normal.ts";
import { studentTwoSided } from "./student-t.ts";

/** A proportional-odds fit, or why there is none. */
export type OrdinalFit =
  | {
      readonly fitted: true;
      /** Log odds ratios of a higher rating per unit of each predictor. */
      readonly coefficients: Float64Array;
      /** Errors as if ratings were independent. */
      readonly standardErrors: Float64Array;
      /** Errors clustered by the ways given; those above where no way is given. */
      readonly clusteredErrors: Float64Array;
      /** Degrees of freedom for the clustered errors: the fewer clusters less 1; Infinity where no way is given. */
      readonly degrees: number;
      /** Two-sided, from clustered errors and Student's t. */
      readonly pValues: Float64Array;
      /** Logits at which the categories part, rising, one fewer than the categories. */
      readonly thresholds: Float64Array;
      /** The ratings that occur, rising. */
      readonly categories: readonly number[];
      readonly logLikelihood: number;
      readonly converged: boolean;
    }
  | { readonly fitted: false; readonly reason: string };

/**
 * Ratings by the cumulative logit model with proportional odds, logit P(rating <= k) = threshold k - predictors
 * (McCullagh 1980; R's `polr`), without an intercept among the predictors, fitted by Newton's method. Errors may be
 * clustered one way or two (Liang and Zeger 1986; Cameron, Gelbach and Miller 2011), each way times G/(G - 1),
 * and none below the larger of its two ways. One category, separated or dependent predictors, and a single cluster
 * are told. Throws RangeError when lengths differ.
 */
export function fitOrdinal(
  design: Design,
  ratings: ArrayLike<number>,
  clusters: readonly ArrayLike<Label>[] = [],
): OrdinalFit {
  checkLengths(ratings.length, { design, clusters: clusters[0], "second clusters": clusters[1] });
  if (clusters.length > 2) throw new RangeError(`clusters come one or two ways: ${clusters.length}`);
  const categories = [...new Set(Array.from(ratings))].sort((one, other) => one - other);
  if (categories.length < 2) {
    return { fitted: false, reason: ratings.length === 0 ? "there are no ratings" : "all ratings are alike" };
  }
  const ways = clusters.map(indexLabels);
  if (ways.some(({ names }) => names.length < 2)) {
    return { fitted: false, reason: "one cluster can't stand for many" };
  }
  const place = new Map(categories.map((category, at) => [category, at]));
  const levels = Int32Array.from(ratings, (rating) => place.get(rating)!);

  const cuts = categories.length - 1;
  const width = design[0]!.length;
  let parameters = startingPoint(levels, cuts, width);
  let state = evaluate(design, levels, cuts, parameters)!;
  let converged = false;
  for (let iteration = 0; iteration < 100 && !converged; iteration++) {
    if (!choleskyInPlace(state.information, parameters.length))
      return { fitted: false, reason: noFit(parameters, cuts) };
    const step = Float64Array.from(state.score);
    choleskySolve(state.information, parameters.length, step);
    const moved = ascend(design, levels, cuts, parameters, state, step);
    if (moved === undefined) return { fitted: false, reason: noFit(parameters, cuts) };
    converged =
      Math.abs(moved.state.logLikelihood - state.logLikelihood) <=
      1e-12 * (1 + Math.abs(state.logLikelihood));
    ({ parameters, state } = moved);
    if (parameters.some((value, at) => at >= cuts && Math.abs(value) > 1e4)) break;
  }
  if (!converged || !choleskyInPlace(state.information, parameters.length)) {
    return { fitted: false, reason: noFit(parameters, cuts) };
  }
  const covariance = choleskyInverse(state.information, parameters.length);
  const errors = Float64Array.from(parameters, (_, at) =>
    Math.sqrt(covariance[at * parameters.length + at]!),
  );
  // A logit error in the hundreds means that the likelihood is flat that way: separation.
  if (errors.slice(cuts).some((error) => error > 100)) return { fitted: false, reason: separated };
  const clustered = ways.length === 0 ? errors : clusteredErrors(state.scores, covariance, ways);
  const degrees = ways.length === 0 ? Infinity : Math.min(...ways.map(({ names }) => names.length)) - 1;
  const coefficients = parameters.slice(cuts);
  return {
    fitted: true,
    coefficients,
    standardErrors: errors.slice(cuts),
    clusteredErrors: clustered.slice(cuts),
    degrees,
    pValues: coefficients.map((value, at) => studentTwoSided(value / clustered[cuts + at]!, degrees)),
    thresholds: parameters.slice(0, cuts),
    categories,
    logLikelihood: state.logLikelihood,
    converged,
  };
}

interface State {
  readonly logLikelihood: number;
  readonly score: Float64Array;
  readonly information: Float64Array;
  /** The score of each rating, row by row, for clustered errors. */
  readonly scores: Float64Array;
}

/** Thresholds at the logits of the cumulative shares, coefficients at 0. */
function startingPoint(levels: Int32Array, cuts: number, width: number): Float64Array<ArrayBuffer> {
  const parameters = new Float64Array(cuts + width);
  for (let cut = 0; cut < cuts; cut++) {
    const below = levels.reduce((sum, level) => sum + Number(level <= cut), 0);
    parameters[cut] = Math.log(below / (levels.length - below));
  }
  return parameters;
}

/** The likelihood at a point; undefined where thresholds don't rise or a rating becomes impossible. */
function evaluate(
  design: Design,
  levels: Int32Array,
  cuts: number,
  parameters: Float64Array,
): State | undefined {
  const size = parameters.length;
  const score = new Float64Array(size);
  const information = new Float64Array(size * size);
  const scores = new Float64Array(size * levels.length);
  let logLikelihood = 0;
  for (let cut = 1; cut < cuts; cut++) if (!(parameters[cut]! > parameters[cut - 1]!)) return undefined;
  for (let row = 0; row < levels.length; row++) {
    const predictors = design[row]!;
    let shift = 0;
    for (let at = 0; at < predictors.length; at++) shift += predictors[at]! * parameters[cuts + at]!;
    const level = levels[row]!;
    const upper = level < cuts ? logisticPart(parameters[level]! - shift) : certain;
    const lower = level > 0 ? logisticPart(parameters[level - 1]! - shift) : impossible;
    const probability = upper.share - lower.share;
    if (!(probability > 0)) return undefined;
    logLikelihood += Math.log(probability);

    // First and second derivatives by the upper and the lower edge, then by the parameters that move them.
    const up = upper.density / probability;
    const down = -lower.density / probability;
    const upUp = upper.slope / probability - up * up;
    const downDown = -lower.slope / probability - down * down;
    const cross = -up * down;
    const edges = [
      { cut: level, first: up, second: upUp },
      { cut: level - 1, first: down, second: downDown },
    ];
    const offset = row * size;
    for (const { cut, first } of edges) {
      if (cut < 0 || cut >= cuts) continue;
      scores[offset + cut]! += first;
    }
    for (let at = 0; at < predictors.length; at++)
      scores[offset + cuts + at] = -(up + down) * predictors[at]!;
    for (let at = 0; at < size; at++) score[at]! += scores[offset + at]!;

    for (const { cut, second } of edges) {
      if (cut < 0 || cut >= cuts) continue;
      information[cut * size + cut]! -= second;
      for (let at = 0; at < predictors.length; at++) {
        information[(cuts + at) * size + cut]! += (second + cross) * predictors[at]!;
      }
    }
    if (level > 0 && level < cuts) information[level * size + level - 1]! -= cross;
    const both = upUp + downDown + 2 * cross;
    for (let one = 0; one < predictors.length; one++) {
      for (let other = 0; other <= one; other++) {
        information[(cuts + one) * size + cuts + other]! -= both * predictors[one]! * predictors[other]!;
      }
    }
  }
  return { logLikelihood, score, information, scores };
}

/** The logistic distribution at a point: share below, density, and the density's slope. */
interface LogisticPart {
  readonly share: number;
  readonly density: number;
  readonly slope: number;
}

const certain: LogisticPart = { share: 1, density: 0, slope: 0 };
const impossible: LogisticPart = { share: 0, density: 0, slope: 0 };

function logisticPart(x: number): LogisticPart {
  const share = logistic(x);
  const density = share * (1 - share);
  return { share, density, slope: density * (1 - 2 * share) };
}

/** Halves the Newton step until the likelihood doesn't fall. */
function ascend(
  design: Design,
  levels: Int32Array,
  cuts: number,
  from: Float64Array,
  state: State,
  step: Float64Array,
): { parameters: Float64Array<ArrayBuffer>; state: State } | undefined {
  for (let length = 1; length > 1e-10; length /= 2) {
    const parameters = Float64Array.from(from, (value, at) => value + length * step[at]!);
    const there = evaluate(design, levels, cuts, parameters);
    if (there && there.logLikelihood >= state.logLikelihood - 1e-12 * Math.abs(state.logLikelihood)) {
      return { parameters, state: there };
    }
  }
  return undefined;
}

/** Square roots of the sandwich's diagonal. */
function clusteredErrors(scores: Float64Array, bread: Float64Array, ways: readonly Indexed[]): Float64Array {
  const [first, second] = ways;
  const one = sandwichDiagonal(scores, bread, first!);
  if (second === undefined) return one.map(Math.sqrt);
  const other = sandwichDiagonal(scores, bread, second);
  const both = sandwichDiagonal(scores, bread, indexPairs(first!, second));
  return one.map((variance, at) =>
    Math.sqrt(Math.max(variance, other[at]!, variance + other[at]! - both[at]!)),
  );
}

function sandwichDiagonal(scores: Float64Array, bread: Float64Array, way: Indexed): Float64Array {
  const size = Math.round(Math.sqrt(bread.length));
  const groups = way.names.length;
  const sums = new Float64Array(groups * size);
  for (let row = 0; row < way.index.length; row++) {
    for (let at = 0; at < size; at++) sums[way.index[row]! * size + at]! += scores[row * size + at]!;
  }
  const diagonal = new Float64Array(size);
  for (let group = 0; group < groups; group++) {
    for (let row = 0; row < size; row++) {
      let turned = 0;
      for (let at = 0; at < size; at++) turned += bread[row * size + at]! * sums[group * size + at]!;
      diagonal[row]! += (turned * turned * groups) / (groups - 1);
    }
  }
  return diagonal;
}

const separated = "the predictors separate the ratings, so that no finite estimate exists";

function noFit(parameters: Float64Array, cuts: number): string {
  return parameters.slice(cuts).some((value) => Math.abs(value) > 10)
    ? separated
    : "predictors depend on each other, so that their parts can't be told apart";
}
