import { basename, resolve } from "node:path";
import type { CorpusSettings } from "../../study/settings/corpus.ts";
import type { Effects } from "../../workbench/effects.ts";
import { StudyError } from "../../workbench/errors.ts";
import type { Study } from "../../workbench/study.ts";
import { requiredColumns, type StoryColumns } from "../columns.ts";
import { readRecords, type TableRecord } from "../readers/records.ts";
import type { FoundStory, Source } from "../source.ts";

/** Stories of a table that the study's owner has: CSV, TSV, JSON, JSONL, SQLite, or a folder of Markdown files. */
export const table: Source = {
  name: "table",
  summary: "a CSV, TSV, JSON, JSONL or SQLite file, or a folder of Markdown files",
  inputs: (study) => filesOf(study.config.corpus),
  async gather(study, options, effects) {
    // A path on the command line is meant from where one stands, one in study.yaml from the study.
    const files = options.file?.map((file) => resolve(file)) ?? filesOf(study.config.corpus);
    if (files.length === 0) {
      throw new StudyError("no table to collect from", {
        hint: "name one with corpus.file in study.yaml, or with --file",
      });
    }
    const stories: FoundStory[] = [];
    for (const file of files) stories.push(...(await storiesOf(file, study, effects)));
    return { from: files.map((file) => basename(file)), stories };
  },
};

const filesOf = ({ file }: CorpusSettings): readonly string[] =>
  file === undefined ? [] : typeof file === "string" ? [file] : file;

async function storiesOf(file: string, study: Study, effects: Effects): Promise<FoundStory[]> {
  const { columns: mapped, licence, table } = study.config.corpus;
  const records = await readRecords(study.path(file), table);
  if (records.length === 0) throw new StudyError(`${file} holds no stories`, { hint: "add some rows" });
  const columns = requiredColumns(columnsOf(records), definedOnly(mapped), basename(file));
  const group = groupColumn(records, columns);
  effects.log(
    `${basename(file)}: titles from ${columns.title}, texts from ${columns.text}, groups from ${group ?? "nothing (each story its own)"}`,
  );
  return records.map((record) => storyOf(record, columns, group, { licence, source: basename(file) }));
}

function storyOf(
  { where, cells }: TableRecord,
  columns: StoryColumns,
  group: string | undefined,
  defaults: { readonly licence: string; readonly source: string },
): FoundStory {
  const cell = (column: string | undefined) => (column === undefined ? "" : (cells[column] ?? "").trim());
  return {
    where,
    title: cell(columns.title),
    text: cell(columns.text),
    author: cell(columns.author),
    licence: cell(columns.licence) || defaults.licence,
    source: cell(columns.source) || defaults.source,
    group: cell(group) || undefined,
    reprint: false,
    facts: factsOf(cells, columns),
  };
}

/** What no role has taken, under its own name; date and place under the names of their roles. */
function factsOf(
  cells: Readonly<Record<string, string>>,
  columns: StoryColumns,
): Readonly<Record<string, string>> {
  const roleOf = new Map(Object.entries(columns).map(([role, column]) => [column, role]));
  const facts: Record<string, string> = {};
  for (const [column, value] of Object.entries(cells)) {
    const role = roleOf.get(column);
    const kept = role === undefined || role === "date" || role === "place";
    // A column without a name is the row number of the program that wrote the table.
    if (kept && column !== "" && value.trim() !== "") facts[role ?? column] = value.trim();
  }
  return facts;
}

/**
 * The column whose equal cells the split keeps together. Where none says so by its name, stories of one date
 * were published together, and so were, perhaps, those of one source: unless nearly all share it, when it tells
 * nothing and would leave no split.
 */
function groupColumn(records: readonly TableRecord[], columns: StoryColumns): string | undefined {
  if (columns.group !== undefined) return columns.group;
  if (columns.date !== undefined && largestShare(records, columns.date) <= 0.5) return columns.date;
  if (columns.source !== undefined && largestShare(records, columns.source) <= 0.1) return columns.source;
  return undefined;
}

function largestShare(records: readonly TableRecord[], column: string): number {
  const counts = new Map<string, number>();
  for (const { cells } of records) {
    const value = cells[column] ?? "";
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return Math.max(...counts.values()) / records.length;
}

const columnsOf = (records: readonly TableRecord[]): string[] => [
  ...new Set(records.flatMap(({ cells }) => Object.keys(cells))),
];

/** The settings' schema gives optional keys that may be there with no value. */
const definedOnly = (mapped: CorpusSettings["columns"]): StoryColumns =>
  Object.fromEntries(Object.entries(mapped).filter(([, column]) => column !== undefined));
