import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { responseQualityOf, type TimedAnswer } from "../../src/survey/response-quality.ts";
import { readTable } from "../../src/tables/tables.ts";
import { fixture, hiddenFields, progressOf, quietEffects, served, TestClient } from "./fixture.ts";
import { eachStore } from "./stores.ts";

const wordsOf = new Map([
  ["one", 100],
  ["two", 100],
]);

const answer = (changes: Partial<TimedAnswer>): TimedAnswer => ({
  question: "q",
  task: "human-or-machine",
  stimuli: ["one"],
  answer: "human",
  ms: undefined,
  at: 0,
  ...changes,
});

const fastOf = (answers: readonly TimedAnswer[], started = 0) =>
  responseQualityOf(started, answers, [], { wordsOf, fastest: 1000 }).fastPages;

test("a page is too fast if its words cannot be read in its time: a hundred words in under six seconds", () => {
  expect(fastOf([answer({ ms: 5999 })])).toBe(1);
  expect(fastOf([answer({ ms: 6000 })])).toBe(0);
  expect(fastOf([answer({ stimuli: ["one", "two"], ms: 11_000 })])).toBe(1);
  expect(fastOf([answer({ stimuli: [], task: "attention-check", ms: 1 })])).toBe(0);
});

test("a second question about a story that has been read may be answered at once", () => {
  expect(fastOf([answer({ ms: 9000 }), answer({ task: "how-it-felt", answer: "4", ms: 800 })])).toBe(0);
});

test("without a measured time the time between two answers is used; changed and imported answers do not count", () => {
  const at = (one: number, two: number) => [answer({ at: one }), answer({ stimuli: ["two"], at: two })];
  expect(fastOf(at(2000, 4000))).toBe(2);
  expect(fastOf(at(9000, 11_000))).toBe(1);
  expect(fastOf(at(20_000, 12_000))).toBe(0);
  expect(fastOf(at(0, 0))).toBe(0);
});

test("straight-lining is the same answer to at least five stories of a task", () => {
  const lined = (answers: readonly string[]) =>
    responseQualityOf(
      0,
      answers.map((given) => answer({ answer: given })),
      [],
      { wordsOf, fastest: 1000 },
    ).straightLining;
  expect(lined(["human", "human", "human", "human", "human"])).toBe(true);
  expect(lined(["human", "human", "human", "human"])).toBe(false);
  expect(lined(["human", "human", "human", "human", "machine"])).toBe(false);
});

eachStore((effects) => {
  test("response quality is in participants.csv and excludes nobody; visits are counted", async () => {
    const { study, remove } = await fixture({
      stories: 5,
      forms: 1,
      tasks: [
        { task: "attention-check", stimuli: 0 },
        { task: "demographics", stimuli: 0 },
      ],
      survey: { demographics: [{ name: "town", ask: "Where?" }] },
    });
    const survey = await served(study, effects());
    const program = new TestClient(survey.url);
    await program.begin();
    for (let position = 1; position <= 7; position++) {
      const { text } = await program.get(`/q/${position}`);
      expect(text).toMatch(
        /aria-hidden="true"><label>Please leave this field empty <input type="text" name="website" tabindex="-1"/,
      );
      const given = text.includes('value="human"') ? "human" : text.includes('value="often"') ? "often" : "";
      const fields = {
        ...hiddenFields(text),
        answer: given,
        website: "http://x.example",
        pasted: position === 2 ? "40" : "",
      };
      expect((await program.post(`/q/${position}`, fields)).status).toBe(303);
    }
    expect((await program.get("/thanks")).text).toContain("Thank you");
    await new TestClient(survey.url).get("/");
    await program.get("/");
    await survey.close();
    const [row] = await readTable(study.path("judgments/participants.csv"));
    expect(row).toMatchObject({
      fast_pages: "5",
      straight_lining: "yes",
      failed_checks: "1",
      filled_honeypots: "7",
      pasted_answers: "1",
    });
    // The hidden field is not stored as an answer, and cannot fill up a participant's form.
    expect(await readFile(study.path("judgments/judgments.csv"), "utf8")).not.toMatch(
      /x\.example|website|pasted/,
    );

    const again = await served(study, effects());
    expect(await progressOf(again)).toMatchObject({ visits: 2, consented: 1 });
    await again.close();
    await remove();
  });

  test("if response quality cannot be computed the answers are exported anyway, with a warning", async () => {
    const { study, remove } = await fixture({ stories: 2, forms: 1 });
    const effect = effects();
    const survey = await served(study, effect);
    const client = new TestClient(survey.url);
    await client.begin();
    await client.finish();
    await writeFile(study.path("stimuli/stimuli.jsonl"), "broken");
    await survey.close();
    const [row] = await readTable(study.path("judgments/participants.csv"));
    expect([row!["completed"] !== "", row!["fast_pages"]]).toEqual([true, ""]);
    expect(await readTable(study.path("judgments/judgments.csv"))).toHaveLength(2);
    expect(effect.logged.join("\n")).toContain("the response quality could not be computed");
    await remove();
  });

  test("bot signals are deleted with the answers of a withdrawn participant", async () => {
    const { study, remove } = await fixture({ stories: 2, forms: 1 });
    const effect = quietEffects(effects());
    const survey = await served(study, effect);
    const client = new TestClient(survey.url);
    await client.begin();
    const { text } = await client.get("/q/1");
    await client.post("/q/1", { ...hiddenFields(text), answer: "human", website: "x" });
    const link = /href="(\/my\/[^"]+)"/.exec((await client.get("/instructions")).text)![1]!;
    await client.post(`${link}/withdraw`, hiddenFields((await client.get(link)).text));
    await survey.close();
    const { openDatabase } = await import("../../src/survey/store/database.ts");
    const database = await openDatabase(study, effect.env);
    expect(await database.selectFrom("sign").selectAll().execute()).toEqual([]);
    await database.destroy();
    await remove();
  });
});
