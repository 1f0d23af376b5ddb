import { wrapped } from "./wrapped.ts";

export interface ShownColumn {
  readonly head: string;
  /** Numbers are aligned to the right and never wrapped. */
  readonly number: boolean;
}

/**
 * A table as lines of text with aligned columns. If it is wider than `width`, heads and words wrap within their
 * column; a table whose single words and numbers do not fit stays too wide.
 */
export function inColumns(
  columns: readonly ShownColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = widthsOf(columns, rows, width);
  return [columns.map(({ head }) => head), ...rows].flatMap((row) => {
    const cells = row.map((cell, at) => wrapped(cell, widths[at]!, 0).split("\n"));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, at) => aligned(lines[line] ?? "", widths[at]!, columns[at]!))
        .join(gap)
        .trimEnd(),
    );
  });
}

const gap = "  ";

const aligned = (cell: string, width: number, { number }: ShownColumn): string =>
  number ? cell.padStart(width) : cell.padEnd(width);

/**
 * Each column starts as wide as its widest cell. If the table is too wide, heads of number columns shrink first, then
 * text columns; the widest column always shrinks first, down to its longest word.
 */
function widthsOf(
  columns: readonly ShownColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const cellsOf = (at: number) => rows.map((row) => row[at]!);
  const widths = columns.map(({ head }, at) => longest([head, ...cellsOf(at)]));
  const least = columns.map(({ head, number }, at) =>
    number ? longest([...head.split(" "), ...cellsOf(at)]) : longest([head, ...cellsOf(at)].flatMap(wordsOf)),
  );
  let over = widths.reduce((sum, each) => sum + each + gap.length, -gap.length) - width;
  for (; over > 0; over--) {
    const shrinkable = widths.flatMap((each, at) => (each > least[at]! ? [at] : []));
    const heads = shrinkable.filter((at) => columns[at]!.number);
    const [first, ...others] = heads.length > 0 ? heads : shrinkable;
    if (first === undefined) break;
    const widest = others.reduce((best, at) => (widths[at]! > widths[best]! ? at : best), first);
    widths[widest]! -= 1;
  }
  return widths;
}

const wordsOf = (cell: string): string[] => cell.split(" ");

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
