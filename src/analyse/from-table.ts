import { type AnalyseSettings, methodOf } from "../study/settings/analyse.ts";
import { StudyError } from "../workbench/errors.ts";
import { type Row, readTable } from "../workbench/tables.ts";
import type { Choice, Data, FormFacts, Origin, Pair, Rating, Shown } from "./data.ts";

/** Columns of a table from anywhere, by the shape of what was asked. */
const shapes = {
  ratings: ["participant", "stimulus", "origin", "task", "rating"],
  pairs: ["participant", "human_side", "chosen_side"],
  choices: ["participant", "stimulus", "origin", "response"],
} as const;

/** Columns that say something of the answer or of the story's place in the study. */
const known: ReadonlySet<string> = new Set([
  ...Object.values(shapes).flat(),
  ...["form", "order", "ms", "confidence", "model", "example", "title", "reason", "simulated"],
  ...["left", "right", "left_model", "right_model", "question", "second_stimulus", "side", "at"],
  ...["right", "in_verdict", "options"],
]);

/** What a table calls its columns, by our name: `{ response: "answer" }`. */
export type ColumnMap = Readonly<Record<string, string>>;

/**
 * Judgments from a CSV or TSV table of any study. Rows with an empty cell that is needed are counted and left out;
 * a value that cannot be understood throws StudyError with its row and the values that can.
 */
export async function dataOfTable(path: string, map: ColumnMap, settings: AnalyseSettings): Promise<Data> {
  const rows = await readTable(path);
  const columns = columnsOf(rows, path);
  for (const [ours, theirs] of Object.entries(map)) {
    if (columns.has(theirs)) continue;
    throw new StudyError(`--map ${ours}=${theirs}: ${path} has no column ${theirs}`, {
      hint: `it has ${[...columns].join(", ")}`,
    });
  }
  const clusters = clusterColumns(settings, columns, map, path);
  const cells = rows.map((row, at) => new Cells(row, map, `${path}, row ${at + 1}`, clusters));
  const shape = shapeOf(columns, map, path);
  const complete = cells.filter((row) => shapes[shape].every((column) => row.text(column) !== ""));
  const answers = {
    choices: shape === "choices" ? complete.map(choiceOf) : [],
    pairs: shape === "pairs" ? complete.map(pairOf) : [],
    ratings: shape === "ratings" ? complete.map(ratingOf) : [],
  };
  checkOrigins([...answers.choices, ...answers.ratings], path);
  const missing = cells.length - complete.length;
  return {
    settings,
    ...answers,
    asks: new Set([shape]),
    forms: formsOf(answers.choices),
    measures:
      shape === "pairs"
        ? sideMeasures(
            complete.map(({ row }) => row),
            answers.pairs,
          )
        : measuresOf(rows, map, clusters),
    checks: [],
    leftOut: missing > 0 ? { "an empty cell where an answer is needed": missing } : {},
    simulated: complete.some((row) => /^(yes|true|1)$/i.test(row.text("simulated"))),
  };
}

/** Columns that the settings declare as clusters; that of titles, which are clusters anyhow, may be missing. */
function clusterColumns(
  settings: AnalyseSettings,
  columns: ReadonlySet<string>,
  map: ColumnMap,
  path: string,
): string[] {
  const declared = methodOf(settings).clusters;
  for (const name of declared) {
    if (columns.has(map[name] ?? name) || (name === "title" && settings.clusters === undefined)) continue;
    throw new StudyError(`--cluster ${name}: ${path} has no column ${map[name] ?? name}`, {
      hint: `it has ${[...columns].join(", ")}`,
    });
  }
  return declared.filter((name) => name !== "title");
}

function columnsOf(rows: readonly Row[], path: string): Set<string> {
  const [first] = rows;
  if (!first) throw new StudyError(`${path} holds no rows`, { hint: "give a table with one judgment a row" });
  return new Set(Object.keys(first));
}

function shapeOf(columns: ReadonlySet<string>, map: ColumnMap, path: string): keyof typeof shapes {
  const missing = (shape: keyof typeof shapes) =>
    shapes[shape].filter((column) => !columns.has(map[column] ?? column));
  const names = Object.keys(shapes) as (keyof typeof shapes)[];
  const found = names.find((shape) => missing(shape).length === 0);
  if (found) return found;
  // The kind that most columns speak for; where several are alike, the usual one, which is named last.
  const present = (shape: keyof typeof shapes) => shapes[shape].length - missing(shape).length;
  const nearest = names.reduce((best, next) => (present(next) >= present(best) ? next : best));
  const wanted = missing(nearest);
  throw new StudyError(`${path} has no column ${wanted.join(", ")}`, {
    hint: `say which of its columns (${[...columns].join(", ")}) it is: --map ${wanted[0]}=COLUMN`,
  });
}

/** A row by our names. */
class Cells {
  readonly row: Row;
  readonly #map: ColumnMap;
  readonly #where: string;
  readonly #clusters: readonly string[];

  constructor(row: Row, map: ColumnMap, where: string, clusters: readonly string[]) {
    this.row = row;
    this.#map = map;
    this.#where = where;
    this.#clusters = clusters;
  }

  /** What the declared columns of clusters say, none of them empty; undefined where none is declared. */
  labels(): Record<string, string> | undefined {
    if (this.#clusters.length === 0) return undefined;
    return Object.fromEntries(
      this.#clusters.map((name) => {
        const label = this.text(name);
        if (label !== "") return [name, label];
        throw new StudyError(`${this.#where}: ${name} is empty, and judgments are clustered by it`, {
          hint: `fill it, or leave out --cluster ${name}`,
        });
      }),
    );
  }

  text(column: string): string {
    return (this.row[this.#map[column] ?? column] ?? "").trim();
  }

  number(column: string): number | undefined {
    const text = this.text(column);
    if (text === "") return undefined;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw new StudyError(`${this.#where}: ${column} is no number: ${text}`, { hint: "write 12 or 12.5" });
  }

  /** A whole number from 2; `otherwise` where the cell is empty. */
  count(column: string, otherwise: number): number {
    const value = this.number(column) ?? otherwise;
    if (Number.isInteger(value) && value >= 2) return value;
    throw new StudyError(`${this.#where}: ${column} ${this.text(column)}`, {
      hint: "write how many stories were shown together: 2, 3, 4",
    });
  }

  /** One of a few words; `others` are what people also write for them. */
  word<Word extends string>(column: string, words: Readonly<Record<Word, readonly string[]>>): Word {
    const text = this.text(column).toLowerCase();
    for (const word of Object.keys(words) as Word[]) {
      if (text === word || words[word].includes(text)) return word;
    }
    throw new StudyError(`${this.#where}: ${column} ${this.text(column)}`, {
      hint: `write ${Object.keys(words).join(" or ")}`,
    });
  }
}

const origins: Readonly<Record<Origin, readonly string[]>> = {
  human: ["h", "person", "real"],
  machine: ["m", "ai", "model", "generated"],
};
const sides = { left: ["l", "1"], right: ["r", "2"] } as const;
/** What people write for a choice that was not made. */
const ties = ["ties", "neither", "both", "same", "equal", "0", "can't tell", "cannot tell", "don't know"];

function choiceOf(row: Cells): Choice {
  const origin = row.word("origin", origins);
  const answer = row.word("response", origins);
  return {
    ...answerOf(row),
    ...shownOf(row, origin),
    answer,
    right: answer === origin,
    ...defined("confidence", row.number("confidence")),
    reason: row.text("reason"),
  };
}

function pairOf(row: Cells): Pair {
  const options = row.count("options", 2);
  const places: Record<string, readonly string[]> = options > 2 ? placesOf(options) : sides;
  const humanSide = row.word("human_side", places);
  const writer = (side: "left" | "right") =>
    humanSide === side ? "human" : row.text(`${side}_model`) || "machine";
  const stimulus = row.text("stimulus") || `${row.text("left")} ${row.text("right")}`.trim();
  const story = (side: "left" | "right") => row.text(side) || `${stimulus} ${side}`;
  return {
    ...answerOf(row),
    stimulus,
    options,
    humanSide,
    chosenSide: row.word("chosen_side", { ...places, tie: ties }),
    left: options > 2 ? "" : writer("left"),
    right: options > 2 ? "" : writer("right"),
    ...(options === 2 && stimulus !== "" && { leftStory: story("left"), rightStory: story("right") }),
    title: row.text("title"),
  };
}

/** Places of a choice of more than two. */
const placesOf = (options: number): Record<string, readonly string[]> =>
  Object.fromEntries(Array.from({ length: options }, (_, at) => [String(at + 1), []]));

/** Columns `left_words` and `right_words` of numbers are a measure of the story on either side. */
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

function ratingOf(row: Cells): Rating {
  return {
    ...answerOf(row),
    ...shownOf(row, row.word("origin", origins)),
    task: row.text("task"),
    rating: row.number("rating")!,
  };
}

const answerOf = (row: Cells) => ({
  participant: row.text("participant"),
  form: row.text("form"),
  ...defined("order", row.number("order")),
  ...defined("ms", row.number("ms")),
  ...labelsOf(row),
});

function labelsOf(row: Cells): { readonly labels?: Readonly<Record<string, string>> } {
  const labels = row.labels();
  return labels ? { labels } : {};
}

const shownOf = (row: Cells, origin: Origin) => ({
  stimulus: row.text("stimulus"),
  origin,
  model: origin === "human" ? "" : row.text("model"),
  example: row.text("example"),
  title: row.text("title"),
});

const defined = <Key extends string>(key: Key, value: number | undefined): { [K in Key]?: number } =>
  value === undefined ? {} : ({ [key]: value } as { [K in Key]?: number });

/** Further columns that hold one number for each stimulus are measures of it. */
function measuresOf(rows: readonly Row[], map: ColumnMap, clusters: readonly string[]): Data["measures"] {
  const stimulusOf = (row: Row) => row[map["stimulus"] ?? "stimulus"] ?? "";
  const own = new Set([...known, ...Object.values(map), ...clusters]);
  const behind = rows.map((row) => ({ stimulus: stimulusOf(row), row }));
  const varying = (column: string) => {
    const seen = new Map<string, string>();
    return rows.some((row) => {
      const before = seen.get(stimulusOf(row));
      seen.set(stimulusOf(row), row[column] ?? "");
      return before !== undefined && before !== row[column];
    });
  };
  const dropped = Object.keys(rows[0] ?? {}).filter((column) => own.has(column) || varying(column));
  return numericColumns(behind, new Set(dropped));
}

/** Columns all of whose cells are numbers, yes or no, or empty, by stimulus; yes is 1 and no is 0. */
export function numericColumns(
  behind: readonly { readonly stimulus: string; readonly row: Row }[],
  without: ReadonlySet<string>,
): Data["measures"] {
  const columns = Object.keys(behind[0]?.row ?? {}).filter(
    (column) =>
      !without.has(column) &&
      behind.some(({ row }) => row[column] !== "") &&
      behind.every(({ row }) => row[column] === "" || numberOf(row[column]) !== undefined),
  );
  return new Map(
    behind.map(({ stimulus, row }) => [
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

/** A story has one origin; two would be two stories of one name. */
function checkOrigins(shown: readonly Shown[], path: string): void {
  const origins = new Map<string, Origin>();
  for (const { stimulus, origin } of shown) {
    const known = origins.get(stimulus);
    if (known === undefined) origins.set(stimulus, origin);
    else if (known !== origin) {
      throw new StudyError(`${path}: the stimulus ${stimulus} has two origins, human and machine`, {
        hint: "give the human and the machine version of a story names of their own",
      });
    }
  }
}

/** A table tells of a form only through its judgments: what was judged on it is what it holds. */
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
