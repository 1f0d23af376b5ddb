import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { varianceShares } from "../../src/stats/variance-shares.ts";

function layout(
  deviations: { rows: number; columns: number; together: number; chance: number },
  seed: number,
  draws = 3,
) {
  const random = randomFrom(seed, "layout");
  const normals = (count: number, deviation: number) =>
    Array.from({ length: count }, () => deviation * random.normal());
  const [rows, columns] = [normals(60, deviations.rows), normals(60, deviations.columns)];
  return rows.map((row) =>
    columns.map((column) => {
      const both = deviations.together * random.normal();
      return Array.from({ length: draws }, () => [row + column + both + deviations.chance * random.normal()]);
    }),
  );
}

test("known components are recovered", () => {
  // Variances 4, 1, 1 and 4 of 10.
  const shares = varianceShares(layout({ rows: 2, columns: 1, together: 1, chance: 2 }, 1));
  // The sample variance of the sixty drawn rows varies by a fifth around 4, and all shares with it.
  expect(Math.abs(shares.rows - 0.4)).toBeLessThan(0.12);
  expect(Math.abs(shares.columns - 0.1)).toBeLessThan(0.04);
  expect(Math.abs(shares.interaction - 0.1)).toBeLessThan(0.03);
  expect(Math.abs(shares.chance - 0.4)).toBeLessThan(0.1);
  expect(shares.rows + shares.columns + shares.interaction + shares.chance).toBeCloseTo(1, 12);
});

test("a factor without effect has a share near 0", () => {
  const { columns, interaction } = varianceShares(layout({ rows: 1, columns: 0, together: 0, chance: 1 }, 2));
  expect(columns).toBeLessThan(0.01);
  expect(interaction).toBeLessThan(0.02);
});

test("a small layout, computed by hand", () => {
  // Cell means 1 3 / 5 7: row means 2 and 6, column means 3 and 5, grand 4; draws are 1 above and below the mean.
  const cell = (mean: number) => [[mean - 1], [mean + 1]];
  const shares = varianceShares([
    [cell(1), cell(3)],
    [cell(5), cell(7)],
  ]);
  // MS rows 32, columns 8, both 0, within 2; components 8, 2, 0, 2.
  expect(shares.rows).toBeCloseTo(8 / 12, 12);
  expect(shares.columns).toBeCloseTo(2 / 12, 12);
  expect(shares.interaction).toBe(0);
  expect(shares.chance).toBeCloseTo(2 / 12, 12);
});

test("with one draw per cell, the interaction is counted as chance", () => {
  const { interaction, chance } = varianceShares(
    layout({ rows: 1, columns: 0, together: 0, chance: 1 }, 3, 1),
  );
  expect(interaction).toBe(0);
  expect(Math.abs(chance - 0.5)).toBeLessThan(0.15);
});

test.each([
  [[[[[1]], [[1]]]]],
  [
    [
      [[[1]], [[1], [2]]],
      [[[1]], [[1]]],
    ],
  ],
])("%j is not a balanced layout", (values) => {
  expect(() => varianceShares(values)).toThrow(RangeError);
});
