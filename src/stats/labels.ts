/** A name of a reader, a story, a model, a form: whatever a table holds. */
export type Label = string | number;

/** Labels as whole numbers from 0, in order of first appearance. */
export interface Indexed {
  readonly index: Int32Array;
  readonly names: readonly Label[];
}

/** Numbers the labels, so that sums over readers and stories run on typed arrays. */
export function indexLabels(labels: ArrayLike<Label>): Indexed {
  const numbers = new Map<Label, number>();
  const index = new Int32Array(labels.length);
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at]!;
    let number = numbers.get(label);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(label, number);
    }
    index[at] = number;
  }
  return { index, names: [...numbers.keys()] };
}

/** The pairs that two indexed columns form, numbered likewise. */
export function indexPairs(first: Indexed, second: Indexed): Indexed {
  const width = second.names.length;
  const pairs = new Float64Array(first.index.length);
  for (let at = 0; at < pairs.length; at++) pairs[at] = first.index[at]! * width + second.index[at]!;
  return indexLabels(pairs);
}

/** Throws RangeError unless all columns are as long as `length`. */
export function checkLengths(
  length: number,
  columns: Readonly<Record<string, ArrayLike<unknown> | undefined>>,
): void {
  for (const [name, column] of Object.entries(columns)) {
    if (column !== undefined && column.length !== length) {
      throw new RangeError(`${name}: ${column.length} entries beside ${length}`);
    }
  }
}
