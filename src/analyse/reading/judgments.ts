import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { columnsOf, readRecords } from "../../tables/records.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { StudyError } from "../../workbench/errors.ts";
import { filesUnder } from "../../workbench/files.ts";
import { type Columns, columnsFor, namesOf, type Part, plainName } from "./columns.ts";
import { entryNamed, type Key, readKey, storyColumns } from "./key.ts";
import { type Opened, opened } from "./systems.ts";
import { isMissing, isUndecided, numberIn, originOf, type Values } from "./values.ts";

/** What was asked: of one story, human or machine; of two, which is human; or a number on a scale. */
export type Shape = "choices" | "pairs" | "ratings";

/** A table of judgments as it is read: a row for each judgment. */
export interface JudgmentTable {
  readonly file: string;
  readonly shape: Shape;
  readonly columns: Columns;
  readonly rows: readonly TableRecord[];
  /** In words: what kind of table it is. */
  readonly kind: string;
  readonly leftOut: Readonly<Record<string, number>>;
}

export interface HowToRead {
  /** What the table calls a column, by our name. */
  readonly map: Readonly<Record<string, string>>;
  readonly values: Values;
  /** The file that says who wrote each story. */
  readonly key?: string | undefined;
}

const about: readonly Part[] = [
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

/** The parts that each shape needs, in the order in which they are looked for, and what it may have besides. */
const shapes: Readonly<Record<Shape, { readonly needs: readonly Part[]; readonly may: readonly Part[] }>> = {
  ratings: { needs: ["participant", "stimulus", "origin", "rating"], may: ["task", ...about] },
  pairs: {
    needs: ["participant", "human_side", "chosen_side"],
    may: ["stimulus", "left", "right", "left_model", "right_model", "options", ...about],
  },
  choices: { needs: ["participant", "stimulus", "origin", "response"], may: ["correct", ...about] },
};

/**
 * Reads a table of judgments from anywhere: a row for each judgment, a row for each person with a column for each story, or
 * a row for each story with a column for each annotator; plain or as Qualtrics, Google Forms, jsPsych, Label Studio and
 * Potato export it. Throws StudyError that says what is missing and how to say it.
 */
export async function readJudgmentTable(
  path: string,
  { map, values, key: keyFile }: HowToRead,
): Promise<JudgmentTable> {
  const file = basename(path);
  const given = await readFiles(path);
  if (given.length === 0)
    throw new StudyError(`${path} holds no rows`, { hint: "give a table with one judgment a row" });
  refuseOwnExport(columnsOf(given), file);
  if (Object.keys(map).length === 0 && keyFile === undefined) refuseOutOfPlace(given, path);
  const table = opened(given);
  if (table.records.length === 0)
    throw new StudyError(`${path} holds no judgments`, {
      hint: `it is an export of ${table.system}, and no row of it is an answer about a story`,
    });
  const key = keyFile === undefined ? undefined : await readKey(keyFile);
  const read = { file, map, values, key, table };
  return wideByKey(read) ?? long(read) ?? wideByKeyRow(read) ?? byAnnotator(read) ?? refuse(read);
}

interface Reading {
  readonly file: string;
  readonly map: Readonly<Record<string, string>>;
  readonly values: Values;
  readonly key: Key | undefined;
  readonly table: Opened;
}

/** A table, or a folder of Potato's with a file for each person. */
async function readFiles(path: string): Promise<TableRecord[]> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
  if (!isFolder) return readRecords(path, { fits: mayHoldJudgments, needs: "judgments" });
  const files = (await filesUnder(path)).filter((file) =>
    /(?:user_state\.json|annotated_instances\.\w+)$/.test(file),
  );
  if (files.length === 0)
    throw new StudyError(`${path} is a folder without annotations of Potato`, { hint: "name a table" });
  const tables = await Promise.all(
    files.map(async (file) => {
      const records = /user_state\.json$/.test(file) ? await stateOf(file) : await readRecords(file);
      const user = basename(dirname(file));
      return records.map((record) => ({ ...record, cells: { user_id: user, ...record.cells } }));
    }),
  );
  return tables.flat();
}

/** A person's state is one object, which is read as a row. */
async function stateOf(file: string): Promise<TableRecord[]> {
  const { readTextOf } = await import("../../tables/text.ts");
  const { readJson } = await import("../../tables/json.ts");
  return readJson(`[${await readTextOf(file, basename(file))}]`, basename(file));
}

const mayHoldJudgments = (columns: readonly string[]): boolean => {
  const { participant, response, rating, chosen_side } = columnsFor(
    columns,
    ["participant", "response", "rating", "chosen_side"],
    {},
    "",
  );
  return participant !== undefined && (response ?? rating ?? chosen_side) !== undefined;
};

/** What the product writes for other systems comes back into its study, which knows the stories. */
function refuseOwnExport(columns: readonly string[], file: string): void {
  const ofQualtrics = columns.filter((column) => /^f\d+_q\d+_\w+$/.test(column)).length > 1;
  const ofJspsych = ["composed_order", "question", "trial_index"].every((column) => columns.includes(column));
  if (!ofQualtrics && !ofJspsych) return;
  throw new StudyError(`${file} holds answers to forms that \`tinylove export-forms\` wrote`, {
    hint: `take them into their study: tinylove import-responses ${file} --study DIR`,
  });
}

/** A table that Tiny Love wrote and that was taken from its place has other things in it than judgments of one kind. */
function refuseOutOfPlace(records: readonly TableRecord[], path: string): void {
  const { cells } = records[0]!;
  if (!("question" in cells && "second_stimulus" in cells && "task" in cells)) return;
  const tasks = [...new Set(records.map((record) => record.cells["task"]))];
  if ("origin" in cells && tasks.length === 1) return;
  const what =
    "origin" in cells ? `holds several tasks: ${tasks.join(", ")}` : "does not say who wrote the stories";
  throw new StudyError(`${path} ${what}`, {
    hint: "a table that Tiny Love wrote is read where it is: judgments/judgments.csv in its study, csv/judgments.csv in its package, with all that is beside it",
  });
}

/** A row for each judgment; what a key knows of its story is added. Undefined where the columns are not there. */
function long({ file, map, key, table }: Reading): JudgmentTable | undefined {
  const columns = columnsOf(table.records);
  for (const shape of ["ratings", "choices", "pairs"] as const) {
    const found = complete(shape, columns, map, file, key);
    if (!found) continue;
    // Numbers next to an answer are its confidence; a table of ratings alone has no answer.
    const isPlain = !isOurs(shape, columns, map, key) && shape === "ratings";
    if (isPlain && complete("choices", columns, map, file, key)) continue;
    const plain = key ? "a row for each judgment, with a key" : "a row for each judgment";
    const kind = table.system ? `${plain}, an export of ${table.system}` : plain;
    const joined = key
      ? withKey(table.records, found, key, file)
      : { rows: table.records, columns: found, leftOut: {} };
    return { file, shape, kind, ...joined, leftOut: { ...table.leftOut, ...joined.leftOut } };
  }
  return undefined;
}

/** Whether the table has all that a shape needs under our own names, or as mapped. */
const isOurs = (
  shape: Shape,
  columns: readonly string[],
  map: Readonly<Record<string, string>>,
  key: Key | undefined,
): boolean => needsOf(shape, key).every((part) => columns.includes(part) || part in map);

/** With a key the table itself need not say who wrote the stories, and is not asked. */
const needsOf = (shape: Shape, key: Key | undefined): readonly Part[] =>
  shapes[shape].needs.filter((part) => part !== "origin" || key === undefined);

/** The columns of a shape, where all that it needs is there. */
function complete(
  shape: Shape,
  columns: readonly string[],
  map: Readonly<Record<string, string>>,
  file: string,
  key: Key | undefined,
): Columns | undefined {
  const found = columnsFor(columns, [...needsOf(shape, key), ...shapes[shape].may], map, file);
  const has = (part: Part) =>
    found[part] !== undefined ||
    // An answer follows from whether it was right; the human side from who wrote which text.
    (part === "response" && found.correct !== undefined) ||
    (part === "human_side" &&
      found.left !== undefined &&
      found.right !== undefined &&
      found.stimulus !== undefined);
  return needsOf(shape, key).every(has) ? found : undefined;
}

/** Adds what the key knows of each story, under our names, where the table itself has nothing. */
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
      { ...record, cells: { ...record.cells, ...Object.fromEntries(added), [stimulus]: entry.stimulus } },
    ];
  });
  if (rows.length === 0) {
    throw new StudyError(`no story of ${file} is in ${key.file}`, {
      hint: `${file} names stories in ${stimulus}, as in “${shortened(records[0]!.cells[stimulus] ?? "")}”; ${key.file} as in “${shortened(key.entries[0]?.stimulus ?? "")}”`,
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

/** A row for each person and a column for each story of the key. */
function wideByKey({ file, map, values, key, table }: Reading): JudgmentTable | undefined {
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
    const uses = usesOf(own, entry.names, table, values);
    const [answer, second] = uses.answers;
    if (answer === undefined) continue;
    if (second !== undefined) {
      throw new StudyError(
        `${file} has two columns of answers about “${shortened(entry.stimulus)}”: ${answer}, ${second}`,
        {
          hint: `say in ${key.file} which one it is, in a column called column`,
        },
      );
    }
    for (const [at, { where, cells }] of table.records.entries()) {
      const cell = (cells[answer] ?? "").trim();
      // Who got another form was not asked.
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
    throw new StudyError(`${file} holds no answers about the stories of ${key.file}`, {
      hint: `of its columns these are of stories: ${[...matched.keys()].map(shortened).join(", ")}`,
    });
  const shape =
    rows.every(({ cells }) => isScale(cells["response"]!, values)) && !isTwoValued(rows)
      ? "ratings"
      : "choices";
  const kind = "a row for each person and a column for each story";
  return {
    file,
    shape,
    kind: table.system ? `${kind}, an export of ${table.system}` : kind,
    rows: groupedByPerson(rows),
    columns: ownColumns(rows, shape),
    leftOut: table.leftOut,
  };
}

/** The columns about one story by what they hold: the answer, and what is next to it by its name. */
function usesOf(
  columns: readonly string[],
  names: readonly string[],
  { questions, records }: Opened,
  values: Values,
) {
  const told = columns.find((column) => plainName(column) === plainName(names[0] ?? ""));
  const others: [Part, string][] = [];
  const answers: string[] = [];
  for (const column of columns) {
    const part =
      column === told
        ? undefined
        : besideAnswer(withoutNames(`${column} ${questions.get(column) ?? ""}`, names));
    if (part === "nothing") continue;
    if (part !== undefined) others.push([part, column]);
    else answers.push(column);
  }
  if (told !== undefined) return { answers: [told], others };
  // Of several the one whose every cell is an answer.
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

/** What a column next to the answer is about, by its words. */
function besideAnswer(words: string): Part | "nothing" | undefined {
  if (/\b(?:confiden\w*|certain\w*|how sure)\b/.test(words)) return "confidence";
  if (/\b(?:why|reasons?|comments?|explain\w*|explanation)\b/.test(words)) return "reason";
  if (/\b(?:page submit|rt|response time|reading time)\b/.test(words))
    return /\bpage submit\b/.test(words) ? "seconds" : "ms";
  return /\b(?:first click|last click|click count|score|feedback|text)\b/.test(words) ? "nothing" : undefined;
}

/** A row that is the key: whose name says so, and whose cells say who wrote the story of their column. */
function wideByKeyRow(reading: Reading): JudgmentTable | undefined {
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
  return wideByKey({ ...reading, key: { file, entries }, table: { ...table, records } });
}

/** A row for each story and a column for each annotator; who wrote it is in the table or in the key. */
function byAnnotator({ file, map, values, key, table }: Reading): JudgmentTable | undefined {
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
    kind: "a row for each story and a column for each annotator",
    rows,
    columns: ownColumns(rows, shape),
    leftOut: { ...table.leftOut, ...joined.leftOut },
  };
}

/** A column all of whose cells are answers; numbers alone where its name is a person's. */
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

/** Two numbers may stand for human and machine. */
const isTwoValued = (rows: readonly TableRecord[]): boolean =>
  new Set(rows.map(({ cells }) => cells["response"])).size <= 2;

/** Rows made here have our own names. */
function ownColumns(rows: readonly TableRecord[], shape: Shape): Columns {
  const there = new Set(columnsOf(rows));
  const { needs, may } = shapes[shape];
  return Object.fromEntries([...needs, ...may].filter((part) => there.has(part)).map((part) => [part, part]));
}

/** A person's judgments together, people in the table's order. */
function groupedByPerson(rows: readonly TableRecord[]): TableRecord[] {
  const people = new Map<string, TableRecord[]>();
  for (const row of rows) {
    const own = people.get(row.cells["participant"]!);
    if (own) own.push(row);
    else people.set(row.cells["participant"]!, [row]);
  }
  return [...people.values()].flat();
}

/** Says what is missing for the kind of table that most columns speak for. */
function refuse({ file, map, key, table }: Reading): never {
  const columns = columnsOf(table.records);
  const found = (shape: Shape) =>
    columnsFor(columns, [...shapes[shape].needs, ...shapes[shape].may], map, file);
  const missing = (shape: Shape) => shapes[shape].needs.filter((part) => found(shape)[part] === undefined);
  const present = (shape: Shape) => shapes[shape].needs.length - missing(shape).length;
  // Where several are alike, the usual one, which is named last.
  const nearest = (["ratings", "pairs", "choices"] as const).reduce((best, next) =>
    present(next) >= present(best) ? next : best,
  );
  const wanted = missing(nearest);
  const [first] = wanted;
  const wide =
    key === undefined && wanted.includes("stimulus")
      ? "; if it has a row for each person and a column for each story, give the key that says who wrote each: --key FILE"
      : "";
  const keyed =
    key === undefined && wanted.length === 1 && first === "origin" ? ", or give a key: --key FILE" : "";
  const unmatched =
    key === undefined
      ? ""
      : `; none of its columns is of a story in ${key.file}: name each story's column there, in a column called column`;
  throw new StudyError(`${file} has no column ${wanted.join(", ")}`, {
    hint: `${first} is also found as ${namesOf(first!)}; say which of its columns (${columns.map(shortened).join(", ")}) it is: --map ${first}=COLUMN${keyed}${wide}${unmatched}`,
  });
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
