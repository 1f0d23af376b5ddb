/** The name of a reader, a story, a model or a form. */
export type Label = string | number;

/** Labels as whole numbers from 0, in order of first appearance. */
export interface IndexedLabels {
  readonly index: Int32Array;
  readonly names: readonly Label[];
}

/** Numbers the labels, so that sums over readers and stories run on typed arrays. */
export function indexLabels(labels: ArrayLike<Label>): IndexedLabels {
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

/** The pairs that two indexed columns form, numbered by the first label, then in order of appearance. */
export function indexPairs(first: IndexedLabels, second: IndexedLabels): IndexedLabels {
  const width = second.names.length;
  // Rows sorted by their first label, so that one array over the second labels finds known pairs.
  const starts = new Int32Array(first.names.length + 1);
  for (const one of first.index) starts[one + 1]!++;
  for (let one = 1; one < starts.length; one++) starts[one]! += starts[one - 1]!;
  const order = new Int32Array(first.index.length);
  for (let at = 0; at < order.length; at++) order[starts[first.index[at]!]!++] = at;
  const index = new Int32Array(order.length);
  const lastFirst = new Int32Array(width).fill(-1);
  const numbers = new Int32Array(width);
  const names: number[] = [];
  for (const at of order) {
    const [one, other] = [first.index[at]!, second.index[at]!];
    if (lastFirst[other] !== one) {
      lastFirst[other] = one;
      numbers[other] = names.length;
      names.push(one * width + other);
    }
    index[at] = numbers[other]!;
  }
  return { index, names };
}

/** Throws RangeError unless all columns have the given length. */
export function checkLengths(
  length: number,
  columns: Readonly<Record<string, ArrayLike<unknown> | undefined>>,
): void {
  for (const [name, column] of Object.entries(columns)) {
    if (column !== undefined && column.length !== length) {
      throw new RangeError(`${name}: ${column.length} entries, expected ${length}`);
    }
  }
}
