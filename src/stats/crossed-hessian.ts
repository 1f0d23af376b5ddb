import { choleskyInPlace, choleskyInverse, choleskyLogDeterminant, choleskySolve } from "./cholesky.ts";
import { type Indexed, indexLabels, type Label } from "./labels.ts";

/** A vector over all random intercepts: those of the wide factor, and those of the dense block. */
export interface Split {
  readonly wide: Float64Array;
  readonly dense: Float64Array;
}

/**
 * The Hessian Theta Z'WZ Theta + I of crossed random intercepts b = theta u, one theta for each factor (readers,
 * stories). The block of the factor with the most labels is diagonal, so that only the Schur complement of the
 * others is dense. `theta` and `weight` (the diagonal of W, one a row) are set from outside; `factorise` takes them in,
 * and what follows stands on the last time it did.
 */
export class CrossedHessian {
  readonly factors: readonly Indexed[];
  theta: Float64Array;
  readonly weight: Float64Array;

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
  readonly #diagonal: Float64Array;
  readonly #schur: Float64Array;

  constructor(groups: Readonly<Record<string, ArrayLike<Label>>>, count: number) {
    this.factors = Object.values(groups).map(indexLabels);
    const sizes = this.factors.map(({ names }) => names.length);
    this.#wide = sizes.indexOf(Math.max(...sizes));
    let dense = 0;
    this.#offsets = sizes.map((size, factor) => {
      if (factor === this.#wide) return -1;
      dense += size;
      return dense - size;
    });
    this.#narrow = [...this.factors.keys()].filter((factor) => factor !== this.#wide);
    this.#denseSize = dense;
    this.#wideSize = sizes[this.#wide]!;
    this.#rows = rowsByLabel(this.factors[this.#wide]!);
    this.theta = new Float64Array(this.factors.length);
    this.weight = new Float64Array(count);
    this.#diagonal = new Float64Array(this.#wideSize);
    this.#schur = new Float64Array(dense * dense);
  }

  /** A vector of zeros over all random intercepts. */
  zeros(): Split {
    return { wide: new Float64Array(this.#wideSize), dense: new Float64Array(this.#denseSize) };
  }

  /** The part of a vector that belongs to one factor, by label. */
  partOf({ wide, dense }: Split, factor: number): Float64Array {
    if (factor === this.#wide) return wide;
    const start = this.#offsets[factor]!;
    return dense.subarray(start, start + this.factors[factor]!.names.length);
  }

  /** The entry of a vector that belongs to a row's label of one factor. */
  at({ wide, dense }: Split, factor: number, row: number): number {
    const label = this.factors[factor]!.index[row]!;
    return factor === this.#wide ? wide[label]! : dense[this.#offsets[factor]! + label]!;
  }

  logDeterminant(): number {
    return (
      this.#diagonal.reduce((sum, d) => sum + Math.log(d), 0) +
      choleskyLogDeterminant(this.#schur, this.#denseSize)
    );
  }

  /** Theta Z' v: the sum of v over the rows of each label, times its theta. */
  gather(v: Float64Array): Split {
    const gathered = this.zeros();
    for (const [factor, { index }] of this.factors.entries()) {
      const theta = this.theta[factor]!;
      const target = this.partOf(gathered, factor);
      for (let row = 0; row < v.length; row++) target[index[row]!]! += theta * v[row]!;
    }
    return gathered;
  }

  /** The wide diagonal of Theta Z'WZ Theta + I, and the Schur complement of the dense block in its Cholesky factor. */
  factorise(): boolean {
    const size = this.#denseSize;
    const square = this.theta[this.#wide]! ** 2;
    this.#schur.fill(0);
    for (let at = 0; at < size; at++) this.#schur[at * size + at] = 1;
    for (let label = 0; label < this.#wideSize; label++) {
      const rows = this.#rows[label]!;
      let diagonal = 1;
      for (const row of rows) diagonal += square * this.weight[row]!;
      this.#diagonal[label] = diagonal;
      for (const row of rows) {
        this.#addToSchur(row, row, this.weight[row]!);
        // What this label explains is taken away pair by pair of its rows: C' D^-1 C.
        const share = (-square * this.weight[row]!) / diagonal;
        for (const other of rows) this.#addToSchur(row, other, share * this.weight[other]!);
      }
    }
    return choleskyInPlace(this.#schur, size);
  }

  #addToSchur(row: number, other: number, amount: number): void {
    for (const one of this.#narrow) {
      const left = this.#column(one, row) * this.#denseSize;
      const scaled = amount * this.theta[one]!;
      for (const two of this.#narrow) {
        this.#schur[left + this.#column(two, other)]! += scaled * this.theta[two]!;
      }
    }
  }

  /** The place of a row's label in the dense block. */
  #column(factor: number, row: number): number {
    return this.#offsets[factor]! + this.factors[factor]!.index[row]!;
  }

  /** Solves the factored Hessian for a right-hand side. */
  solve({ wide, dense }: Split): Split {
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
    const { index } = this.factors[this.#wide]!;
    const wideTheta = this.theta[this.#wide]!;
    for (let row = 0; row < index.length; row++) {
      for (const factor of this.#narrow) {
        const value = wideTheta * this.theta[factor]! * this.weight[row]!;
        visit(index[row]!, this.#column(factor, row), value);
      }
    }
  }

  /** z'Theta H^-1 Theta z of each row, and the trace of H^-1 over each factor, from the blocks of H^-1 that rows touch. */
  leverages(): { leverage: Float64Array; traces: Float64Array } {
    const size = this.#denseSize;
    const inverse = choleskyInverse(this.#schur, size);
    const leverage = new Float64Array(this.weight.length);
    const traces = new Float64Array(this.factors.length);
    for (const factor of this.#narrow) {
      for (let label = 0; label < this.factors[factor]!.names.length; label++) {
        traces[factor]! += inverse[(this.#offsets[factor]! + label) * (size + 1)]!;
      }
    }
    const wideTheta = this.theta[this.#wide]!;
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
                this.theta[second]! * this.weight[other]! * inverse[line + this.#column(second, other)]!;
            }
          }
          cross += (this.theta[factor]! * entry * wideTheta) / diagonal;
          for (const second of this.#narrow) {
            leverage[row]! +=
              this.theta[factor]! * this.theta[second]! * inverse[line + this.#column(second, row)]!;
          }
        }
        leverage[row]! += 2 * wideTheta * cross;
        corner -= (wideTheta * this.weight[row]! * cross) / diagonal;
      }
      traces[this.#wide]! += corner;
      for (const row of rows) leverage[row]! += wideTheta * wideTheta * corner;
    }
    return { leverage, traces };
  }
}

function rowsByLabel({ index, names }: Indexed): Int32Array[] {
  const rows: number[][] = names.map(() => []);
  for (let row = 0; row < index.length; row++) rows[index[row]!]!.push(row);
  return rows.map((list) => Int32Array.from(list));
}
