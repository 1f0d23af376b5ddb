import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportForms } from "../../src/exchange/export-forms.ts";
import { importResponses } from "../../src/exchange/import-responses.ts";
import { csv } from "../../src/tables/tables.ts";
import { readForms, readJudgments } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { type Fixture, quietEffects } from "../survey/fixture.ts";
import { studyWithQuestions } from "../survey/own-questions.ts";

let built: Fixture;
beforeAll(async () => {
  built = await studyWithQuestions();
});
afterAll(() => built?.remove());

async function exported(format: string, file: string) {
  const effects = quietEffects();
  await exportForms.run(built.study.folder, { format }, effects);
  return { text: await readFile(built.study.path("exports", format, file), "utf8"), said: effects.logged };
}

const asked = "why is asked of everybody, also without the answer to liking that it depends on";

test("Qualtrics gets every kind of question, and a line says what it does not do", async () => {
  const { text, said } = await exported("qualtrics", `${built.study.config.name}.qsf`);
  expect(said).toContain(`qualtrics: ${asked}`);
  expect(said).toContain("qualtrics: the least length of why is not checked");
  const { SurveyElements: elements } = JSON.parse(text) as {
    SurveyElements: { Element: string; Payload: Record<string, unknown> }[];
  };
  const questions = elements.filter(({ Element }) => Element === "SQ").map(({ Payload }) => Payload);
  const named = (start: string) =>
    questions.find(({ QuestionText }) => String(QuestionText).startsWith(start))!;
  expect(named("Which moods")).toMatchObject({ Selector: "MAVR", RecodeValues: { 1: "tender", 2: "sad" } });
  expect(named("How far do you agree? The story is vivid.")).toMatchObject({ Selector: "SAVR" });
  expect(named("How much did you like")).toMatchObject({ Selector: "SAHR" });
  expect(named("Which of the two stories … … moves you more?")).toMatchObject({ RecodeValues: { 3: "tie" } });
  // Questions at the start come before the randomised stories.
  const flow = elements.find(({ Element }) => Element === "FL")!.Payload as never as {
    Flow: [unknown, { Flow: [{ Flow: { Type: string; ID?: string }[] }] }];
  };
  expect(flow.Flow[1].Flow[0].Flow[0]).toMatchObject({ Type: "Standard", ID: "BL_f1_q1" });
  expect(named("How often do you read")["DataExportTag"]).toBe("f1_q1_reads");
});

test("jsPsych asks every kind of question as the survey does", async () => {
  const { text, said } = await exported("jspsych", "index.html");
  expect(said).toContain(`jspsych: ${asked}`);
  expect(said.join()).not.toContain("least length");
  for (const part of ['minlength=\\"12\\"', 'name=\\"answer.tender\\"', "fully", "No difference"])
    expect(text).toContain(part);
});

test("a Google form's answers come back: several options, labels, and a text that is too short", async () => {
  const { text } = await exported("google-forms", "make-forms.gs");
  const [, json] = /const forms = (\[.*?\n\]);/s.exec(text)!;
  type Item = { title: string; kind: string; labels?: string[]; least?: number };
  const [form] = JSON.parse(json!) as { pages: { items: Item[] }[] }[];
  const items = form!.pages.flatMap((page) => page.items);
  expect(items.find(({ title }) => title.includes("What did you like"))!.least).toBe(12);
  // Google's scales have at most 10 steps.
  expect(items.find(({ title }) => title.includes("How much did you like"))!.labels).toHaveLength(11);
  const answerTo = ({ kind, labels, title }: Item) => {
    if (kind === "several") return "Tender, Sad, or bitter";
    if (labels) return labels.at(-1)!;
    if (kind === "scale") return "2";
    return title.includes("What did you like") ? "Short." : "";
  };
  const row = Object.fromEntries(items.map((item) => [item.title, answerTo(item)]));
  const file = join(built.study.folder, "responses.csv");
  await writeWhole(file, csv(Object.keys(row), [row]));
  const id = (await readForms(built.study))[0]!.id;
  await importResponses.run(built.study.folder, { files: [file], form: id }, quietEffects());
  const answers = new Map((await readJudgments(built.study)).map(({ task, response }) => [task, response]));
  expect(answers.get("mood")!.answer).toBe("tender|sad");
  expect(answers.get("why")!.answer).toBe("Short.");
  expect(answers.get("liking")!.answer).toBe("11");
  expect(answers.get("quality-vivid")!.answer).toBe("4");
  expect(answers.get("better-moving")!.answer).toBe("tie");
  expect(answers.get("reads")!["reads"]).toBe("rarely");
});
