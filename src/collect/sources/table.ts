import { basename, resolve } from "node:path";
import type { CorpusSettings } from "../../study/settings/corpus.ts";
import { columnsOf } from "../../tables/records.ts";
import { requiredColumns, type StoryColumns } from "../../tables/story-columns.ts";
import type { Effects } from "../../workbench/effects.ts";
import { StudyError } from "../../workbench/errors.ts";
import type { Study } from "../../workbench/study.ts";
import { readRecords, type TableRecord } from "../readers/records.ts";
import type { FoundStory, Source } from "../source.ts";

/** Stories from a table: CSV, TSV, JSON, JSONL, Parquet, SQLite, or a folder of Markdown files. */
export const table: Source = {
  name: "table",
  summary: "a CSV, TSV, JSON, JSONL, Parquet or SQLite file, or a folder of Markdown files",
  inputs: (study) => filesOf(study.config.corpus),
  async gather(study, options, effects) {
    // Paths on the command line are relative to the current folder, those in study.yaml to the study.
    const files = options.file?.map((file) => resolve(file)) ?? filesOf(study.config.corpus);
    if (files.length === 0) {
      throw new StudyError("no table is given", {
        hint: "give one with corpus.file in study.yaml, or with --file",
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
  if (records.length === 0) throw new StudyError(`${file} has no stories`, { hint: "add some rows" });
  const columns = requiredColumns(columnsOf(records), definedOnly(mapped), basename(file));
  const group = groupColumn(records, columns);
  effects.log(
    `${basename(file)}: titles from ${columns.title}, texts from ${columns.text}, groups from ${group ?? "nothing (each story is its own group)"}`,
  );
  return records.map((record) => storyOf(record, columns, group, { licence, source: basename(file) }));
}

function storyOf(
  record: TableRecord,
  columns: StoryColumns,
  group: string | undefined,
  defaults: { readonly licence: string; readonly source: string },
): FoundStory {
  const { where, cells } = record;
  const cell = (column: string | undefined) => {
    const value = column === undefined ? "" : (cells[column] ?? "").trim();
    return isMissing(value) ? "" : value;
  };
  const { text, note } = withoutReprintNote(textIn(record, columns.text!) ?? cell(columns.text));
  return {
    where,
    title: oneValue(record, columns.title!) ?? cell(columns.title),
    text,
    author: cell(columns.author),
    licence: cell(columns.licence) || defaults.licence,
    source: cell(columns.source) || defaults.source,
    group: cell(group) || undefined,
    reprint: note !== "",
    facts: { ...factsOf(cells, columns), ...(note !== "" && { note }) },
  };
}

/** Missing values as R, pandas and Excel write them. A story may be called `None`. */
const isMissing = (value: string): boolean => /^(?:NA|N\/A|#N\/A|NaN|NULL|<NA>)$/.test(value);

/** A text from a list of paragraphs. Throws StudyError for an object or any other list. */
function textIn({ where, nested }: TableRecord, column: string): string | undefined {
  const value = nested?.[column];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === "string"))
    return value.map((each) => each.trim()).join("\n\n");
  throw notOneValue(where, column, value, "write the story as one text, or as a list of its paragraphs");
}

function oneValue({ where, nested }: TableRecord, column: string): undefined {
  const value = nested?.[column];
  if (value !== undefined) throw notOneValue(where, column, value, "write the title as one text");
}

function notOneValue(where: string, column: string, value: unknown, hint: string): StudyError {
  const what = Array.isArray(value)
    ? "a list"
    : `an object with the keys ${Object.keys(value as object).join(", ") || "(none)"}`;
  return new StudyError(`${where}: ${column} is ${what}`, { hint });
}

/** Reprints end in a note in brackets: `(originally published on June 4, 2019)`. */
function withoutReprintNote(text: string): { readonly text: string; readonly note: string } {
  const found =
    /\s*[([]\s*((?:first|originally)\s+(?:published|appeared)\b[^()[\]]{0,120}?)\.?\s*[)\]]\.?\s*$/i.exec(
      text,
    );
  return found ? { text: text.slice(0, found.index), note: found[1]! } : { text, note: "" };
}

/** Cells of columns without a role, by column; date and place by role. */
function factsOf(
  cells: Readonly<Record<string, string>>,
  columns: StoryColumns,
): Readonly<Record<string, string>> {
  const roleOf = new Map(Object.entries(columns).map(([role, column]) => [column, role]));
  const facts: Record<string, string> = {};
  for (const [column, value] of Object.entries(cells)) {
    const role = roleOf.get(column);
    const kept = role === undefined || role === "date" || role === "place";
    // A column without a name contains row numbers.
    if (kept && column !== "" && value.trim() !== "") facts[role ?? column] = value.trim();
  }
  return facts;
}

/**
 * The column whose equal cells the split keeps together. If no column has such a name, stories with the same date or
 * source count as published together, unless too many share it for a split.
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

/** Removes optional keys without a value. */
const definedOnly = (mapped: CorpusSettings["columns"]): StoryColumns =>
  Object.fromEntries(Object.entries(mapped).filter(([, column]) => column !== undefined));
