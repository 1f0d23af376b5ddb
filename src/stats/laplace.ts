import { CrossedHessian, type EffectVector, type Slope } from "./crossed-hessian.ts";
import type { Label } from "./labels.ts";
import { type Link, type LinkName, links } from "./link.ts";
import { logGamma } from "./log-gamma.ts";
import type { DesignMatrix } from "./logistic.ts";

/** The data of a binomial model with crossed random intercepts and slopes, already checked. */
export interface LaplaceData {
  /** The logit by default. */
  readonly link?: LinkName;
  readonly design: DesignMatrix;
  readonly outcomes: ArrayLike<number>;
  readonly trials?: ArrayLike<number>;
  readonly groups: Readonly<Record<string, ArrayLike<Label>>>;
  /** Random slopes; none by default. */
  readonly slopes?: Readonly<Record<string, Slope>>;
}

/**
 * The Laplace deviance and its gradient. Random effects are b = theta u with u standard normal; at given theta
 * and beta, u minimises -2 log-likelihood + |u|^2, and the deviance adds log det(Theta Z'WZ Theta + I) with the expected
 * weights W, as in lme4. With the probit they differ from the observed ones, which Newton's method and the
 * derivative of u need.
 */
export class LaplaceModel {
  readonly #design: Float64Array;
  readonly #width: number;
  readonly #outcomes: Float64Array;
  readonly #trials: Float64Array;
  readonly #constant: number;
  readonly #hessian: CrossedHessian;
  /** u at the last mode, the start for the next point. */
  readonly #modes: EffectVector;
  readonly #link: Link;
  /** Of each row: the derivative of the log-likelihood, the observed and expected weights, and the latter's derivative. */
  readonly #residual: Float64Array;
  readonly #observed: Float64Array;
  readonly #expected: Float64Array;
  readonly #weightSlope: Float64Array;
  /** Whether the Hessian is factored for the current theta and its weights. */
  #factored = false;
  /** Buffers for the values of one row. */
  readonly #parts: Float64Array;
  readonly #solvedParts: Float64Array;

  constructor({ design, outcomes, trials, groups, slopes = {}, link = "logit" }: LaplaceData) {
    this.#link = links[link];
    const count = outcomes.length;
    this.#width = design[0]?.length ?? 0;
    this.#design = Float64Array.from(design.flat());
    this.#outcomes = Float64Array.from(outcomes);
    this.#trials = trials ? Float64Array.from(trials) : new Float64Array(count).fill(1);
    this.#constant = this.#outcomes.reduce((sum, x, at) => sum + logChoose(this.#trials[at]!, x), 0);
    this.#hessian = new CrossedHessian(groups, slopes, count);
    this.#modes = this.#hessian.zeros();
    this.#residual = new Float64Array(count);
    this.#observed = new Float64Array(count);
    this.#expected = new Float64Array(count);
    this.#weightSlope = new Float64Array(count);
    this.#parts = new Float64Array(this.#hessian.terms.length);
    this.#solvedParts = new Float64Array(this.#hessian.terms.length);
  }

  /** The random effects of each term at the mode; call `deviance` at the same `point` first. */
  effects(point: Float64Array): Map<Label, number>[] {
    return this.#hessian.terms.map(({ names }, term) => {
      const values = this.#hessian.partOf(this.#modes, term);
      return new Map(names.map((name, label) => [name, point[term]! * values[label]!]));
    });
  }

  /** The deviance at (theta, beta) and its partial derivatives; Infinity where no mode is found. */
  deviance(point: Float64Array): { value: number; gradient: Float64Array } {
    this.#factored = false;
    this.#hessian.load(point.slice(0, this.#hessian.terms.length));
    const fixed = this.#fixedPart(point.subarray(this.#hessian.terms.length));
    const penalised = this.#findMode(fixed);
    if (penalised === undefined) return { value: Infinity, gradient: new Float64Array(point.length) };
    if (!this.#factorise(this.#expected))
      return { value: Infinity, gradient: new Float64Array(point.length) };
    const value = penalised + this.#hessian.logDeterminant() - 2 * this.#constant;
    return { value, gradient: this.#gradient() };
  }

  #fixedPart(beta: Float64Array): Float64Array {
    const width = this.#width;
    return this.#outcomes.map((_, row) => {
      let sum = 0;
      for (let at = 0; at < width; at++) sum += this.#design[row * width + at]! * beta[at]!;
      return sum;
    });
  }

  /** -2 log-likelihood + |u|^2 at the present u, with residuals and weights left in place. */
  #penalised(fixed: Float64Array): number {
    let sum = 0;
    const found = { logLikelihood: 0, score: 0, observed: 0, expected: 0, slope: 0 };
    for (let row = 0; row < fixed.length; row++) {
      let linear = fixed[row]!;
      this.#hessian.rowOf(this.#modes, row, this.#parts);
      for (let term = 0; term < this.#parts.length; term++)
        linear += this.#hessian.theta[term]! * this.#parts[term]!;
      this.#link(linear, this.#outcomes[row]!, this.#trials[row]!, found);
      this.#residual[row] = found.score;
      this.#observed[row] = found.observed;
      this.#expected[row] = found.expected;
      this.#weightSlope[row] = found.slope;
      sum -= 2 * found.logLikelihood;
    }
    for (const u of this.#modes.wide) sum += u * u;
    for (const u of this.#modes.dense) sum += u * u;
    return sum;
  }

  /**
   * Newton's method for u with step halving. After a small step the factored Hessian is used again, because a
   * factorisation takes far longer than a step. Returns the penalised value; undefined if the mode isn't reached.
   */
  #findMode(fixed: Float64Array): number | undefined {
    let value = this.#penalised(fixed);
    let last = Infinity;
    for (let iteration = 0; iteration < 60; iteration++) {
      const again = last < 0.05;
      if (!again && !this.#factorise(this.#observed)) return undefined;
      const step = this.#hessian.solve(this.#scoreOfU());
      const size = maxAbs(step);
      // After a Newton step of 1e-7 the error is near 1e-14; steps with the same Hessian shrink by their size or faster.
      if (size < (again ? 1e-10 : 1e-7)) return value;
      value = this.#step(step, value, fixed);
      last = again && size > 0.2 * last ? Infinity : size;
    }
    this.#modes.wide.fill(0);
    this.#modes.dense.fill(0);
    return undefined;
  }

  /** Factors the Hessian with these weights, unless it has them already. */
  #factorise(weights: Float64Array): boolean {
    const { weight } = this.#hessian;
    if (this.#factored && weights.every((own, row) => own === weight[row])) return true;
    weight.set(weights);
    this.#factored = this.#hessian.factorise();
    return this.#factored;
  }

  #step(step: EffectVector, value: number, fixed: Float64Array): number {
    const wide = Float64Array.from(this.#modes.wide);
    const dense = Float64Array.from(this.#modes.dense);
    let moved = value;
    for (let length = 1; length > 1e-6; length /= 2) {
      for (let at = 0; at < wide.length; at++) this.#modes.wide[at] = wide[at]! + length * step.wide[at]!;
      for (let at = 0; at < dense.length; at++) this.#modes.dense[at] = dense[at]! + length * step.dense[at]!;
      moved = this.#penalised(fixed);
      if (moved <= value + 1e-9 * Math.abs(value)) break;
    }
    return moved;
  }

  /** Half the negative derivative of the penalised deviance by u: Theta Z'r - u. */
  #scoreOfU(): EffectVector {
    const score = this.#hessian.gather(this.#residual);
    for (let at = 0; at < score.wide.length; at++) score.wide[at]! -= this.#modes.wide[at]!;
    for (let at = 0; at < score.dense.length; at++) score.dense[at]! -= this.#modes.dense[at]!;
    return score;
  }

  /**
   * Derivatives of the deviance at the mode. The penalised part doesn't depend on u there; the determinant does, through
   * the weights: with leverages h = z'Theta H^-1 Theta z, q = h dW/dlinear and s = O^-1 Theta Z'q, where O has the observed
   * weights V, a change x of a linear predictor changes log det by x (q - V z'Theta s), including the change of u.
   */
  #gradient(): Float64Array {
    const { leverage, traces } = this.#hessian.leverages();
    const slope = leverage.map((h, row) => h * this.#weightSlope[row]!);
    this.#factorise(this.#observed);
    const solved = this.#hessian.solve(this.#hessian.gather(slope));
    const { terms, theta } = this.#hessian;
    const gradient = new Float64Array(terms.length + this.#width);
    for (let row = 0; row < slope.length; row++) {
      this.#hessian.rowOf(this.#modes, row, this.#parts);
      this.#hessian.rowOf(solved, row, this.#solvedParts);
      let shift = 0;
      for (let term = 0; term < terms.length; term++) shift += theta[term]! * this.#solvedParts[term]!;
      const change = slope[row]! - this.#observed[row]! * shift - 2 * this.#residual[row]!;
      for (let term = 0; term < terms.length; term++) {
        gradient[term]! += change * this.#parts[term]! + this.#residual[row]! * this.#solvedParts[term]!;
      }
      for (let at = 0; at < this.#width; at++) {
        gradient[terms.length + at]! += change * this.#design[row * this.#width + at]!;
      }
    }
    // The determinant's direct dependence on theta; it is even in theta, so its slope at 0 is 0.
    for (const [term, { names }] of terms.entries()) {
      if (Math.abs(theta[term]!) > 1e-9)
        gradient[term]! += (2 / theta[term]!) * (names.length - traces[term]!);
    }
    return gradient;
  }
}

function maxAbs({ wide, dense }: EffectVector): number {
  let most = 0;
  for (const value of wide) most = Math.max(most, Math.abs(value));
  for (const value of dense) most = Math.max(most, Math.abs(value));
  return most;
}

function logChoose(trials: number, successes: number): number {
  return logGamma(trials + 1) - logGamma(successes + 1) - logGamma(trials - successes + 1);
}
