import { choleskyInPlace, choleskyInverse, choleskyLogDeterminant, choleskySolve } from "./cholesky.ts";
import { type Indexed, indexLabels, type Label } from "./labels.ts";
import { logGamma } from "./log-gamma.ts";
import { type Design, logOnePlusExp } from "./logistic.ts";
import { logistic } from "./logistic-normal.ts";

/** Rows of a logistic model with crossed random intercepts, already checked. */
export interface LaplaceData {
  readonly design: Design;
  readonly outcomes: ArrayLike<number>;
  readonly trials?: ArrayLike<number>;
  readonly groups: Readonly<Record<string, ArrayLike<Label>>>;
}

/**
 * The Laplace deviance and its gradient. Random intercepts are b = theta u with u standard normal; at given theta
 * and beta, u minimises -2 log-likelihood + |u|^2, and the deviance adds log det(Theta Z'WZ Theta + I).
 */
export class LaplaceModel {
  readonly #design: Float64Array;
  readonly #width: number;
  readonly #outcomes: Float64Array;
  readonly #trials: Float64Array;
  readonly #constant: number;
  readonly #factors: readonly Indexed[];
  /** The factor with the most labels, whose block is diagonal. */
  readonly #wide: number;
  /** Where each other factor's labels begin in the dense block; the wide one has none. */
  readonly #offsets: readonly number[];
  readonly #wideSize: number;
  readonly #denseSize: number;
  /** The other factors. */
  readonly #narrow: readonly number[];
  /** Rows of each label of the wide factor. */
  readonly #rows: readonly Int32Array[];
  /** u of the wide factor and of the dense block, kept from point to point as the next start. */
  readonly #wideU: Float64Array;
  readonly #denseU: Float64Array;

  #theta: Float64Array;
  readonly #residual: Float64Array;
  readonly #weight: Float64Array;
  readonly #diagonal: Float64Array;
  readonly #schur: Float64Array;

  constructor({ design, outcomes, trials, groups }: LaplaceData) {
    const count = outcomes.length;
    this.#width = design[0]?.length ?? 0;
    this.#design = Float64Array.from(design.flat());
    this.#outcomes = Float64Array.from(outcomes);
    this.#trials = trials ? Float64Array.from(trials) : new Float64Array(count).fill(1);
    this.#constant = this.#outcomes.reduce((sum, x, at) => sum + logChoose(this.#trials[at]!, x), 0);
    this.#factors = Object.values(groups).map(indexLabels);
    const sizes = this.#factors.map(({ names }) => names.length);
    this.#wide = sizes.indexOf(Math.max(...sizes));
    let dense = 0;
    this.#offsets = sizes.map((size, factor) => {
      if (factor === this.#wide) return -1;
      dense += size;
      return dense - size;
    });
    this.#narrow = [...this.#factors.keys()].filter((factor) => factor !== this.#wide);
    this.#denseSize = dense;
    this.#wideSize = sizes[this.#wide]!;
    this.#rows = rowsByLabel(this.#factors[this.#wide]!);
    this.#wideU = new Float64Array(this.#wideSize);
    this.#denseU = new Float64Array(dense);
    this.#theta = new Float64Array(this.#factors.length);
    this.#residual = new Float64Array(count);
    this.#weight = new Float64Array(count);
    this.#diagonal = new Float64Array(this.#wideSize);
    this.#schur = new Float64Array(dense * dense);
  }

  /** The random intercepts at the modes of the last deviance, which must have been at `point`. */
  intercepts(point: Float64Array): Map<Label, number>[] {
    return this.#factors.map(({ names }, factor) => {
      const offset = this.#offsets[factor]!;
      const values = factor === this.#wide ? this.#wideU : this.#denseU.subarray(offset);
      return new Map(names.map((name, label) => [name, point[factor]! * values[label]!]));
    });
  }

  /** The deviance at (theta, beta) and its partial derivatives; Infinity where no mode is found. */
  deviance(point: Float64Array): { value: number; gradient: Float64Array } {
    this.#theta = point.slice(0, this.#factors.length);
    const fixed = this.#fixedPart(point.subarray(this.#factors.length));
    const penalised = this.#settle(fixed);
    if (penalised === undefined) return { value: Infinity, gradient: new Float64Array(point.length) };
    const logDeterminant =
      this.#diagonal.reduce((sum, d) => sum + Math.log(d), 0) +
      choleskyLogDeterminant(this.#schur, this.#denseSize);
    return { value: penalised + logDeterminant - 2 * this.#constant, gradient: this.#gradient() };
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
    for (let row = 0; row < fixed.length; row++) {
      let logit = fixed[row]!;
      for (let factor = 0; factor < this.#factors.length; factor++) {
        logit += this.#theta[factor]! * this.#u(factor, row);
      }
      const probability = logistic(logit);
      const trials = this.#trials[row]!;
      this.#residual[row] = this.#outcomes[row]! - trials * probability;
      this.#weight[row] = trials * probability * (1 - probability);
      sum -= 2 * (this.#outcomes[row]! * logit - trials * logOnePlusExp(logit));
    }
    for (const u of this.#wideU) sum += u * u;
    for (const u of this.#denseU) sum += u * u;
    return sum;
  }

  /**
   * Newton's method for u, halving steps that don't help. Gives the penalised value and leaves the factored Hessian
   * at the mode in place; undefined where the mode isn't reached.
   */
  #settle(fixed: Float64Array): number | undefined {
    let value = this.#penalised(fixed);
    for (let iteration = 0; iteration < 60; iteration++) {
      if (!this.#factorise()) return undefined;
      const step = this.#solve(this.#scoreOfU());
      // Newton's error after a step of 1e-7 is near 1e-14: the Hessian in place belongs to the mode.
      if (furthest(step) < 1e-7) return value;
      value = this.#advance(step, value, fixed);
    }
    this.#wideU.fill(0);
    this.#denseU.fill(0);
    return undefined;
  }

  #advance(step: Split, value: number, fixed: Float64Array): number {
    const wide = Float64Array.from(this.#wideU);
    const dense = Float64Array.from(this.#denseU);
    let moved = value;
    for (let length = 1; length > 1e-6; length /= 2) {
      for (let at = 0; at < wide.length; at++) this.#wideU[at] = wide[at]! + length * step.wide[at]!;
      for (let at = 0; at < dense.length; at++) this.#denseU[at] = dense[at]! + length * step.dense[at]!;
      moved = this.#penalised(fixed);
      if (moved <= value + 1e-9 * Math.abs(value)) break;
    }
    return moved;
  }

  /** Half the negative derivative of the penalised deviance by u: Theta Z'r - u. */
  #scoreOfU(): Split {
    const score = this.#gather(this.#residual);
    for (let at = 0; at < score.wide.length; at++) score.wide[at]! -= this.#wideU[at]!;
    for (let at = 0; at < score.dense.length; at++) score.dense[at]! -= this.#denseU[at]!;
    return score;
  }

  /** Theta Z' v: the sum of v over the rows of each label, times its theta. */
  #gather(v: Float64Array): Split {
    const wide = new Float64Array(this.#wideSize);
    const dense = new Float64Array(this.#denseSize);
    for (const [factor, { index }] of this.#factors.entries()) {
      const theta = this.#theta[factor]!;
      const target = factor === this.#wide ? wide : dense.subarray(this.#offsets[factor]!);
      for (let row = 0; row < v.length; row++) target[index[row]!]! += theta * v[row]!;
    }
    return { wide, dense };
  }

  /** The wide diagonal of Theta Z'WZ Theta + I, and the Schur complement of the dense block in its Cholesky factor. */
  #factorise(): boolean {
    const size = this.#denseSize;
    const square = this.#theta[this.#wide]! ** 2;
    this.#schur.fill(0);
    for (let at = 0; at < size; at++) this.#schur[at * size + at] = 1;
    for (let label = 0; label < this.#wideSize; label++) {
      const rows = this.#rows[label]!;
      let diagonal = 1;
      for (const row of rows) diagonal += square * this.#weight[row]!;
      this.#diagonal[label] = diagonal;
      for (const row of rows) {
        this.#addToSchur(row, row, this.#weight[row]!);
        // What this label explains is taken away pair by pair of its rows: C' D^-1 C.
        const share = (-square * this.#weight[row]!) / diagonal;
        for (const other of rows) this.#addToSchur(row, other, share * this.#weight[other]!);
      }
    }
    return choleskyInPlace(this.#schur, size);
  }

  #addToSchur(row: number, other: number, amount: number): void {
    for (const one of this.#narrow) {
      const left = this.#column(one, row) * this.#denseSize;
      const scaled = amount * this.#theta[one]!;
      for (const two of this.#narrow) {
        this.#schur[left + this.#column(two, other)]! += scaled * this.#theta[two]!;
      }
    }
  }

  /** The place of a row's label in the dense block. */
  #column(factor: number, row: number): number {
    return this.#offsets[factor]! + this.#factors[factor]!.index[row]!;
  }

  /** Solves the factored Hessian for a right-hand side. */
  #solve({ wide, dense }: Split): Split {
    const scaled = wide.map((value, label) => value / this.#diagonal[label]!);
    const solved = Float64Array.from(dense);
    this.#eachCross((label, column, value) => {
      solved[column]! -= value * scaled[label]!;
    });
    choleskySolve(this.#schur, this.#denseSize, solved);
    const left = Float64Array.from(wide);
    this.#eachCross((label, column, value) => {
      left[label]! -= value * solved[column]!;
    });
    return { wide: left.map((value, label) => value / this.#diagonal[label]!), dense: solved };
  }

  /** What each row adds to the block between the wide factor and the dense ones. */
  #eachCross(visit: (label: number, column: number, value: number) => void): void {
    const { index } = this.#factors[this.#wide]!;
    const wideTheta = this.#theta[this.#wide]!;
    for (let row = 0; row < index.length; row++) {
      for (const factor of this.#narrow) {
        const value = wideTheta * this.#theta[factor]! * this.#weight[row]!;
        visit(index[row]!, this.#column(factor, row), value);
      }
    }
  }

  /**
   * Derivatives of the deviance at the mode. The penalised part has none through u; the determinant has, by way of
   * the weights: with leverages h = z'Theta H^-1 Theta z, q = h dW/dlogit and s = H^-1 Theta Z'q, a logit that moves
   * by x moves log det by x (q - W z'Theta s), once u has followed.
   */
  #gradient(): Float64Array {
    const { leverage, traces } = this.#leverages();
    const slope = leverage.map((h, row) => h * this.#weightSlope(row));
    const followed = this.#solve(this.#gather(slope));
    const groups = this.#factors.length;
    const gradient = new Float64Array(groups + this.#width);
    for (let row = 0; row < slope.length; row++) {
      let shift = 0;
      for (let factor = 0; factor < groups; factor++) {
        shift += this.#theta[factor]! * this.#at(followed, factor, row);
      }
      const pull = slope[row]! - this.#weight[row]! * shift - 2 * this.#residual[row]!;
      for (let factor = 0; factor < groups; factor++) {
        gradient[factor]! +=
          pull * this.#u(factor, row) + this.#residual[row]! * this.#at(followed, factor, row);
      }
      for (let at = 0; at < this.#width; at++) {
        gradient[groups + at]! += pull * this.#design[row * this.#width + at]!;
      }
    }
    // The determinant's own dependence on theta; it is even in theta, so at 0 its slope is 0.
    for (const [factor, { names }] of this.#factors.entries()) {
      const theta = this.#theta[factor]!;
      if (Math.abs(theta) > 1e-9) gradient[factor]! += (2 / theta) * (names.length - traces[factor]!);
    }
    return gradient;
  }

  /** dW/dlogit = W (1 - 2 p), p recovered from the residual. */
  #weightSlope(row: number): number {
    const trials = this.#trials[row]!;
    if (trials === 0) return 0;
    const probability = (this.#outcomes[row]! - this.#residual[row]!) / trials;
    return this.#weight[row]! * (1 - 2 * probability);
  }

  /** z'Theta H^-1 Theta z of each row, and the trace of H^-1 over each factor, from the blocks of H^-1 that rows touch. */
  #leverages(): { leverage: Float64Array; traces: Float64Array } {
    const size = this.#denseSize;
    const inverse = choleskyInverse(this.#schur, size);
    const leverage = new Float64Array(this.#outcomes.length);
    const traces = new Float64Array(this.#factors.length);
    for (const factor of this.#narrow) {
      for (let label = 0; label < this.#factors[factor]!.names.length; label++) {
        traces[factor]! += inverse[(this.#offsets[factor]! + label) * (size + 1)]!;
      }
    }
    const wideTheta = this.#theta[this.#wide]!;
    for (let label = 0; label < this.#wideSize; label++) {
      const rows = this.#rows[label]!;
      const diagonal = this.#diagonal[label]!;
      let corner = 1 / diagonal;
      for (const row of rows) {
        let cross = 0;
        for (const factor of this.#narrow) {
          const line = this.#column(factor, row) * size;
          let entry = 0;
          for (const other of rows) {
            for (const second of this.#narrow) {
              entry -=
                this.#theta[second]! * this.#weight[other]! * inverse[line + this.#column(second, other)]!;
            }
          }
          cross += (this.#theta[factor]! * entry * wideTheta) / diagonal;
          for (const second of this.#narrow) {
            leverage[row]! +=
              this.#theta[factor]! * this.#theta[second]! * inverse[line + this.#column(second, row)]!;
          }
        }
        leverage[row]! += 2 * wideTheta * cross;
        corner -= (wideTheta * this.#weight[row]! * cross) / diagonal;
      }
      traces[this.#wide]! += corner;
      for (const row of rows) leverage[row]! += wideTheta * wideTheta * corner;
    }
    return { leverage, traces };
  }

  #u(factor: number, row: number): number {
    return this.#at({ wide: this.#wideU, dense: this.#denseU }, factor, row);
  }

  #at({ wide, dense }: Split, factor: number, row: number): number {
    const label = this.#factors[factor]!.index[row]!;
    return factor === this.#wide ? wide[label]! : dense[this.#offsets[factor]! + label]!;
  }
}

/** A vector over all random intercepts: those of the wide factor, and those of the dense block. */
interface Split {
  readonly wide: Float64Array;
  readonly dense: Float64Array;
}

function rowsByLabel({ index, names }: Indexed): Int32Array[] {
  const rows: number[][] = names.map(() => []);
  for (let row = 0; row < index.length; row++) rows[index[row]!]!.push(row);
  return rows.map((list) => Int32Array.from(list));
}

function furthest({ wide, dense }: Split): number {
  let most = 0;
  for (const value of wide) most = Math.max(most, Math.abs(value));
  for (const value of dense) most = Math.max(most, Math.abs(value));
  return most;
}

function logChoose(trials: number, successes: number): number {
  return logGamma(trials + 1) - logGamma(successes + 1) - logGamma(trials - successes + 1);
}
