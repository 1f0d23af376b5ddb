import { readFile } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import Libsql from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportForms } from "../../src/serve/export-forms.ts";
import { importResponses } from "../../src/serve/import-responses.ts";
import { readForms, readJudgments } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { csv } from "../../src/workbench/tables.ts";
import { type Fixture, fixture, quietEffects } from "./fixture.ts";

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

async function exported(format: string): Promise<Record<string, string>> {
  const effects = quietEffects();
  await exportForms.run(built.study.folder, { format }, effects);
  return Object.fromEntries(
    await Promise.all(
      effects.said.map(async (path) => [path.split("/").at(-1)!, await readFile(path, "utf8")] as const),
    ),
  );
}

test.each(["jspsych", "google-forms", "qualtrics"])(
  "%s gets every text of every form, and no word of the key",
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

/** jsPsych itself is not here: this takes the calls that the page makes of it, and returns what it was given to run. */
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

test("jsPsych gets a page that asks every question of a form once, in an order like ours", async () => {
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
      // Two questions about one story come one after the other.
      expect(tasks[tasks.indexOf("how-it-felt") - 1]).toBe("human-or-machine");
      // The pair has stories that stand alone as well in this study, so it comes after them.
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
])("a README tells how %s takes it in", async (format, told) => {
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

test("Qualtrics gets a survey whose flow, blocks and questions name each other without a gap", async () => {
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
  // Then the pair whose stories are read alone as well, and what is asked about oneself.
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

/** Google's own service is not here: this one takes the calls that its documentation names, and no other. */
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

test("answers to the Google forms that the script makes come back as judgments, once", async () => {
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
  expect(effects.said).toEqual(["2 responses taken in", "0 responses taken in, 2 were there already"]);

  const judgments = await readJudgments(study);
  expect(judgments).toHaveLength(2 * forms[0]!.questions.length);
  const singles = judgments.filter(({ task }) => task === "human-or-machine");
  expect(new Set(singles.map(({ response }) => response.answer))).toEqual(new Set(["human", "machine"]));
  expect(singles[0]!.response["reason"]).toBe("A reason, with a comma");
  const pair = judgments.find(({ task }) => task === "which-is-human")!;
  expect(pair.stimuli).toEqual(forms[0]!.questions.find(({ id }) => id === pair.question)!.stimuli);
  expect(judgments.find(({ task }) => task === "demographics")!.response["age"]).toBe("40");

  // Cut off between one answer and the next.
  const store = new Libsql(study.path("survey.sqlite"));
  store.exec("UPDATE participant SET completed = NULL");
  store.exec("DELETE FROM answer WHERE position > 2");
  store.close();
  await importResponses.run(study.folder, { files: [file], form }, effects);
  expect(effects.said.at(-1)).toBe("2 responses taken in");
  const again = (await readJudgments(study)).map(({ at: _, ...judgment }) => judgment);
  expect(again).toEqual(judgments.map(({ at: _, ...judgment }) => judgment));

  const first = columns[1]!;
  await writeWhole(file, csv(columns, [{ ...rows[0], [first]: "Perhaps" }]));
  await expect(importResponses.run(study.folder, { files: [file], form }, effects)).rejects.toThrow(
    /responses\.csv, line 2: question 1: "Perhaps" is no answer to/,
  );
  await writeWhole(file, csv(columns.slice(0, 2), rows));
  await expect(importResponses.run(study.folder, { files: [file], form }, effects)).rejects.toThrow(
    /there is no column/,
  );
  expect(await readJudgments(study)).toHaveLength(2 * forms[0]!.questions.length);
});

test("an unknown format or form names those that there are", async () => {
  await expect(exportForms.run(built.study.folder, { format: "typeform" }, quietEffects())).rejects.toThrow(
    "unknown format: typeform",
  );
  const options = { files: ["none.csv"], form: "no-form" };
  await expect(importResponses.run(built.study.folder, options, quietEffects())).rejects.toThrow(
    "no form no-form",
  );
});
