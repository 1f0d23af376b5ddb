/** Small dense symmetric matrices, stored row by row in one Float64Array of size x size. */

/**
 * The lower factor L with L L' = matrix, written over the lower half; false where the matrix is not positive
 * definite (a pivot falls to rounding error of its diagonal), with the matrix then half-written. Zeros at the start of
 * a row stay zeros and are skipped, which saves most of the work if few readers have a story in common.
 */
export function choleskyInPlace(matrix: Float64Array, size: number): boolean {
  const begins = firstEntries(matrix, size);
  for (let column = 0; column < size; column++) {
    const top = column * size;
    const begin = begins[column]!;
    const diagonal = matrix[top + column]!;
    let pivot = diagonal;
    for (let at = begin; at < column; at++) pivot -= matrix[top + at]! ** 2;
    if (!(pivot > 1e-14 * Math.abs(diagonal))) return false;
    const root = Math.sqrt(pivot);
    matrix[top + column] = root;
    for (let row = column + 1; row < size; row++) {
      if (begins[row]! > column) continue;
      const start = row * size;
      let sum = matrix[start + column]!;
      for (let at = Math.max(begin, begins[row]!); at < column; at++)
        sum -= matrix[start + at]! * matrix[top + at]!;
      matrix[start + column] = sum / root;
    }
  }
  return true;
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
  // Columns of inverse(L), each begun at its diagonal, then inverse = inverse(L)' inverse(L).
  const lower = new Float64Array(size * size);
  const begins = firstEntries(factor, size);
  for (let column = 0; column < size; column++) {
    lower[column * size + column] = 1 / factor[column * size + column]!;
    for (let row = column + 1; row < size; row++) {
      let sum = 0;
      for (let at = Math.max(column, begins[row]!); at < row; at++)
        sum -= factor[row * size + at]! * lower[at * size + column]!;
      lower[row * size + column] = sum / factor[row * size + row]!;
    }
  }
  const inverse = new Float64Array(size * size);
  for (let middle = 0; middle < size; middle++) {
    const start = middle * size;
    for (let row = 0; row <= middle; row++) {
      const left = lower[start + row]!;
      if (left === 0) continue;
      const target = row * size;
      for (let column = 0; column <= row; column++)
        inverse[target + column]! += left * lower[start + column]!;
    }
  }
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) inverse[column * size + row] = inverse[row * size + column]!;
  }
  return inverse;
}

/** The inverse of a positive definite matrix; undefined for any other. */
export function inversePositive(matrix: Float64Array, size: number): Float64Array | undefined {
  const factor = Float64Array.from(matrix);
  return choleskyInPlace(factor, size) ? choleskyInverse(factor, size) : undefined;
}
