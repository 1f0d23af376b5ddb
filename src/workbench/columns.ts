import { wrapped } from "./wrapped.ts";

export interface ShownColumn {
  readonly head: string;
  /** Numbers stand to the right, and are never parted. */
  readonly number: boolean;
}

/**
 * A table as lines of text whose columns line up. Where it is wider than `width`, heads and words go on below
 * themselves; a table of whole words and numbers that do not fit stays too wide.
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
 * As wide as the widest cell; where that is too much, the heads of numbers give way first, then the words, of either the
 * widest column first and as far as it can.
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
    const yielding = widths.flatMap((each, at) => (each > least[at]! ? [at] : []));
    const heads = yielding.filter((at) => columns[at]!.number);
    const [first, ...others] = heads.length > 0 ? heads : yielding;
    if (first === undefined) break;
    const widest = others.reduce((best, at) => (widths[at]! > widths[best]! ? at : best), first);
    widths[widest]! -= 1;
  }
  return widths;
}

const wordsOf = (cell: string): string[] => cell.split(" ");

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
