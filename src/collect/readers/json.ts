import { basename } from "node:path";
import { StudyError } from "../../workbench/errors.ts";
import type { TableRecord } from "./records.ts";
import { readUtf8 } from "./text.ts";

/** A JSON file: a list of objects, or an object that holds one such list. */
export async function readJsonFile(path: string): Promise<TableRecord[]> {
  const file = basename(path);
  const value = parsed(await readUtf8(path), file);
  const rows = listIn(value);
  if (!rows) {
    throw new StudyError(`${file} holds no list of stories`, {
      hint: `write it as [{"title": "...", "text": "..."}, ...]`,
    });
  }
  return rows.map((row, at) => recordOf(row, `${file}, story ${at + 1}`));
}

/** A JSON Lines file: one object a line. */
export async function readJsonLinesFile(path: string): Promise<TableRecord[]> {
  const file = basename(path);
  const lines = (await readUtf8(path)).split("\n");
  return lines.flatMap((line, at) => {
    const where = `${file}, line ${at + 1}`;
    return line.trim() === "" ? [] : [recordOf(parsed(line, where), where)];
  });
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StudyError(`${where}: not JSON`, { hint: "mend or remove it", cause });
  }
}

function listIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  const lists = isObject(value) ? Object.values(value).filter(Array.isArray) : [];
  return lists.length === 1 ? lists[0] : undefined;
}

function recordOf(row: unknown, where: string): TableRecord {
  if (!isObject(row)) {
    throw new StudyError(`${where}: not an object`, { hint: `write {"title": "...", "text": "..."}` });
  }
  return {
    where,
    cells: Object.fromEntries(Object.entries(row).map(([column, value]) => [column, cellOf(value, where)])),
  };
}

function cellOf(value: unknown, where: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new StudyError(`${where}: values nested too deeply`, { hint: "mend or remove it", cause });
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
