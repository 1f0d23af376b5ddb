import type { Column, Format, Table } from "./finding.ts";

/** A cell as people read it; an empty string for nothing. Percentages take a share of 1 and keep two decimals. */
export function printed(value: string | number | boolean | null | undefined, format: Format): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "";
  return printers[format](value);
}

/** A share of 1 as a percentage with two decimals: `53.85 %`. */
export const percent = (share: number): string => printed(share, "percent");

/** A p-value as it stands in a sentence: `p = .039`, `p < .001`. */
export const pValue = (p: number): string => (p < 0.001 ? "p < .001" : `p = ${printed(p, "p")}`);

/** An interval of shares: `45.20 % to 54.80 %`. */
export const percentRange = ({ low, high }: { low: number; high: number }): string =>
  `${percent(low)} to ${percent(high)}`;

/** A count with its noun: `1 reader`, `13 readers`. The plural adds an s unless told. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${printed(count, "integer")} ${count === 1 ? noun : plural}`;

/** A table's rows as text, in order of its columns. */
export const printedRows = ({ columns, rows }: Table): string[][] =>
  rows.map((row) => columns.map((column) => printedCell(row, column)));

const printedCell = (row: Table["rows"][number], { key, format }: Column): string =>
  printed(row[key], format);

const printers: Record<Format, (value: number) => string> = {
  text: String,
  integer: (value) => grouped(value.toFixed(0)),
  number: (value) => minus(value.toFixed(Math.abs(value) < 0.01 && value !== 0 ? 4 : 2)),
  percent: (value) => minus(`${(100 * value).toFixed(2)} %`),
  p: (value) => (value < 0.001 ? "< .001" : value > 0.9995 ? "1.000" : value.toFixed(3).slice(1)),
  milliseconds: (value) =>
    value < 100_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value / 1000)} s`,
};

/** Thousands are parted by commas, from five digits on. */
const grouped = (digits: string): string =>
  digits.replace("-", "").length < 5 ? minus(digits) : minus(digits.replace(/\B(?=(\d{3})+$)/g, ","));

const minus = (digits: string): string => digits.replace(/^-/, "−");
