import { expect, test } from "vitest";
import {
  choleskyInPlace,
  choleskyInverse,
  choleskyLogDeterminant,
  choleskySolve,
  inversePositive,
} from "../../src/stats/cholesky.ts";

const matrix = Float64Array.of(4, 2, 0.6, 2, 5, 1, 0.6, 1, 3);

test("a solution multiplied by the matrix gives the right-hand side", () => {
  const factor = Float64Array.from(matrix);
  expect(choleskyInPlace(factor, 3)).toBe(true);
  const x = Float64Array.of(1, -2, 3);
  const right = x.map((_, row) =>
    x.reduce((sum, value, column) => sum + matrix[row * 3 + column]! * value, 0),
  );
  choleskySolve(factor, 3, right);
  for (const [at, value] of right.entries()) expect(value).toBeCloseTo(x[at]!, 13);
  // By the first row: 4 (5 x 3 - 1 x 1) - 2 (2 x 3 - 1 x 0.6) + 0.6 (2 x 1 - 5 x 0.6).
  expect(Math.exp(choleskyLogDeterminant(factor, 3))).toBeCloseTo(56 - 10.8 + 0.6 * (2 - 3), 11);
});

test("the inverse times the matrix is one", () => {
  const inverse = inversePositive(matrix, 3)!;
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      let sum = 0;
      for (let at = 0; at < 3; at++) sum += inverse[row * 3 + at]! * matrix[at * 3 + column]!;
      expect(sum).toBeCloseTo(row === column ? 1 : 0, 13);
    }
  }
});

test("a matrix that is not positive definite is refused", () => {
  expect(inversePositive(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
  expect(inversePositive(Float64Array.of(1, 1, 1, 1), 2)).toBeUndefined();
});

test.each([8, 11, 14])("larger matrices with zeros are factored and inverted, size %i", (size) => {
  // Most entries are 0, at the start of rows too.
  const entry = (row: number, column: number) =>
    row === column ? 3 + (row % 4) : Math.abs(row - column) % 5 === 3 ? 0.7 - 0.1 * ((row * column) % 7) : 0;
  const symmetric = Float64Array.from({ length: size * size }, (_, cell) =>
    entry(Math.max(Math.floor(cell / size), cell % size), Math.min(Math.floor(cell / size), cell % size)),
  );
  const factor = Float64Array.from(symmetric);
  expect(choleskyInPlace(factor, size)).toBe(true);
  const inverse = choleskyInverse(factor, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let [product, identity] = [0, 0];
      for (let at = 0; at < size; at++) {
        if (at <= Math.min(row, column)) product += factor[row * size + at]! * factor[column * size + at]!;
        identity += inverse[row * size + at]! * symmetric[at * size + column]!;
      }
      expect(product).toBeCloseTo(symmetric[row * size + column]!, 12);
      expect(identity).toBeCloseTo(row === column ? 1 : 0, 12);
    }
  }
});
