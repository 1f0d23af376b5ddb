import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import Libsql from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeCoder } from "../../src/coding/codings.ts";
import { packageStudy } from "../../src/release/package.ts";
import { allowsCopies } from "../../src/release/text-licences.ts";
import { csv, readTable } from "../../src/tables/tables.ts";
import { factorialFile, readJudgments } from "../../src/workbench/artefacts.ts";
import { StudyError } from "../../src/workbench/errors.ts";
import { exists, filesUnder, jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { builtProgram } from "../helpers/built.ts";
import { generationOf } from "../helpers/generations.ts";
import { type Fixture, fixture, hiddenFields, quietEffects, served, TestClient } from "../survey/fixture.ts";
import { pause } from "../survey/load.ts";

let built: Fixture;
const options = (changes: Record<string, unknown> = {}) => packageStudy.options.parse(changes);
const folder = () => built.study.path("package");
const python = process.env["TINYLOVE_PYTHON"] ?? "python3";
const has = (modules: string) => spawnSync(python, ["-c", `import ${modules}`]).status === 0;

beforeAll(async () => {
  built = await fixture({
    forms: 2,
    stories: 4,
    titles: ["=1+1", "A “quoted”, title", "@home", "Ölçek"],
    tasks: [
      { task: "which-is-human", stimuli: 2 },
      { task: "free-text", stimuli: 0 },
      { task: "demographics", stimuli: 0 },
    ],
    survey: {
      contact: "secret-mail@example.org",
      recruiting: { service: "prolific", codes: { complete: "SECRETCODE" } },
      demographics: [
        { name: "reads", ask: "How often do you read?", options: ["daily", "never"] },
        { name: "town", ask: "Where do you live?" },
      ],
    },
  });
  await writeSources();
  await writeCodings();
  await writeMeasures();
  const survey = await served(built.study, quietEffects({ now: () => Date.UTC(2026, 2, 4, 17, 31, 9) }));
  for (const name of ["pid-one", "pid-two", "pid-three"]) {
    const client = new TestClient(survey.url);
    const { text } = await client.get(`/?PROLIFIC_PID=${name}&STUDY_ID=s&SESSION_ID=v`);
    await client.post("/consent", hiddenFields(text));
    for (let position = 1; position <= 7; position++) {
      const page = (await client.get(`/q/${position}`)).text;
      await client.post(`/q/${position}`, {
        ...hiddenFields(page),
        answer: page.includes('value="left"')
          ? "left"
          : page.includes('value="human"')
            ? "human"
            : "Anna, of Ghent",
        ...(page.includes('name="confidence"') && { confidence: "4" }),
        ...(page.includes('name="town"') && { answer: "", town: "Ghent", reads: "daily" }),
        ...(page.includes('name="reason"') && { reason: "=cmd|'/c calc'!A0 it was Anna" }),
      });
    }
    if (name === "pid-three") {
      const address = /\/my\/[\w-]+/.exec((await client.get("/thanks")).text)![0];
      await client.post(`${address}/withdraw`, hiddenFields((await client.get(address)).text));
    }
  }
  await survey.close();
});
afterAll(() => built.remove());

/** Half of the human stories may be shared; one generation quotes one that may not. */
async function writeSources(): Promise<void> {
  const { study, stimuli, origins } = built;
  const human = stimuli.filter(({ id }) => origins.get(id) === "human");
  const machine = stimuli.filter(({ id }) => origins.get(id) === "machine");
  await writeWhole(
    study.path("corpus/stories.jsonl"),
    jsonLines(
      human.map(({ id, title, text, words }, at) => ({
        id: `story-${id}`,
        title,
        text: `${text} ${closing(at)}`,
        words,
        origin: {
          by: "human",
          source: "/home/someone/stories.csv",
          author: `Author ${at}`,
          licence: at % 2 === 0 ? "CC-BY-4.0" : "all rights reserved",
        },
        group: id,
        split: "test",
      })),
    ),
  );
  await writeWhole(
    study.path("generations/a-model/one.jsonl"),
    jsonLines(
      machine.map(({ id, title }, at) => {
        const example = human[at % 2 === 0 ? 0 : 1]!;
        const text =
          at === 1 ? `And so. ${closing(1)}` : `A text of its own, number ${at}, that nobody wrote before.`;
        return generationOf({
          id: `generation-${id}`,
          story: `story-${human[0]!.id}`,
          title,
          model: { address: "llama:/home/someone/model.gguf", hash: "0" },
          prompt: { template: "one-shot", hash: "0", text: `the prompt shows ${example.text}` },
          examples: [`story-${example.id}`],
          text,
        });
      }),
    ),
  );
}

/** As `describe` writes it: every text has 40 words, direct speech and its own phrase. */
const writeMeasures = (): Promise<void> =>
  writeWhole(
    built.study.path("corpus/codes.csv"),
    csv(
      ["id", "origin", "model", "words", "dialogue", "tense", "foreign", "grammar"],
      [
        ...built.stimuli.map(
          ({ id }) => `${built.origins.get(id) === "human" ? "story" : "generation"}-${id}`,
        ),
        "story-gone",
      ].map((id) => ({
        id,
        words: 40,
        dialogue: "yes",
        tense: "past",
        foreign: `vive ${id} (fr)`,
        grammar: "",
      })),
    ),
  );

const closing = (at: number) =>
  `Number ${at} ended on a bench by the old canal, where they fed bread to nobody but themselves.`;

const whole = async (): Promise<string> =>
  (await Promise.all((await filesUnder(folder())).map((file) => readFile(file, "latin1")))).join("\n");

const table = (name: string) => readTable(join(folder(), "csv", `${name}.csv`));

const json = async (name: string): Promise<Record<string, unknown>[]> =>
  (await readFile(join(folder(), "jsonl", `${name}.jsonl`), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** Two people, one of them in both text sets, a model and the cue lists. */
async function writeCodings(): Promise<void> {
  const { study, stimuli, origins } = built;
  const [human, machine] = (["human", "machine"] as const).map((by) =>
    stimuli.filter(({ id }) => origins.get(id) === by),
  );
  const of = (text: string, tone: string, kind: "people" | "model" | "cues") => ({
    text,
    variable: "tone",
    code: tone,
    kind,
  });
  const texts = [...human!.map(({ id }) => `story-${id}`), ...machine!.map(({ id }) => `generation-${id}`)];
  const story = `story-${human![0]!.id}`;
  await writeWhole(
    study.path(factorialFile),
    jsonLines([
      generationOf({ id: "factorial-one", story, examples: [`story-${human![1]!.id}`], text: closing(1) }),
    ]),
  );
  const coders = {
    "karl-friedrich": [...texts, "story-gone"].map((text) => of(text, "joyful", "people")),
    "karl-friedrich-influence": [of("factorial-one", "grieving", "people"), of(story, "content", "people")],
    zelda: texts.map((text) => of(text, "content", "people")),
    "llama3-1": texts.map((text) => of(text, "grateful", "model")),
    cues: texts.slice(0, 2).map((text) => of(text, "joyful", "cues")),
  };
  for (const [name, codings] of Object.entries(coders))
    await writeCoder(study, { name, kind: codings[0]!.kind, codings });
}

test("the package identifies nobody: no id of a service or of the study, no time of day, no address, no free text", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const text = await whole();
  const ids = (await readJudgments(built.study)).map(({ participant }) => participant);
  for (const secret of [
    ...new Set(ids),
    "pid-",
    "Ghent",
    "Anna",
    "17:31",
    "secret-mail",
    "SECRETCODE",
    "/home/",
    "someone",
    "karl",
    "friedrich",
    "zelda",
  ]) {
    expect(text, secret).not.toContain(secret);
  }
  const participants = await table("participants");
  expect(participants.map(({ day, completed, reads }) => [day, completed, reads])).toEqual([
    ["2026-03-04", "TRUE", "daily"],
    ["2026-03-04", "TRUE", "daily"],
  ]);
  expect(participants[0]).not.toHaveProperty("town");
  const judgments = await json("judgments");
  expect(judgments).toHaveLength(10);
  expect(new Set(judgments.map(({ participant }) => participant))).toEqual(
    new Set(participants.map(({ participant }) => participant)),
  );
});

test("optional parts are included on request: free text, safe against formulas in CSV, unchanged in other formats", async () => {
  await packageStudy.run(
    built.study.folder,
    options({ ownWords: true, demographics: "all", texts: "all" }),
    quietEffects(),
  );
  expect((await table("judgments")).find(({ reason }) => reason)!["reason"]).toBe(
    "'=cmd|'/c calc'!A0 it was Anna",
  );
  expect((await json("judgments")).find(({ reason }) => reason)!["reason"]).toBe(
    "=cmd|'/c calc'!A0 it was Anna",
  );
  expect((await table("participants"))[0]!["town"]).toBe("Ghent");
  expect((await table("stimuli")).every(({ text, withheld }) => text !== "" && withheld === "")).toBe(true);
  for (const name of ["stories", "stimuli"]) {
    for (const { text, sha256 } of await json(name))
      expect(createHash("sha256").update(String(text)).digest("hex")).toBe(sha256);
  }
});

test("a text is included if its licence allows it, a machine text if it quotes no withheld one", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const stories = await table("stories");
  expect(stories.map(({ text, author, withheld }) => [text !== "", author, withheld])).toEqual([
    [true, "Author 0", ""],
    [false, "", "licence: all rights reserved"],
    [true, "Author 2", ""],
    [false, "", "licence: all rights reserved"],
  ]);
  expect(
    stories.every(({ title, sha256, words }) => title && sha256!.length === 64 && Number(words) > 0),
  ).toBe(true);
  const generations = (await json("generations")).filter(({ text_set }) => text_set === "study");
  expect(generations.filter(({ withheld }) => withheld)).toMatchObject([
    { text: null, withheld: "it quotes a story that is not published" },
  ]);
  const stimuli = await json("stimuli");
  expect(stimuli.filter(({ text }) => text === null)).toHaveLength(3);
  const all = await whole();
  expect(all).toContain(closing(0));
  expect(all).not.toContain(closing(1));
});

test.each([
  ["CC0-1.0", true],
  ["CC BY 4.0", true],
  ["cc-by-nc-sa-4.0", true],
  ["public domain", true],
  ["CC-BY-ND-4.0", false],
  ["CC BY-NC-ND 4.0", false],
  ["all rights reserved", false],
  ["unknown", false],
  ["", false],
  ["committed", false],
])("the licence %s allows sharing a shortened copy: %s", (licence, allows) => {
  expect(allowsCopies(licence)).toBe(allows);
});

test("CSV, JSONL and SQLite have the same rows, including whether each answer is right", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const file = new Libsql(join(folder(), "study.sqlite"), { readonly: true });
  const names = (await readdir(join(folder(), "csv"))).map((name) => name.replace(".csv", ""));
  expect(names.sort()).toEqual([
    "codebook",
    "codes",
    "codings",
    "forms",
    "generations",
    "judgments",
    "measures",
    "participants",
    "stimuli",
    "stories",
  ]);
  for (const name of names) {
    const rows = (file.prepare(`SELECT * FROM "${name}"`).all() as Record<string, unknown>[]).length;
    expect([name, rows]).toEqual([name, (await json(name)).length]);
    expect([name, rows]).toEqual([name, (await table(name)).length]);
  }
  expect(file.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  const judged = file
    .prepare(
      `SELECT correct, stimuli.origin, judgments.origin AS told, response FROM judgments JOIN stimuli USING (stimulus) WHERE task = 'human-or-machine'`,
    )
    .all() as { correct: number; origin: string; told: string; response: string }[];
  expect(judged).toHaveLength(8);
  for (const row of judged) {
    expect(row.told).toBe(row.origin);
    expect(row.correct).toBe(Number(row.origin === row.response));
  }
  file.close();
  const pairs = (await json("judgments")).filter(({ task }) => task === "which-is-human");
  for (const { stimulus, side, correct, origin, human_side, confidence } of pairs) {
    expect(confidence).toBe(4);
    // Everybody chose the left one; if the second text was on the right, the first one was on the left.
    const human = built.origins.get(String(stimulus)) === "human";
    expect(correct).toBe(Number(side === "right" ? human : !human));
    expect([origin, human_side]).toEqual([null, correct === 1 ? "left" : "right"]);
  }
});

test("the README's examples compute how often people were right, for one task: in SQL, and in R and pandas if installed", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const answers = (await json("judgments")).filter(({ task }) => task === "human-or-machine");
  const accuracy = (["human", "machine"] as const).map((origin) => {
    const own = answers.filter((row) => row["origin"] === origin);
    return { origin, accuracy: own.filter(({ correct }) => correct === 1).length / own.length };
  });
  const example = await examplesOfReadme();
  const file = new Libsql(join(folder(), "study.sqlite"), { readonly: true });
  expect(file.prepare(example("sql")).all()).toEqual(accuracy);
  file.close();
  for (const [language, program, evaluate] of [
    ["r", "Rscript", "-e"],
    ["python", python, "-c"],
  ] as const) {
    const needs = language === "r" ? "1" : "import pandas, pyarrow";
    if (spawnSync(program, [evaluate, needs]).status !== 0) continue;
    const { stdout, stderr } = spawnSync(program, [evaluate, example(language)], {
      cwd: folder(),
      encoding: "utf8",
    });
    for (const { origin, accuracy: share } of accuracy)
      expect(stdout, stderr).toMatch(new RegExp(`${origin} +${share}`));
  }
});

async function examplesOfReadme(): Promise<(language: string) => string> {
  const text = await readFile(join(folder(), "README.md"), "utf8");
  return (language) => new RegExp(`\`\`\`${language}\n(.+?)\`\`\``, "s").exec(text)![1]!;
}

test("Parquet has the same rows, with typed columns and null for missing values", async () => {
  await packageStudy.run(built.study.folder, options({ ownWords: true }), quietEffects());
  const codebook = await json("codebook");
  const asJson = (cell: unknown) =>
    typeof cell === "bigint" ? Number(cell) : cell instanceof Date ? cell.toISOString().slice(0, 10) : cell;
  const types = {
    string: ["BYTE_ARRAY", "UTF8"],
    date: ["INT32", "DATE"],
    integer: ["INT64", undefined],
    boolean: ["BOOLEAN", undefined],
    number: ["DOUBLE", undefined],
  } as const;
  const seen = new Set<string>();
  for (const file of await readdir(join(folder(), "parquet"))) {
    const name = file.replace(".parquet", "");
    const { buffer } = new Uint8Array(await readFile(join(folder(), "parquet", file)));
    const rows = await parquetReadObjects({ file: buffer });
    expect(
      rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, asJson(cell)]))),
    ).toEqual(await json(name));
    const columns = parquetSchema(parquetMetadata(buffer)).children.map(({ element }) => element);
    for (const { column, type } of codebook.filter((row) => row["table"] === name)) {
      const found = columns.find((element) => element.name === column)!;
      expect([name, column, found.type, found.converted_type]).toEqual([
        name,
        column,
        ...types[type as keyof typeof types],
      ]);
      seen.add(String(type));
    }
  }
  expect([...seen].sort()).toEqual(Object.keys(types).sort());
  expect(await readdir(join(folder(), "parquet"))).toHaveLength(
    (await readdir(join(folder(), "csv"))).length,
  );
});

test("measures include withheld texts, except phrases from them", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const rows = await json("measures");
  expect(rows).toHaveLength(built.stimuli.length);
  const withheld = new Map(
    [...(await json("stories")), ...(await json("generations"))].map((row) => [
      row["generation"] ?? row["story"],
      row["withheld"],
    ]),
  );
  for (const { story, generation, ...measured } of rows) {
    const id = generation ?? story;
    expect([story, generation]).toContain(null);
    expect(measured).toEqual({
      words: 40,
      dialogue: true,
      tense: "past",
      foreign: withheld.get(id) ? null : `vive ${id} (fr)`,
      grammar: null,
    });
  }
  expect([...withheld.values()].filter(Boolean)).toHaveLength(4);
  const meant = (await json("codebook")).filter((row) => row["table"] === "measures");
  expect(meant.find(({ column }) => column === "words")).toMatchObject({ type: "number", unit: "words" });
  expect(meant.find(({ column }) => column === "dialogue")).toMatchObject({ type: "boolean", unit: null });
});

test("codes are listed by coder: a person has one new name in both text sets, and removed texts have no codes", async () => {
  const effects = quietEffects();
  await packageStudy.run(built.study.folder, options(), effects);
  expect(effects.logged).toContainEqual("28 codes; 1 left out, of texts that are no longer in the study");
  const codings = await json("codings");
  const coders = new Map<unknown, typeof codings>();
  for (const row of codings) coders.set(row["coder"], [...(coders.get(row["coder"]) ?? []), row]);
  const people = [...coders].filter(([, [first]]) => first!["kind"] === "people");
  expect([...coders.keys()].filter((name) => people.every(([other]) => other !== name))).toEqual([
    "cues",
    "llama3-1",
  ]);
  expect(people.map(([name, rows]) => [/^[a-z2-7]{16}$/.test(String(name)), rows.length]).sort()).toEqual([
    [true, 10],
    [true, 8],
  ]);
  const twice = people.find(([, rows]) => rows.length === 10)![1];
  expect(twice.filter(({ text_set }) => text_set === "factorial")).toMatchObject([
    { generation: "factorial-one", story: null, variable: "tone", code: "grieving" },
    { generation: null, story: expect.stringMatching(/^story-/), code: "content" },
  ]);

  // The factorial's text quotes a story that stays, so its code is included.
  const [factorial] = (await json("generations")).filter(({ text_set }) => text_set === "factorial");
  expect(factorial).toMatchObject({ text: null, withheld: "it quotes a story that is not published" });
  const codes = await table("codes");
  expect(codes.filter(({ variable, code }) => variable === "tone" && code === "grieving")).toHaveLength(1);
  expect(await readFile(join(folder(), "README.md"), "utf8")).toContain("by people (2), language models (1)");
});

test("settings.json has the texts that participants read before they began, also the default ones", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const { survey } = JSON.parse(await readFile(join(folder(), "settings.json"), "utf8"));
  expect(survey.consent.length).toBeGreaterThan(100);
  expect(survey.instructions).toMatch(/^You will read \w+ .*stories/);
});

test("every column is in the codebook and in datapackage.json, every file with its checksum", async () => {
  await packageStudy.run(
    built.study.folder,
    options({ licence: "CC-BY-4.0", author: ["A. Reader"] }),
    quietEffects(),
  );
  const descriptor = JSON.parse(await readFile(join(folder(), "datapackage.json"), "utf8"));
  const codebook = await table("codebook");
  for (const { path, hash, bytes, schema } of descriptor.resources) {
    const content = await readFile(join(folder(), path));
    expect([path, hash]).toEqual([path, `sha256:${createHash("sha256").update(content).digest("hex")}`]);
    if (!path.endsWith(".parquet")) expect([path, bytes]).toEqual([path, content.length]);
    for (const { type, missingValues } of path.endsWith(".parquet") ? schema.fields : [])
      expect([type, missingValues]).toEqual([
        type,
        type === "integer" || type === "number" ? ["", "nan"] : undefined,
      ]);
    if (!path.startsWith("csv/")) continue;
    const columns = schema.fields.map(({ name }: { name: string }) => name);
    expect(Object.keys((await readTable(join(folder(), path)))[0]!)).toEqual(columns);
    const described = codebook.filter((row) => `csv/${row["table"]}.csv` === path);
    if (path !== "csv/codebook.csv") expect(described.map(({ column }) => column)).toEqual(columns);
    expect(described.every(({ meaning }) => meaning!.length > 5)).toBe(true);
  }
  expect(descriptor.licenses[0].path).toContain("creativecommons.org");
});

test.skipIf(!has("frictionless, jsonlines, pyarrow"))(
  "Frictionless finds every table valid, CSV, JSONL and Parquet, and a changed cell not (Python)",
  async () => {
    await packageStudy.run(built.study.folder, options(), quietEffects());
    const validate = () =>
      spawnSync(python, ["-m", "frictionless", "validate", "datapackage.json"], {
        cwd: folder(),
        encoding: "utf8",
      });
    const { status, stdout, stderr } = validate();
    expect(status, stdout + stderr).toBe(0);
    const file = join(folder(), "csv/judgments.csv");
    const text = await readFile(file, "utf8");
    await writeWhole(file, text.replace(",TRUE", ",perhaps").replace(",FALSE", ",perhaps"));
    expect(validate().stdout).toContain("perhaps");
    await writeWhole(file, text);
  },
);

test("the same study gives the same bytes, and participants keep their new names", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const first = await whole();
  await packageStudy.run(built.study.folder, options(), quietEffects());
  expect(await whole()).toBe(first);
});

test("a package is written as a whole or not at all, and never overwrites other files", async () => {
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const first = await whole();
  const stopped = AbortSignal.abort(new Error("interrupted"));
  await expect(
    packageStudy.run(built.study.folder, options(), quietEffects({ signal: stopped })),
  ).rejects.toThrow("interrupted");
  expect(await whole()).toBe(first);
  expect((await readdir(built.study.folder)).filter((name) => name.startsWith("package."))).toEqual([]);

  await writeWhole(join(folder(), "README.md"), "my own words");
  await expect(packageStudy.run(built.study.folder, options(), quietEffects())).rejects.toThrow(
    /README\.md has changed since the package was written/,
  );
  expect(await readFile(join(folder(), "README.md"), "utf8")).toBe("my own words");
  await rm(folder(), { recursive: true });
  await expect(
    packageStudy.run(built.study.folder, options({ to: built.study.path("forms") }), quietEffects()),
  ).rejects.toThrow(/is not a package/);
});

test("a killed run leaves nothing that the next one does not remove, and loses no package", async () => {
  const left = async () => (await readdir(built.study.folder)).filter((name) => /^package\./.test(name));
  const pack = () => packageStudy.run(built.study.folder, options(), quietEffects());
  const whole = () => exists(built.study.path("package/SHA256SUMS"));
  await rm(folder(), { recursive: true, force: true });
  const program = await builtProgram();
  const child = spawn(process.execPath, [program, "package", "--study", built.study.folder], {
    stdio: "ignore",
  });
  while ((await left()).length === 0) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it could be killed`);
    await pause(1);
  }
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  await rm(dirname(dirname(program)), { recursive: true, force: true });
  expect([(await left()).length, await whole()]).toEqual([1, false]);
  await pack();
  expect([await left(), await whole()]).toEqual([[], true]);

  // Killed between renaming the former package and the new one: the former is restored in any case.
  const key = built.study.path("stimuli/key.csv");
  await rename(folder(), `${folder()}.0123abcd.former`);
  await rename(key, `${key}.away`);
  await expect(pack()).rejects.toBeInstanceOf(StudyError);
  expect([await left(), await whole()]).toEqual([[], true]);
  await rename(`${key}.away`, key);
  await pack();
});

test("the new names come from a secret that only the researcher can read; another secret gives other names", async () => {
  const path = built.study.path(".tinylove/package-key");
  await rm(path, { force: true });
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const names = async () => [
    ...(await table("participants")).map(({ participant }) => participant),
    ...new Set((await table("codings")).map(({ coder }) => coder)),
  ];
  const before = await names();
  expect((await stat(path)).mode & 0o077).toBe(0);
  await rm(path);
  await packageStudy.run(built.study.folder, options(), quietEffects());
  const kept = (await names()).filter((name) => before.includes(name));
  expect(kept).toEqual(["cues", "llama3-1"]);
});
