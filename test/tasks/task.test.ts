import { afterEach, describe, expect, test } from "vitest";
import { StudyConfig } from "../../src/study/config.ts";
import { phrasesOf } from "../../src/survey/languages.ts";
import type { Item } from "../../src/tasks/items.ts";
import { defineTask, type TaskDefinition } from "../../src/tasks/task.ts";
import { addTask, requireTask, taskNamed, tasks } from "../../src/tasks/tasks.ts";

const choiceOf = (...values: string[]): Item => ({
  kind: "choice",
  name: "answer",
  ask: "?",
  options: values.map((value) => [value, value]),
  required: true,
});
const phrases = { en: { asked: "who it was" } };
const definition = (changes: Partial<TaskDefinition> = {}): TaskDefinition => ({
  name: "who-was-it",
  kind: "choice",
  asksOrigin: true,
  phrases,
  items: () => [choiceOf("machine", "human")],
  ...changes,
});

let remove = () => {};
afterEach(() => remove());

describe("a contradictory definition is a one-line error that names the task and the fix", () => {
  test.each<[Partial<TaskDefinition>, string]>([
    [{ name: "Who was it?" }, 'task "Who was it?": invalid name'],
    [{ kind: "guess" as never }, "task who-was-it: unknown kind guess"],
    [{ kind: "rating" }, "a rating cannot ask about origin"],
    [{ asksFeeling: true }, "a choice cannot ask about feeling"],
    [{ items: () => [] }, "no item is called answer"],
    [{ items: () => [choiceOf("human", "robot")] }, "its answers are human, robot"],
    [{ kind: "pair" }, "its answers are machine, human"],
    [{ kind: "rating", asksOrigin: false }, "its answer is not a scale of numbers"],
    [{ kind: "text", asksOrigin: false }, "its answer is a choice"],
    [{ kind: "check", asksOrigin: false }, "its right answer is not given"],
    [
      { items: () => [choiceOf("human", "machine"), { ...choiceOf("a"), name: "form" }] },
      "cannot be called form",
    ],
    [{ phrases: {} }, "the task who-was-it has no phrases"],
    [{ phrases: { en: { ask: "?" } } }, 'no phrase "asked" in the language en'],
    [{ phrases: { ...phrases, de: {} } }, 'no phrase "asked" in the language de'],
  ])("%j", (changes, message) => {
    expect(() => defineTask(definition(changes))).toThrow(message);
  });
});

test("what a task does follows from its kind and its items", () => {
  const task = defineTask(definition());
  expect(task).toMatchObject({ stimuli: 1, place: "last", asksOrigin: true, asksFeeling: false });
  expect(task.score({ answer: "human" }, ["human"])).toBe(1);
  expect(task.score({ answer: "human" }, ["machine"])).toBe(0);
  expect(task.response().safeParse({ answer: "robot" }).success).toBe(false);
  const plain = defineTask(definition({ asksOrigin: false, items: () => [choiceOf("yes", "no")] }));
  expect(plain.score({ answer: "yes" }, ["human"])).toBeUndefined();
});

test("a task without phrases in the survey's language is refused: no page mixes languages", () => {
  const task = defineTask(definition());
  expect(task.asked(phrasesOf("en"))).toBe("who it was");
  expect(() => task.items(phrasesOf("de"))).toThrow("the task who-was-it has no phrases in the language de");
});

test("forms use an added task like any other; another one with its name is refused", () => {
  const task = defineTask(definition());
  expect(() => requireTask("compose.tasks", task.name)).toThrow("compose.tasks: unknown task who-was-it");
  remove = addTask(task);
  expect(requireTask("compose.tasks", task.name)).toBe(task);
  addTask(task)();
  expect(tasks.filter(({ name }) => name === task.name)).toEqual([task]);
  expect(() => addTask(defineTask(definition()))).toThrow("there are two tasks called who-was-it");
  expect(() => addTask(defineTask(definition({ name: "human-or-machine" })))).toThrow("human-or-machine");
  const others = tasks.length - 1;
  remove();
  remove();
  expect(taskNamed(task.name)).toBeUndefined();
  expect(tasks).toHaveLength(others);
});

test("by default a study asks who wrote a story", () => {
  const [asked] = StudyConfig.parse({ name: "test" }).compose.tasks;
  expect(taskNamed(asked!.task)).toMatchObject({ kind: "choice", asksOrigin: true });
});
