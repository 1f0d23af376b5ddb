import { basename } from "node:path";
import { columnsOf, readRecords } from "../../tables/records.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { StudyError } from "../../workbench/errors.ts";
import { type Columns, columnsFor, plainName } from "./columns.ts";

/** One story of a key. */
export interface KeyEntry {
  readonly stimulus: string;
  /** Names that a table may use for the story: its column, its id, its title, its text. */
  readonly names: readonly string[];
  /** Cells that are added to its judgments, under our names; further columns under their own. */
  readonly cells: Readonly<Record<string, string>>;
}

export interface Key {
  readonly file: string;
  readonly entries: readonly KeyEntry[];
}

/** Reads a key: one row per story with its origin, and optionally its model, title and measures. */
export async function readKey(path: string): Promise<Key> {
  const records = await readRecords(path, {
    hint: "give the table with the origin of each story: --key FILE",
  });
  const file = basename(path);
  const columns = columnsFor(
    columnsOf(records),
    ["column", "stimulus", "origin", "model", "title", "example", "task"],
    {},
    file,
  );
  if (columns.origin === undefined) {
    throw new StudyError(`${file} does not say who wrote the stories`, {
      hint: `a key has one row per story with the columns stimulus and origin (human or machine); this one has ${columnsOf(records).join(", ") || "none"}`,
    });
  }
  const entries = records.map((record) => entryOf(record, columns, file));
  assertOneOrigin(entries, file);
  return { file, entries };
}

/** Throws StudyError if a story has two origins. */
function assertOneOrigin(entries: readonly KeyEntry[], file: string): void {
  const origins = new Map<string, string | undefined>();
  for (const { stimulus, cells } of entries) {
    const before = origins.get(stimulus);
    if (before !== undefined && before !== cells["origin"])
      throw new StudyError(`${file}: ${stimulus} is both ${before} and ${cells["origin"]}`, {
        hint: "give the human and the machine version different names",
      });
    origins.set(stimulus, cells["origin"]);
  }
}

function entryOf({ where, cells }: TableRecord, columns: Columns, file: string): KeyEntry {
  const cell = (column: string | undefined) => (column === undefined ? "" : (cells[column] ?? "").trim());
  const title = cell(columns.title);
  const column = cell(columns.column);
  const stimulus = cell(columns.stimulus) || title || column;
  if (stimulus === "") {
    throw new StudyError(`${where}: the story has no name`, {
      hint: `give ${file} a column stimulus (or title, or column: the name of the table's column)`,
    });
  }
  const ours = new Map(Object.entries(columns).map(([part, theirs]) => [theirs, part]));
  const own = Object.entries(cells).map(([name, value]) => [ours.get(name) ?? name, value] as const);
  const text =
    Object.entries(cells).find(([name]) => /^(?:story )?text$|^story$/.test(plainName(name)))?.[1] ?? "";
  return {
    stimulus,
    names: [column, cell(columns.stimulus), title, text].filter((name) => name !== ""),
    cells: { ...Object.fromEntries(own.filter(([name]) => name !== "column")), stimulus },
  };
}

/** Finds the entry of a story by its id, title or text. */
export function entryNamed({ entries }: Key): (name: string) => KeyEntry | undefined {
  const byName = new Map<string, KeyEntry>();
  for (const entry of entries)
    for (const name of entry.names) if (!byName.has(plainName(name))) byName.set(plainName(name), entry);
  return (name) => byName.get(plainName(name));
}

/**
 * The columns about a story: their name or question is one of the story's names, or contains one as whole words. With
 * several matches the longest name counts.
 */
export function storyColumns(
  columns: readonly string[],
  questions: ReadonlyMap<string, string>,
  { entries }: Key,
): ReadonlyMap<string, KeyEntry> {
  const named = entries.flatMap((entry) => entry.names.map((name) => [plainName(name), entry] as const));
  const found = new Map<string, KeyEntry>();
  for (const column of columns) {
    const said = [column, questions.get(column) ?? ""].map((text) => ` ${plainName(text)} `);
    const exact = named.filter(([name]) => said.some((text) => text.trim() === name));
    const inside = named.filter(([name]) => name !== "" && said.some((text) => text.includes(` ${name} `)));
    const longest = Math.max(0, ...inside.map(([name]) => name.length));
    const meant = exact.length > 0 ? exact : inside.filter(([name]) => name.length === longest);
    if (new Set(meant.map(([, entry]) => entry)).size === 1) found.set(column, meant[0]![1]);
  }
  return found;
}
