import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningSurvey } from "../../src/serve/serve.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { exists } from "../../src/workbench/files.ts";
import { readTable } from "../../src/workbench/tables.ts";
import { launchBrowser } from "../helpers/browser.ts";
import { type Fixture, fixture, hiddenFields, served, Walker } from "./fixture.ts";

let built: Fixture;
let survey: RunningSurvey;
beforeAll(async () => {
  built = await fixture({
    forms: 2,
    stories: 3,
    tasks: [{ task: "attention-check", stimuli: 0 }],
    survey: { feedback: true, recruiting: { service: "prolific", codes: { complete: "DONE1" } } },
  });
  survey = await served(built.study);
});
afterAll(() => built.remove());

const path = () => new URL(survey.rehearsal).pathname;

test("a walk goes from consent to thanks as participants see it, and every page says what it is", async () => {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  const banner = "Nothing that you answer here is kept";
  await page.goto(survey.rehearsal);
  expect(await page.textContent("main")).toContain(banner);
  await page.click("form button");
  await page.waitForURL(/instructions$/);
  await page.click("a.button");
  for (let position = 1; position <= 4; position++) {
    await page.waitForURL(new RegExp(`/rehearsal/[^/]+/q/${position}$`));
    expect(await page.textContent("main")).toContain(banner);
    await page.locator("fieldset.choice label").first().click();
    await page.click("form.question button");
  }
  await page.waitForURL(/\/rehearsal\/[^/]+\/thanks$/);
  expect(await page.textContent("main")).toContain(banner);
  expect(await page.textContent("main")).not.toContain("DONE1");
  expect(await page.context().cookies()).toEqual([]);
  await browser.close();
});

test("without a script too, and what is missing is told", async () => {
  const walker = new Walker(survey.url);
  const first = await walker.get(`${path()}/q/1`);
  const unanswered = await walker.post(`${path()}/q/1`, hiddenFields(first.text));
  expect(unanswered.status).toBe(400);
  expect(unanswered.text).toContain("Please choose an answer before you go on.");
  expect((await walker.post(`${path()}/q/1`, { ...hiddenFields(first.text), answer: "human" })).status).toBe(
    303,
  );
  expect((await walker.get(`${path()}/q/5`)).status).toBe(404);
});

test("nobody who walks is counted, in the store or on the dashboard", async () => {
  await survey.close();
  expect(await readJudgments(built.study)).toEqual([]);
  expect(
    (await exists(built.study.path("judgments/participants.csv")))
      ? await readTable(built.study.path("judgments/participants.csv"))
      : [],
  ).toEqual([]);
  survey = await served(built.study);
  const researcher = new Walker(survey.url);
  await researcher.post("/study/login", { token: survey.token });
  const { text } = await researcher.get("/study/numbers");
  expect(text.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ")).toContain(
    "opened 0 consented 0 answering now 0 completed 0",
  );
});

test("only a link of this study's opens, and it is the same after a new start", async () => {
  const walker = new Walker(survey.url);
  const forged = path().replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  for (const rest of ["", "/instructions", "/q/1", "/thanks", "/declined"])
    expect([rest, (await walker.get(forged + rest)).status]).toEqual([rest, 404]);
  const before = survey.rehearsal;
  await survey.close();
  survey = await served(built.study);
  expect(new URL(survey.rehearsal).pathname).toBe(new URL(before).pathname);
  await survey.close();
});
