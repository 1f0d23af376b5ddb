import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, expect, test } from "vitest";
import type { Study } from "../../src/workbench/study.ts";
import { tinylove } from "./command.ts";
import { fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";
import { eachStore } from "./stores.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const recruiting = { service: "prolific" as const };

/** Words that only one participant wrote: a first version that was changed, a long one, and a demographic answer. */
const told = ["magnolia-first", "magnolia-changed", "magnolia-long ".repeat(600), "magnolia-tongue"];

async function built(survey: object = {}) {
  const { study, remove } = await fixture({
    forms: 1,
    stories: 2,
    tasks: [{ task: "demographics", stimuli: 0 }],
    survey: { recruiting, demographics: [{ name: "tongue", ask: "Your first language?" }], ...survey },
  });
  ends.push(remove);
  return study;
}

/** Completes the survey with these words; returns the personal link. */
async function tell(url: string, id: string, words: readonly string[]): Promise<string> {
  const client = new TestClient(url);
  await client.post("/consent", hiddenFields((await client.get(`/?PROLIFIC_PID=${id}`)).text));
  const [link] = /\/my\/[\w-]+/.exec((await client.get("/instructions")).text) ?? [""];
  const send = async (position: number, fields: Record<string, string>) => {
    const page = hiddenFields((await client.get(`/q/${position}`)).text);
    expect((await client.post(`/q/${position}`, { ...page, ...fields, pasted: "1" })).status).toBe(303);
  };
  await send(1, { answer: "human", reason: words[0]! });
  await send(1, { answer: "human", reason: words[1]! });
  await send(2, { answer: "machine", reason: words[2]!.slice(0, 1000) });
  await send(3, { tongue: words[3]! });
  return link;
}

/** Every file of a study that contains a word. */
function filesWith(study: Study, word: string): string[] {
  return readdirSync(study.folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(study.folder, name)).isFile())
    .filter((name) => readFileSync(join(study.folder, name)).includes(word));
}

const others = ["hazel-one", "hazel-two", "hazel-three", "hazel-four"];

test("leaves no trace of the answers in the store, its log, the tables and new backups, while the survey runs", async () => {
  const study = await built();
  const survey = await served(study);
  ends.push(survey.close);
  const link = await tell(survey.url, "person-of-magnolia", told);
  await tell(survey.url, "person-of-hazel", others);
  expect(filesWith(study, "magnolia").join()).toMatch(/survey\.sqlite/);
  const client = new TestClient(survey.url);
  await client.post(`${link}/withdraw`, hiddenFields((await client.get(link)).text));
  await expect.poll(() => filesWith(study, "magnolia"), { timeout: 10_000 }).toEqual([]);
  await tinylove(study, ["backup", study.path("new.sqlite")]);
  expect(filesWith(study, "magnolia")).toEqual([]);
  expect(filesWith(study, "hazel-three")).toContain("new.sqlite");
  const copy = new Libsql(study.path("new.sqlite"));
  expect(copy.prepare("SELECT count(*) AS count FROM answer").get()).toMatchObject({ count: 3 });
  expect(copy.prepare("SELECT count(*) AS count FROM sign").get()).toMatchObject({ count: 3 });
  copy.close();
});

test("is completed at the next opening if a kill came between the deletion and the log", async () => {
  const study = await built();
  const survey = await served(study);
  const link = await tell(survey.url, "person-of-magnolia", told);
  await tell(survey.url, "person-of-hazel", others);
  await survey.close();
  // After a kill: the deletion is in the log, which contains the earlier pages too.
  const file = new Libsql(study.path("survey.sqlite"));
  file.pragma("secure_delete = ON");
  file.pragma("wal_autocheckpoint = 0");
  const [, id] = /\/my\/([a-z2-7]{26})/.exec(link)!;
  file.prepare("UPDATE answer SET response = response WHERE participant = ?").run(id!);
  for (const table of ["answer", "submission", "recruit", "sign"])
    file.prepare(`DELETE FROM ${table} WHERE participant = ?`).run(id!);
  file.prepare("UPDATE participant SET withdrawn = 1 WHERE id = ?").run(id!);
  // A read transaction keeps the log.
  const reader = new Libsql(study.path("survey.sqlite"), { readonly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM answer").get();
  file.close();
  expect(filesWith(study, "magnolia").join()).toContain("survey.sqlite");
  await writeFile(study.path("judgments/judgments.csv.0123abcd.partial"), "magnolia");
  reader.close();
  const again = await served(study);
  await again.close();
  expect(filesWith(study, "magnolia")).toEqual([]);
});

test("of version 0.1 is completed when its store is opened for the first time", async () => {
  const study = await built();
  const survey = await served(study);
  const link = await tell(survey.url, "person-of-magnolia", told);
  await tell(survey.url, "person-of-hazel", others);
  await survey.close();
  // Deleted as in that version: the text stays in free pages of the file.
  const file = new Libsql(study.path("survey.sqlite"));
  const [, id] = /\/my\/([a-z2-7]{26})/.exec(link)!;
  for (const table of ["answer", "submission", "recruit", "sign"])
    file.prepare(`DELETE FROM ${table} WHERE participant = ?`).run(id!);
  file.prepare("UPDATE participant SET withdrawn = 1 WHERE id = ?").run(id!);
  file.exec("DELETE FROM fact WHERE name = 'study'");
  file.pragma("wal_checkpoint(TRUNCATE)");
  file.close();
  await rm(study.path("survey.json"), { force: true });
  expect(filesWith(study, "magnolia").join()).toContain("survey.sqlite");
  expect((await tinylove(study, ["judgments"])).code).toBe(0);
  expect(filesWith(study, "magnolia")).toEqual([]);
  expect(filesWith(study, "hazel-three")).toContain("survey.sqlite");
});

eachStore((effects, kind) => {
  const env = () => effects().env;

  test.each<[string, boolean, (link: string, name: string) => string]>([
    ["their name in the tables, while it is served", true, (_, name) => name],
    ["their personal link, while it is served", true, (link) => `https://reading.example${link}`],
    ["their id at the service", false, () => "person-of-magnolia"],
  ])("works for a participant named by %s; the command lists remaining copies", async (_, serving, who) => {
    const study = await built();
    const survey = await served(study, quietEffects({ env: env() }));
    const link = await tell(survey.url, "person-of-magnolia", told);
    await tell(survey.url, "person-of-hazel", others);
    if (serving) ends.push(survey.close);
    else await survey.close();
    if (kind === "embedded") await tinylove(study, ["backup", study.path("backups/before.sqlite")]);
    await mkdir(study.path("package"));
    const [, name] = /\/my\/([a-z2-7]{26})/.exec(link)!;
    const { code, output } = await tinylove(study, ["withdraw", who(link, name!)], { env: env() });
    expect([code, output]).toEqual([0, expect.stringContaining(`${name}: 3 answers deleted`)]);
    expect(output).toContain("package/");
    expect(output).toContain("published");
    expect(output).toContain("a keyed hash of the person's id stays");
    expect(output).toMatch(
      kind === "embedded" ? /delete or replace backups\/before\.sqlite/ : /until it vacuums/,
    );
    expect(filesWith(study, "magnolia")).toEqual(kind === "embedded" ? ["backups/before.sqlite"] : []);
    expect(filesWith(study, "hazel-two")).toContain("judgments/judgments.csv");
    expect((await tinylove(study, ["judgments"], { env: env() })).code).toBe(0);
    const nobody = await tinylove(study, ["withdraw", "nobody"], { env: env() });
    expect([nobody.code, nobody.output]).toEqual([1, expect.stringContaining("no participant nobody")]);
  });
});

test("is explained before consent, if a hash of an id stays", async () => {
  for (const [survey, expected] of [
    [{}, true],
    [{ consent: "Our own words." }, true],
    [{ recruiting: undefined, invited: true }, false],
    [{ recruiting: undefined }, false],
  ] as const) {
    const study = await built(survey);
    const opened = await served(study);
    ends.push(opened.close);
    const { text } = await new TestClient(opened.url).get("/");
    expect(text.includes("We keep only a code computed from the id or link")).toBe(expected);
  }
});
