import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Field } from "../../src/study/settings/survey.ts";
import { languages, phrasesOf } from "../../src/survey/languages.ts";
import { renderItems } from "../../src/tasks/items.ts";
import type { Origin } from "../../src/tasks/kinds.ts";
import type { Task } from "../../src/tasks/task.ts";
import { taskNamed, tasks } from "../../src/tasks/tasks.ts";

const fields: Field[] = StudyConfig.parse({
  name: "x",
  survey: {
    demographics: [
      { name: "age", ask: "How old are you?", number: true, required: true },
      { name: "reads", ask: "How often do you read?", options: ["daily", "rarely"] },
      { name: "tongue", ask: "What is your first language?" },
    ],
  },
}).survey.demographics;

const viewOf = (task: Task, language: string, given?: object) =>
  renderItems(task.items(phrasesOf(language), fields), phrasesOf(language), given as Record<string, unknown>);

const simulated = (task: Task, origins: readonly Origin[], skill: number, bias: number, draws: number) =>
  Array.from({ length: draws }, (_, draw) =>
    task.simulate(origins, { skill, bias }, randomFrom("tasks", task.name, draw), fields),
  );

const mean = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe.each(tasks.map((task) => [task.name, task] as const))("%s", (_, task: Task) => {
  const origins: Origin[] = ["human", "machine"].slice(0, task.stimuli) as Origin[];
  const schema = task.response(fields);

  test("accepts its simulated readers' answers unchanged", () => {
    for (const response of simulated(task, origins, 1, 0, 200))
      expect(schema.parse(response)).toEqual(response);
  });

  test.each(languages())("has its phrases in %s, and its form offers the valid answers", (language) => {
    const { markup } = viewOf(task, language);
    const radios = [...markup.matchAll(/type="radio" name="([^"]+)" value="([^"]+)"/g)];
    for (const [, name, value] of radios) {
      const [base] = simulated(task, origins, 0, 0, 1);
      expect(schema.safeParse({ ...base, [name!]: value }).success).toBe(true);
    }
    expect(
      radios.length + (markup.match(/<textarea|<input type="(text|number)"/g) ?? []).length,
    ).toBeGreaterThan(0);
  });

  test("shows an earlier answer again", () => {
    for (const response of simulated(task, origins, 0, 0, 20)) {
      const { markup } = viewOf(task, "en", response);
      const chosen = [...markup.matchAll(/value="([^"]+)"[^>]* checked/g)].map(([, value]) => value);
      const options = [...markup.matchAll(/type="radio" name="([^"]+)"/g)].map(([, name]) => name!);
      expect(chosen.sort()).toEqual(
        [...new Set(options)]
          .flatMap((name) => (response[name] === undefined ? [] : [response[name]]))
          .sort(),
      );
    }
  });

  test("refuses lists, objects and very long fields", () => {
    const [good] = simulated(task, origins, 0, 0, 1);
    for (const answer of [["human", "machine"], { a: 1 }, "x".repeat(5000), 7]) {
      expect(schema.safeParse({ ...good, answer }).success).toBe(false);
    }
  });
});

test("a reader with skill d' is right as often as signal detection predicts", () => {
  const humanOrMachine = taskNamed("human-or-machine")!;
  const single = (["human", "machine"] as Origin[]).flatMap((origin) =>
    simulated(humanOrMachine, [origin], 2, 0, 4000).map(
      (response) => humanOrMachine.score(response, [origin])!,
    ),
  );
  // Phi(1) = .8413; four standard errors of 8,000 draws are .016.
  expect(Math.abs(mean(single) - 0.8413)).toBeLessThan(0.016);
  const pair = taskNamed("which-is-human")!;
  const shown: Origin[] = ["machine", "human"];
  const pairs = simulated(pair, shown, 1, 0, 8000).map((response) => pair.score(response, shown)!);
  // Phi(1 / sqrt 2) = .7602.
  expect(Math.abs(mean(pairs) - 0.7602)).toBeLessThan(0.019);
});

test("without a right answer there is no score", () => {
  expect(taskNamed("how-it-felt")!.score({ answer: "3" }, ["human"])).toBeUndefined();
  expect(taskNamed("which-is-human")!.score({ answer: "left" }, ["human", "human"])).toBeUndefined();
  expect(taskNamed("human-or-machine")!.score({ answer: "human" }, [])).toBeUndefined();
  expect(taskNamed("attention-check")!.score({ answer: "seldom" }, [])).toBe(1);
  expect(taskNamed("attention-check")!.score({ answer: "often" }, [])).toBe(0);
});

test("the researcher's own fields are validated, and others are ignored", () => {
  const schema = taskNamed("demographics")!.response(fields);
  expect(schema.safeParse({ reads: "daily" }).success).toBe(false);
  expect(schema.safeParse({ age: "forty" }).success).toBe(false);
  expect(schema.safeParse({ age: "40", reads: "hourly" }).success).toBe(false);
  expect(schema.parse({ age: "40", reads: "daily", form: "mine", __proto__: { x: "y" } })).toEqual({
    answer: "given",
    age: "40",
    reads: "daily",
  });
  const taken = { name: "x", survey: { demographics: [{ name: "form", ask: "?" }] } };
  expect(StudyConfig.safeParse(taken).error?.issues[0]?.message).toContain("is taken");
});

test("all languages have the same phrases with the same placeholders", async () => {
  const { readFile } = await import("node:fs/promises");
  const [first, ...rest] = await Promise.all(
    languages().map(async (code) =>
      Object.entries(
        JSON.parse(
          await readFile(new URL(`../../src/survey/languages/${code}.json`, import.meta.url), "utf8"),
        ) as Record<string, string>,
      )
        .map(([key, text]) => `${key} ${(text.match(/\{\w+\}/g) ?? []).sort().join(" ")}`)
        .sort(),
    ),
  );
  expect(rest.length).toBeGreaterThan(0);
  for (const other of rest) expect(other).toEqual(first);
});
