import { counted, listed } from "../study/print.ts";
import { type AnalyseSettings, methodOf } from "../study/settings/analyse.ts";
import type { TableRecord } from "../tables/table-record.ts";
import type { Row } from "../tables/tables.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Choice, Data, FormFacts, Origin, Pair, Rating, StoryFacts } from "./data.ts";
import { type Columns, type Part, parts, plainName } from "./reading/columns.ts";
import { type JudgmentTable, type ReadOptions, readJudgmentTable } from "./reading/judgments.ts";
import {
  correctnessOf,
  isMissing,
  isUndecided,
  namesAModel,
  numberIn,
  originOf,
  originsAccepted,
  sideOf,
  sidesAccepted,
  type Values,
} from "./reading/values.ts";

/** Columns of Tiny Love's own tables that are not measures; `right` is the former name of `correct` (before 0.2). */
const ownColumns = ["question", "second_stimulus", "side", "at", "in_verdict", "correct", "right"];

/** The judgments of a table, and how it was read. */
export interface TableRead {
  readonly data: Data;
  /** One line: what kind of table it is, and which column is what. */
  readonly summary: string;
  /** Unusable values that do not affect the verdict, one line each. */
  readonly warnings: readonly string[];
}

/**
 * The judgments of any table. Rows with a missing required value are left out and counted by reason. A required value that
 * is not understood throws StudyError with its row and the accepted values; an optional one is left out and reported.
 */
export async function dataOfTable(
  path: string,
  options: ReadOptions,
  settings: AnalyseSettings,
  progressOf?: Effects["progress"],
): Promise<TableRead> {
  const table = await readJudgmentTable(path, options);
  const clusters = clusterColumns(settings, table);
  const reader = new RowReader(table, options.values, clusters);
  const needed = requiredParts(table);
  const leftOut: Record<string, number> = { ...table.leftOut };
  const answers = { choices: [] as Choice[], pairs: [] as Pair[], ratings: [] as Rating[] };
  const pairRows: Row[] = [];
  let simulated = false;
  const progress = progressOf?.("read", table.rows.length);
  for (const [at, record] of table.rows.entries()) {
    if (at % 5000 === 0) progress?.to(at);
    const row = reader.cellsOf(record);
    const reason = needed.some((part) => row.isMissing(part))
      ? "an empty cell where an answer is needed"
      : table.shape === "choices" && row.isUndecided()
        ? "an answer that is neither human nor machine"
        : undefined;
    if (reason !== undefined) {
      leftOut[reason] = (leftOut[reason] ?? 0) + 1;
      continue;
    }
    simulated ||= /^(yes|true|1)$/i.test(row.text("simulated"));
    if (table.shape === "choices") answers.choices.push(choiceOf(row));
    else if (table.shape === "ratings") answers.ratings.push(ratingOf(row, table.columns));
    else {
      answers.pairs.push(pairOf(row));
      pairRows.push(row.cells);
    }
  }
  progress?.end();
  checkOrigins([...answers.choices, ...answers.ratings], table.file);
  return {
    data: {
      settings,
      ...answers,
      questionKinds: new Set([table.shape]),
      forms: formsOf(answers.choices),
      measures: table.shape === "pairs" ? sideMeasures(pairRows, answers.pairs) : measuresOf(table, clusters),
      checks: [],
      leftOut,
      simulated,
    },
    summary: howReadText(table, answers),
    warnings: reader.warnings(),
  };
}

/** The columns that the settings declare as clusters; `title`, the default, may be missing. */
function clusterColumns(settings: AnalyseSettings, { rows, columns, file }: JudgmentTable): string[] {
  const present = Object.keys(rows[0]?.cells ?? {});
  const declared = methodOf(settings).clusters;
  for (const name of declared) {
    if (columns[name as Part] !== undefined || present.includes(name)) continue;
    if (name === "title" && settings.clusters === undefined) continue;
    throw new StudyError(`--cluster ${name}: ${file} has no column ${name}`, {
      hint: `it has ${present.join(", ")}`,
    });
  }
  return declared.filter((name) => name !== "title");
}

/** The required parts of a row. */
function requiredParts({ shape, columns }: JudgmentTable): Part[] {
  if (shape === "ratings") return ["participant", "stimulus", "origin", "rating"];
  if (shape === "pairs")
    return [
      "participant",
      "chosen_side",
      ...(columns.human_side ? (["human_side"] as const) : (["left", "right"] as const)),
    ];
  return ["participant", "stimulus", "origin", columns.response ? "response" : "correct"];
}

function howReadText(
  { file, layout, columns }: JudgmentTable,
  { choices, pairs, ratings }: Pick<Data, "choices" | "pairs" | "ratings">,
): string {
  const answers = [...choices, ...pairs, ...ratings];
  const readers = new Set(answers.map(({ participant }) => participant)).size;
  const stories = new Set(answers.map(({ stimulus }) => stimulus)).size;
  const renamed = Object.entries(columns).filter(([part, column]) => part !== column);
  const read =
    renamed.length > 0 ? `; ${listed(renamed.map(([part, column]) => `${part} is ${column}`))}` : "";
  return `${file}: ${layout}; ${counted(answers.length, "judgment")} by ${counted(readers, "reader")} of ${pairs.length > 0 ? counted(stories, "pair") : counted(stories, "story", "stories")}${read}`;
}

/** Reads rows under our column names and counts unreadable cells. */
class RowReader {
  readonly #table: JudgmentTable;
  readonly #values: Values;
  readonly #unread = new Map<string, { count: number; first: string }>();
  /** The origin that each value means, cached: tables have few values and many rows. */
  readonly #origins = new Map<string, Origin | undefined>();

  readonly #clusters: readonly string[];

  constructor(table: JudgmentTable, values: Values, clusters: readonly string[]) {
    this.#table = table;
    this.#values = values;
    this.#clusters = clusters;
  }

  cellsOf(record: TableRecord): Cells {
    return new Cells(record, this.#table.columns, this.#values, this, this.#clusters);
  }

  /** The values of a column, for a message. */
  valuesOf(part: Part): string {
    const column = this.#table.columns[part]!;
    const values = [...new Set(this.#table.rows.map(({ cells }) => (cells[column] ?? "").trim()))];
    const shown = values
      .slice(0, 8)
      .map((value) => (value.length > 30 ? `${value.slice(0, 29)}…` : value || "(empty)"));
    return `${shown.join(", ")}${values.length > 8 ? ` and ${values.length - 8} others` : ""}`;
  }

  countUnreadable(part: Part, text: string): void {
    const known = this.#unread.get(part);
    if (known) known.count += 1;
    else this.#unread.set(part, { count: 1, first: text });
  }

  originOf(part: "origin" | "response" | "left" | "right", text: string): Origin | undefined {
    const name = `${part} ${text}`;
    const known = this.#origins.get(name);
    if (known !== undefined || this.#origins.has(name)) return known;
    const found = originOf(text, part, plainName(this.#table.columns[part]!), this.#values);
    this.#origins.set(name, found);
    return found;
  }

  warnings(): string[] {
    return [...this.#unread].map(
      ([part, { count, first }]) =>
        `${part}: ${counted(count, "cell")} ignored because ${count === 1 ? "it is" : "they are"} not a number, the first “${first}” (write 12 or 12.5)`,
    );
  }
}

/** A row under our column names. */
class Cells {
  readonly #record: TableRecord;
  readonly #columns: Columns;
  readonly #values: Values;
  readonly #reader: RowReader;
  readonly #clusters: readonly string[];

  constructor(
    record: TableRecord,
    columns: Columns,
    values: Values,
    reader: RowReader,
    clusters: readonly string[],
  ) {
    this.#record = record;
    this.#columns = columns;
    this.#values = values;
    this.#reader = reader;
    this.#clusters = clusters;
  }

  get cells(): Row {
    return this.#record.cells;
  }

  /** The labels of the declared cluster columns, none of them empty; undefined if none is declared. */
  labels(): Record<string, string> | undefined {
    if (this.#clusters.length === 0) return undefined;
    return Object.fromEntries(
      this.#clusters.map((name) => {
        const label = (this.cells[this.#columns[name as Part] ?? name] ?? "").trim();
        if (label !== "") return [name, label];
        throw new StudyError(`${this.#record.where}: ${name} is empty, and judgments are clustered by it`, {
          hint: `fill it, or leave out --cluster ${name}`,
        });
      }),
    );
  }

  /** How many stories were shown together: a whole number from 2, 2 by default. */
  options(): number {
    const value = this.isMissing("options") ? 2 : this.requiredNumber("options");
    if (Number.isInteger(value) && value >= 2) return value;
    throw this.#misunderstood("options", "write how many stories were shown together: 2, 3, 4");
  }

  /** A position among `options` stories, numbered from 1. */
  position(part: "human_side" | "chosen_side", options: number): string {
    const place = numberIn(this.text(part));
    if (place !== undefined && Number.isInteger(place) && place >= 1 && place <= options)
      return String(place);
    throw this.#misunderstood(part, `write a number from 1 to ${options}`);
  }

  has(part: Part): boolean {
    return this.#columns[part] !== undefined;
  }

  text(part: Part): string {
    const column = this.#columns[part];
    return column === undefined ? "" : (this.#record.cells[column] ?? "").trim();
  }

  isMissing(part: Part): boolean {
    return isMissing(this.text(part), part, this.#values);
  }

  /** An optional text; empty if missing. */
  optionalText(part: Part): string {
    return this.isMissing(part) ? "" : this.text(part);
  }

  /** An optional number; a value that is not a number is ignored and reported. */
  number(part: Part): number | undefined {
    if (this.isMissing(part)) return undefined;
    const value = numberIn(this.text(part));
    if (value === undefined) this.#reader.countUnreadable(part, this.text(part));
    return value;
  }

  requiredNumber(part: Part): number {
    const value = numberIn(this.text(part));
    if (value !== undefined) return value;
    throw this.#misunderstood(part, "write 12 or 12.5");
  }

  origin(part: "origin" | "response" | "left" | "right"): Origin {
    const text = this.text(part);
    const found = this.#reader.originOf(part, text);
    if (found !== undefined) return found;
    throw this.#misunderstood(part, originsAccepted(text));
  }

  /** Whether the reader did not decide. */
  isUndecided(): boolean {
    if (!this.has("response")) return false;
    const text = this.text("response");
    return this.#reader.originOf("response", text) === undefined && isUndecided(text);
  }

  side(part: "human_side" | "chosen_side"): "left" | "right" {
    const found = this.optionalSide(part);
    if (found !== undefined) return found;
    throw this.#misunderstood(part, sidesAccepted);
  }

  optionalSide(part: Part): "left" | "right" | undefined {
    return sideOf(this.text(part), part, this.#values);
  }

  correct(): boolean {
    const found = correctnessOf(this.text("correct"));
    if (found !== undefined) return found;
    throw this.#misunderstood("correct", "write 1 or 0, yes or no, correct or incorrect");
  }

  #misunderstood(part: Part, hint: string): StudyError {
    const column = this.#columns[part]!;
    const name = column === part ? part : `${part} (${column})`;
    return new StudyError(`${this.#record.where}: ${name} “${this.text(part)}” is not understood`, {
      hint: `${hint}; the column has ${this.#reader.valuesOf(part)}`,
    });
  }
}

function choiceOf(row: Cells): Choice {
  const origin = row.origin("origin");
  const other: Origin = origin === "human" ? "machine" : "human";
  const answer = row.has("response") ? row.origin("response") : row.correct() ? origin : other;
  // Written out, without spreads: objects made by several spreads take twice the memory and are slow to read.
  const choice: Writable<Choice> = {
    participant: row.text("participant"),
    form: row.optionalText("form"),
    stimulus: row.text("stimulus"),
    origin,
    model: modelOf(row, origin),
    example: row.optionalText("example"),
    title: row.optionalText("title"),
    answer,
    right: answer === origin,
    reason: row.optionalText("reason"),
  };
  const { order, ms, labels } = whereAndWhen(row);
  const confidence = row.number("confidence");
  if (order !== undefined) choice.order = order;
  if (ms !== undefined) choice.ms = ms;
  if (labels !== undefined) choice.labels = labels;
  if (confidence !== undefined) choice.confidence = confidence;
  return choice;
}

type Writable<Record> = { -readonly [Key in keyof Record]: Record[Key] };

function pairOf(row: Cells): Pair {
  const options = row.options();
  const moreThanTwo = options > 2;
  const named = row.has("human_side");
  const humanSide = moreThanTwo
    ? row.position("human_side", options)
    : named
      ? row.side("human_side")
      : humanSideOf(row);
  const writer = (side: "left" | "right") =>
    humanSide === side
      ? "human"
      : row.optionalText(`${side}_model`) || (named ? "" : row.text(side)) || "machine";
  const stimulus = row.optionalText("stimulus") || `${row.text("left")} ${row.text("right")}`.trim();
  const story = (side: "left" | "right") => (named && row.optionalText(side)) || `${stimulus} ${side}`;
  const tie = ties.has(row.text("chosen_side").toLowerCase());
  return {
    ...answerOf(row),
    stimulus,
    options,
    humanSide,
    chosenSide: tie ? "tie" : moreThanTwo ? row.position("chosen_side", options) : chosenSideOf(row),
    left: moreThanTwo ? "" : writer("left"),
    right: moreThanTwo ? "" : writer("right"),
    ...(!moreThanTwo && stimulus !== "" && { leftStory: story("left"), rightStory: story("right") }),
    title: row.optionalText("title"),
  };
}

/** Common ways to write a tie. */
const ties: ReadonlySet<string> = new Set([
  "tie",
  "ties",
  "neither",
  "both",
  "same",
  "equal",
  "0",
  "can't tell",
  "cannot tell",
  "don't know",
]);

/** Two numeric columns `left_X` and `right_X` are a measure X of the two stories. */
function sideMeasures(rows: readonly Row[], pairs: readonly Pair[]): Data["measures"] {
  const names = Object.keys(rows[0] ?? {}).flatMap((column) => /^left_(.+)$/.exec(column)?.[1] ?? []);
  const numeric = names.filter((name) =>
    rows.every((row) =>
      [row[`left_${name}`], row[`right_${name}`]].every(
        (cell) => numberOf(cell) !== undefined && cell !== "",
      ),
    ),
  );
  return new Map(
    pairs.flatMap(({ leftStory, rightStory }, at) =>
      leftStory === undefined || rightStory === undefined
        ? []
        : (["left", "right"] as const).map((side): [string, Record<string, number>] => [
            side === "left" ? leftStory : rightStory,
            Object.fromEntries(numeric.map((name) => [name, numberOf(rows[at]![`${side}_${name}`])!])),
          ]),
    ),
  );
}

/** The human side, from the origins of both texts. */
function humanSideOf(row: Cells): "left" | "right" {
  const left = row.origin("left");
  if (left !== row.origin("right")) return left === "human" ? "left" : "right";
  throw new StudyError(`a pair of two ${left} texts: “${row.text("left")}” and “${row.text("right")}”`, {
    hint: "a pair has one human text and one machine text",
  });
}

/** The chosen side, given as a side or as the text on it. */
function chosenSideOf(row: Cells): "left" | "right" {
  const side = row.optionalSide("chosen_side");
  if (side !== undefined) return side;
  const chosen = row.text("chosen_side");
  const [isLeft, isRight] = [chosen === row.text("left"), chosen === row.text("right")];
  if (isLeft !== isRight) return isLeft ? "left" : "right";
  return row.side("chosen_side");
}

function ratingOf(row: Cells, columns: Columns): Rating {
  return {
    ...answerOf(row),
    ...shownOf(row, row.origin("origin")),
    task: row.optionalText("task") || (columns.rating ?? "rating"),
    rating: row.requiredNumber("rating"),
  };
}

function answerOf(row: Cells) {
  const { order, ms, labels } = whereAndWhen(row);
  return {
    participant: row.text("participant"),
    form: row.optionalText("form"),
    ...(order !== undefined && { order }),
    ...(ms !== undefined && { ms }),
    ...(labels !== undefined && { labels }),
  };
}

/** The optional parts of an answer. */
function whereAndWhen(row: Cells) {
  const seconds = row.number("seconds");
  const order = row.number("order");
  const ms = row.number("ms") ?? (seconds === undefined ? undefined : Math.round(1000 * seconds));
  return { order, ms, labels: row.labels() };
}

const shownOf = (row: Cells, origin: Origin) => ({
  stimulus: row.text("stimulus"),
  origin,
  model: modelOf(row, origin),
  example: row.optionalText("example"),
  title: row.optionalText("title"),
});

function modelOf(row: Cells, origin: Origin): string {
  if (origin === "human") return "";
  if (row.has("model")) return row.optionalText("model");
  const written = row.text("origin");
  return namesAModel(written) ? written : "";
}

/** Other columns with one number per stimulus are measures of it. */
function measuresOf({ rows, columns }: JudgmentTable, clusters: readonly string[]): Data["measures"] {
  const { stimulus } = columns;
  if (stimulus === undefined) return new Map();
  const own = new Set<string>([...parts, ...ownColumns, ...Object.values(columns), ...clusters]);
  const candidates = Object.keys(rows[0]?.cells ?? {}).filter((column) => !own.has(column));
  if (candidates.length === 0) return new Map(rows.map(({ cells }) => [cells[stimulus] ?? "", {}]));
  const rowsByStimulus = rows.map(({ cells }) => ({ stimulus: cells[stimulus] ?? "", row: cells as Row }));
  const varying = (column: string) => {
    const seen = new Map<string, string>();
    return rowsByStimulus.some(({ stimulus: name, row }) => {
      const before = seen.get(name);
      seen.set(name, row[column] ?? "");
      return before !== undefined && before !== row[column];
    });
  };
  const dropped = Object.keys(rows[0]?.cells ?? {}).filter((column) => own.has(column) || varying(column));
  return numericColumns(rowsByStimulus, new Set(dropped));
}

/** The columns whose cells are all numbers, yes, no or empty, by stimulus; yes is 1 and no is 0. */
export function numericColumns(
  rowsByStimulus: readonly { readonly stimulus: string; readonly row: Row }[],
  without: ReadonlySet<string>,
): Data["measures"] {
  const columns = Object.keys(rowsByStimulus[0]?.row ?? {}).filter(
    (column) =>
      !without.has(column) &&
      rowsByStimulus.some(({ row }) => row[column] !== "") &&
      rowsByStimulus.every(({ row }) => row[column] === "" || numberOf(row[column]) !== undefined),
  );
  return new Map(
    rowsByStimulus.map(({ stimulus, row }) => [
      stimulus,
      Object.fromEntries(
        columns.flatMap((column) => {
          const value = row[column] === "" ? undefined : numberOf(row[column]);
          return value === undefined ? [] : [[column, value]];
        }),
      ),
    ]),
  );
}

function numberOf(cell: string | undefined): number | undefined {
  if (cell === "yes") return 1;
  if (cell === "no") return 0;
  const value = Number(cell);
  return cell !== undefined && Number.isFinite(value) ? value : undefined;
}

/** Throws StudyError if a stimulus has two origins. */
function checkOrigins(shown: readonly StoryFacts[], path: string): void {
  const origins = new Map<string, Origin>();
  for (const { stimulus, origin } of shown) {
    const known = origins.get(stimulus);
    if (known === undefined) origins.set(stimulus, origin);
    else if (known !== origin) {
      throw new StudyError(`${path}: the stimulus ${stimulus} has two origins, human and machine`, {
        hint: "give the human and the machine version different names",
      });
    }
  }
}

/** The forms of a table, each with the stories judged on it. */
function formsOf(choices: readonly Choice[]): FormFacts[] {
  const ids = [...new Set(choices.map(({ form }) => form))].filter(Boolean).sort(inReadingOrder);
  return ids.map((id) => {
    const own = choices.filter(({ form }) => form === id);
    const stories = (origin: Origin) =>
      new Set(own.filter((choice) => choice.origin === origin).map(({ stimulus }) => stimulus)).size;
    const [human, machine] = [stories("human"), stories("machine")];
    return { id, choices: human + machine, stories: { human, machine } };
  });
}

const inReadingOrder = new Intl.Collator("en", { numeric: true }).compare;
