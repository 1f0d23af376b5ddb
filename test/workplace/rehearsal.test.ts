import Libsql from "libsql";
import type { Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Form } from "../../src/study/form.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readForms, readJudgments } from "../../src/workbench/artefacts.ts";
import { exists } from "../../src/workbench/files.ts";
import type { RunningSurvey } from "../../src/workplace/serve.ts";
import { sharedBrowser } from "../helpers/browser.ts";
import { type Fixture, fixture, hiddenFields, progressOf, served, TestClient } from "../survey/fixture.ts";

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

test("a rehearsal shows all pages from consent to the end as participants see them, and every page is marked", async () => {
  const browser = await sharedBrowser();
  const page = await browser.newPage();
  const banner = "Nothing that you answer here is stored";
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

test("it works without a script, and a missing answer is reported", async () => {
  const client = new TestClient(survey.url);
  const first = await client.get(`${path()}/q/1`);
  const unanswered = await client.post(`${path()}/q/1`, hiddenFields(first.text));
  expect(unanswered.status).toBe(400);
  expect(unanswered.text).toContain("Please choose an answer before you continue.");
  expect((await client.post(`${path()}/q/1`, { ...hiddenFields(first.text), answer: "human" })).status).toBe(
    303,
  );
  expect((await client.get(`${path()}/q/5`)).status).toBe(404);
});

test("a rehearsal is not counted, in the store or in the figures", async () => {
  await survey.close();
  expect(await readJudgments(built.study)).toEqual([]);
  expect(
    (await exists(built.study.path("judgments/participants.csv")))
      ? await readTable(built.study.path("judgments/participants.csv"))
      : [],
  ).toEqual([]);
  survey = await served(built.study);
  expect(await progressOf(survey)).toMatchObject({ visits: 0, consented: 0, answering: 0, completed: 0 });
});

test("only links of this study open, and they stay the same after a restart", async () => {
  const client = new TestClient(survey.url);
  const forged = path().replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  for (const rest of ["", "/instructions", "/q/1", "/thanks", "/declined"])
    expect([rest, (await client.get(forged + rest)).status]).toEqual([rest, 404]);
  const before = survey.rehearsal;
  await survey.close();
  survey = await served(built.study);
  expect(new URL(survey.rehearsal).pathname).toBe(new URL(before).pathname);
  await survey.close();
});

test("unsent answers, in a rehearsal or to a removed study, do not prevent a participant from answering", async () => {
  const { study, remove } = await fixture({ forms: 1, stories: 2 });
  const open = await served(study);
  const browser = await sharedBrowser();
  const page = await browser.newPage();
  const cut = (route: Route) => (route.request().method() === "POST" ? route.abort() : route.continue());
  const answer = async () => {
    await page.locator("fieldset.choice label").first().click();
    await page.click("form.question button");
  };

  await page.goto(`${open.rehearsal}/q/1`);
  await page.route("**/q/1", cut);
  await answer();
  await page.getByText("no connection").waitFor();
  await page.unroute("**/q/1");
  await page.goto(open.url);
  await page.evaluate(() =>
    localStorage.setItem(
      "tinylove-outbox",
      JSON.stringify({ address: "/rehearsal/gone/q/1", body: "answer=human" }),
    ),
  );
  await page.reload();
  await page.waitForFunction(() => localStorage.getItem("tinylove-outbox") === null);
  await page.click("form button");
  await page.click("a.button");
  for (const position of [1, 2]) {
    await page.waitForURL(`${open.url}/q/${position}`);
    await answer();
  }
  await page.waitForURL(`${open.url}/thanks`);

  await page.goto(`${open.rehearsal}/q/1`);
  await page.waitForURL(`${open.rehearsal}/q/2`);
  await page.goto(`${open.rehearsal}/q/400`);
  await page.click("main a");
  await page.waitForURL(open.rehearsal);
  await browser.close();
  await open.close();
  expect(await readJudgments(study)).toHaveLength(2);
  await remove();
});

test("a script's post to an unknown address gets a reply that says where to continue", async () => {
  const { study, remove } = await fixture({ forms: 1, stories: 2 });
  const open = await served(study);
  const client = new TestClient(open.url);
  const rehearsal = new URL(open.rehearsal).pathname;
  for (const [address, next] of [
    ["/never", "/"],
    ["/rehearsal/of-another-study/q/1", "/"],
    [`${rehearsal}/q/400`, rehearsal],
  ] as const) {
    const { status, text } = await client.post(address, { answer: "human" }, { accept: "application/json" });
    expect([address, status, JSON.parse(text)]).toEqual([address, 404, { next }]);
  }
  await open.close();
  await remove();
});

test("the link reveals and changes nothing for a participant or a stranger: no name, no cookie, no row", async () => {
  const { study, stimuli, remove } = await fixture({ forms: 2, stories: 4, survey: { feedback: true } });
  const first = await served(study);
  const participant = new TestClient(first.url);
  await participant.begin();
  const own = hiddenFields((await participant.get("/q/1")).text);
  // A survey writes all its counts when it ends.
  await first.close();
  const before = rowsOf(study.path("survey.sqlite"));
  const open = await served(study);
  participant.url = open.url;
  const rehearsal = new URL(open.rehearsal).pathname;
  const names = [...stimuli.map(({ id }) => id), ...(await readForms(study)).flatMap(namesIn)];
  for (const client of [participant, new TestClient(open.url)]) {
    const cookie = client.cookie;
    const replies = [
      await client.get(rehearsal),
      await client.post(`${rehearsal}/consent`, {}),
      await client.get(`${rehearsal}/declined`),
      await client.get(`${rehearsal}/instructions`),
      await client.get(`${rehearsal}/q/1`),
      await client.post(`${rehearsal}/q/1`, { ...own, answer: "human" }),
      await client.post(`${rehearsal}/q/4`, { answer: "machine" }),
      await client.post(`${rehearsal}/q/2`, { answer: "neither" }),
      await client.get(`${rehearsal}/thanks`),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 303, 200, 200, 200, 303, 303, 400, 200]);
    for (const { text, location, headers } of replies) {
      const all = JSON.stringify([text, location, [...headers]]);
      expect(names.filter((name) => all.includes(name))).toEqual([]);
      expect(all).not.toMatch(/set-cookie|etag|last-modified|You were right/);
      expect(headers.get("cache-control")).toBe("no-store");
    }
    expect(client.cookie).toBe(cookie);
  }
  expect((await participant.get("/thanks")).location).toBe("/instructions");
  await open.close();
  expect(rowsOf(study.path("survey.sqlite"))).toEqual(before);
  await remove();
});

const namesIn = ({ id, questions }: Form): string[] => [id, ...questions.map((question) => question.id)];

/** The whole content of a store. */
function rowsOf(path: string): Record<string, unknown[]> {
  const file = new Libsql(path, { readonly: true });
  const tables = ["participant", "answer", "submission", "recruit", "sign", "fact"];
  const rows = tables.map((table) => [table, file.prepare(`SELECT * FROM ${table}`).all()] as const);
  file.close();
  return Object.fromEntries(rows);
}
