import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { instructionsFor } from "../../src/survey/instructions.ts";
import { phrasesOf } from "../../src/survey/languages.ts";
import { readTable } from "../../src/tables/tables.ts";
import { confidenceAndReason } from "../../src/tasks/items.ts";
import { defineTask } from "../../src/tasks/task.ts";
import { addTask } from "../../src/tasks/tasks.ts";
import { readForms } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { checkedInR, hasR } from "../helpers/check-r.ts";
import { oneForm, smallStudy, storyTable, tinylove } from "../helpers/small-study.ts";

/** Like `human-or-machine`, with another name and other phrases. */
const person = defineTask({
  name: "person-or-program",
  kind: "choice",
  asksOrigin: true,
  phrases: {
    en: {
      asked: "whether a story is a person's or a program's",
      ask: "A person's or a program's?",
      human: "A person's",
      machine: "A program's",
    },
  },
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("ask"),
      options: ["human", "machine"].map((answer) => [answer, words(answer)] as const),
      required: true,
    },
    ...confidenceAndReason(words),
  ],
});

const settings = (name: string) => [
  oneForm.replace(
    "forms: 1, human: 1, machine: 1",
    `forms: 6, human: 2, machine: 2, tasks: [{task: ${name}}]`,
  ),
  "corpus: {file: stories.csv, split: {train: 4, validation: 0, test: 12}}\n",
  "analyse: {draws: 1000}\n",
  "survey: {quota: 48, consent: Text., contact: a@example.org}\n",
];

/** Runs a study through every stage up to its package, and returns the simulated copy. */
async function studied(name: string): Promise<string> {
  const folder = await smallStudy(...settings(name));
  const rows = Array.from({ length: 16 }, (_, at) => {
    const words = Array.from({ length: 95 }, (_, word) => `w${at}x${word}`).join(" ");
    return `Title ${at},${words}.,post-${at}`;
  });
  await writeWhole(join(folder, "stories.csv"), storyTable(rows));
  for (const stage of ["collect", "generate", "compose"])
    expect(await tinylove(stage, "--study", folder)).toMatchObject({ code: 0 });
  const simulated = `${folder}-simulated`;
  const how = ["--participants", "48", "--skill", "1.5"];
  expect(await tinylove("simulate", "--study", folder, ...how)).toMatchObject({ code: 0 });
  for (const stage of ["judgments", "analyse", "package"])
    expect(await tinylove(stage, "--study", simulated)).toMatchObject({ code: 0 });
  return simulated;
}

let [copied, original, remove] = ["", "", () => {}];
beforeAll(async () => {
  remove = addTask(person);
  copied = await studied(person.name);
  original = await studied("human-or-machine");
});
afterAll(() => remove());

const json = async (folder: string, file: string) => JSON.parse(await readFile(join(folder, file), "utf8"));

test("with a copied task participants are told that some stories are by a machine", async () => {
  const study = await openStudy(copied);
  const [form] = await readForms(study);
  const told = instructionsFor(form!.questions, "en", phrasesOf("en"), true);
  expect(told).toContain("Some were written by a person, some by a machine.");
  expect(told).toContain("You will be asked whether a story is a person's or a program's.");
});

test("power plans for it, and the verdict uses its answers: the figures are those of the original", async () => {
  const planned = async (folder: string) => tinylove("power", "--study", folder, "--check", "0", "--json");
  const { code, printed } = await planned(copied);
  expect(code).toBe(0);
  expect(printed).toBe((await planned(original)).printed);
  const [own, other] = [
    await json(copied, "findings/verdict.json"),
    await json(original, "findings/verdict.json"),
  ];
  expect(own.numbers.overall.judgments).toBe(192);
  expect(own.numbers.overall.judgments).toBe(other.numbers.overall.judgments);
});

test("its package says which judgments the verdict uses, and check.R agrees there and in the study", async () => {
  const rows = await readTable(join(copied, "package/csv/judgments.csv"));
  expect(rows).toHaveLength(192);
  expect(new Set(rows.map((row) => `${row["task"]} ${row["in_verdict"]}`))).toEqual(
    new Set([`${person.name} TRUE`]),
  );
  expect(await readFile(join(copied, "package/README.md"), "utf8")).toContain(
    `The share of correct answers to \`${person.name}\`, by \`origin\``,
  );
  if (!hasR) return;
  expect(await tinylove("report", "--no-pdf", "--study", copied)).toMatchObject({ code: 0 });
  for (const output of checkedInR([join(copied, "package"), join(copied, "report")])) {
    expect(output).toContain("all figures agree");
    expect(output).not.toContain("DIFFER");
  }
});

test("the package can be analysed where the task is unknown", async () => {
  remove();
  try {
    const table = join(copied, "package/csv/judgments.csv");
    const { code, printed } = await tinylove("analyse", "--judgments", table, "--json");
    expect(code).toBe(0);
    const { overall } = (await json(copied, "findings/verdict.json")).numbers;
    const found = JSON.parse(printed).verdict.overall;
    expect(found.correct).toBe(overall.correct);
    expect(found.standardError).toBeCloseTo(overall.standardError, 10);
    const refused = await tinylove("analyse", "--study", copied);
    expect(refused.code).toBe(1);
    expect(refused.logged.join("\n")).toContain(`unknown task ${person.name}`);
  } finally {
    remove = addTask(person);
  }
});

test("a survey in a language without phrases for the task is refused before anything runs", async () => {
  const inGerman = settings(person.name).map((part) => part.replace("survey: {", "survey: {language: de, "));
  const { code, logged } = await tinylove("run", "--study", await smallStudy(...inGerman));
  expect(code).toBe(1);
  expect(logged.join("\n")).toContain("the task person-or-program has no phrases in the language de");
});

test("two tasks about who wrote a story are refused in one study", async () => {
  const both = settings(person.name).map((part) =>
    part.replace("tasks: [", "tasks: [{task: human-or-machine}, "),
  );
  const { code, logged } = await tinylove("compose", "--study", await smallStudy(...both));
  expect(code).toBe(1);
  expect(logged.join("\n")).toContain(
    "compose.tasks: human-or-machine and person-or-program ask the same question, who wrote a story",
  );
});
