import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { OwnQuestion } from "../../src/study/settings/questions.ts";
import { phrasesOf } from "../../src/survey/languages.ts";
import { renderItems } from "../../src/tasks/items.ts";
import { languagesIn, taskNamesOf, tasksOf } from "../../src/tasks/questions.ts";
import type { Task } from "../../src/tasks/task.ts";
import { checkTaskSettings } from "../../src/tasks/task-settings.ts";
import { messageOf, StudyError } from "../../src/workbench/errors.ts";
import { parseConfig, studyOf } from "../../src/workbench/study.ts";
import { ownQuestions } from "../survey/own-questions.ts";

const questionOf = (given: object) => OwnQuestion.parse({ name: "one", ask: "One?", ...given });
const parsed = ownQuestions.map((question) => OwnQuestion.parse(question));
const all: Task[] = parsed.flatMap((question) => tasksOf(question, "en", ["en", "de"]));
const words = phrasesOf("en");

describe.each(all.map((task) => [task.name, task] as const))("the task %s", (_, task) => {
  test("accepts its simulated readers' answers unchanged, and has all its texts in both languages", () => {
    const random = randomFrom("questions", task.name);
    for (let at = 0; at < 50; at++) {
      const response = task.simulate([], { skill: 0, bias: 0 }, random);
      expect(task.response().parse(response)).toEqual(response);
    }
    const [english, german] = ["en", "de"].map(
      (code) => renderItems(task.items(phrasesOf(code)), phrasesOf(code)).markup,
    );
    expect(english).not.toBe(german);
    // A missing phrase would show its key.
    expect(`${english}${german}`).not.toMatch(/>(ask|row|low|high|label\.|option\.|better\.)/);
  });
});

test("the rows of a matrix and the criteria of a comparison are tasks with one group", () => {
  expect(
    all.map(({ name, kind, stimuli, group = "" }) => `${name} ${kind} ${stimuli} ${group}`.trim()),
  ).toEqual([
    "reads about 0",
    "liking rating 1",
    "quality-vivid rating 1 quality",
    "quality-honest rating 1 quality",
    "mood choice 1",
    "ending choice 1",
    "why text 1",
    "better-moving pair 2 better",
    "better-written pair 2 better",
    "views about 0",
  ]);
  expect(parsed.flatMap(taskNamesOf)).toEqual(all.map(({ name }) => name));
  expect(all.map(({ optional = false }) => optional)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("an answer is checked: steps, options, several options, and the length of a text", () => {
  const accepts = (given: object, fields: Record<string, string>) =>
    tasksOf(questionOf(given), "en")[0]!.response().safeParse(fields).success;
  const scale = { kind: "rating", low: "low", high: "high", steps: 2 };
  expect(accepts(scale, { answer: "2" })).toBe(true);
  expect(accepts(scale, { answer: "3" })).toBe(false);
  expect(accepts(scale, {})).toBe(false);
  expect(accepts({ ...scale, required: false }, {})).toBe(true);
  const options = { kind: "choice", options: { a: "A", b: "B" } };
  expect(accepts(options, { answer: "a" })).toBe(true);
  expect(accepts(options, { answer: "a|b" })).toBe(false);
  const several = { ...options, several: true };
  expect(accepts(several, { "answer.a": "yes", "answer.b": "yes" })).toBe(true);
  expect(accepts(several, { answer: "a|c" })).toBe(false);
  expect(accepts(several, {})).toBe(false);
  const text = { kind: "text", least: 5 };
  expect(accepts(text, { answer: "four" })).toBe(false);
  expect(accepts(text, { answer: "     " })).toBe(true);
  expect(accepts(text, { answer: "fiver" })).toBe(true);
  expect(accepts({ ...text, required: true }, { answer: "     " })).toBe(false);
  const better = { kind: "better" };
  expect(accepts(better, { answer: "tie" })).toBe(true);
  expect(accepts({ ...better, ties: false }, { answer: "tie" })).toBe(false);
  const [task] = tasksOf(questionOf(several), "en");
  expect(task!.response().parse({ "answer.b": "yes", "answer.a": "yes" })).toEqual({ answer: "a|b" });
});

test("what may be skipped says so; labels are shown for each step; texts are escaped", () => {
  const markupOf = (given: object) =>
    renderItems(
      tasksOf(questionOf(given), "en").flatMap((task) => task.items(words)),
      words,
    ).markup;
  const labels = ["<never>", "at times", "always"];
  const required = markupOf({ kind: "rating", labels });
  expect(required).toContain("&lt;never&gt;");
  expect(required).not.toContain("(optional)");
  expect(markupOf({ kind: "rating", labels, required: false })).toContain("One? (optional)");
  const matrix = markupOf({ kind: "rating", labels, items: { a: "First.", b: "Second." }, required: false });
  expect(matrix.match(/\(optional\)/g)).toHaveLength(1);
  expect(matrix.match(/<fieldset/g)).toHaveLength(3);
  expect(markupOf({ kind: "text", least: 20 })).toMatch(/at least 20 characters.*minlength="20"/s);
});

describe("a mistake is one clear line:", () => {
  const base = { name: "study", compose: { tasks: [{ task: "human-or-machine" }] } };
  const problemOf = (questions: readonly object[], compose: object = base.compose, folder = "/a") => {
    try {
      const config = StudyConfig.parse({ ...base, compose, survey: { questions } });
      checkTaskSettings(studyOf(`${folder}${Math.random()}`, config).config);
      return "";
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(StudyError);
      return `${messageOf(thrown)} | ${(thrown as StudyError).hint}`;
    }
  };
  const unique = (at: number) => ({ name: `mistake-${at}`, ask: "Why?" });
  const scale = { kind: "rating", low: "low", high: "high" };

  test.each([
    [
      "a language is missing",
      [{ ...unique(1), ...scale, ask: { en: "Why?", de: "Warum?" } }],
      /mistake-1: low has no text in the language de \| write \{en: \.\.\., de: \.\.\.\}/,
    ],
    [
      "the survey's language is missing",
      [{ ...unique(2), kind: "text", ask: { de: "Warum?" } }],
      /mistake-2: ask has no text in the language en/,
    ],
    ["a scale has no labels", [{ ...unique(3), kind: "rating" }], /mistake-3 has no labels for its scale/],
    [
      "a scale has labels twice",
      [{ ...unique(4), ...scale, labels: ["a", "b"] }],
      /mistake-4 has labels for each step, and also steps, low or high/,
    ],
    [
      "it depends on a question that is not asked",
      [{ ...unique(5), kind: "text", if: { question: "nothing", is: "a" } }],
      /mistake-5 depends on nothing, which is not asked/,
    ],
    [
      "it depends on a later question",
      [
        { ...unique(6), kind: "text", if: { question: "mistake-7", is: 1 } },
        { ...unique(7), ...scale },
      ],
      /mistake-6 depends on mistake-7, which is not asked before it/,
    ],
    [
      "it depends on an answer that does not exist",
      [
        { ...unique(8), ...scale, steps: 5 },
        { ...unique(9), kind: "text", if: { question: "mistake-8", is: [5, 6] } },
      ],
      /depends on mistake-8, which has no answer 6 \| try 1, 2, 3, 4, 5/,
    ],
    [
      "it depends on a matrix instead of a row",
      [
        { ...unique(10), ...scale, items: { a: "A", b: "B" } },
        { ...unique(11), kind: "text", if: { question: "mistake-10", is: 1 } },
      ],
      /which is several questions \| name one of mistake-10-a, mistake-10-b/,
    ],
    [
      "two questions have one name",
      [
        { ...unique(12), kind: "text" },
        { ...unique(12), ...scale },
      ],
      /two questions are called mistake-12/,
    ],
    [
      "it has the name of a task",
      [{ ...unique(13), name: "free-text", kind: "text" }],
      /two tasks called free-text/,
    ],
  ])("%s", (_, questions, expected) => {
    expect(problemOf(questions)).toMatch(expected);
  });

  test("an unknown setting, with those of the kind", () => {
    const text = "name: a\nsurvey: {questions: [{name: b, kind: text, ask: C, lest: 5}]}";
    expect(() => parseConfig(text, "study.yaml")).toThrow(/survey\.questions\.0\.lest: no such setting/);
    try {
      parseConfig(text, "study.yaml");
    } catch (thrown) {
      expect((thrown as StudyError).hint).toBe("did you mean least?");
    }
  });

  test("another study's question of the same name", () => {
    const question = { ...unique(14), kind: "text" };
    expect(problemOf([question])).toBe("");
    expect(problemOf([question])).toBe("");
    expect(problemOf([{ ...question, ask: "Why else?" }])).toMatch(
      /another study .* also has a question mistake-14/,
    );
  });
});

test("questions that compose.tasks does not list are asked after the others; a matrix may be listed by its name", () => {
  const tasksIn = (tasks: object[]) => {
    const config = StudyConfig.parse({
      name: "study",
      compose: { tasks },
      survey: { questions: ownQuestions },
    });
    const study = studyOf("/listed", config);
    // Opening a study again changes nothing.
    expect(studyOf("/listed", study.config).config).toEqual(study.config);
    return study.config.compose.tasks.map(({ task, count }) => `${task} ${count}`);
  };
  expect(tasksIn([{ task: "quality", count: 2 }, { task: "human-or-machine" }])).toEqual([
    "quality-vivid 2",
    "quality-honest 2",
    "human-or-machine all",
    "reads all",
    "liking all",
    "mood all",
    "ending all",
    "why all",
    "better-moving all",
    "better-written all",
    "views all",
  ]);
});

test("all languages are those of the survey and of any text", () => {
  expect(languagesIn(parsed, "en")).toEqual(["en", "de"]);
  expect(languagesIn([questionOf({ kind: "text" })], "de")).toEqual(["de"]);
});
