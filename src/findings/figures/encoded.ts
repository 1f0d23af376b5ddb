import type { Figure, Format } from "../../study/finding.ts";

type Cell = string | number | boolean | null | undefined;

/** A figure's rows, read by role (`x`, `low`, `group`) instead of by column. */
export class EncodedFigure {
  readonly #figure: Figure;
  readonly rows: readonly Record<string, Cell>[];

  constructor(figure: Figure) {
    this.#figure = figure;
    this.rows = figure.table.rows;
  }

  has(role: string): boolean {
    return this.#figure.encode[role] !== undefined;
  }

  /** The column of a role, as a function of the row. */
  accessor(role: string): (row: Record<string, Cell>) => Cell {
    const key = this.#figure.encode[role];
    return (row) => (key === undefined ? undefined : row[key]);
  }

  numbers(role: string): number[] {
    const of = this.accessor(role);
    return this.rows
      .map((row) => of(row))
      .filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  }

  texts(role: string): string[] {
    const of = this.accessor(role);
    return [...new Set(this.rows.map((row) => String(of(row) ?? "")))];
  }

  format(role: string): Format {
    const key = this.#figure.encode[role];
    return this.#figure.table.columns.find((column) => column.key === key)?.format ?? "text";
  }

  label(role: string): string {
    const key = this.#figure.encode[role];
    return (
      this.#figure.labels[role] ??
      this.#figure.table.columns.find((column) => column.key === key)?.label ??
      ""
    );
  }

  marks(axis: "x" | "y"): NonNullable<Figure["marks"]> {
    return (this.#figure.marks ?? []).filter((mark) => mark.axis === axis);
  }
}

/** Ticks of an axis: whole percentages for shares, plain numbers otherwise. */
export function tickFormat(format: Format): (value: number) => string {
  if (format === "percent") return (value) => `${Math.round(value * 100)} %`;
  if (format === "milliseconds") return (value) => `${value / 1000} s`;
  return (value) => String(Number(value.toPrecision(12))).replace(/^-/, "−");
}

/** The range of the values with some padding, within 0 to 1 for shares. */
export function paddedRange(values: readonly number[], format: Format): [number, number] {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const padding = (most - least || 1) * 0.04;
  if (format !== "percent") return [least - padding, most + padding];
  return [Math.max(0, least - padding), Math.min(1, most + padding)];
}

/** Wraps a label into lines of at most `maxLetters` letters, between words, and within longer words after punctuation. */
export function wrapLabel(text: string, maxLetters: number): string {
  const parts = text
    .split(/(?<= )/)
    .flatMap((word) => (word.trim().length > maxLetters ? word.split(/(?<=[-+/:,])/) : word));
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && (last + part).trimEnd().length <= maxLetters)
      lines[lines.length - 1] = last + part;
    else lines.push(part);
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}
