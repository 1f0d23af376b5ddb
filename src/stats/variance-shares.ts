/** Shares of a variance; they sum to 1 where there is any. */
export interface VarianceShares {
  readonly rows: number;
  readonly columns: number;
  /** The interaction of rows and columns. */
  readonly interaction: number;
  /** The residual: differences between draws. */
  readonly chance: number;
}

/**
 * Shares of variance due to rows, columns, their interaction and chance: the variance components of a balanced two-way
 * layout with random effects, by expected mean squares, negative ones set to 0 (Searle, Casella and
 * McCulloch 1992, chapter 4), summed over the dimensions. `values[row][column][draw]` is a vector. With one draw
 * per cell, the interaction cannot be separated from chance and is counted as chance.
 * Throws RangeError for fewer than two rows or columns, or an unbalanced layout.
 */
export function varianceShares(
  values: readonly (readonly (readonly ArrayLike<number>[])[])[],
): VarianceShares {
  const [rows, columns, draws] = [values.length, values[0]?.length ?? 0, values[0]?.[0]?.length ?? 0];
  if (rows < 2 || columns < 2 || draws < 1)
    throw new RangeError("needs at least two rows, two columns and one draw");
  if (values.some((row) => row.length !== columns || row.some((cell) => cell.length !== draws))) {
    throw new RangeError("every cell must have the same number of draws");
  }
  const dimensions = values[0]![0]![0]!.length;
  const components = [0, 0, 0, 0];
  for (let dimension = 0; dimension < dimensions; dimension++) {
    const layout = values.map((row) => row.map((cell) => cell.map((vector) => vector[dimension]!)));
    componentsOf(layout, rows, columns, draws).forEach((value, at) => {
      components[at]! += value;
    });
  }
  const total = components.reduce((sum, value) => sum + value, 0);
  const [byRows, byColumns, together, chance] = components.map((value) => (total > 0 ? value / total : 0));
  return { rows: byRows!, columns: byColumns!, interaction: together!, chance: chance! };
}

function componentsOf(layout: readonly number[][][], rows: number, columns: number, draws: number): number[] {
  const cells = layout.map((row) => row.map(meanOf));
  const rowMeans = cells.map(meanOf);
  const columnMeans = Array.from({ length: columns }, (_, column) =>
    meanOf(cells.map((row) => row[column]!)),
  );
  const grand = meanOf(rowMeans);
  const squares = (list: readonly number[]) => list.reduce((sum, value) => sum + (value - grand) ** 2, 0);
  const betweenRows = (columns * draws * squares(rowMeans)) / (rows - 1);
  const betweenColumns = (rows * draws * squares(columnMeans)) / (columns - 1);
  let interaction = 0;
  let within = 0;
  layout.forEach((row, at) => {
    row.forEach((cell, column) => {
      const mean = cells[at]![column]!;
      interaction += draws * (mean - rowMeans[at]! - columnMeans[column]! + grand) ** 2;
      within += cell.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    });
  });
  const betweenCells = interaction / ((rows - 1) * (columns - 1));
  const chance = draws > 1 ? within / (rows * columns * (draws - 1)) : betweenCells;
  return [
    Math.max(0, (betweenRows - betweenCells) / (columns * draws)),
    Math.max(0, (betweenColumns - betweenCells) / (rows * draws)),
    draws > 1 ? Math.max(0, (betweenCells - chance) / draws) : 0,
    chance,
  ];
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
