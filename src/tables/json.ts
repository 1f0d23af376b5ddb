import { StudyError } from "../workbench/errors.ts";
import type { TableRecord } from "./table-record.ts";

/**
 * Rows of JSON: a list of objects, an object with one such list, or what pandas writes (columns of rows, `split`).
 * `itemName` is what messages call a row.
 */
export function readJson(text: string, file: string, itemName = "row"): TableRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // Some programs write one object per line into a .json file.
    const [first = "", second = ""] = text.split("\n").filter((line) => line.trim() !== "");
    if ([first, second].every((line) => isObject(parsedOrNothing(line)))) return readJsonLines(text, file);
    throw new StudyError(`${file}: not JSON`, { hint: "correct it, or export the table again", cause });
  }
  const rows = rowsIn(value);
  if (!rows) {
    throw new StudyError(`${file} has no list of ${itemName === "row" ? "rows" : "stories"}`, {
      hint: `write it as [{"title": "...", "text": "..."}, ...], with the columns of your table`,
    });
  }
  return rows.map((row, at) => recordOf(row, `${file}, ${itemName} ${at + 1}`));
}

/** Rows of JSON Lines: one object per line, or one list of objects per line, as JATOS writes for each participant. */
export function readJsonLines(text: string, file: string): TableRecord[] {
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    const where = `${file}, line ${at + 1}`;
    const value = parsedOrNothing(line);
    if (value === undefined) throw new StudyError(`${where}: not JSON`, { hint: "correct or remove it" });
    if (Array.isArray(value) && value.every(isObject))
      return value.map((row, index) => ({
        ...recordOf(row, `${where}, row ${index + 1}`),
        part: String(at + 1),
      }));
    return [recordOf(value, where)];
  });
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rowsIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return undefined;
  const { columns, data } = value;
  if (Array.isArray(columns) && Array.isArray(data) && data.every(Array.isArray))
    return data.map((row: unknown[]) =>
      Object.fromEntries(columns.map((name, at) => [String(name), row[at]])),
    );
  const entries = Object.entries(value);
  const lists = entries.map(([, each]) => each).filter(Array.isArray);
  if (lists.length === 1) return lists[0];
  // Each column is an object with its cells by row.
  if (
    entries.length > 1 &&
    entries.every(([, cells]) => isObject(cells) && !Object.values(cells).some(isObject))
  ) {
    const names = new Set(entries.flatMap(([, cells]) => Object.keys(cells as object)));
    return [...names].map((row) =>
      Object.fromEntries(entries.map(([column, cells]) => [column, (cells as Record<string, unknown>)[row]])),
    );
  }
  return undefined;
}

/** A row of any values as cells: scalars as text, lists of scalars separated by commas, other values as JSON. */
export function recordOf(row: unknown, where: string): TableRecord {
  if (!isObject(row)) {
    throw new StudyError(`${where}: not an object`, { hint: `write {"title": "...", "text": "..."}` });
  }
  const nested = Object.entries(row).filter(([, value]) => typeof value === "object" && value !== null);
  return {
    where,
    cells: Object.fromEntries(
      Object.entries(row).map(([column, value]) => [column.trim(), cellOf(value, where)]),
    ),
    ...(nested.length > 0 && { nested: Object.fromEntries(nested) }),
  };
}

function cellOf(value: unknown, where: string): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return value.join(", ");
  try {
    return JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each));
  } catch (cause) {
    throw new StudyError(`${where}: values are nested too deeply`, { hint: "correct or remove it", cause });
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
