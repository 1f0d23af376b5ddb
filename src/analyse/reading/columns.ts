import { StudyError } from "../../workbench/errors.ts";

/**
 * Common names of columns, by our own name, the most certain first. Case, spaces and punctuation do not matter:
 * `workerId` is `worker id`. Our own name always wins.
 */
const synonyms = {
  participant: [
    ...["participant id", "worker", "worker id", "subject", "subject id", "reader", "reader id", "annotator"],
    ...["annotator id", "rater", "rater id", "coder", "judge", "evaluator", "assessor", "respondent"],
    ...[
      "respondent id",
      "user",
      "user id",
      "username",
      "prolific pid",
      "prolific id",
      "pid",
      "ppt",
      "subj",
      "sub",
    ],
    ...[
      "participant private id",
      "participant public id",
      "response id",
      "completed by",
      "run id",
      "session id",
    ],
    ...["email address", "email"],
  ],
  stimulus: [
    ...[
      "stimulus id",
      "stim",
      "item",
      "item id",
      "story",
      "story id",
      "text id",
      "instance id",
      "document",
      "doc id",
    ],
    ...[
      "document id",
      "passage",
      "passage id",
      "sample id",
      "snippet",
      "story name",
      "story title",
      "title",
      "text",
    ],
    ...["stimulus name", "unit", "unit id", "pair", "pair id", "id"],
  ],
  origin: [
    ...[
      "true origin",
      "actual origin",
      "real origin",
      "truth",
      "ground truth",
      "gold",
      "gold label",
      "true label",
    ],
    ...[
      "actual",
      "actual author",
      "true author",
      "author type",
      "authorship",
      "written by",
      "writer",
      "source",
    ],
    ...["correct answer", "correct response", "correct label", "class", "is human", "is ai", "is machine"],
    ...[
      "is generated",
      "ai generated",
      "machine generated",
      "human written",
      "label",
      "type",
      "condition",
      "author",
    ],
  ],
  response: [
    ...[
      "answer",
      "judgment",
      "judgement",
      "choice",
      "guess",
      "decision",
      "verdict",
      "prediction",
      "predicted",
    ],
    ...[
      "perceived",
      "perceived origin",
      "perceived author",
      "judged origin",
      "judged as",
      "human or machine",
    ],
    ...[
      "human or ai",
      "classification",
      "selected",
      "vote",
      "judged human",
      "judged ai",
      "judged machine",
      "label",
    ],
  ],
  correct: ["is correct", "accuracy", "was correct", "acc", "correctness", "hit", "right"],
  task: ["scale", "dimension", "criterion", "aspect", "question", "measure"],
  rating: ["score", "value", "likert", "points"],
  human_side: ["human side", "human position", "correct side", "side of human", "human is", "human on"],
  chosen_side: [
    "chosen side",
    "chosen",
    "choice",
    "picked",
    "pick",
    "selected side",
    "response",
    "answer",
    "preferred",
  ],
  left: ["left author", "left source", "left origin", "text a", "story a", "option a"],
  right: ["right author", "right source", "right origin", "text b", "story b", "option b"],
  options: ["number of options", "n options", "alternatives"],
  left_model: ["left model"],
  right_model: ["right model"],
  model: ["model name", "generator", "llm", "system"],
  form: ["form id", "form name", "list", "list id"],
  order: ["trial", "trial number", "trial index", "position", "trial no", "order shown"],
  ms: [
    ...["rt", "rt ms", "reaction time", "response time", "response time ms", "time ms", "reading time ms"],
    ...["duration ms", "reaction time ms", "milliseconds"],
  ],
  seconds: [
    ...[
      "lead time",
      "time s",
      "rt s",
      "duration s",
      "duration in seconds",
      "response time s",
      "time in seconds",
    ],
    "time taken s",
  ],
  confidence: ["certainty", "sureness", "how sure", "confidence rating", "confidence level"],
  title: ["story title", "headline"],
  example: [],
  reason: ["comment", "comments", "explanation", "justification", "rationale", "why"],
  simulated: [],
  column: ["question id", "question", "variable", "field", "export tag"],
} as const satisfies Record<string, readonly string[]>;

/** The role of a column in a table of judgments, or in its key. */
export type Part = keyof typeof synonyms;

export const parts = Object.keys(synonyms) as Part[];

/** The table's own column name for each role. */
export type Columns = Readonly<Partial<Record<Part, string>>>;

/** A name without case, spaces and punctuation: `WorkerID`, `worker_id` and `Worker ID` are one. */
export const plainName = (name: string): string =>
  name
    .replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, " ")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/**
 * The columns for the `wanted` parts, in this order: as mapped, by our own name, or by a common name. A column has one
 * part only. Throws StudyError if two columns match a part equally well, or a mapped column does not exist.
 */
export function columnsFor(
  columns: readonly string[],
  wanted: readonly Part[],
  map: Readonly<Record<string, string>>,
  file: string,
): Columns {
  const mapped = mappedColumns(columns, map, file);
  const found: Partial<Record<Part, string>> = Object.fromEntries(
    Object.entries(mapped).filter(([part]) => wanted.includes(part as Part)),
  );
  const taken = new Set(Object.values(mapped));
  const plain = new Map(columns.map((column) => [column, plainName(column)]));
  const named = (names: readonly string[]) => {
    for (const name of names) {
      const matching = columns.filter((column) => !taken.has(column) && plain.get(column) === name);
      if (matching.length > 0) return matching;
    }
    return [];
  };
  // Our own names first, so that no other part takes such a column.
  for (const own of [true, false]) {
    for (const part of wanted) {
      if (found[part] !== undefined) continue;
      const matching = own ? named([plainName(part)]) : named(synonyms[part]);
      if (matching.length > 1) {
        throw new StudyError(
          `${file} has ${matching.length} columns that could be ${part}: ${matching.join(", ")}`,
          {
            hint: `choose one: --map ${part}=${matching[0]}`,
          },
        );
      }
      const [column] = matching;
      if (column === undefined) continue;
      found[part] = column;
      taken.add(column);
    }
  }
  return found;
}

function mappedColumns(
  columns: readonly string[],
  map: Readonly<Record<string, string>>,
  file: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(map).map(([ours, theirs]) => {
      if (!(parts as string[]).includes(ours)) {
        throw new StudyError(`--map ${ours}=${theirs}: there is no column ${ours}`, {
          hint: `write NAME=COLUMN; the names are ${parts.join(", ")}`,
        });
      }
      if (columns.includes(theirs)) return [ours, theirs];
      const matching = columns.filter((column) => plainName(column) === plainName(theirs));
      if (matching.length === 1) return [ours, matching[0]!];
      throw new StudyError(`--map ${ours}=${theirs}: ${file} has no column ${theirs}`, {
        hint: `it has ${columns.join(", ")}`,
      });
    }),
  );
}

/** Column names that are recognised as a part, for a message. */
export const namesOf = (part: Part): string => [part, ...synonyms[part].slice(0, 6)].join(", ");
