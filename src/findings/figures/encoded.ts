import type { Figure, Format } from "../../study/finding.ts";

type Cell = string | number | boolean | null | undefined;

/** Reads a figure's rows by role (`x`, `low`, `group`) instead of by column. */
export class Encoded {
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
  of(role: string): (row: Record<string, Cell>) => Cell {
    const key = this.#figure.encode[role];
    return (row) => (key === undefined ? undefined : row[key]);
  }

  numbers(role: string): number[] {
    const of = this.of(role);
    return this.rows
      .map((row) => of(row))
      .filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  }

  texts(role: string): string[] {
    const of = this.of(role);
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

/** From the least to the greatest of the values, with some air, and within 0 to 1 for shares. */
export function domainOf(values: readonly number[], format: Format): [number, number] {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const air = (most - least || 1) * 0.04;
  if (format !== "percent") return [least - air, most + air];
  return [Math.max(0, least - air), Math.min(1, most + air)];
}

/** A text in lines of at most `letters`, parted between words, and a longer word after its marks: a label that has little room. */
export function inLines(text: string, letters: number): string {
  const parts = text
    .split(/(?<= )/)
    .flatMap((word) => (word.trim().length > letters ? word.split(/(?<=[-+/:,])/) : word));
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && (last + part).trimEnd().length <= letters)
      lines[lines.length - 1] = last + part;
    else lines.push(part);
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}
