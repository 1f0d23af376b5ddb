import { choleskyInPlace, choleskyInverse, choleskyLogDeterminant, choleskySolve } from "./cholesky.ts";
import { indexLabels, type Label } from "./labels.ts";

/** A vector over all random effects: those of the largest ("wide") group by label, and those of the dense block. */
export interface EffectVector {
  readonly wide: Float64Array;
  readonly dense: Float64Array;
}

/** A random effect of a group: its intercept, or the slope of a predictor within it. */
export interface Term {
  /** The label of each row. */
  readonly index: Int32Array;
  readonly names: readonly Label[];
  /** The predictor of a slope, a value per row; undefined for an intercept. */
  readonly by: Float64Array | undefined;
}

/** A random slope of a predictor by group, uncorrelated with the random intercept. */
export interface Slope {
  /** The name of the group. */
  readonly within: string;
  /** The predictor, a value per row. */
  readonly by: ArrayLike<number>;
}

/**
 * The Hessian Theta Z'WZ Theta + I of crossed random effects b = theta u, one theta for each term (the intercepts of
 * readers and of stories, the slopes of readers). The block of the group with the most labels is block-diagonal, with one block per label, so only the Schur complement of the others is dense. `theta` and `weight` (the diagonal of W, one per row)
 * are set from outside; call `factorise` after a change, before the other methods.
 */
export class CrossedHessian {
  /** The groups' intercepts in order, then the slopes. */
  readonly terms: readonly Term[];
  theta: Float64Array;
  readonly weight: Float64Array;

  /** Terms of the group with the most labels, and of the other groups. */
  readonly #wide: readonly number[];
  readonly #narrow: readonly number[];
  /** Where each narrow term's labels begin in the dense block. */
  readonly #offsets: readonly number[];
  readonly #labels: number;
  readonly #denseSize: number;
  /** Rows of each label of the wide group. */
  readonly #rows: readonly Int32Array[];
  /** Cholesky factors of the wide blocks, one after the other. */
  readonly #blocks: Float64Array;
  readonly #schur: Float64Array;
  /** Theta z of each row in each wide term, as it is, and with the inverse of its block's factor. */
  readonly #loads: Float64Array;
  readonly #halved: Float64Array;
  /** Theta z and the place in the dense block, of each row in each narrow term. */
  readonly #values: Float64Array;
  readonly #columns: Int32Array;

  constructor(
    groups: Readonly<Record<string, ArrayLike<Label>>>,
    slopes: Readonly<Record<string, Slope>>,
    count: number,
  ) {
    const names = Object.keys(groups);
    const indexed = Object.values(groups).map(indexLabels);
    const owners = [...names.keys(), ...Object.values(slopes).map(({ within }) => names.indexOf(within))];
    if (owners.includes(-1)) throw new RangeError("a slope names an unknown group");
    this.terms = [
      ...indexed.map((group) => ({ ...group, by: undefined })),
      ...Object.values(slopes).map(({ within, by }) => ({
        ...indexed[names.indexOf(within)]!,
        by: Float64Array.from(by),
      })),
    ];
    const sizes = indexed.map((group) => group.names.length);
    const widest = sizes.indexOf(Math.max(...sizes));
    this.#wide = [...owners.keys()].filter((term) => owners[term] === widest);
    this.#narrow = [...owners.keys()].filter((term) => owners[term] !== widest);
    let dense = 0;
    this.#offsets = this.#narrow.map((term) => {
      dense += this.terms[term]!.names.length;
      return dense - this.terms[term]!.names.length;
    });
    const width = this.#wide.length;
    this.#labels = sizes[widest]!;
    this.#denseSize = dense;
    this.#rows = rowsByLabel(indexed[widest]!);
    this.theta = new Float64Array(this.terms.length);
    this.weight = new Float64Array(count);
    this.#blocks = new Float64Array(this.#labels * width * width);
    this.#schur = new Float64Array(dense * dense);
    this.#loads = new Float64Array(count * width);
    this.#halved = new Float64Array(count * width);
    this.#values = new Float64Array(count * this.#narrow.length);
    this.#columns = new Int32Array(count * this.#narrow.length);
    for (const [slot, term] of this.#narrow.entries()) {
      const { index } = this.terms[term]!;
      for (let row = 0; row < count; row++)
        this.#columns[row * this.#narrow.length + slot] = this.#offsets[slot]! + index[row]!;
    }
  }

  /** A vector of zeros over all random effects. */
  zeros(): EffectVector {
    return {
      wide: new Float64Array(this.#labels * this.#wide.length),
      dense: new Float64Array(this.#denseSize),
    };
  }

  /** The part of a vector that belongs to one term, by label. */
  partOf({ wide, dense }: EffectVector, term: number): Float64Array {
    const size = this.terms[term]!.names.length;
    const slot = this.#wide.indexOf(term);
    if (slot >= 0)
      return Float64Array.from({ length: size }, (_, label) => wide[label * this.#wide.length + slot]!);
    const start = this.#offsets[this.#narrow.indexOf(term)]!;
    return dense.slice(start, start + size);
  }

  /** The row of Z times a vector, term by term. */
  rowOf({ wide, dense }: EffectVector, row: number, target: Float64Array): void {
    for (const [slot, term] of this.#wide.entries()) {
      const { index, by } = this.terms[term]!;
      target[term] = (by ? by[row]! : 1) * wide[index[row]! * this.#wide.length + slot]!;
    }
    for (const [slot, term] of this.#narrow.entries()) {
      const { by } = this.terms[term]!;
      target[term] = (by ? by[row]! : 1) * dense[this.#columns[row * this.#narrow.length + slot]!]!;
    }
  }

  logDeterminant(): number {
    const width = this.#wide.length;
    let sum = 0;
    for (let label = 0; label < this.#labels; label++) {
      for (let at = 0; at < width; at++) sum += Math.log(this.#blocks[(label * width + at) * width + at]!);
    }
    return 2 * sum + choleskyLogDeterminant(this.#schur, this.#denseSize);
  }

  /** Theta Z' v: the sum of v, times the predictor, over the rows of each label, times its theta. */
  gather(v: Float64Array): EffectVector {
    const gathered = this.zeros();
    const [width, narrow] = [this.#wide.length, this.#narrow.length];
    const { index } = this.terms[this.#wide[0]!]!;
    for (let row = 0; row < v.length; row++) {
      for (let slot = 0; slot < width; slot++)
        gathered.wide[index[row]! * width + slot]! += this.#loads[row * width + slot]! * v[row]!;
      for (let slot = 0; slot < narrow; slot++) {
        const at = row * narrow + slot;
        gathered.dense[this.#columns[at]!]! += this.#values[at]! * v[row]!;
      }
    }
    return gathered;
  }

  /** Sets `theta` for `gather` and `factorise`. */
  load(theta: Float64Array): void {
    this.theta = theta;
    const [width, narrow] = [this.#wide.length, this.#narrow.length];
    const fill = (term: number, target: Float64Array, slot: number, step: number) => {
      const { by } = this.terms[term]!;
      for (let row = 0; row < this.weight.length; row++)
        target[row * step + slot] = theta[term]! * (by ? by[row]! : 1);
    };
    for (const [slot, term] of this.#wide.entries()) fill(term, this.#loads, slot, width);
    for (const [slot, term] of this.#narrow.entries()) fill(term, this.#values, slot, narrow);
  }

  /** The wide blocks of Theta Z'WZ Theta + I, and the Schur complement of the dense block, as Cholesky factors. */
  factorise(): boolean {
    const size = this.#denseSize;
    const width = this.#wide.length;
    this.#schur.fill(0);
    for (let at = 0; at < size; at++) this.#schur[at * size + at] = 1;
    for (let label = 0; label < this.#labels; label++) {
      const rows = this.#rows[label]!;
      if (!this.#factoriseBlock(label, rows)) return false;
      for (const row of rows) {
        this.#addToSchur(row, row, this.weight[row]!);
        // Subtracts C' B^-1 C of this label, by pairs of its rows.
        for (const other of rows) {
          let share = 0;
          for (let slot = 0; slot < width; slot++)
            share += this.#halved[row * width + slot]! * this.#halved[other * width + slot]!;
          this.#addToSchur(row, other, -this.weight[row]! * this.weight[other]! * share);
        }
      }
    }
    return choleskyInPlace(this.#schur, size);
  }

  /** Factors I + the sum of w v v' over a label's rows, and solves the factor for each row's v. */
  #factoriseBlock(label: number, rows: Int32Array): boolean {
    const width = this.#wide.length;
    const block = this.#block(label);
    block.fill(0);
    for (let at = 0; at < width; at++) block[at * width + at] = 1;
    for (const row of rows) {
      for (let one = 0; one < width; one++) {
        const scaled = this.weight[row]! * this.#loads[row * width + one]!;
        for (let other = 0; other <= one; other++)
          block[one * width + other]! += scaled * this.#loads[row * width + other]!;
      }
    }
    if (!choleskyInPlace(block, width)) return false;
    for (const row of rows) {
      for (let at = 0; at < width; at++) {
        let sum = this.#loads[row * width + at]!;
        for (let before = 0; before < at; before++)
          sum -= block[at * width + before]! * this.#halved[row * width + before]!;
        this.#halved[row * width + at] = sum / block[at * width + at]!;
      }
    }
    return true;
  }

  #block(label: number): Float64Array {
    const square = this.#wide.length ** 2;
    return this.#blocks.subarray(label * square, (label + 1) * square);
  }

  #addToSchur(row: number, other: number, amount: number): void {
    const narrow = this.#narrow.length;
    for (let one = row * narrow; one < (row + 1) * narrow; one++) {
      const left = this.#columns[one]! * this.#denseSize;
      const scaled = amount * this.#values[one]!;
      for (let two = other * narrow; two < (other + 1) * narrow; two++) {
        this.#schur[left + this.#columns[two]!]! += scaled * this.#values[two]!;
      }
    }
  }

  /** Solves the factored Hessian for a right-hand side. */
  solve({ wide, dense }: EffectVector): EffectVector {
    const [width, narrow] = [this.#wide.length, this.#narrow.length];
    const { index } = this.terms[this.#wide[0]!]!;
    const scaled = this.#solveBlocks(wide);
    const solved = Float64Array.from(dense);
    for (let row = 0; row < index.length; row++) {
      let explained = 0;
      for (let slot = 0; slot < width; slot++)
        explained += this.#loads[row * width + slot]! * scaled[index[row]! * width + slot]!;
      for (let at = row * narrow; at < (row + 1) * narrow; at++)
        solved[this.#columns[at]!]! -= this.weight[row]! * this.#values[at]! * explained;
    }
    choleskySolve(this.#schur, this.#denseSize, solved);
    const left = Float64Array.from(wide);
    for (let row = 0; row < index.length; row++) {
      let explained = 0;
      for (let at = row * narrow; at < (row + 1) * narrow; at++)
        explained += this.#values[at]! * solved[this.#columns[at]!]!;
      for (let slot = 0; slot < width; slot++)
        left[index[row]! * width + slot]! -= this.weight[row]! * this.#loads[row * width + slot]! * explained;
    }
    return { wide: this.#solveBlocks(left), dense: solved };
  }

  #solveBlocks(right: Float64Array): Float64Array {
    const width = this.#wide.length;
    const solved = Float64Array.from(right);
    for (let label = 0; label < this.#labels; label++)
      choleskySolve(this.#block(label), width, solved.subarray(label * width, (label + 1) * width));
    return solved;
  }

  /**
   * z'Theta H^-1 Theta z of each row, and the trace of H^-1 over each term, from the blocks of H^-1 that rows touch.
   * With e = B^-1 v and m(o, p) the dense inverse between two rows, the wide block of H^-1 is B^-1 plus the sum over
   * rows of w x e', where x of a row is the sum over the others of w e m.
   */
  leverages(): { leverage: Float64Array; traces: Float64Array } {
    const [size, width] = [this.#denseSize, this.#wide.length];
    const inverse = choleskyInverse(this.#schur, size);
    const leverage = new Float64Array(this.weight.length);
    const traces = new Float64Array(this.terms.length);
    for (const [slot, term] of this.#narrow.entries()) {
      for (let label = 0; label < this.terms[term]!.names.length; label++)
        traces[term]! += inverse[(this.#offsets[slot]! + label) * (size + 1)]!;
    }
    const pulled = new Float64Array(width);
    for (let label = 0; label < this.#labels; label++) {
      const rows = this.#rows[label]!;
      const corner = choleskyInverse(this.#block(label), width);
      const solved = Array.from(rows, (row) => {
        const one = this.#loads.slice(row * width, (row + 1) * width);
        choleskySolve(this.#block(label), width, one);
        return one;
      });
      for (const [at, row] of rows.entries()) {
        pulled.fill(0);
        for (const [other, second] of rows.entries()) {
          const scaled = this.weight[second]! * this.#between(second, row, inverse);
          for (let slot = 0; slot < width; slot++) pulled[slot]! += scaled * solved[other]![slot]!;
        }
        let cross = 0;
        for (let slot = 0; slot < width; slot++) cross += this.#loads[row * width + slot]! * pulled[slot]!;
        leverage[row] = this.#between(row, row, inverse) - 2 * cross;
        for (let one = 0; one < width; one++) {
          for (let other = 0; other < width; other++)
            corner[one * width + other]! += this.weight[row]! * pulled[one]! * solved[at]![other]!;
        }
      }
      for (const [slot, term] of this.#wide.entries()) traces[term]! += corner[slot * (width + 1)]!;
      for (const row of rows) {
        for (let one = 0; one < width; one++) {
          for (let other = 0; other < width; other++)
            leverage[row]! +=
              this.#loads[row * width + one]! *
              corner[one * width + other]! *
              this.#loads[row * width + other]!;
        }
      }
    }
    return { leverage, traces };
  }

  /** The dense inverse between two rows, Theta z included. */
  #between(row: number, other: number, inverse: Float64Array): number {
    const narrow = this.#narrow.length;
    let sum = 0;
    for (let one = row * narrow; one < (row + 1) * narrow; one++) {
      const line = this.#columns[one]! * this.#denseSize;
      for (let two = other * narrow; two < (other + 1) * narrow; two++)
        sum += this.#values[one]! * this.#values[two]! * inverse[line + this.#columns[two]!]!;
    }
    return sum;
  }
}

function rowsByLabel({ index, names }: Pick<Term, "index" | "names">): Int32Array[] {
  const rows: number[][] = names.map(() => []);
  for (let row = 0; row < index.length; row++) rows[index[row]!]!.push(row);
  return rows.map((list) => Int32Array.from(list));
}
