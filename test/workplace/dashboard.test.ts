import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backup } from "../../src/survey/backup.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { pages } from "../../src/workplace/pages.ts";
import type { RunningSurvey } from "../../src/workplace/serve.ts";
import { startSurvey } from "../../src/workplace/serve.ts";
import { generationOf } from "../helpers/generations.ts";
import { type Fixture, fixture, hiddenFields, quietEffects, TestClient } from "../survey/fixture.ts";

let built: Fixture;
let survey: RunningSurvey;
let now = Date.UTC(2026, 0, 1);

beforeAll(async () => {
  built = await fixture({ forms: 2 });
  const { study, stimuli, origins } = built;
  const human = stimuli.filter(({ id }) => origins.get(id) === "human");
  const machine = stimuli.filter(({ id }) => origins.get(id) === "machine");
  await writeWhole(
    study.path("corpus/stories.jsonl"),
    jsonLines(
      human.map(({ id, title, text, words }) => ({
        id: `story-${id}`,
        title,
        text: `${text} And this end was cut off.`,
        words,
        origin: { by: "human", source: "fixture", author: "Nobody <i>", licence: "none" },
        group: id,
        split: "test",
      })),
    ),
  );
  await writeWhole(
    study.path("generations/a-model/one.jsonl"),
    jsonLines(
      machine.map(({ id, title, text }, at) =>
        generationOf({
          id: `generation-${id}`,
          story: `story-${human[at]!.id}`,
          title,
          examples: [`story-${human[at]!.id}`],
          text,
        }),
      ),
    ),
  );
  survey = await startSurvey(study, { port: 0, host: "127.0.0.1" }, quietEffects({ now: () => now }));
});
afterAll(async () => {
  await survey.close();
  await built.remove();
});

async function researcher(): Promise<TestClient> {
  const client = new TestClient(survey.url);
  expect((await client.post("/study/login", { token: survey.token })).location).toBe("/study");
  return client;
}

const insides = [
  "/study",
  "/study/numbers",
  "/study/corpus",
  "/study/generations",
  "/study/stimuli",
  "/study/forms",
];

test("the dashboard is not accessible without the token", async () => {
  const stranger = new TestClient(survey.url);
  for (const path of insides) {
    const reply = await stranger.get(path);
    expect([path, reply.status, reply.location, reply.text]).toEqual([path, 303, "/study/login", ""]);
  }
  for (const path of ["/study/accuracy", "/study/invitations", "/study/backup", "/study/logout"]) {
    expect([303, 403]).toContain((await stranger.post(path, {})).status);
  }
  expect((await stranger.post("/study/login", { token: "wrong" })).status).toBe(403);
  expect((await stranger.get(`/study?token=${survey.token}`)).status).toBe(303);
  stranger.cookie = `researcher=${Date.now() + 1e9}.${"A".repeat(43)}`;
  expect((await stranger.get("/study")).status).toBe(303);
});

test("every page in the navigation links to all others by their titles", async () => {
  const client = await researcher();
  const links = pages.map(({ path, title }) => `${path} ${title}`);
  for (const { path, title } of pages) {
    const { status, text } = await client.get(path);
    const linked = [...text.matchAll(/<a href="(\/study[^"]*)"( aria-current="page")?>([^<]+)<\/a>/g)];
    const navigation = linked.slice(0, pages.length);
    expect([path, status]).toEqual([path, 200]);
    expect(navigation.map(([, address, , name]) => `${address} ${name}`)).toEqual(links);
    expect(navigation.filter(([, , current]) => current).map(([, , , name]) => name)).toEqual([title]);
    expect(text).toContain(`<h1>${title}</h1>`);
  }
});

test("the token is never in an address, and the session cookie cannot be used by scripts or other sites", async () => {
  const client = new TestClient(survey.url);
  const reply = await client.post("/study/login", { token: survey.token });
  const [cookie] = reply.headers.getSetCookie();
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict$/);
  expect(cookie).toContain("Path=/study;");
  expect(cookie).not.toContain(survey.token);
  for (const path of insides) expect((await client.get(path)).text).not.toContain(survey.token);
  now += 13 * 3600_000;
  expect((await client.get("/study")).status).toBe(303);
});

test("the figures show how many came, where they dropped out, and how long it took", async () => {
  const [one, two, three] = [1, 2, 3].map(() => new TestClient(survey.url));
  await one!.begin();
  await two!.begin();
  await three!.begin();
  await three!.post("/q/1", { ...hiddenFields((await three!.get("/q/1")).text), answer: "human" });
  now += 4 * 60_000;
  await one!.finish();
  const client = await researcher();
  const figures = async () =>
    (await client.get("/study/numbers")).text.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  expect(await figures()).toContain(
    "consented 3 answering now 2 completed 1 dropped out 0 withdrawn 0 median time 4 min 0 s",
  );
  now += 3600_000;
  expect(await figures()).toContain("answering now 0 completed 1 dropped out 2");
  expect(await figures()).toContain("answers given participants 0 1 1 1");
  expect(await figures()).not.toMatch(/right|accuracy/i);
});

test("accuracy is shown on request, and each request is recorded", async () => {
  const client = await researcher();
  const { text } = await client.get("/study");
  expect((await client.post("/study/accuracy", {})).status).toBe(403);
  const reply = await client.post("/study/accuracy", hiddenFields(text));
  expect(reply.text).toContain("100.0\u00a0%");
  // It is recorded before the figures are shown, however long the next export takes.
  expect(await readTable(built.study.path("judgments/looks.csv"))).toEqual([
    { at: new Date(now).toISOString() },
  ]);
  expect((await client.get("/study")).text).toContain("so far 1");
});

test("corpus, generations, stimuli and forms are shown unchanged and escaped", async () => {
  const client = await researcher();
  const corpus = (await client.get("/study/corpus")).text;
  expect(corpus).toContain("Nobody &lt;i&gt;");
  expect(corpus).toContain("And this end was cut off.");
  expect((await client.get("/study/corpus?search=no-such-word")).text).toContain("0 entries");
  expect((await client.get('/study/corpus?search="><script>')).text).not.toContain("<script>");
  expect((await client.get("/study/generations")).text).toMatch(/<mark class="run">/);
  const stimuli = (await client.get("/study/stimuli")).text;
  expect(stimuli).toContain("And this end was cut off.");
  expect(stimuli).toContain("machine (a-model)");
  const forms = (await client.get("/study/forms")).text;
  expect(forms).toMatch(/<td>human<\/td>/);
  // In the pages of a form each question links to itself.
  const rows = [
    ...forms.matchAll(/<td><a href="([^"]+)">\d+<\/a><\/td>\s*<td>[^<]*<\/td>\s*<td>([^<]*)<\/td>/g),
  ];
  expect(rows).toHaveLength(8);
  for (const [, address, title] of rows)
    expect((await new TestClient(survey.url).get(address!)).text).toContain(`<h2>${title}</h2>`);
  expect((await client.get("/study/forms/../../etc/passwd")).status).toBe(404);
});

test("a personal link can be used once", async () => {
  const invited = await fixture({ survey: { invited: true } });
  const own = await startSurvey(invited.study, { port: 0, host: "127.0.0.1" }, quietEffects());
  const client = new TestClient(own.url);
  await client.post("/study/login", { token: own.token });
  const { text } = await client.get("/study");
  const table = await client.post("/study/invitations", { ...hiddenFields(text), count: "2" });
  const [, first, second] = table.text.trim().split("\n");
  const arrive = async (path: string) => {
    const guest = new TestClient(own.url);
    const page = await guest.get(path);
    if (page.status !== 200) return page.status;
    return (await guest.post("/consent", hiddenFields(page.text))).status;
  };
  expect(await arrive("/")).toBe(403);
  expect(await arrive(`${first!}x`)).toBe(403);
  expect(await arrive(first!)).toBe(303);
  expect(await arrive(first!)).toBe(409);
  expect(await arrive(second!)).toBe(303);
  await own.close();
  await invited.remove();
});

test("guessing the token is rate-limited", async () => {
  const stranger = new TestClient(survey.url);
  const statuses = [];
  for (let guess = 0; guess < 12; guess++) {
    statuses.push((await stranger.post("/study/login", { token: `guess ${guess}` })).status);
  }
  expect(statuses.at(-1)).toBe(429);
});

test("a backup of a running survey has every answer, and opens as a store", async () => {
  const effects = quietEffects();
  await backup.run(built.study.folder, {}, effects);
  const file = effects.logged.at(-1)!;
  const copy = await fixture();
  await writeWhole(copy.study.path("survey.sqlite"), await readFile(file));
  const { judgments } = await import("../../src/judgments/judgments.ts");
  await judgments.run(copy.study, {}, quietEffects());
  expect(await readJudgments(copy.study)).toHaveLength(5);
  await expect(backup.run(built.study.folder, { file }, effects)).rejects.toThrow(/exists already/);
  await copy.remove();
});
