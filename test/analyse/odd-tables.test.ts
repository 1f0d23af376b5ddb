import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import Database from "libsql";
import { beforeAll, describe, expect, test } from "vitest";
import { csv } from "../../src/tables/tables.ts";
import { tinylove } from "../helpers/small-study.ts";
import { temporaryFolder } from "../helpers/world.ts";

/** The same 24 judgments in the formats of other programs: read correctly, they give exactly the same verdict. */

const titles = {
  h1: "The Spare Key",
  h2: "Two Sugars",
  h3: "Left Shoe First",
  m1: "Seat 14C",
  m2: "The Green Umbrella",
  m3: "What the Tide Kept",
};
type Name = keyof typeof titles;
const names = Object.keys(titles) as Name[];
const isHuman = (name: Name) => name.startsWith("h");
const readers = ["ann", "ben", "cyd", "dee"];

/** 1 means "human". Readers, stories and kinds all have different totals, so that any mix-up shows. */
const answers: Record<string, Record<Name, 0 | 1>> = {
  ann: { h1: 1, h2: 1, h3: 1, m1: 0, m2: 0, m3: 1 },
  ben: { h1: 1, h2: 0, h3: 1, m1: 1, m2: 0, m3: 1 },
  cyd: { h1: 1, h2: 0, h3: 0, m1: 0, m2: 1, m3: 1 },
  dee: { h1: 1, h2: 1, h3: 0, m1: 0, m2: 0, m3: 1 },
};

interface Words {
  readonly human: string;
  readonly machine: string;
}
const plain: Words = { human: "human", machine: "machine" };
const word = (yes: unknown, { human, machine }: Words) => (yes ? human : machine);

interface One {
  readonly reader: string;
  readonly name: Name;
}
const all: readonly One[] = readers.flatMap((reader) => names.map((name) => ({ reader, name })));
const answer = ({ reader, name }: One, words = plain) => word(answers[reader]![name], words);
const origin = ({ name }: { readonly name: Name }, words = plain) => word(isHuman(name), words);

/** One row per judgment, with other column names and values. */
const long = (
  columns: readonly [string, string, string, string],
  words: Words = plain,
  answers: Words = words,
  separator = ",",
) =>
  [
    columns.join(separator),
    ...all.map((one) => [one.reader, one.name, origin(one, words), answer(one, answers)].join(separator)),
  ].join("\n");

const ours = ["participant", "stimulus", "origin", "response"] as const;
const objects = (one: One) => ({
  participant: one.reader,
  stimulus: one.name,
  origin: origin(one),
  response: answer(one),
});

/** One row per person and one column per story. */
const wide = (columnOf: (name: Name) => string, words = plain, who = "participant") =>
  csv(
    [who, ...names.map(columnOf)].filter(Boolean),
    readers.map((reader) => ({
      [who]: reader,
      ...Object.fromEntries(names.map((name) => [columnOf(name), answer({ reader, name }, words)])),
    })),
  );

const keyOf = (columns: (name: Name) => Record<string, string>) =>
  csv(
    Object.keys(columns("h1")),
    names.map((name) => columns(name)),
  );
const key = keyOf((name) => ({ stimulus: name, origin: origin({ name }), title: titles[name] }));

const folder = await temporaryFolder();
type Files = Readonly<Record<string, string | Uint8Array>>;

async function written(files: Files): Promise<string[]> {
  const own = join(folder, String(Math.random()).slice(2));
  const paths = Object.keys(files).map((file) => join(own, file));
  for (const [at, content] of Object.values(files).entries()) {
    await mkdir(dirname(paths[at]!), { recursive: true });
    await writeFile(paths[at]!, content);
  }
  return paths;
}

async function analysed(files: Files, flags: readonly string[] = []) {
  const [table, keyFile] = await written(files);
  const path = table!.includes("annotation_output")
    ? `${table!.split("annotation_output")[0]}annotation_output`
    : table!;
  const keyed = keyFile !== undefined && !keyFile.includes("annotation_output") ? ["--key", keyFile] : [];
  return tinylove("analyse", "--judgments", path, "--json", ...keyed, ...flags);
}

/** Sums in another order differ in the last digits. */
const verdictIn = (printed: string): unknown =>
  JSON.parse(printed, (_, value) => (typeof value === "number" ? Number(value.toPrecision(9)) : value))
    .verdict;

let expected: unknown;
beforeAll(async () => {
  const { code, printed } = await analysed({ "plain.csv": long(ours) });
  expect(code).toBe(0);
  expected = verdictIn(printed);
  expect(expected).toMatchObject({
    human: { judgments: 12, correct: 8 },
    machine: { judgments: 12, correct: 6 },
  });
});

/** Story texts as an experiment shows them. */
const html = (name: Name) => `<h2>${titles[name]}</h2><p>Once, a story that goes on for a while.</p>`;

const jsPsych = (one: One, at: number, response: unknown) => ({
  rt: 1000 + at,
  stimulus: html(one.name),
  response,
  trial_type: "survey-html-form",
  trial_index: (at % names.length) + 1,
  time_elapsed: 2000 * at,
  item: one.name,
  truth: origin(one),
});
const jsPsychOf = (reader: string, response: (one: One) => unknown, more: object = {}) => [
  { trial_type: "instructions", trial_index: 0, rt: 900, view_history: "[]", ...more },
  ...names.map((name, at) => ({ ...jsPsych({ reader, name }, at, response({ reader, name })), ...more })),
];
const table = (rows: readonly Record<string, unknown>[]) =>
  csv([...new Set(rows.flatMap(Object.keys))], rows);

const qualtrics = (columnOf: (name: Name) => string, words: Words, separator = ",") => {
  const head = [
    "StartDate",
    "EndDate",
    "Status",
    "Progress",
    "Duration (in seconds)",
    "Finished",
    "ResponseId",
  ];
  const columns = [...head, ...names.flatMap((name) => [columnOf(name), `${columnOf(name)}_sure`])];
  const asked = [
    "Start Date",
    "End Date",
    "Response Type",
    "Progress",
    "Duration",
    "Finished",
    "Response ID",
  ];
  const questions = names.flatMap((name) => [
    `Who wrote “${titles[name]}”?`,
    `How sure are you about “${titles[name]}”?`,
  ]);
  const ids = columns.map((column) => `{"ImportId":"${column}"}`);
  const people = [...readers, "preview"].map((reader, at) => [
    ...[
      "2026-01-01 10:00:00",
      "2026-01-01 10:05:00",
      at === 4 ? "Survey Preview" : "IP Address",
      "100",
      "300",
      "True",
      `R_${reader}`,
    ],
    ...names.flatMap((name) => [answer({ reader: at === 4 ? "ann" : reader, name }, words), "3"]),
  ]);
  const quoted = (row: readonly string[]) =>
    row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(separator);
  return [columns, [...asked, ...questions], ids, ...people].map(quoted).join("\n");
};

const labelStudio = names.map((name, at) => ({
  id: at + 1,
  data: { text: `The text of ${titles[name]}`, stimulus: name, origin: origin({ name }) },
  predictions: [],
  annotations: [
    ...readers.map((reader, by) => ({
      id: 100 * at + by,
      completed_by: { id: by, email: `${reader}@example.org` },
      was_cancelled: false,
      lead_time: 4.2,
      result: [
        {
          from_name: "who",
          to_name: "text",
          type: "choices",
          value: { choices: [answer({ reader, name }, { human: "A person", machine: "An AI" })] },
        },
        { from_name: "sure", to_name: "text", type: "rating", value: { rating: 3 } },
      ],
    })),
    { id: 1000 + at, completed_by: 9, was_cancelled: true, result: [] },
  ],
}));

const parquet = (rows: readonly Record<string, string>[]) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: Object.keys(rows[0]!).map((name) => ({
        name,
        data: rows.map((row) => row[name]!),
        type: "STRING" as const,
      })),
    }),
  );

const potatoColumns = { human: "who.Human", machine: "who.Machine" };

/** Name of the table, its files (the first is the table, the second its key), and flags. */
const tables: [string, Files, (readonly string[])?][] = [
  // Column names and values for the origin.
  ["headers in capitals", { "t.csv": long(["PARTICIPANT", "Stimulus", "ORIGIN", "Response"]) }],
  ["worker_id, item_id", { "t.csv": long(["worker_id", "item_id", "origin", "answer"]) }],
  ["WorkerId, ItemID as MTurk has them", { "t.csv": long(["WorkerId", "ItemID", "ground_truth", "Answer"]) }],
  ["subject and story", { "t.csv": long(["subject", "story", "written by", "guess"]) }],
  ["annotator, gold and label", { "t.csv": long(["annotator", "doc_id", "gold", "label"]) }],
  ["label and prediction", { "t.csv": long(["rater", "text_id", "label", "prediction"]) }],
  [
    "AI-generated and human-written",
    { "t.csv": long(ours, { human: "Human-written", machine: "AI-generated" }) },
  ],
  [
    "GPT-4 as an origin",
    { "t.csv": long(ours, { human: "Human", machine: "GPT-4" }, { human: "human", machine: "AI" }) },
  ],
  ["Real and Fake", { "t.csv": long(ours, { human: "Real", machine: "Fake" }) }],
  [
    "answers with how sure they are",
    { "t.csv": long(ours, plain, { human: "Definitely human", machine: "Probably an AI" }) },
  ],
  [
    "sentences as answers",
    { "t.csv": long(ours, plain, { human: "It was written by a person.", machine: "Written by a machine" }) },
  ],
  [
    "a column is_human of 0 and 1",
    { "t.csv": long(["pid", "stimulus", "is_human", "response"], { human: "1", machine: "0" }, plain) },
  ],
  [
    "a column isAI of true and false",
    { "t.csv": long(["pid", "stimulus", "isAI", "response"], { human: "FALSE", machine: "TRUE" }, plain) },
  ],
  [
    "0 and 1 with --values",
    { "t.csv": long(ours, { human: "1", machine: "0" }) },
    ["--values", "human=1", "machine=0"],
  ],
  [
    "1 and 2 with --values",
    { "t.csv": long(ours, { human: "2", machine: "1" }) },
    ["--values", "human=2", "machine=1"],
  ],
  [
    "numbers that mean other things in each column",
    { "t.csv": long(ours, { human: "1", machine: "0" }, { human: "1", machine: "2" }) },
    ["--values", "origin.human=1", "origin.machine=0", "response.human=1", "response.machine=2"],
  ],
  [
    "names of models with --values",
    { "t.csv": long(ours, { human: "web", machine: "lmrm" }, plain) },
    ["--values", "human=web", "machine=lmrm"],
  ],
  [
    "names of its own with --map, in another case",
    { "t.csv": long(["Wer", "Was", "Woher", "Sagt"], { human: "Mensch", machine: "KI" }) },
    ["--map", "participant=wer", "stimulus=was", "origin=woher", "response=sagt"],
  ],
  [
    "right and wrong in place of the answer",
    {
      "t.csv": csv(
        ["participant", "stimulus", "origin", "correct"],
        all.map((one) => ({ ...objects(one), correct: answer(one) === origin(one) ? 1 : 0 })),
      ),
    },
  ],
  // File formats.
  ["sep=; in the first line", { "t.csv": `sep=;\n${long(ours, plain, plain, ";")}` }],
  ["semicolons", { "t.csv": long(ours, plain, plain, ";") }],
  ["bars", { "t.txt": long(ours, plain, plain, "|") }],
  [
    "a byte order mark and Windows's line breaks",
    { "t.csv": `\uFEFF${long(ours)}`.replaceAll("\n", "\r\n") },
  ],
  [
    "UTF-16 with tabs, as Excel's Unicode text",
    { "t.txt": Buffer.from(`\uFEFF${long(ours, plain, plain, "\t")}`, "utf16le") },
  ],
  [
    "empty columns and rows at the end",
    { "t.csv": `${long(ours).replaceAll("\n", ",,\n")},,\n,,,,,\n,,,,,\n\n` },
  ],
  [
    "an index without a name, as pandas writes it",
    {
      "t.csv": long(ours)
        .split("\n")
        .map((row, at) => `${at === 0 ? "" : at},${row}`)
        .join("\n"),
    },
  ],
  [
    "names with spaces around them",
    { "t.csv": long([" participant", "stimulus ", " origin ", "response"] as never) },
  ],
  ["JSON, a list of objects", { "t.json": JSON.stringify(all.map(objects)) }],
  ["JSON, the list inside an object", { "t.json": JSON.stringify({ version: 2, data: all.map(objects) }) }],
  [
    "JSON as pandas writes it, by column",
    {
      "t.json": JSON.stringify(
        Object.fromEntries(
          ours.map((column) => [
            column,
            Object.fromEntries(all.map((one, at) => [at, objects(one)[column]])),
          ]),
        ),
      ),
    },
  ],
  [
    "JSON as pandas writes it, split",
    {
      "t.json": JSON.stringify({
        columns: ours,
        index: [],
        data: all.map((one) => ours.map((column) => objects(one)[column])),
      }),
    },
  ],
  ["JSON Lines", { "t.jsonl": all.map((one) => JSON.stringify(objects(one))).join("\n") }],
  [
    "JSON Lines that are called .json",
    { "t.json": all.map((one) => JSON.stringify(objects(one))).join("\n") },
  ],
  ["Parquet", { "t.parquet": parquet(all.map(objects)) }],
  // Origins in a separate key.
  [
    "a key for a long table",
    {
      "t.csv": csv(
        ["worker", "item", "answer"],
        all.map((one) => ({ worker: one.reader, item: one.name, answer: answer(one) })),
      ),
      "key.csv": key,
    },
  ],
  [
    "a key by title",
    {
      "t.csv": csv(
        ["worker", "story", "answer"],
        all.map((one) => ({
          worker: one.reader,
          story: titles[one.name].toUpperCase(),
          answer: answer(one),
        })),
      ),
      "key.csv": key,
    },
  ],
  [
    "a key in JSON that names models",
    {
      "t.csv": csv(
        ["worker", "item", "label"],
        all.map((one) => ({ worker: one.reader, item: one.name, label: answer(one) })),
      ),
      "key.json": JSON.stringify(
        names.map((name) => ({ item: name, source: isHuman(name) ? "human" : "Llama-3-8B" })),
      ),
    },
  ],
  // One row per person.
  ["wide, columns by id", { "t.csv": wide((name) => name), "key.csv": key }],
  ["wide, columns by title", { "t.csv": wide((name) => titles[name]), "key.csv": key }],
  [
    "wide, columns that the key names",
    {
      "t.csv": wide((name) => `Q${names.indexOf(name) + 1}`, { human: "Person", machine: "Machine" }),
      "key.csv": keyOf((name) => ({ column: `Q${names.indexOf(name) + 1}`, origin: origin({ name }) })),
    },
  ],
  [
    "wide, with a row that is the key",
    {
      "t.csv": `${wide((name) => `Story ${names.indexOf(name) + 1}`)}ANSWER KEY,${names.map((name) => origin({ name })).join(",")}\n`,
    },
  ],
  [
    "Google Forms: a time, and questions that hold the titles",
    {
      "t.csv": wide(
        (name) => `Who do you think wrote "${titles[name]}"?`,
        { human: "A human", machine: "A machine" },
        "Timestamp",
      ),
      "key.csv": key,
    },
  ],
  [
    "Google Forms: a grid, with how sure one is",
    {
      "t.csv": csv(
        [
          "Timestamp",
          "Age",
          ...names.flatMap((name) => [
            `Who wrote it? [${titles[name]}]`,
            `How sure are you? [${titles[name]}]`,
            `Why? [${titles[name]}]`,
          ]),
        ],
        readers.map((reader, at) => ({
          Timestamp: `1/${at + 1}/2026 10:00:00`,
          Age: 30 + at,
          ...Object.fromEntries(
            names.flatMap((name) => [
              [`Who wrote it? [${titles[name]}]`, answer({ reader, name })],
              [`How sure are you? [${titles[name]}]`, at + 1],
              [`Why? [${titles[name]}]`, "It felt so"],
            ]),
          ),
        })),
      ),
      "key.csv": key,
    },
  ],
  [
    "Qualtrics, columns that the key names",
    {
      "t.csv": qualtrics((name) => `Q${10 + names.indexOf(name)}`, { human: "Human", machine: "AI" }),
      "key.csv": keyOf((name) => ({
        column: `Q${10 + names.indexOf(name)}`,
        stimulus: name,
        origin: origin({ name }),
      })),
    },
  ],
  [
    "Qualtrics, questions that hold the titles",
    {
      "t.csv": qualtrics((name) => `Q${10 + names.indexOf(name)}`, { human: "Human", machine: "AI" }),
      "key.csv": key,
    },
  ],
  [
    "Qualtrics's TSV in UTF-16, choices as numbers",
    {
      "t.tsv": Buffer.from(
        `\uFEFF${qualtrics((name) => `Q${10 + names.indexOf(name)}`, { human: "1", machine: "2" }, "\t")}`,
        "utf16le",
      ),
      "key.csv": key,
    },
    ["--values", "human=1", "machine=2"],
  ],
  // Exports of experiment and annotation systems.
  [
    "jsPsych's CSV with people by name",
    {
      "t.csv": table(
        readers.flatMap((subject) =>
          jsPsychOf(subject, (one) => JSON.stringify({ Q0: answer(one) }), { subject }),
        ),
      ),
    },
  ],
  [
    "jsPsych's CSV, people one after another",
    {
      "t.csv": table(
        readers.flatMap((reader) =>
          jsPsychOf(reader, (one) => JSON.stringify({ answer: answer(one), confidence: "4" })).map(
            ({ ...row }) => ({ ...row }),
          ),
        ),
      ),
    },
    ["--map", "response=answer"],
  ],
  [
    "jsPsych's JSON with responses as objects",
    {
      "t.json": JSON.stringify(
        readers.flatMap((subject) => jsPsychOf(subject, (one) => ({ response: answer(one) }), { subject })),
      ),
    },
  ],
  [
    "JATOS: a list of trials a line",
    {
      "t.txt": readers
        .map((reader) => JSON.stringify(jsPsychOf(reader, (one) => ({ answer: answer(one), confidence: 2 }))))
        .join("\n"),
    },
  ],
  [
    "jsPsych's buttons by number",
    {
      "t.csv": table(
        readers.flatMap((PROLIFIC_PID) =>
          jsPsychOf(PROLIFIC_PID, (one) => answer(one, { human: "0", machine: "1" }), { PROLIFIC_PID }),
        ),
      ),
    },
    ["--values", "human=0", "machine=1"],
  ],
  ["Label Studio's JSON", { "t.json": JSON.stringify(labelStudio) }],
  [
    "Label Studio's CSV",
    {
      "t.csv": csv(
        ["annotation_id", "annotator", "created_at", "id", "lead_time", "origin", "choice", "text"],
        all.map((one, at) => ({
          annotation_id: at,
          annotator: one.reader,
          created_at: "2026-01-01",
          id: names.indexOf(one.name) + 1,
          lead_time: 3.5,
          origin: origin(one),
          choice: answer(one),
          text: `The text of ${one.name}`,
        })),
      ),
    },
  ],
  [
    "Potato's CSV with a key",
    {
      "t.csv": csv(
        ["instance_id", "user_id", potatoColumns.human, potatoColumns.machine],
        all.map((one) => ({
          instance_id: one.name,
          user_id: one.reader,
          [answer(one, potatoColumns)]: "True",
        })),
      ),
      "key.csv": key,
    },
    ["--map", "response=who"],
  ],
  [
    "Potato's older columns",
    {
      "t.tsv": [
        ["user", "instance_id", "displayed_text", "response:::human", "response:::machine"],
        ...all.map((one) => [
          one.reader,
          one.name,
          "A text",
          answer(one) === "human" ? "1" : "",
          answer(one) === "machine" ? "1" : "",
        ]),
      ]
        .map((row) => row.join("\t"))
        .join("\n"),
      "key.csv": key,
    },
  ],
  [
    "Potato's JSON Lines",
    {
      "t.jsonl": all
        .map((one) =>
          JSON.stringify({
            instance_id: one.name,
            user_id: one.reader,
            annotations: { answer: { [answer(one)]: true } },
          }),
        )
        .join("\n"),
      "key.csv": key,
    },
  ],
  [
    "Potato's Parquet",
    {
      "t.parquet": parquet(
        all.map((one) => ({ instance_id: one.name, user_id: one.reader, verdict: answer(one) })),
      ),
      "key.csv": key,
    },
  ],
  // One column per annotator.
  [
    "one column per annotator",
    {
      "t.csv": csv(
        ["story", "origin", ...readers],
        names.map((name) => ({
          story: name,
          origin: origin({ name }),
          ...Object.fromEntries(readers.map((reader) => [reader, answer({ reader, name })])),
        })),
      ),
    },
  ],
  [
    "a column for each annotator, and a key",
    {
      "t.csv": csv(
        ["item", ...readers.map((_, at) => `annotator_${at + 1}`)],
        names.map((name) => ({
          item: name,
          ...Object.fromEntries(
            readers.map((reader, at) => [
              `annotator_${at + 1}`,
              answer({ reader, name }, { human: "H", machine: "M" }),
            ]),
          ),
        })),
      ),
      "key.csv": key,
    },
  ],
];

describe("tables from other programs are read correctly", () => {
  test.each(tables)("%s", async (_, files, flags) => {
    const { code, printed, logged } = await analysed(files, flags);
    expect({ code, logged: code === 0 ? "" : logged.at(-1) }).toEqual({ code: 0, logged: "" });
    expect(verdictIn(printed)).toEqual(expected);
  });

  test("an SQLite file is read if one table has judgments", async () => {
    const path = join(folder, "answers.sqlite");
    const database = new Database(path);
    database.exec(
      "CREATE TABLE people (name TEXT, age INTEGER); CREATE TABLE answers (participant TEXT, stimulus TEXT, origin TEXT, response TEXT)",
    );
    const insert = database.prepare("INSERT INTO answers VALUES (?, ?, ?, ?)");
    for (const one of all) insert.run(one.reader, one.name, origin(one), answer(one));
    database.close();
    const { code, printed } = await tinylove("analyse", "--judgments", path, "--json");
    expect(code).toBe(0);
    expect(verdictIn(printed)).toEqual(expected);
  });

  test("a Potato folder has one file per person", async () => {
    const states = Object.fromEntries(
      readers.map((reader) => [
        `annotation_output/${reader}/user_state.json`,
        JSON.stringify({
          user_id: reader,
          instance_id_to_label_to_value: Object.fromEntries(
            names.map((name) => [name, { response: { labels: { [answer({ reader, name })]: true } } }]),
          ),
        }),
      ]),
    );
    const [keyFile] = await written({ "key.csv": key });
    const { code, printed } = await analysed(states, ["--key", keyFile!]);
    expect(code).toBe(0);
    expect(verdictIn(printed)).toEqual(expected);
  });
});

const rowsOf = (more: string, cells: readonly string[]) =>
  `${ours.join(",")}${more}\n${all.map((one, at) => `${one.reader},${one.name},${origin(one)},${answer(one)}${cells[at % cells.length]}`).join("\n")}\n`;

describe("problems in optional columns never stop the analysis", () => {
  test.each([
    [
      "times in words",
      rowsOf(",ms", [",1.2s", ",900"]),
      /ms: 12 cells ignored because they are not a number, the first “1\.2s”/,
    ],
    ["confidence in words", rowsOf(",confidence", [",very", ",3"]), /confidence: 12 cells ignored/],
    ["an order in letters", rowsOf(",order", [",b"]), /order: 24 cells ignored/],
  ])("%s are left out and reported", async (_, content, message) => {
    const { code, printed, logged } = await analysed({ "t.csv": content });
    expect(code).toBe(0);
    expect(logged.join("\n")).toMatch(message);
    expect(verdictIn(printed)).toEqual(expected);
  });

  test("decimal commas are read as numbers", async () => {
    const { code, logged } = await analysed({ "t.csv": rowsOf(",confidence", [',"3,5"']) });
    expect(code).toBe(0);
    expect(logged.join("\n")).not.toContain("ignored");
  });

  test.each(["NA", "N/A", "nan", "NULL", "None", "."])("%s is missing, and counted", async (missing) => {
    const content = `${rowsOf("", [""])}ann,h9,human,${missing}\nann,h8,${missing},human\n`;
    const { code, printed } = await analysed({ "t.csv": content }, []);
    expect(code).toBe(0);
    expect(verdictIn(printed)).toEqual(expected);
    const { logged } = await analysed({ "t.csv": content }, ["--dry-run"]);
    expect(logged).toContain("left out: 2 (an empty cell where an answer is needed)");
  });

  test("other codes for missing values are given with --values, and “not sure” is not an answer", async () => {
    const content = `${rowsOf("", [""])}ann,h9,human,99\nben,h8,human,Not sure\n`;
    const { code, printed } = await analysed({ "t.csv": content }, ["--values", "missing=99"]);
    expect(code).toBe(0);
    expect(verdictIn(printed)).toEqual(expected);
    const { logged } = await analysed({ "t.csv": content }, ["--values", "missing=99", "--dry-run"]);
    expect(logged).toContain("left out: 1 (an answer that is neither human nor machine)");
  });
});

describe("an incomplete table is refused in one line that says what is accepted", () => {
  test.each<[string, Files, RegExp, (readonly string[])?]>([
    [
      "two columns of one name",
      { "t.csv": "participant,stimulus,origin,response,response\na,s,human,human,machine\n" },
      /t\.csv has two columns called response/,
    ],
    [
      "two columns that are one but for case",
      { "t.csv": "participant,Participant,stimulus,origin,response\na,b,s,human,human\n" },
      /2 columns that could be participant: participant, Participant \(choose one: --map participant=participant\)/,
    ],
    [
      "0 and 1 without a word",
      { "t.csv": long(ours, { human: "1", machine: "0" }) },
      /t\.csv, line 2: origin “1” is not understood \(say which number is human: --values human=1 machine=OTHER/,
    ],
    [
      "a word that nobody knows",
      { "t.csv": long(ours, { human: "alpha", machine: "beta" }) },
      /origin “alpha” is not understood \(human is also read as h, person.*--values human=VALUE machine=VALUE; the column has alpha, beta\)/,
    ],
    [
      "a wide table without a key",
      { "t.csv": wide((name) => titles[name]) },
      /has no column stimulus, origin, response \(.*one row per person and one column per story, give a key.*--key FILE/,
    ],
    [
      "a long table without origins",
      { "t.csv": "worker,item,answer\na,s,human\n" },
      /has no column origin \(origin may also be called origin, true origin.*or give a key: --key FILE/,
    ],
    [
      "a key of other stories",
      {
        "t.csv": csv(["worker", "item", "answer"], [{ worker: "a", item: "x9", answer: "human" }]),
        "key.csv": key,
      },
      /no story of t\.csv is in key\.csv \(t\.csv names stories in its column item, such as “x9”; key\.csv has names such as “h1”\)/,
    ],
    [
      "a key that does not say who wrote",
      { "t.csv": wide((name) => name), "key.csv": "stimulus,words\nh1,90\n" },
      /key\.csv does not say who wrote the stories/,
    ],
    [
      "a key that contradicts itself",
      { "t.csv": wide((name) => name), "key.csv": `${key}h1,machine,Again\n` },
      /key\.csv: h1 is both human and machine/,
    ],
    [
      "a mapping to nothing",
      { "t.csv": long(ours) },
      /--map response=said: t\.csv has no column said \(it has participant, stimulus/,
      ["--map", "response=said"],
    ],
    [
      "a mapping of nothing",
      { "t.csv": long(ours) },
      /--map reponse=response: there is no column reponse/,
      ["--map", "reponse=response"],
    ],
    [
      "values of no meaning",
      { "t.csv": long(ours) },
      /--values person=1: not understood \(write MEANING=VALUE, as in human=0/,
      ["--values", "person=1"],
    ],
    [
      "answers to forms of the product's own",
      { "t.csv": "ResponseId,f1_q1_answer,f1_q2_answer\nR_1,human,machine\n" },
      /has answers to forms that `tinylove export-forms` wrote \(.*import-responses/,
    ],
    [
      "a spreadsheet",
      { "t.xlsx": "PK" },
      /not a table that can be read \(save it as one of \.csv.*CSV UTF-8/,
    ],
    [
      "a row too short",
      { "t.csv": "participant,stimulus,origin,response\na,s,human\n" },
      /t\.csv, line 2: 3 cells where the first line has 4/,
    ],
    ["nothing", { "t.csv": "" }, /t\.csv is empty/],
  ])("%s", async (_, files, message, flags) => {
    const { code, last, printed } = await analysed(files, flags);
    expect(last).toMatch(message);
    expect(last).toMatch(/^error: [^\n]+$/);
    expect({ code, printed }).toEqual({ code: 1, printed: "" });
  });
});

test("--dry-run shows how a table is read, and with --json prints the judgments", async () => {
  const [path] = await written({ "t.csv": long(["WorkerId", "item_id", "truth", "guess"]) });
  const { code, logged, printed } = await tinylove("analyse", "--judgments", path!, "--dry-run", "--json");
  expect(code).toBe(0);
  expect(logged).toEqual([
    "t.csv: one row per judgment; 24 judgments by 4 readers of 6 stories; participant is WorkerId, stimulus is item_id, origin is truth and response is guess",
  ]);
  expect(JSON.parse(printed)).toHaveLength(24);
  expect(JSON.parse(printed)[1]).toMatchObject({
    participant: "ann",
    stimulus: "h2",
    origin: "human",
    answer: "human",
    right: true,
  });
});

describe("pairs and ratings from other programs", () => {
  const pairs = readers.flatMap((reader, at) =>
    [0, 1, 2].map((pair) => ({ reader, pair, human: (at + pair) % 2 === 0, right: (at * pair) % 3 !== 1 })),
  );
  const sideWord = (isLeft: boolean) => (isLeft ? "left" : "right");
  const usual = csv(
    ["participant", "stimulus", "human_side", "chosen_side"],
    pairs.map(({ reader, pair, human, right }) => ({
      participant: reader,
      stimulus: `pair${pair}`,
      human_side: sideWord(human),
      chosen_side: sideWord(human === right),
    })),
  );
  const found = async (files: Files, analysis: string, flags?: readonly string[]) => {
    const { code, printed, logged } = await analysed(files, flags);
    expect({ code, logged: code === 0 ? "" : logged.at(-1) }).toEqual({ code: 0, logged: "" });
    return JSON.parse(printed)[analysis];
  };

  test("sides may be A and B, or follow from who wrote each story", async () => {
    const expected = await found({ "t.csv": usual }, "pairs");
    const letters = csv(
      ["Worker", "item", "human side", "choice"],
      pairs.map(({ reader, pair, human, right }) => ({
        Worker: reader,
        item: `pair${pair}`,
        "human side": human ? "A" : "B",
        choice: human === right ? "Text A" : "Text B",
      })),
    );
    expect(await found({ "t.csv": letters }, "pairs")).toEqual(expected);
    const writers = csv(
      ["judge", "item", "left", "right", "chosen"],
      pairs.map(({ reader, pair, human, right }) => ({
        judge: reader,
        item: `pair${pair}`,
        left: human ? "human" : "machine",
        right: human ? "machine" : "human",
        chosen: right ? "human" : "machine",
      })),
    );
    expect(await found({ "t.csv": writers }, "pairs")).toEqual(expected);
    // The authors of the two texts do not identify the pair.
    const nameless = await analysed({ "t.csv": writers.replace("item", "extra") });
    expect(nameless.last).toMatch(/has no column/);
  });

  test("ratings under other names, and in one column per story", async () => {
    const rating = ({ reader, name }: One) => 1 + ((readers.indexOf(reader) * 2 + names.indexOf(name)) % 5);
    const usual = csv(
      ["participant", "stimulus", "origin", "task", "rating"],
      all.map((one) => ({ ...objects(one), task: "rating", rating: rating(one) })),
    );
    const expected = await found({ "t.csv": usual }, "ratings");
    const others = csv(
      ["subject", "story", "truth", "scale", "score"],
      all.map((one) => ({
        subject: one.reader,
        story: one.name,
        truth: origin(one),
        scale: "rating",
        score: `${rating(one)}`,
      })),
    );
    expect(await found({ "t.csv": others }, "ratings")).toEqual(expected);
    const people = csv(
      ["participant", ...names],
      readers.map((reader) => ({
        participant: reader,
        ...Object.fromEntries(names.map((name) => [name, rating({ reader, name })])),
      })),
    );
    expect(await found({ "t.csv": people, "key.csv": key }, "ratings")).toEqual(expected);
  });
});
