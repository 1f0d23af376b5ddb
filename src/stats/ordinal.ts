import { choleskyInPlace, choleskyInverse, choleskySolve } from "./cholesky.ts";
import { clusteringOf, combinedVariance, JackknifeChanges, type VarianceEstimate } from "./clustered.ts";
import { checkLengths, type IndexedLabels, indexLabels, type Label } from "./labels.ts";
import type { DesignMatrix } from "./logistic.ts";
import { logistic } from "./logistic-normal.ts";
import { studentTwoSided } from "./student-t.ts";

/** A proportional-odds fit, or why there is no fit. */
export type OrdinalFit =
  | {
      readonly fitted: true;
      /** Log odds ratios of a higher rating per unit of each predictor. */
      readonly coefficients: Float64Array;
      /** Standard errors for independent ratings. */
      readonly standardErrors: Float64Array;
      /** Clustered standard errors; those above without clusters. */
      readonly clusteredErrors: Float64Array;
      /** Degrees of freedom of each clustered error, as in the verdict; Infinity without clusters. */
      readonly degrees: Float64Array;
      /** Two-sided, from clustered errors and Student's t. */
      readonly pValues: Float64Array;
      /** Thresholds between the categories on the logit, rising, one fewer than the categories. */
      readonly thresholds: Float64Array;
      /** The different ratings, rising. */
      readonly categories: readonly number[];
      readonly logLikelihood: number;
      readonly converged: boolean;
    }
  | { readonly fitted: false; readonly reason: string };

/**
 * Ratings by the cumulative logit model with proportional odds, logit P(rating <= k) = threshold k - predictors
 * (McCullagh 1980; R's `polr`), without an intercept among the predictors, fitted by Newton's method. Up to four
 * clusterings, as in `clusteredContrast`: the jackknife over clusters, here by one Newton step from the full fit without
 * the cluster's score and information, by group for clusters nested in `groups` (stories in origins); several clusterings
 * combine by inclusion and exclusion, never below independent ratings, with the degrees of freedom of the fewest. One
 * category, separated or dependent predictors, and a single cluster give a reason. Throws RangeError when lengths differ.
 */
export function fitOrdinal(
  design: DesignMatrix,
  ratings: ArrayLike<number>,
  {
    clusters = [],
    groups,
  }: { readonly clusters?: readonly ArrayLike<Label>[]; readonly groups?: ArrayLike<Label> } = {},
): OrdinalFit {
  checkLengths(ratings.length, { design, groups });
  for (const clustering of clusters) checkLengths(ratings.length, { clusters: clustering });
  const categories = [...new Set(Array.from(ratings))].sort((one, other) => one - other);
  if (categories.length < 2) {
    return {
      fitted: false,
      reason: ratings.length === 0 ? "there are no ratings" : "all ratings are the same",
    };
  }
  const grouped = groups ?? new Uint8Array(ratings.length);
  const clusterings = clusters.length > 0 ? clusteringOf(clusters, grouped).combined : [];
  if (clusterings.some(({ names }) => names.length < 2)) {
    return { fitted: false, reason: "there is only one cluster" };
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
    const moved = halvedStep(design, levels, cuts, parameters, state, step);
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
  // A standard error above 100 logits means a flat likelihood: separation.
  if (errors.slice(cuts).some((error) => error > 100)) return { fitted: false, reason: separated };
  const coefficients = parameters.slice(cuts);
  const strata = indexLabels(grouped).index;
  const parts = clusterings.map((clustering) =>
    jackknifeVariances(design, levels, cuts, parameters, clustering, strata),
  );
  const clustered = coefficients.map((_, at) => {
    if (clusterings.length === 0) return errors[cuts + at]!;
    const own = parts.map((part) => part[at]!);
    return Math.max(errors[cuts + at]!, Math.sqrt(Math.max(0, combinedVariance(own, clusterings))));
  });
  const single = parts.filter((_, at) => clusterings[at]!.members.length === 1);
  const degrees = coefficients.map((_, at) => Math.min(Infinity, ...single.map((part) => part[at]!.degrees)));
  return {
    fitted: true,
    coefficients,
    standardErrors: errors.slice(cuts),
    clusteredErrors: clustered,
    degrees,
    pValues: coefficients.map((value, at) =>
      degrees[at]! > 0 ? studentTwoSided(value / clustered[at]!, degrees[at]!) : 1,
    ),
    thresholds: parameters.slice(0, cuts),
    categories,
    logLikelihood: state.logLikelihood,
    converged,
  };
}

interface Likelihood {
  readonly logLikelihood: number;
  readonly score: Float64Array;
  readonly information: Float64Array;
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

/** The likelihood of some rows (default: all) at a point; undefined if thresholds don't rise or a rating is impossible. */
function evaluate(
  design: DesignMatrix,
  levels: Int32Array,
  cuts: number,
  parameters: Float64Array,
  rows: Iterable<number> = levels.keys(),
): Likelihood | undefined {
  const size = parameters.length;
  const score = new Float64Array(size);
  const information = new Float64Array(size * size);
  const own = new Float64Array(size);
  let logLikelihood = 0;
  for (let cut = 1; cut < cuts; cut++) if (!(parameters[cut]! > parameters[cut - 1]!)) return undefined;
  for (const row of rows) {
    const predictors = design[row]!;
    let shift = 0;
    for (let at = 0; at < predictors.length; at++) shift += predictors[at]! * parameters[cuts + at]!;
    const level = levels[row]!;
    const upper = level < cuts ? logisticAt(parameters[level]! - shift) : certain;
    const lower = level > 0 ? logisticAt(parameters[level - 1]! - shift) : impossible;
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
    own.fill(0);
    for (const { cut, first } of edges) {
      if (cut < 0 || cut >= cuts) continue;
      own[cut]! += first;
    }
    for (let at = 0; at < predictors.length; at++) own[cuts + at] = -(up + down) * predictors[at]!;
    for (let at = 0; at < size; at++) score[at]! += own[at]!;

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
  return { logLikelihood, score, information };
}

/** The logistic distribution at a point: share below, density, and the density's slope. */
interface LogisticPart {
  readonly share: number;
  readonly density: number;
  readonly slope: number;
}

const certain: LogisticPart = { share: 1, density: 0, slope: 0 };
const impossible: LogisticPart = { share: 0, density: 0, slope: 0 };

function logisticAt(x: number): LogisticPart {
  const share = logistic(x);
  const density = share * (1 - share);
  return { share, density, slope: density * (1 - 2 * share) };
}

/** Halves the Newton step until the likelihood doesn't fall. */
function halvedStep(
  design: DesignMatrix,
  levels: Int32Array,
  cuts: number,
  from: Float64Array,
  state: Likelihood,
  step: Float64Array,
): { parameters: Float64Array<ArrayBuffer>; state: Likelihood } | undefined {
  for (let length = 1; length > 1e-10; length /= 2) {
    const parameters = Float64Array.from(from, (value, at) => value + length * step[at]!);
    const likelihood = evaluate(design, levels, cuts, parameters);
    if (
      likelihood &&
      likelihood.logLikelihood >= state.logLikelihood - 1e-12 * Math.abs(state.logLikelihood)
    ) {
      return { parameters, state: likelihood };
    }
  }
  return undefined;
}

/** Each coefficient's jackknife variance and degrees of freedom for one clustering. */
function jackknifeVariances(
  design: DesignMatrix,
  levels: Int32Array,
  cuts: number,
  parameters: Float64Array,
  clustering: IndexedLabels,
  groups: Int32Array,
): VarianceEstimate[] {
  const size = parameters.length;
  const rows: number[][] = clustering.names.map(() => []);
  for (let row = 0; row < clustering.index.length; row++) rows[clustering.index[row]!]!.push(row);
  const nested = rows.every((own) => own.every((row) => groups[row] === groups[own[0]!]));
  const strata = nested ? 1 + groups.reduce((most, group) => Math.max(most, group), 0) : 1;
  const moves = Array.from({ length: size - cuts }, () => new JackknifeChanges(strata));
  const whole = evaluate(design, levels, cuts, parameters)!.information;
  for (const own of rows) {
    const { score, information } = evaluate(design, levels, cuts, parameters, own)!;
    const rest = whole.map((value, at) => value - information[at]!);
    // Without this cluster there is no fit, so there is no jackknife.
    if (!choleskyInPlace(rest, size)) return moves.map(() => ({ variance: Infinity, degrees: 0 }));
    choleskySolve(rest, size, score);
    for (const [at, move] of moves.entries())
      move.add(nested ? groups[own[0]!]! : 0, score[cuts + at]!, own.length);
  }
  return moves.map((move) => move.part());
}

const separated = "the predictors separate the ratings, so there is no finite estimate";

function noFit(parameters: Float64Array, cuts: number): string {
  return parameters.slice(cuts).some((value) => Math.abs(value) > 10)
    ? separated
    : "the predictors are linearly dependent";
}
