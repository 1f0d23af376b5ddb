import type { Column, Format, Table } from "./finding.ts";

/** A cell as text; an empty string for nothing. Percentages take a share of 1 (see `measuredPercent`). */
export function printed(value: string | number | boolean | null | undefined, format: Format): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "";
  return printers[format](value);
}

/** A measured share of 1 as a percentage: `53.8 %`. */
export const percent = (share: number): string => printed(share, "percent");

/** A share of 1 that was declared, not measured, with the decimals it was declared with: `40 %`, `7.5 %`. */
export const declaredPercent = (share: number): string =>
  `${minus(String(Number((100 * share).toPrecision(10))))} %`;

/** A p-value in a sentence: `p = .039`, `p < .001`. */
export const pValue = (p: number): string => (p < 0.001 ? "p < .001" : `p = ${printed(p, "p")}`);

/**
 * A measured share compared with reference values (`marks`): more decimals if rounding would make it equal to one of
 * them, such as `50.02 %` and not `50.0 %`.
 */
export function percentApart(share: number, marks: readonly number[]): string {
  const reads = (value: number, decimals: number) => (100 * value).toFixed(decimals);
  const same = (decimals: number) => marks.some((mark) => reads(mark, decimals) === reads(share, decimals));
  // Closer than this is the mark itself with rounding error.
  if (!same(1) || same(8)) return percent(share);
  let decimals = 2;
  while (same(decimals)) decimals++;
  return `${minus(reads(share, decimals))} %`;
}

/** A whole percentage, with decimals only where it would otherwise look equal to one of the `marks`: `58 %`, `59.8 %`. */
export const wholePercent = (share: number, marks: readonly number[]): string => {
  const whole = Math.round(100 * share);
  return marks.some((mark) => Math.round(100 * mark) === whole)
    ? percentApart(share, marks)
    : `${minus(String(whole))} %`;
};

/** An interval of shares: `45.2 % to 54.8 %`; its ends are never rounded onto one of the `marks`. */
export const percentRange = (
  { low, high }: { low: number; high: number },
  marks: readonly number[] = [],
): string => `${percentApart(low, marks)} to ${percentApart(high, marks)}`;

/** The accuracies that a declared margin counts as guessing: `40 % to 60 %`. */
export const marginRange = (margin: number): string =>
  `${declaredPercent(0.5 - margin)} to ${declaredPercent(0.5 + margin)}`;

/** The same after a verb: `between 40 % and 60 %`. */
export const marginBetween = (margin: number): string =>
  `between ${declaredPercent(0.5 - margin)} and ${declaredPercent(0.5 + margin)}`;

/** A count with its noun: `1 reader`, `13 readers`. The plural adds an s by default. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${printed(count, "integer")} ${count === 1 ? noun : plural}`;

/** The text with a capital first letter, to begin a sentence. */
export const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

/** Names listed in a sentence: `words, topics and tone`. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** A table with its cells as text. */
export interface ShownTable {
  readonly columns: readonly {
    readonly key: string;
    readonly label: string;
    readonly number: boolean;
    /** Words between » and « are highlighted. */
    readonly marked: boolean;
    /** The cell shows only the first ids; `idsIn` gives all of them. */
    readonly ids: boolean;
  }[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * The cells as text, in the order of the columns; the ends of an interval (a column `low` before its `high`) share a
 * cell.
 */
export function shownTable({ columns, rows }: Table): ShownTable {
  const shown = columns.filter((_, at) => !isHighEnd(columns, at));
  return {
    columns: shown.map(({ key, label, format }) => ({
      key,
      label,
      number: !words.has(format),
      marked: format === "marked",
      ids: format === "ids",
    })),
    rows: rows.map((row) =>
      shown.map((column) => {
        const high = columns[columns.indexOf(column) + 1];
        return isHighEnd(columns, columns.indexOf(column) + 1)
          ? rangeOf(row[column.key], row[high!.key], column.format)
          : column.format === "ids"
            ? firstIds(idsIn(row[column.key]))
            : printed(row[column.key], column.format);
      }),
    ),
  };
}

/** Formats that are not numbers. */
const words: ReadonlySet<Format> = new Set<Format>(["text", "marked", "ids"]);

/** Whether a column `x_high` follows its own `x_low`. */
function isHighEnd(columns: readonly Column[], at: number): boolean {
  const [low, high] = [columns[at - 1]?.key, columns[at]?.key];
  return low !== undefined && high !== undefined && /low$/.test(low) && high === low.replace(/low$/, "high");
}

/** The ids in a cell of the format `ids`. */
export const idsIn = (cell: unknown): string[] => String(cell ?? "").match(/\S+/g) ?? [];

/** The first of some ids, and how many more there are. */
function firstIds(ids: readonly string[], most = 3): string {
  const more = ids.length - most;
  return ids.slice(0, most).join(" ") + (more > 0 ? ` and ${printed(more, "integer")} more` : "");
}

function rangeOf(
  low: Parameters<typeof printed>[0],
  high: Parameters<typeof printed>[0],
  format: Format,
): string {
  if (low === null || low === undefined) return "";
  const end = printed(high, format);
  const unit = / (?:%|s)$/.exec(end)?.[0] ?? "";
  return `${printed(low, format).replace(unit, "")} to ${end}`;
}

const printers: Record<Format, (value: number) => string> = {
  text: String,
  marked: String,
  ids: String,
  integer: (value) => grouped(value.toFixed(0)),
  number: (value) => minus(value.toFixed(value !== 0 && Math.abs(value) < 0.1 ? 3 : 2)),
  percent: measuredPercent,
  p: printedP,
  milliseconds: (value) =>
    value < 100_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value / 1000)} s`,
};

/**
 * Percentages have one decimal throughout, as their standard errors justify: both readers and stories are sampled, and a
 * second decimal would need about ten thousand stories. Shares that are not exactly 0 or 1 never print as 0.0 or 100.0 %.
 */
function measuredPercent(share: number): string {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  if (share < 1 && share >= 0.9995) return "> 99.9 %";
  return minus(`${(100 * share).toFixed(1)} %`);
}

/** Three decimals, and more if rounding to .050 would hide on which side of .05 the p-value is. */
function printedP(value: number): string {
  if (value < 0.001) return "< .001";
  if (value > 0.9995) return "1.000";
  let decimals = 3;
  while (Number(value.toFixed(decimals)) === 0.05 && value.toFixed(8) !== "0.05000000") decimals++;
  return value.toFixed(decimals).slice(1);
}

/** Commas separate thousands in numbers of five digits or more. */
const grouped = (digits: string): string =>
  digits.replace("-", "").length < 5 ? minus(digits) : minus(digits.replace(/\B(?=(\d{3})+$)/g, ","));

/** A true minus sign, and none before a number that rounds to zero. */
const minus = (digits: string): string =>
  /^-[0.]+( %)?$/.test(digits) ? digits.slice(1) : digits.replace(/^-/, "−");
