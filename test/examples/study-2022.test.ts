import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Row, readTable } from "../../src/tables/tables.ts";
import { readText } from "../../src/workbench/files.ts";

const judgments = await readTable("examples/study-2022/judgments.csv");
const isRight = ({ origin, response }: Row) => origin === response;
const points = (of: (judgment: Row) => boolean) => judgments.filter(of).filter(isRight).length;
const participantsOf = (form: string) =>
  new Set(judgments.filter((judgment) => judgment["form"] === form).map(({ participant }) => participant));

test("the table has the published responses, points and accuracies", () => {
  expect(judgments).toHaveLength(78);
  const byForm = ["2", "3", "4"].map((form) => [
    participantsOf(form).size,
    points((row) => row["form"] === form),
  ]);
  expect(byForm).toEqual([
    [4, 11],
    [1, 5],
    [8, 23],
  ]);
  expect(points(({ origin }) => origin === "human")).toBe(21);
  expect(points(({ origin }) => origin === "machine")).toBe(18);
});

test("every participant judges three human and three machine stories of one form, each once", () => {
  const people = new Set(judgments.map(({ participant }) => participant));
  expect(people.size).toBe(13);
  for (const participant of people) {
    const answers = judgments.filter((judgment) => judgment["participant"] === participant);
    expect(answers.map(({ order }) => Number(order)).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(answers.map(({ stimulus }) => stimulus)).size).toBe(6);
    expect(new Set(answers.map(({ form }) => form)).size).toBe(1);
    expect(answers.filter(({ origin }) => origin === "human")).toHaveLength(3);
    for (const { response } of answers) expect(["human", "machine"]).toContain(response);
  }
});

test("the script next to the table reproduces it", async () => {
  const made = execFileSync(process.execPath, ["examples/study-2022/reconstruct.mjs"], { encoding: "utf8" });
  expect(made).toBe(await readText("examples/study-2022/judgments.csv"));
});
