import { readFile } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import Libsql from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportForms } from "../../src/exchange/export-forms.ts";
import { importResponses } from "../../src/exchange/import-responses.ts";
import { csv } from "../../src/tables/tables.ts";
import { readForms, readJudgments } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { type Fixture, fixture, quietEffects } from "../survey/fixture.ts";

let built: Fixture;
beforeAll(async () => {
  built = await fixture({
    tasks: [
      { task: "which-is-human", stimuli: 2 },
      { task: "how-it-felt", stimuli: 1 },
      { task: "demographics", stimuli: 0 },
    ],
    survey: { demographics: [{ name: "age", ask: "How old are you?", number: true }] },
  });
});
afterAll(() => built.remove());

async function exported(format: string, of: Fixture = built): Promise<Record<string, string>> {
  const effects = quietEffects();
  await exportForms.run(of.study.folder, { format }, effects);
  return Object.fromEntries(
    await Promise.all(
      effects.logged.map(async (path) => [path.split("/").at(-1)!, await readFile(path, "utf8")] as const),
    ),
  );
}

test.each(["jspsych", "google-forms", "qualtrics"])(
  "%s gets every text of every form, and nothing from the key",
  async (format) => {
    const all = Object.values(await exported(format)).join("\n");
    const parsed = all.replaceAll("\\n", "\n").replaceAll("&#39;", "'");
    for (const { title, text } of built.stimuli) {
      expect(parsed).toContain(title);
      for (const line of text.split("\n")) expect(parsed).toContain(line);
    }
    expect(all).not.toMatch(/origin|a-model|generation-/);
    for (const { id } of built.stimuli) expect(all).not.toContain(id);
  },
);

/** A fake jsPsych: takes the calls that the page makes, and returns what it was given to run. */
function runPage(page: string, search: string) {
  const [script] = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, own]) => own!);
  const shown: { timeline?: Trial[]; form?: unknown } = {};
  const shuffle = <Item>(items: Item[]) => [...items].sort(() => Math.random() - 0.5);
  const randomInt = (low: number, high: number) => low + Math.floor(Math.random() * (high - low + 1));
  const jsPsych = {
    randomization: { shuffle, randomInt },
    data: { addProperties: ({ form }: { form: unknown }) => Object.assign(shown, { form }) },
    run: (timeline: Trial[]) => Object.assign(shown, { timeline }),
  };
  const world = {
    initJsPsych: () => jsPsych,
    jsPsychInstructions: "instructions",
    jsPsychSurveyHtmlForm: "form",
    location: { search },
    URLSearchParams,
  };
  runInNewContext(script!, world);
  return shown as { timeline: Trial[]; form: string };
}

interface Trial {
  readonly type: string;
  readonly preamble: string;
  readonly html: string;
  readonly data: { readonly question: string; readonly task: string; readonly side?: string };
}

test("jsPsych gets a page that asks every question of a form once, in an order like the survey's", async () => {
  const files = await exported("jspsych");
  const sides = new Set<string>();
  const firsts = new Set<string>();
  for (const { id, questions } of await readForms(built.study)) {
    for (let visit = 0; visit < 30; visit++) {
      const { timeline, form } = runPage(files["index.html"]!, `?form=${id}`);
      expect(form).toBe(id);
      const [opening, ...asked] = timeline;
      expect(opening!.type).toBe("instructions");
      expect(asked.map(({ data }) => data.question).sort()).toEqual(questions.map((one) => one.id).sort());
      expect(asked.every(({ type }) => type === "form")).toBe(true);
      const tasks = asked.map(({ data }) => data.task);
      expect(tasks.at(-1)).toBe("demographics");
      // Two questions about one story follow each other.
      expect(tasks[tasks.indexOf("how-it-felt") - 1]).toBe("human-or-machine");
      // In this study the pair has stories that are also shown alone, so it comes after them.
      expect(tasks.at(-2)).toBe("which-is-human");
      const pair = asked.at(-2)!;
      const [, second] = questions.find((one) => one.id === pair.data.question)!.stimuli;
      const { title } = built.stimuli.find((stimulus) => stimulus.id === second)!;
      const titles = [...pair.preamble.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, name]) => name);
      expect(titles.indexOf(title)).toBe(pair.data.side === "right" ? 1 : 0);
      sides.add(pair.data.side!);
      firsts.add(asked[0]!.data.question);
    }
  }
  expect(sides).toEqual(new Set(["left", "right"]));
  expect(firsts.size).toBeGreaterThan(4);
});

test.each([
  ["jspsych", /jspsych@\d+\.\d+\.\d+/],
  ["google-forms", /script\.google\.com[\s\S]*import-responses/],
  ["qualtrics", /Import a QSF file/],
])("a README explains how to import into %s", async (format, told) => {
  const files = await exported(format);
  expect(files["README.md"]).toMatch(told);
  for (const name of files["README.md"]!.match(/(?<=`)[\w-]+\.(gs|qsf|html)(?=`)/g)!)
    expect(Object.keys(files)).toContain(name);
});

interface QualtricsElement {
  Element: string;
  PrimaryAttribute: string;
  Payload: unknown;
}

interface Flowing {
  readonly Type: string;
  readonly ID?: string;
  readonly Flow?: readonly Flowing[];
}

test("Qualtrics gets a survey whose flow, blocks and questions refer to each other without gaps", async () => {
  const { SurveyElements } = JSON.parse((await exported("qualtrics"))[`${built.study.config.name}.qsf`]!) as {
    SurveyElements: QualtricsElement[];
  };
  const of = (name: string) => SurveyElements.filter(({ Element }) => Element === name);
  const blocks = of("BL")[0]!.Payload as { ID: string; BlockElements: { QuestionID: string }[] }[];
  const asked = blocks.flatMap(({ BlockElements }) => BlockElements.map(({ QuestionID }) => QuestionID));
  expect(asked.sort()).toEqual(
    of("SQ")
      .map(({ PrimaryAttribute }) => PrimaryAttribute)
      .sort(),
  );
  expect(new Set(asked).size).toBe(asked.length);
  const flow = JSON.stringify(of("FL")[0]!.Payload);
  const named = [...flow.matchAll(/"ID":"(BL_[^"]+)"/g)].map(([, id]) => id);
  expect(named.sort()).toEqual(blocks.map(({ ID }) => ID).sort());
  // Then the pair whose stories are also shown alone, and the questions about the participant.
  const [, drawn] = (of("FL")[0]!.Payload as Flowing).Flow!;
  for (const { Flow = [] } of drawn!.Flow!) {
    expect(Flow.map(({ Type }) => Type)).toEqual(["BlockRandomizer", "BlockRandomizer", "Standard"]);
    expect(Flow[0]!.Flow).toHaveLength(5);
    expect(Flow[1]!.Flow!.map(({ ID }) => ID)).toEqual([expect.stringMatching(/_q5$/)]);
    expect(Flow[2]!.ID).toMatch(/_q7$/);
  }
  const ids = [...flow.matchAll(/"FlowID":"([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

/** A fake Google service with the documented calls, and no others. */
function runScript(script: string) {
  const forms: { title: string; items: Record<string, unknown>[] }[] = [];
  const item = (form: (typeof forms)[number], kind: string, allowed: string[]) => () => {
    const own: Record<string, unknown> = { kind };
    form.items.push(own);
    const chain: Record<string, (...values: unknown[]) => unknown> = {};
    for (const name of allowed) {
      chain[name] = (...values) => {
        own[name] = values.length === 1 ? values[0] : values;
        return chain;
      };
    }
    return chain;
  };
  const FormApp = {
    create(title: string) {
      const form = { title, items: [] };
      forms.push(form);
      const self: Record<string, unknown> = {
        getPublishedUrl: () => "https://docs.google.com/forms/x",
        setPublished: () => self,
      };
      for (const name of ["setDescription", "setProgressBar", "setShuffleQuestions", "setCollectEmail"])
        self[name] = () => self;
      self["addPageBreakItem"] = item(form, "page", []);
      self["addSectionHeaderItem"] = item(form, "story", ["setTitle", "setHelpText"]);
      self["addMultipleChoiceItem"] = item(form, "choice", ["setTitle", "setChoiceValues", "setRequired"]);
      self["addScaleItem"] = item(form, "scale", ["setTitle", "setBounds", "setLabels", "setRequired"]);
      self["addParagraphTextItem"] = item(form, "text", ["setTitle", "setRequired"]);
      self["addTextItem"] = item(form, "line", ["setTitle", "setRequired"]);
      return self;
    },
  };
  runInNewContext(`${script}\nmakeForms();`, { FormApp, Logger: { log() {} } });
  return forms;
}

test("answers to the Google forms that the script makes are imported as judgments, once", async () => {
  const { study } = built;
  const made = runScript((await exported("google-forms"))["make-forms.gs"]!);
  const forms = await readForms(study);
  expect(made).toHaveLength(forms.length);
  const asked = made[0]!.items.filter(({ kind }) => !["page", "story"].includes(kind as string));
  const answer = (item: Record<string, unknown>, pick: number) => {
    if (item["kind"] === "choice") return (item["setChoiceValues"] as string[])[pick]!;
    if (item["kind"] === "scale") return String(pick + 2);
    return item["kind"] === "line" ? "40" : "A reason, with a comma";
  };
  const columns = ["Timestamp", ...asked.map(({ setTitle }) => setTitle as string)];
  expect(new Set(columns).size).toBe(columns.length);
  const rows = [0, 1].map((pick) => ({
    Timestamp: `2026/01/0${pick + 1} 10:00:00 AM GMT`,
    ...Object.fromEntries(asked.map((item) => [item["setTitle"], answer(item, pick)])),
  }));
  const file = study.path("responses.csv");
  await writeWhole(file, csv(columns, rows));
  const effects = quietEffects();
  const form = forms[0]!.id;
  await importResponses.run(study.folder, { files: [file], form }, effects);
  await importResponses.run(study.folder, { files: [file], form }, effects);
  expect(effects.logged).toEqual(["2 responses imported", "0 responses imported, 2 imported before"]);

  const judgments = await readJudgments(study);
  expect(judgments).toHaveLength(2 * forms[0]!.questions.length);
  const singles = judgments.filter(({ task }) => task === "human-or-machine");
  expect(new Set(singles.map(({ response }) => response.answer))).toEqual(new Set(["human", "machine"]));
  expect(singles[0]!.response["reason"]).toBe("A reason, with a comma");
  const pair = judgments.find(({ task }) => task === "which-is-human")!;
  expect(pair.stimuli).toEqual(forms[0]!.questions.find(({ id }) => id === pair.question)!.stimuli);
  expect(judgments.find(({ task }) => task === "demographics")!.response["age"]).toBe("40");

  // Cut off between two answers.
  const store = new Libsql(study.path("survey.sqlite"));
  store.exec("UPDATE participant SET completed = NULL");
  store.exec("DELETE FROM answer WHERE position > 2");
  store.close();
  await importResponses.run(study.folder, { files: [file], form }, effects);
  expect(effects.logged.at(-1)).toBe("2 responses imported");
  const again = (await readJudgments(study)).map(({ at: _, ...judgment }) => judgment);
  expect(again).toEqual(judgments.map(({ at: _, ...judgment }) => judgment));

  const first = columns[1]!;
  await writeWhole(file, csv(columns, [{ ...rows[0], [first]: "Perhaps" }]));
  await expect(importResponses.run(study.folder, { files: [file], form }, effects)).rejects.toThrow(
    /responses\.csv, line 2: question 1: "Perhaps" is not an answer to/,
  );
  await writeWhole(file, csv(columns.slice(0, 2), rows));
  await expect(importResponses.run(study.folder, { files: [file], form }, effects)).rejects.toThrow(
    /no column "/,
  );
  expect(await readJudgments(study)).toHaveLength(2 * forms[0]!.questions.length);
});

/** The judgments by question, without ids and times, which are new with every import. */
const judgedIn = async (built: Fixture) =>
  (await readJudgments(built.study)).map(({ participant: _, at: _at, ...judgment }) => judgment);

test("ten rows of a Google form without times, six of them equal, are ten participants", async () => {
  const own = await fixture();
  try {
    const [form] = await readForms(own.study);
    const { "make-forms.gs": script } = await exported("google-forms", own);
    const asked = runScript(script!)[0]!.items.filter(
      ({ kind }) => !["page", "story"].includes(kind as string),
    );
    const row = (pick: number) =>
      Object.fromEntries(
        asked.map((item) => [
          item["setTitle"],
          item["kind"] === "choice" ? (item["setChoiceValues"] as string[])[pick]! : "",
        ]),
      );
    const mixed = (at: number) =>
      Object.fromEntries(Object.keys(row(0)).map((name, place) => [name, row((at >> place) & 1)[name]]));
    const rows = [1, 1, 1, 1, 1, 1, 2, 3, 4, 5].map(mixed);
    const file = own.study.path("responses.csv");
    const columns = asked.map(({ setTitle }) => setTitle as string);
    await writeWhole(file, csv(columns, rows));
    const effects = quietEffects();
    await importResponses.run(own.study.folder, { files: [file], form: form!.id }, effects);
    await importResponses.run(own.study.folder, { files: [file], form: form!.id }, effects);
    // A newer export: two of its rows are new.
    await writeWhole(file, csv(columns, [...rows, mixed(1), mixed(6)]));
    await importResponses.run(own.study.folder, { files: [file], form: form!.id }, effects);
    expect(effects.logged).toEqual([
      "10 responses imported",
      "0 responses imported, 10 imported before",
      "2 responses imported, 10 imported before",
    ]);
    const judgments = await readJudgments(own.study);
    expect(new Set(judgments.map(({ participant }) => participant)).size).toBe(12);
    expect(judgments).toHaveLength(12 * form!.questions.length);
  } finally {
    await own.remove();
  }
});

test("data of the exported jsPsych page are imported in the order shown, with sides and times", async () => {
  const own = await fixture({
    tasks: [
      { task: "which-is-human", stimuli: 2 },
      { task: "how-it-felt", stimuli: 1 },
    ],
  });
  try {
    const files = await exported("jspsych", own);
    const [form] = await readForms(own.study);
    const people = Array.from({ length: 3 }, (_, person) => {
      const { timeline } = runPage(files["index.html"]!, `?form=${form!.id}`);
      return timeline.map((trial, at) => ({
        rt: trial.data ? 1000.4 + 10 * at + person : 500,
        trial_type: trial.type === "form" ? "survey-html-form" : trial.type,
        trial_index: at,
        time_elapsed: 2000 * at + person,
        form: form!.id,
        ...trial.data,
        response: trial.data
          ? JSON.stringify({ answer: answersOf[trial.data.task]![person % 2]!, confidence: "4", reason: "" })
          : "",
      }));
    });
    const columns = [...new Set(people.flat().flatMap(Object.keys))];
    const paths = people.map((_, person) => own.study.path(`${person}.csv`));
    for (const [person, rows] of people.entries()) await writeWhole(paths[person]!, csv(columns, rows));
    const effects = quietEffects();
    await importResponses.run(own.study.folder, { files: paths }, effects);
    // All in one file, as DataPipe and JATOS write them: nothing is new.
    const together = own.study.path("all.csv");
    await writeWhole(together, csv(columns, people.flat()));
    await importResponses.run(own.study.folder, { files: [together] }, effects);
    expect(effects.logged).toEqual(["3 responses imported", "0 responses imported, 3 imported before"]);

    const judgments = await readJudgments(own.study);
    expect(judgments).toHaveLength(3 * form!.questions.length);
    for (const [person, rows] of people.entries()) {
      const shown = rows.filter((row) => "question" in row) as (Trial["data"] & { rt: number })[];
      const id = judgments.find(({ ms }) => ms === Math.round(shown[0]!.rt))!.participant;
      const given = judgments.filter(({ participant }) => participant === id);
      const inOrder = given.toSorted((one, other) => one.order - other.order);
      expect(inOrder.map(({ question }) => question)).toEqual(shown.map(({ question }) => question));
      expect(inOrder.map(({ side }) => side)).toEqual(shown.map(({ side }) => side));
      expect(inOrder.map(({ ms }) => ms)).toEqual(shown.map(({ rt }) => Math.round(rt)));
      expect(inOrder.map(({ response }) => response.answer)).toEqual(
        shown.map(({ task }) => answersOf[task]![person % 2]),
      );
      const pair = given.find(({ task }) => task === "which-is-human")!;
      expect(pair.stimuli).toEqual(form!.questions.find(({ id }) => id === pair.question)!.stimuli);
    }
  } finally {
    await own.remove();
  }
});

const answersOf: Record<string, readonly [string, string]> = {
  "human-or-machine": ["human", "machine"],
  "which-is-human": ["left", "right"],
  "how-it-felt": ["2", "5"],
};

interface Asked {
  readonly DataExportTag: string;
  readonly QuestionType: string;
  readonly Choices?: Readonly<Record<string, { readonly Display: string }>>;
  readonly RecodeValues?: Readonly<Record<string, string>>;
}

/** The answers to the exported QSF as Qualtrics would export them: by value, or by the label of a choice. */
async function qualtricsResponses(built: Fixture, choose: "values" | "words") {
  const { SurveyElements } = JSON.parse(
    (await exported("qualtrics", built))[`${built.study.config.name}.qsf`]!,
  ) as { SurveyElements: QualtricsElement[] };
  const asked = SurveyElements.filter(({ Element }) => Element === "SQ")
    .map(({ Payload }) => Payload as Asked)
    .filter(({ QuestionType }) => QuestionType !== "DB");
  const people = [
    { ResponseId: "R_1", Status: "IP Address", form: 1, pick: 0, until: 99 },
    { ResponseId: "R_2", Status: "IP Address", form: 2, pick: 1, until: 99 },
    { ResponseId: "R_3", Status: "IP Address", form: 1, pick: 1, until: 2 },
    { ResponseId: "R_4", Status: "Survey Preview", form: 1, pick: 0, until: 99 },
  ];
  const answer = ({ Choices = {}, RecodeValues = {}, QuestionType }: Asked, pick: number) => {
    if (QuestionType === "TE") return "Because";
    const [place] = Object.keys(Choices).slice(pick);
    return choose === "values" ? RecodeValues[place!]! : Choices[place!]!.Display.replaceAll("&#39;", "'");
  };
  const rows = people.map(({ form, pick, until, ...about }) => ({
    StartDate: "2026-01-01 10:00:00",
    ...about,
    ...Object.fromEntries(
      asked.map((one) => {
        const [, number, question] = /^f(\d+)_q(\d+)_/.exec(one.DataExportTag)!;
        const isAnswered = Number(number) === form && Number(question) <= until;
        return [one.DataExportTag, isAnswered ? answer(one, pick) : ""];
      }),
    ),
  }));
  const columns = Object.keys(rows[0]!);
  const lines = Object.fromEntries(
    columns.map((column) => [column, column === "StartDate" ? "Start Date" : "What?"]),
  );
  const ids = Object.fromEntries(columns.map((column) => [column, JSON.stringify({ ImportId: column })]));
  return csv(columns, [lines, ids, ...rows]);
}

test("Qualtrics exports are imported by value or label, without previews and with partial responses", async () => {
  const tables = [];
  for (const choose of ["values", "words"] as const) {
    const own = await fixture({ tasks: [{ task: "how-it-felt", stimuli: 1 }], name: "of-qualtrics" });
    try {
      const file = own.study.path("qualtrics.csv");
      await writeWhole(file, await qualtricsResponses(own, choose));
      const effects = quietEffects();
      await importResponses.run(own.study.folder, { files: [file] }, effects);
      await importResponses.run(own.study.folder, { files: [file] }, effects);
      expect(effects.logged).toEqual([
        "3 responses imported, 1 without an answer to every question, 1 preview left out",
        "0 responses imported, 3 imported before, 1 without an answer to every question, 1 preview left out",
      ]);
      const forms = await readForms(own.study);
      expect(await readJudgments(own.study)).toHaveLength(2 * forms[0]!.questions.length + 2);
      tables.push(await judgedIn(own));
    } finally {
      await own.remove();
    }
  }
  // The same participants either way.
  const [values, words] = tables.map((table) => table.map((row) => JSON.stringify(row)).sort());
  expect(words).toEqual(values);
});

test("a table of another study is refused before anything is stored", async () => {
  const own = await fixture();
  try {
    const [form] = await readForms(own.study);
    const refused = async (content: string, message: RegExp, options: { form?: string } = {}) => {
      const file = own.study.path("answers.csv");
      await writeWhole(file, content);
      await expect(
        importResponses.run(own.study.folder, { files: [file], ...options }, quietEffects()),
      ).rejects.toThrow(message);
    };
    await refused("Timestamp,What?\n1,2\n", /answers\.csv: unknown kind of table/);
    await refused("ResponseId,StartDate,f9_q1_answer\nR_1,2026,human\n", /line 2: answers to form 9/);
    await refused(
      "trial_type,trial_index,form,question,response\nx,0,other,q,{}\n",
      /line 2: no form other in this study/,
    );
    await refused(
      `trial_type,trial_index,form,question,response\nx,0,${form!.id},q,{}\n`,
      /has no question q/,
    );
    await refused("trial_type,trial_index,response\nx,0,1\n", /has no trial with a question of this study/);
    expect(await readJudgments(own.study)).toEqual([]);
  } finally {
    await own.remove();
  }
});

test("an unknown format or form is refused with the known ones", async () => {
  await expect(exportForms.run(built.study.folder, { format: "typeform" }, quietEffects())).rejects.toThrow(
    "unknown format: typeform",
  );
  const options = { files: ["none.csv"], form: "no-form" };
  await expect(importResponses.run(built.study.folder, options, quietEffects())).rejects.toThrow(
    "no form no-form",
  );
});
