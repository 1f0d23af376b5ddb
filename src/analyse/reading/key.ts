import { basename } from "node:path";
import { columnsOf, readRecords } from "../../tables/records.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { StudyError } from "../../workbench/errors.ts";
import { type Columns, columnsFor, plainName } from "./columns.ts";

/** What a key says of one story. */
export interface KeyEntry {
  readonly stimulus: string;
  /** The names by which a table may call the story: its column, its id, its title, its text. */
  readonly names: readonly string[];
  /** What is added to a judgment of the story, by our own names, further columns by theirs. */
  readonly cells: Readonly<Record<string, string>>;
}

export interface Key {
  readonly file: string;
  readonly entries: readonly KeyEntry[];
}

/** A table with a row for each story: who wrote it, and where known its model, title and measures. */
export async function readKey(path: string): Promise<Key> {
  const records = await readRecords(path, {
    hint: "name the table that says who wrote each story: --key FILE",
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
      hint: `a key has a row for each story, with the columns stimulus and origin (human or machine); it has ${columnsOf(records).join(", ") || "none"}`,
    });
  }
  const entries = records.map((record) => entryOf(record, columns, file));
  refuseTwoOrigins(entries, file);
  return { file, entries };
}

/** A story has one origin: two would be two stories of one name. */
function refuseTwoOrigins(entries: readonly KeyEntry[], file: string): void {
  const origins = new Map<string, string | undefined>();
  for (const { stimulus, cells } of entries) {
    const before = origins.get(stimulus);
    if (before !== undefined && before !== cells["origin"])
      throw new StudyError(`${file}: ${stimulus} is both ${before} and ${cells["origin"]}`, {
        hint: "give the human and the machine version of a story names of their own",
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
      hint: `give ${file} a column stimulus (or title, or column: what the table's column is called)`,
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

/** The entry of a story that a table names; by id, title or text. */
export function entryNamed({ entries }: Key): (name: string) => KeyEntry | undefined {
  const byName = new Map<string, KeyEntry>();
  for (const entry of entries)
    for (const name of entry.names) if (!byName.has(plainName(name))) byName.set(plainName(name), entry);
  return (name) => byName.get(plainName(name));
}

/**
 * The columns that are of a story, by story: whose name or question is one of the story's names, or holds one as whole
 * words; of several the longest counts.
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
