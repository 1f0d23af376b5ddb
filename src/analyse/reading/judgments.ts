import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { columnsOf, readRecords } from "../../tables/records.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { StudyError } from "../../workbench/errors.ts";
import { filesUnder } from "../../workbench/files.ts";
import { type Columns, columnsFor, namesOf, type Part, plainName } from "./columns.ts";
import { entryNamed, type Key, readKey, storyColumns } from "./key.ts";
import { type ExportTable, openExport } from "./systems.ts";
import { isMissing, isUndecided, numberIn, originOf, type Values } from "./values.ts";

/** Kind of question: one story, human or machine (`choices`); which of two is human (`pairs`); a scale (`ratings`). */
export type Shape = "choices" | "pairs" | "ratings";

/** A table of judgments, one row per judgment. */
export interface JudgmentTable {
  readonly file: string;
  readonly shape: Shape;
  readonly columns: Columns;
  readonly rows: readonly TableRecord[];
  /** A description of the table's layout. */
  readonly layout: string;
  readonly leftOut: Readonly<Record<string, number>>;
}

export interface ReadOptions {
  /** The table's column for each of our names. */
  readonly map: Readonly<Record<string, string>>;
  readonly values: Values;
  /** The file with the origin of each story. */
  readonly key?: string | undefined;
}

const commonParts: readonly Part[] = [
  "model",
  "title",
  "example",
  "form",
  "order",
  "ms",
  "seconds",
  "confidence",
  "reason",
  "simulated",
];

/** The required and optional parts of each shape, in the order of the search. */
const shapes: Readonly<Record<Shape, { readonly needs: readonly Part[]; readonly may: readonly Part[] }>> = {
  ratings: { needs: ["participant", "stimulus", "origin", "rating"], may: ["task", ...commonParts] },
  pairs: {
    needs: ["participant", "human_side", "chosen_side"],
    may: ["stimulus", "left", "right", "left_model", "right_model", "options", ...commonParts],
  },
  choices: { needs: ["participant", "stimulus", "origin", "response"], may: ["correct", ...commonParts] },
};

/**
 * Reads a table of judgments: one row per judgment, one row per person with a column per story, or one row per story with
 * a column per annotator; plain or exported from Qualtrics, Google Forms, jsPsych, Label Studio or Potato. Throws
 * StudyError that says what is missing and how to provide it.
 */
export async function readJudgmentTable(
  path: string,
  { map, values, key: keyFile }: ReadOptions,
): Promise<JudgmentTable> {
  const file = basename(path);
  const given = await readFiles(path);
  if (given.length === 0)
    throw new StudyError(`${path} has no rows`, { hint: "give a table with one judgment per row" });
  assertNotOwnExport(columnsOf(given), file);
  if (Object.keys(map).length === 0 && keyFile === undefined) assertNotMoved(given, path);
  const table = openExport(given);
  if (table.records.length === 0)
    throw new StudyError(`${path} has no judgments`, {
      hint: `it is an export from ${table.system}, but none of its rows is an answer about a story`,
    });
  const key = keyFile === undefined ? undefined : await readKey(keyFile);
  const read = { file, map, values, key, table };
  return (
    tableByPerson(read) ??
    tableByJudgment(read) ??
    tableByPersonWithKeyRow(read) ??
    tableByAnnotator(read) ??
    throwMissingColumns(read)
  );
}

interface Reading {
  readonly file: string;
  readonly map: Readonly<Record<string, string>>;
  readonly values: Values;
  readonly key: Key | undefined;
  readonly table: ExportTable;
}

/** A table, or a Potato folder with one file per person. */
async function readFiles(path: string): Promise<TableRecord[]> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
  if (!isFolder) return readRecords(path, { fits: looksLikeJudgments, needs: "judgments" });
  const files = (await filesUnder(path)).filter((file) =>
    /(?:user_state\.json|annotated_instances\.\w+)$/.test(file),
  );
  if (files.length === 0)
    throw new StudyError(`${path} is a folder without Potato annotations`, { hint: "give a table" });
  const tables = await Promise.all(
    files.map(async (file) => {
      const records = /user_state\.json$/.test(file) ? await readState(file) : await readRecords(file);
      const user = basename(dirname(file));
      return records.map(({ where, cells, nested }) => ({
        where,
        cells: { user_id: user, ...cells },
        ...(nested && { nested }),
      }));
    }),
  );
  return tables.flat();
}

/** A person's state is one object, read as one row. */
async function readState(file: string): Promise<TableRecord[]> {
  const { readTextOf } = await import("../../tables/text.ts");
  const { readJson } = await import("../../tables/json.ts");
  return readJson(`[${await readTextOf(file, basename(file))}]`, basename(file));
}

const looksLikeJudgments = (columns: readonly string[]): boolean => {
  const { participant, response, rating, chosen_side } = columnsFor(
    columns,
    ["participant", "response", "rating", "chosen_side"],
    {},
    "",
  );
  return participant !== undefined && (response ?? rating ?? chosen_side) !== undefined;
};

/** Answers to our own exported forms must be imported into their study, which has the stories. */
function assertNotOwnExport(columns: readonly string[], file: string): void {
  const ofQualtrics = columns.filter((column) => /^f\d+_q\d+_\w+$/.test(column)).length > 1;
  const ofJspsych = ["composed_order", "question", "trial_index"].every((column) => columns.includes(column));
  if (!ofQualtrics && !ofJspsych) return;
  throw new StudyError(`${file} has answers to forms that \`tinylove export-forms\` wrote`, {
    hint: `import them into their study: tinylove import-responses ${file} --study DIR`,
  });
}

/** A table that Tiny Love wrote but that was moved may lack origins or mix several tasks. */
function assertNotMoved(records: readonly TableRecord[], path: string): void {
  const { cells } = records[0]!;
  if (!("question" in cells && "second_stimulus" in cells && "task" in cells)) return;
  const tasks = [...new Set(records.map((record) => record.cells["task"]))];
  if ("origin" in cells && tasks.length === 1) return;
  const what =
    "origin" in cells ? `has several tasks: ${tasks.join(", ")}` : "does not say who wrote the stories";
  throw new StudyError(`${path} ${what}`, {
    hint: "leave the table where Tiny Love wrote it: judgments/judgments.csv in its study, or csv/judgments.csv in its package with the other files",
  });
}

/** One row per judgment, with the columns of a key added. Undefined if the columns do not fit. */
function tableByJudgment({ file, map, key, table }: Reading): JudgmentTable | undefined {
  const columns = columnsOf(table.records);
  for (const shape of ["ratings", "choices", "pairs"] as const) {
    const found = complete(shape, columns, map, file, key);
    if (!found) continue;
    // Numbers next to an answer are its confidence; a table of ratings alone has no answer.
    const isPlain = !hasOwnNames(shape, columns, map, key) && shape === "ratings";
    if (isPlain && complete("choices", columns, map, file, key)) continue;
    const plain = key ? "one row per judgment, with a key" : "one row per judgment";
    const layout = table.system ? `${plain}, exported from ${table.system}` : plain;
    const joined = key
      ? withKey(table.records, found, key, file)
      : { rows: table.records, columns: found, leftOut: {} };
    return { file, shape, layout, ...joined, leftOut: { ...table.leftOut, ...joined.leftOut } };
  }
  return undefined;
}

/** Whether the table has all required parts of a shape under our own names, or as mapped. */
const hasOwnNames = (
  shape: Shape,
  columns: readonly string[],
  map: Readonly<Record<string, string>>,
  key: Key | undefined,
): boolean => requiredParts(shape, key).every((part) => columns.includes(part) || part in map);

/** With a key the table itself needs no origins. */
const requiredParts = (shape: Shape, key: Key | undefined): readonly Part[] =>
  shapes[shape].needs.filter((part) => part !== "origin" || key === undefined);

/** The columns of a shape, if all required parts are there. */
function complete(
  shape: Shape,
  columns: readonly string[],
  map: Readonly<Record<string, string>>,
  file: string,
  key: Key | undefined,
): Columns | undefined {
  const found = columnsFor(columns, [...requiredParts(shape, key), ...shapes[shape].may], map, file);
  const has = (part: Part) =>
    found[part] !== undefined ||
    // The answer follows from its correctness, the human side from the two origins.
    (part === "response" && found.correct !== undefined) ||
    (part === "human_side" &&
      found.left !== undefined &&
      found.right !== undefined &&
      found.stimulus !== undefined);
  return requiredParts(shape, key).every(has) ? found : undefined;
}

/** Adds the key's columns to each story, under our names, unless the table has them. */
function withKey(records: readonly TableRecord[], columns: Columns, key: Key, file: string) {
  const { stimulus } = columns;
  if (stimulus === undefined) return { rows: records, columns, leftOut: {} };
  const entryOf = entryNamed(key);
  let unknown = 0;
  const ours = new Set<string>(Object.keys(columns));
  const rows = records.flatMap((record): TableRecord[] => {
    const entry = entryOf(record.cells[stimulus] ?? "");
    if (!entry) {
      unknown += 1;
      return [];
    }
    const added = Object.entries(entry.cells).filter(([name]) => !ours.has(name) || name === "stimulus");
    return [
      {
        where: record.where,
        cells: { ...record.cells, ...Object.fromEntries(added), [stimulus]: entry.stimulus },
      },
    ];
  });
  if (rows.length === 0) {
    throw new StudyError(`no story of ${file} is in ${key.file}`, {
      hint: `${file} names stories in its column ${stimulus}, such as “${shortened(records[0]!.cells[stimulus] ?? "")}”; ${key.file} has names such as “${shortened(key.entries[0]?.stimulus ?? "")}”`,
    });
  }
  const added = Object.fromEntries(
    (["origin", "model", "title", "example"] as const)
      .filter((part) => columns[part] === undefined && key.entries.some(({ cells }) => part in cells))
      .map((part) => [part, part]),
  );
  return {
    rows,
    columns: { ...columns, ...added },
    leftOut: unknown > 0 ? { [`a story that is not in ${key.file}`]: unknown } : {},
  };
}

/** One row per person and one column per story of the key. */
function tableByPerson({ file, map, values, key, table }: Reading): JudgmentTable | undefined {
  if (!key) return undefined;
  const columns = columnsOf(table.records);
  const matched = storyColumns(columns, table.questions, key);
  if (new Set(matched.values()).size < 2) return undefined;
  const people = columnsFor(
    columns.filter((column) => !matched.has(column)),
    ["participant", "form", "simulated"],
    map,
    file,
  );
  const ofStory = new Map<Key["entries"][number], string[]>();
  for (const [column, entry] of matched) ofStory.set(entry, [...(ofStory.get(entry) ?? []), column]);

  const rows: TableRecord[] = [];
  for (const [entry, own] of ofStory) {
    const uses = columnUses(own, entry.names, table, values);
    const [answer, second] = uses.answers;
    if (answer === undefined) continue;
    if (second !== undefined) {
      throw new StudyError(
        `${file} has two answer columns for “${shortened(entry.stimulus)}”: ${answer}, ${second}`,
        {
          hint: `name the right one in ${key.file}, in a column called column`,
        },
      );
    }
    for (const [at, { where, cells }] of table.records.entries()) {
      const cell = (cells[answer] ?? "").trim();
      // Readers of other forms were not asked about this story.
      if (isMissing(cell, "response", values)) continue;
      rows.push({
        where: `${where}, ${shortened(answer)}`,
        cells: {
          ...entry.cells,
          participant: (people.participant && cells[people.participant]) || `person ${at + 1}`,
          response: cell,
          rating: cell,
          ...(people.form && { form: cells[people.form] ?? "" }),
          ...(people.simulated && { simulated: cells[people.simulated] ?? "" }),
          ...Object.fromEntries(uses.others.map(([part, column]) => [part, cells[column] ?? ""])),
        },
      });
    }
  }
  if (rows.length === 0)
    throw new StudyError(`${file} has no answers about the stories of ${key.file}`, {
      hint: `its columns about stories are ${[...matched.keys()].map(shortened).join(", ")}`,
    });
  const shape =
    rows.every(({ cells }) => isScale(cells["response"]!, values)) && !isTwoValued(rows)
      ? "ratings"
      : "choices";
  const layout = "one row per person and one column per story";
  return {
    file,
    shape,
    layout: table.system ? `${layout}, exported from ${table.system}` : layout,
    rows: groupedByPerson(rows),
    columns: ownColumns(rows, shape),
    leftOut: table.leftOut,
  };
}

/** The columns about one story: its answers, and the other columns by their role. */
function columnUses(
  columns: readonly string[],
  names: readonly string[],
  { questions, records }: ExportTable,
  values: Values,
) {
  const named = columns.find((column) => plainName(column) === plainName(names[0] ?? ""));
  const others: [Part, string][] = [];
  const answers: string[] = [];
  for (const column of columns) {
    const part =
      column === named
        ? undefined
        : roleOfColumn(withoutNames(`${column} ${questions.get(column) ?? ""}`, names));
    if (part === "nothing") continue;
    if (part !== undefined) others.push([part, column]);
    else answers.push(column);
  }
  if (named !== undefined) return { answers: [named], others };
  // Of several columns, the one with only answers in it.
  const sure = answers.filter((column) =>
    records.every(({ cells }) => {
      const cell = cells[column] ?? "";
      return (
        isMissing(cell, "response", values) ||
        isUndecided(cell) ||
        originOf(cell, "response", "", values) !== undefined
      );
    }),
  );
  return { answers: sure.length > 0 ? sure : answers, others };
}

function withoutNames(text: string, names: readonly string[]): string {
  return names.reduce((rest, name) => rest.replaceAll(plainName(name), " "), plainName(text));
}

/** The role of a column besides the answer, from the words in its name. */
function roleOfColumn(words: string): Part | "nothing" | undefined {
  if (/\b(?:confiden\w*|certain\w*|how sure)\b/.test(words)) return "confidence";
  if (/\b(?:why|reasons?|comments?|explain\w*|explanation)\b/.test(words)) return "reason";
  if (/\b(?:page submit|rt|response time|reading time)\b/.test(words))
    return /\bpage submit\b/.test(words) ? "seconds" : "ms";
  return /\b(?:first click|last click|click count|score|feedback|text)\b/.test(words) ? "nothing" : undefined;
}

/** A row that is the key: its name says so, and its cells are the origins of the stories in their columns. */
function tableByPersonWithKeyRow(reading: Reading): JudgmentTable | undefined {
  const { key, table, file, values } = reading;
  if (key) return undefined;
  const isKey = ({ cells }: TableRecord) =>
    Object.values(cells).some((cell) =>
      /^(?:answer )?key$|^truth$|^origin$|^ground truth$|^solutions?$|^correct(?: answers?)?$/i.test(
        cell.trim(),
      ),
    );
  const row = table.records.find(isKey);
  if (!row) return undefined;
  const entries = Object.entries(row.cells).flatMap(([column, cell]) => {
    const origin = originOf(cell, "origin", "", values);
    return origin === undefined
      ? []
      : [{ stimulus: column, names: [column], cells: { stimulus: column, origin: cell } }];
  });
  if (entries.length < 2) return undefined;
  const records = table.records.filter((record) => record !== row);
  return tableByPerson({ ...reading, key: { file, entries }, table: { ...table, records } });
}

/** One row per story and one column per annotator; origins are in the table or in the key. */
function tableByAnnotator({ file, map, values, key, table }: Reading): JudgmentTable | undefined {
  const columns = columnsOf(table.records);
  const wanted: readonly Part[] = [
    "stimulus",
    ...(key ? [] : (["origin"] as const)),
    "model",
    "title",
    "example",
  ];
  const story = columnsFor(columns, wanted, map, file);
  if (story.stimulus === undefined || (story.origin === undefined && !key)) return undefined;
  const named = new Set<string>(Object.values(story));
  const people = columns.filter((column) => !named.has(column) && isAnnotator(column, table.records, values));
  if (people.length < 2) return undefined;
  const { stimulus, origin, ...others } = story;
  const joined = key
    ? withKey(table.records, story, key, file)
    : { rows: table.records, columns: story, leftOut: {} };
  const kept = { ...others, ...joined.columns };
  const rows = people.flatMap((column) =>
    joined.rows.flatMap(({ where, cells }): TableRecord[] => {
      const cell = (cells[column] ?? "").trim();
      if (isMissing(cell, "response", values)) return [];
      const own = Object.entries(kept).map(([part, theirs]) => [part, cells[theirs] ?? ""]);
      return [
        {
          where: `${where}, ${column}`,
          cells: { ...Object.fromEntries(own), participant: column, response: cell, rating: cell },
        },
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  const shape =
    rows.every(({ cells }) => isScale(cells["response"]!, values)) && !isTwoValued(rows)
      ? "ratings"
      : "choices";
  return {
    file,
    shape,
    layout: "one row per story and one column per annotator",
    rows,
    columns: ownColumns(rows, shape),
    leftOut: { ...table.leftOut, ...joined.leftOut },
  };
}

/** A column with only answers in it; numbers count only if its name is that of an annotator. */
function isAnnotator(column: string, records: readonly TableRecord[], values: Values): boolean {
  const cells = records
    .map(({ cells }) => cells[column] ?? "")
    .filter((cell) => !isMissing(cell, "response", values));
  if (cells.length === 0) return false;
  if (cells.every((cell) => isUndecided(cell) || originOf(cell, "response", "", values) !== undefined))
    return true;
  const person =
    /^(?:annotators?|raters?|coders?|judges?|readers?|participants?|persons?|subjects?|evaluators?|[arcpjs]) ?\d+$/;
  return person.test(plainName(column)) && cells.every((cell) => numberIn(cell) !== undefined);
}

const isScale = (cell: string, values: Values): boolean =>
  numberIn(cell) !== undefined && originOf(cell, "response", "", values) === undefined;

/** Two numbers may mean human and machine. */
const isTwoValued = (rows: readonly TableRecord[]): boolean =>
  new Set(rows.map(({ cells }) => cells["response"])).size <= 2;

/** The columns of rows made here, which have our own names. */
function ownColumns(rows: readonly TableRecord[], shape: Shape): Columns {
  const there = new Set(columnsOf(rows));
  const { needs, may } = shapes[shape];
  return Object.fromEntries([...needs, ...may].filter((part) => there.has(part)).map((part) => [part, part]));
}

/** Judgments sorted by person, in the table's order. */
function groupedByPerson(rows: readonly TableRecord[]): TableRecord[] {
  const people = new Map<string, TableRecord[]>();
  for (const row of rows) {
    const own = people.get(row.cells["participant"]!);
    if (own) own.push(row);
    else people.set(row.cells["participant"]!, [row]);
  }
  return [...people.values()].flat();
}

/** Throws StudyError that names the missing columns of the most likely kind of table. */
function throwMissingColumns({ file, map, key, table }: Reading): never {
  const columns = columnsOf(table.records);
  const found = (shape: Shape) =>
    columnsFor(columns, [...shapes[shape].needs, ...shapes[shape].may], map, file);
  const missing = (shape: Shape) => shapes[shape].needs.filter((part) => found(shape)[part] === undefined);
  const present = (shape: Shape) => shapes[shape].needs.length - missing(shape).length;
  // In a tie, the most common kind, which is last in this list.
  const nearest = (["ratings", "pairs", "choices"] as const).reduce((best, next) =>
    present(next) >= present(best) ? next : best,
  );
  const wanted = missing(nearest);
  const [first] = wanted;
  const wide =
    key === undefined && wanted.includes("stimulus")
      ? "; if it has one row per person and one column per story, give a key with the origin of each story: --key FILE"
      : "";
  const keyed =
    key === undefined && wanted.length === 1 && first === "origin" ? ", or give a key: --key FILE" : "";
  const unmatched =
    key === undefined
      ? ""
      : `; none of its columns matches a story in ${key.file}: name each story's column there, in a column called column`;
  throw new StudyError(`${file} has no column ${wanted.join(", ")}`, {
    hint: `${first} may also be called ${namesOf(first!)}; choose one of the columns (${columns.map(shortened).join(", ")}): --map ${first}=COLUMN${keyed}${wide}${unmatched}`,
  });
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
