/** Small dense symmetric matrices, stored row by row in one Float64Array of size x size. */

/**
 * The lower factor L with L L' = matrix, written over the lower half; false where the matrix is not positive
 * definite (a pivot falls to rounding error of its diagonal), with the matrix then half-written. Zeros at the start of
 * a row stay zeros and are skipped, which saves most of the work if few readers have a story in common. Entries are computed
 * eight at a time, because a processor adds eight sums in nearly the time of one.
 */
export function choleskyInPlace(matrix: Float64Array, size: number): boolean {
  const begins = size < small ? noZeros : firstEntries(matrix, size);
  for (let row = 0; row < size; row += 4) {
    const end = Math.min(size, row + 4);
    let first = begins[row]!;
    for (let other = row + 1; other < end; other++) first = Math.min(first, begins[other]!);
    let column = first;
    // Pairs of columns before the four rows.
    for (; end === row + 4 && column + 1 < row; column += 2) {
      const from = Math.max(first, Math.min(begins[column]!, begins[column + 1]!));
      eightEntries(matrix, size, row, column, from);
    }
    for (let single = row; single < end; single++) {
      for (let at = column; at < single; at++)
        matrix[single * size + at] = entryOf(matrix, size, single, at, begins) / matrix[at * size + at]!;
      const diagonal = matrix[single * size + single]!;
      const pivot = entryOf(matrix, size, single, single, begins);
      if (!(pivot > 1e-14 * Math.abs(diagonal))) return false;
      matrix[single * size + single] = Math.sqrt(pivot);
    }
  }
  return true;
}

/** Below this size a search for zeros, or for eight entries at a time, costs more than it saves. */
const small = 8;
const noZeros = new Int32Array(small);

/** An entry of the matrix, less what earlier columns of the factor explain. */
function entryOf(
  matrix: Float64Array,
  size: number,
  row: number,
  column: number,
  begins: Int32Array,
): number {
  const [start, top] = [row * size, column * size];
  let sum = matrix[start + column]!;
  for (let at = Math.max(begins[row]!, begins[column]!); at < column; at++)
    sum -= matrix[start + at]! * matrix[top + at]!;
  return sum;
}

/** The entries of four rows of the factor in two columns before them. */
function eightEntries(matrix: Float64Array, size: number, row: number, column: number, from: number): void {
  const [left, right] = [column * size, (column + 1) * size];
  const [one, two, three, four] = [row * size, (row + 1) * size, (row + 2) * size, (row + 3) * size];
  let [a, b, c, d] = [
    matrix[one + column]!,
    matrix[two + column]!,
    matrix[three + column]!,
    matrix[four + column]!,
  ];
  let [e, f, g, h] = [
    matrix[one + column + 1]!,
    matrix[two + column + 1]!,
    matrix[three + column + 1]!,
    matrix[four + column + 1]!,
  ];
  for (let at = from; at < column; at++) {
    const x = matrix[left + at]!;
    const y = matrix[right + at]!;
    const p = matrix[one + at]!;
    const q = matrix[two + at]!;
    const r = matrix[three + at]!;
    const s = matrix[four + at]!;
    a -= p * x;
    b -= q * x;
    c -= r * x;
    d -= s * x;
    e -= p * y;
    f -= q * y;
    g -= r * y;
    h -= s * y;
  }
  const [root, cross, next] = [matrix[left + column]!, matrix[right + column]!, matrix[right + column + 1]!];
  matrix[one + column] = a / root;
  matrix[two + column] = b / root;
  matrix[three + column] = c / root;
  matrix[four + column] = d / root;
  matrix[one + column + 1] = (e - (a / root) * cross) / next;
  matrix[two + column + 1] = (f - (b / root) * cross) / next;
  matrix[three + column + 1] = (g - (c / root) * cross) / next;
  matrix[four + column + 1] = (h - (d / root) * cross) / next;
}

/** Where the first entry other than 0 of each row is, up to the diagonal. */
function firstEntries(matrix: Float64Array, size: number): Int32Array {
  const begins = new Int32Array(size);
  for (let row = 0; row < size; row++) {
    let at = 0;
    while (at < row && matrix[row * size + at] === 0) at++;
    begins[row] = at;
  }
  return begins;
}

/** Solves L L' x = right, written over `right`. */
export function choleskySolve(factor: Float64Array, size: number, right: Float64Array): void {
  for (let row = 0; row < size; row++) {
    let sum = right[row]!;
    for (let at = 0; at < row; at++) sum -= factor[row * size + at]! * right[at]!;
    right[row] = sum / factor[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = right[row]!;
    for (let at = row + 1; at < size; at++) sum -= factor[at * size + row]! * right[at]!;
    right[row] = sum / factor[row * size + row]!;
  }
}

/** log det of the factored matrix. */
export function choleskyLogDeterminant(factor: Float64Array, size: number): number {
  let sum = 0;
  for (let at = 0; at < size; at++) sum += Math.log(factor[at * size + at]!);
  return 2 * sum;
}

/** The inverse of the factored matrix, both halves. */
export function choleskyInverse(factor: Float64Array, size: number): Float64Array {
  if (size < small) return smallInverse(factor, size);
  const width = Math.ceil(size / 4) * 4;
  const lower = new Float64Array(width * width);
  for (let row = 0; row < size; row++)
    lower.set(factor.subarray(row * size, row * size + row + 1), row * width);
  for (let row = size; row < width; row++) lower[row * width + row] = 1;
  const begins = firstEntries(lower, width);
  // The columns of inverse(L), stored as rows, then inverse = inverse(L)' inverse(L).
  const columns = new Float64Array(width * width);
  const sums = new Float64Array(8);
  for (let row = 0; row < width; row += 2) {
    const [one, two] = [row * width, (row + 1) * width];
    const [root, cross, next] = [lower[one + row]!, lower[two + row]!, lower[two + row + 1]!];
    for (let column = 0; column < row; column += 4) {
      const from = Math.max(column, Math.min(begins[row]!, begins[row + 1]!));
      eightProducts(lower, row, columns, column, width, from, row, sums);
      for (let at = 0; at < 4; at++) {
        const entry = -sums[at]! / root;
        // Beyond the diagonal the sums are 0.
        if (column + at < row) {
          columns[(column + at) * width + row] = entry;
          columns[(column + at) * width + row + 1] = -(sums[4 + at]! + cross * entry) / next;
        }
      }
    }
    columns[one + row] = 1 / root;
    columns[one + row + 1] = -(cross / root) / next;
    columns[two + row + 1] = 1 / next;
  }
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row += 2) {
    for (let column = 0; column <= row + 1; column += 4) {
      eightProducts(columns, row, columns, column, width, row, width, sums);
      for (let at = 0; at < 8; at++) {
        const [one, other] = [row + (at >> 2), column + (at & 3)];
        if (other > one || one >= size) continue;
        inverse[one * size + other] = sums[at]!;
        inverse[other * size + one] = sums[at]!;
      }
    }
  }
  return inverse;
}

function smallInverse(factor: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  const solved = new Float64Array(size);
  for (let column = 0; column < size; column++) {
    solved.fill(0);
    solved[column] = 1;
    choleskySolve(factor, size, solved);
    for (let row = column; row < size; row++) {
      inverse[row * size + column] = solved[row]!;
      inverse[column * size + row] = solved[row]!;
    }
  }
  return inverse;
}

/** Sums of products, over `from` to `end`, of two rows with four rows of another matrix. */
function eightProducts(
  left: Float64Array,
  row: number,
  right: Float64Array,
  other: number,
  width: number,
  from: number,
  end: number,
  sums: Float64Array,
): void {
  const [one, two] = [row * width, (row + 1) * width];
  const [first, second, third, fourth] = [
    other * width,
    (other + 1) * width,
    (other + 2) * width,
    (other + 3) * width,
  ];
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let at = from; at < end; at++) {
    const x = left[one + at]!;
    const y = left[two + at]!;
    const p = right[first + at]!;
    const q = right[second + at]!;
    const r = right[third + at]!;
    const s = right[fourth + at]!;
    a += x * p;
    b += x * q;
    c += x * r;
    d += x * s;
    e += y * p;
    f += y * q;
    g += y * r;
    h += y * s;
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
  sums[4] = e;
  sums[5] = f;
  sums[6] = g;
  sums[7] = h;
}

/** The inverse of a positive definite matrix; undefined for any other. */
export function inversePositive(matrix: Float64Array, size: number): Float64Array | undefined {
  const factor = Float64Array.from(matrix);
  return choleskyInPlace(factor, size) ? choleskyInverse(factor, size) : undefined;
}
