import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { sql } from "kysely";
import { afterEach, describe, expect, test } from "vitest";
import { StudyConfig } from "../../src/study/config.ts";
import { openDatabase } from "../../src/survey/store/database.ts";
import { GroupCommit } from "../../src/survey/store/group-commit.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { control, fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";
import { eachStore } from "./stores.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(shape: Parameters<typeof fixture>[0] = {}, effects = quietEffects()) {
  const built = await fixture(shape);
  const survey = await served(built.study, effects);
  ends.push(built.remove, survey.close);
  return { ...built, ...survey };
}

async function atFirstQuestion(url: string) {
  const client = new TestClient(url);
  await client.begin();
  return { client, fields: hiddenFields((await client.get("/q/1")).text) };
}

const hostile = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `'; DROP TABLE answer; --`,
  `=HYPERLINK("http://evil.example")`,
  "+1+1",
  "-2+3",
  "@SUM(A1)",
  "\t=1+1",
  `{{constructor.constructor('x')()}}`,
  "\u202Eright to left",
  "a\u0000b",
  "%s%n../../etc/passwd",
];

eachStore((effects) => {
  test("hostile answers are stored unchanged, shown escaped and exported as text", async () => {
    const tasks = [{ task: "demographics", stimuli: 0 }];
    const demographics = [{ name: "tongue", ask: `What is <b>your</b> language?` }];
    const { url, study, close } = await open(
      { stories: hostile.length, tasks, survey: { demographics } },
      effects(),
    );
    const client = new TestClient(url);
    await client.begin();
    for (const [at, reason] of hostile.entries()) {
      const position = at + 1;
      const fields = hiddenFields((await client.get(`/q/${position}`)).text);
      expect((await client.post(`/q/${position}`, { ...fields, answer: "human", reason })).status).toBe(303);
      const { text } = await client.get(`/q/${position}`);
      expect(text.match(/<script/g)).toHaveLength(1);
      expect(text).not.toContain("<img");
    }
    const last = hostile.length + 1;
    const { text } = await client.get(`/q/${last}`);
    expect(text).toContain("&lt;b&gt;your&lt;/b&gt;");
    await client.post(`/q/${last}`, { ...hiddenFields(text), tongue: `=1+1<script>` });
    // Shown again in the page that asks again, but never as markup.
    const again = await atFirstQuestion(url);
    const given = await again.client.post("/q/1", { ...again.fields, answer: "none", reason: `"><script>` });
    expect(given.status).toBe(400);
    expect(given.text).toContain("&lt;script&gt;");
    await close();
    const csv = await readFile(study.path("judgments/judgments.csv"), "utf8");
    expect(csv).not.toMatch(/(^|,)"?[=+@\t]/m);
    const reasons = (await readJudgments(study)).flatMap(({ response }) => response["reason"] ?? []);
    expect(reasons.map((reason) => String(reason).replace(/^'(?=[=+\-@])/, "")).sort()).toEqual(
      hostile.map((reason) => reason.replace("\0", "").trim()).sort(),
    );
  });

  test("nobody can answer for another participant, whatever fields are added", async () => {
    const { url, study, close } = await open({}, effects());
    const [one, other] = [await atFirstQuestion(url), await atFirstQuestion(url)];
    const added = {
      ...one.fields,
      answer: "human",
      participant: "x",
      form: "y",
      question: "z",
      task: "q",
      simulated: "1",
    };
    expect((await one.client.post("/q/1", added)).status).toBe(303);
    expect((await other.client.post("/q/1", { ...one.fields, answer: "machine" })).status).toBe(403);
    await close();
    const [judgment, ...rest] = await readJudgments(study);
    expect(rest).toEqual([]);
    expect(judgment!.response).toEqual({ answer: "human" });
    expect(judgment!.simulated).toBe(false);
  });

  test("two tabs at the same time give one answer", async () => {
    const { url, study, close } = await open({}, effects());
    const { client, fields } = await atFirstQuestion(url);
    const more = await Promise.all(
      Array.from({ length: 8 }, async () => hiddenFields((await client.get("/q/1")).text)),
    );
    const posts = [fields, ...more].map((own, at) =>
      client.post("/q/1", { ...own, answer: at % 2 ? "human" : "machine" }),
    );
    for (const { status } of await Promise.all(posts)) expect(status).toBe(303);
    await close();
    expect(await readJudgments(study)).toHaveLength(1);
  });

  test("a clock that jumps back or forward loses nothing", async () => {
    let now = Date.UTC(2026, 5, 1);
    const { url, study, close } = await open({}, effects({ now: () => now }));
    const days = 24 * 3600_000;
    const { client, fields } = await atFirstQuestion(url);
    await client.post("/q/1", { ...fields, answer: "human" });
    now -= 400 * days;
    const second = hiddenFields((await client.get("/q/2")).text);
    await client.post("/q/2", { ...second, answer: "human" });
    now += 4000 * days;
    await client.finish();
    await close();
    expect(await readJudgments(study)).toHaveLength(4);
  });

  test("lone surrogates and NUL characters are replaced as every store requires", async () => {
    const { url, study, close } = await open({}, effects());
    const { client, fields } = await atFirstQuestion(url);
    const body = `${new URLSearchParams({ ...fields, answer: "human" })}&reason=a%ED%A0%80b%00c%F0%9F`;
    expect((await client.post("/q/1", body)).status).toBe(303);
    await close();
    const [judgment] = await readJudgments(study);
    expect(judgment!.response["reason"]).toMatch(/^a.+b.*c/);
    expect(judgment!.response["reason"]).not.toMatch(/[\0\p{Surrogate}]/u);
  });

  test("SQL in every field, address and cookie is text, or refused", async () => {
    const recruiting = { service: "prolific" as const };
    const { url, study, close } = await open({ survey: { recruiting } }, effects());
    const drop = `x'); DROP TABLE answer; --`;
    const { client, fields } = await atFirstQuestion(url);
    for (const name of ["seal", "key", "answer", "confidence"]) {
      const { status } = await client.post("/q/1", { ...fields, answer: "human", [name]: drop });
      expect([name, status >= 400 && status < 500]).toEqual([name, true]);
    }
    for (const name of ["ms", "reason", drop]) {
      const own = hiddenFields((await client.get("/q/1")).text);
      const { status } = await client.post("/q/1", { ...own, answer: "human", [name]: drop });
      expect([name, status < 500]).toEqual([name, true]);
    }
    for (const path of [
      `/q/${drop}`,
      `/my/${drop}`,
      `/assets/${drop}`,
      `/rehearsal/${drop}/q/1`,
      `/control/${drop}`,
    ])
      expect([path, (await client.get(encodeURI(path))).status]).toEqual([path, 404]);
    const stranger = new TestClient(url);
    stranger.cookie = `participant=${encodeURIComponent(drop)}`;
    expect((await stranger.get("/q/1")).location).toBe("/");
    expect((await stranger.get(`/?${new URLSearchParams({ invitation: drop })}`)).status).toBe(403);
    const ids = new URLSearchParams({ PROLIFIC_PID: drop, STUDY_ID: drop, SESSION_ID: drop });
    const consent = await stranger.get(`/?${ids}`);
    expect(
      (await stranger.post("/consent", { ...hiddenFields(consent.text), PROLIFIC_PID: drop })).status,
    ).toBe(303);
    await stranger.finish();
    await close();
    expect((await readJudgments(study)).length).toBe(5);
  });
});

describe("a request that is not from our forms", () => {
  test("is refused if it is too large, malformed, duplicated or of another type", async () => {
    const { url } = await open();
    const { client, fields } = await atFirstQuestion(url);
    const status = async (body: string, headers = {}) => (await client.post("/q/1", body, headers)).status;
    const good = String(new URLSearchParams({ ...fields, answer: "human" }));
    expect(await status(`${good}&reason=${"x".repeat(100_000)}`)).toBe(413);
    expect(await status(`${good}&reason=${"x".repeat(2000)}`)).toBe(400);
    expect(await status(`${good}&answer=machine`)).toBe(400);
    expect(await status(`${good}&seal=x`)).toBe(403);
    expect(await status(`${good}&__proto__[answer]=x&constructor.prototype=y`)).toBe(303);
    expect(({} as Record<string, unknown>)["answer"]).toBeUndefined();
    const json = { "content-type": "application/json" };
    expect(await status(JSON.stringify({ ...fields, answer: "human" }), json)).toBe(415);
    expect(await status('{"__proto__":{"answer":"human"}}', json)).toBe(415);
    expect(await status("x", { "content-type": "multipart/form-data; boundary=x" })).toBe(415);
    const bomb = gzipSync(Buffer.alloc(5_000_000)).toString("latin1");
    expect(await status(bomb, { "content-encoding": "gzip" })).toBeGreaterThanOrEqual(400);
    expect((await fetch(`${url}/q/1`, { method: "DELETE" })).status).toBe(404);
  });

  test("is answered at once, even with very long lines and deeply nested names", async () => {
    const { url } = await open();
    const { client, fields } = await atFirstQuestion(url);
    const statuses = [];
    // Input that makes a careless regular expression backtrack for hours.
    for (const unit of ["a", "a.", " ", "a@", "=", "[", "%25", "\n", "aA0_-"]) {
      const long = unit.repeat(Math.floor(20_000 / unit.length));
      for (const name of Object.keys({ ...fields, reason: "", confidence: "", ms: "" })) {
        const { status } = await client.post("/q/1", { ...fields, answer: "human", [name]: long });
        if (name !== "ms") statuses.push(status);
      }
      const header = encodeURIComponent(unit).repeat(500);
      for (const path of [
        `/?alert=${header}`,
        `/?invitation=${header}.${header}`,
        `/q/${header}`,
        `/my/${header}`,
      ])
        expect((await client.get(path)).status).toBeLessThan(500);
      const cookie = new TestClient(url);
      cookie.cookie = `participant=${header}; coder=${header}.${header}`;
      expect((await cookie.get("/coding")).status).toBe(403);
    }
    for (const status of statuses) expect([400, 403, 409, 413]).toContain(status);
    const deep = `answer${"[a]".repeat(5000)}=x`;
    expect((await client.post("/q/1", `${new URLSearchParams(fields)}&${deep}`)).status).toBe(400);
    const json = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    expect((await client.post("/q/1", json, { "content-type": "application/json" })).status).toBe(415);
  });

  test("cannot read files", async () => {
    const { url } = await open();
    const client = new TestClient(url);
    for (const path of [
      "/assets/../../package.json",
      "/assets/%2e%2e%2f%2e%2e%2fpackage.json",
      "/assets/..%5c..%5cpackage.json",
      "/survey.sqlite",
      "/stimuli/key.csv",
      "/.tinylove/serve.json",
      "/%00",
      "//evil.example/",
      "/q/1/../../key.csv",
    ]) {
      const { status, text } = await client.get(path);
      expect([path, status >= 400 || status === 303]).toEqual([path, true]);
      expect(text).not.toContain('tinylove"');
    }
  });

  test("does not inject its headers or address into the reply", async () => {
    const { url } = await open();
    const headers = {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      origin: "https://evil.example",
    };
    for (const path of [
      "/",
      "/q/1",
      "/?alert=%0d%0aset-cookie:x=1",
      "/?alert=<script>",
      "/nowhere?evil.example",
    ]) {
      const response = await fetch(url + path, { headers, redirect: "manual" });
      const everything = JSON.stringify([...response.headers]) + (await response.text());
      expect(everything).not.toContain("evil.example");
      expect(everything).not.toContain("x=1");
      expect(everything).not.toContain("<script>");
      expect(response.headers.get("location") ?? "/").toMatch(/^\/(?!\/)/);
    }
  });

  test("cannot avoid the rate limit with a forged address", async () => {
    const { url } = await open({ survey: { rate: 20 } });
    const statuses = [];
    for (let at = 0; at < 30; at++) {
      const response = await fetch(url, { headers: { "x-forwarded-for": `10.0.0.${at}` } });
      statuses.push(response.status);
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(10);
  });

  test("is dropped if it is sent one byte at a time", async () => {
    const { url } = await open();
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /q/1 HTTP/1.1\r\nHost: x\r\n");
    const drip = setInterval(() => socket.write("x"), 500);
    const closed = await new Promise<boolean>((resolve) => {
      socket.once("close", () => resolve(true));
      setTimeout(() => resolve(false), 20_000);
    });
    clearInterval(drip);
    socket.destroy();
    expect(closed).toBe(true);
  });
});

test("every page has the strict policy and no header that identifies readers or versions", async () => {
  const { url } = await open();
  const { client } = await atFirstQuestion(url);
  for (const path of ["/", "/q/1", "/instructions", "/nowhere", "/coding"]) {
    const { headers } = await client.get(path);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).not.toMatch(/unsafe|http/);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-frame-options")).toBe("DENY");
    for (const name of ["etag", "last-modified", "server", "x-powered-by"])
      expect(headers.get(name)).toBeNull();
    expect([...headers.keys()].filter((name) => name.startsWith("x-ratelimit"))).toEqual([]);
  }
  const [cookie] = (await new TestClient(url).get("/")).headers.getSetCookie();
  expect(cookie).toMatch(/^participant=[a-z2-7]{26}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
});

test("an unknown address gives an error page with the same headers and no internal details", async () => {
  const { url } = await open();
  const nowhere = await new TestClient(url).get("/nowhere");
  for (const path of ["/%zz", "/%", `/my/${"a".repeat(300)}`, "/q/%E0%A4%A", "/coding/%"]) {
    const reply = await new TestClient(url).get(path);
    expect([path, reply.status, reply.text]).toEqual([path, 404, nowhere.text]);
    const names = (headers: Headers) => [...headers.keys()].sort();
    expect(names(reply.headers)).toEqual(names(nowhere.headers));
  }
});

test("a token that is easy to guess is refused, and a long one is accepted", async () => {
  const { study, remove } = await fixture();
  ends.push(remove);
  const startedWith = (token: string) => served(study, quietEffects({ env: { TINYLOVE_TOKEN: token } }));
  await expect(startedWith("1234")).rejects.toThrow("TINYLOVE_TOKEN has 4 characters and can be guessed");
  const token = "correct horse battery staple";
  const survey = await startedWith(` ${token}\n`);
  ends.push(survey.close);
  expect((await control({ url: survey.url, token }, "status")).status).toBe(200);
});

test("no error, script reply or asset reveals what the forms contain", async () => {
  const { url, stimuli } = await open();
  const { client, fields } = await atFirstQuestion(url);
  const asScript = { accept: "application/json" };
  const told: string[] = [];
  const look = async (reply: Promise<{ status: number; text: string }>, status: number) => {
    const { status: found, text } = await reply;
    expect([text.slice(0, 200), found]).toEqual([text.slice(0, 200), status]);
    told.push(text);
  };
  const page = (await client.get("/q/1")).text;
  await look(client.post("/q/1", { ...fields, answer: "both" }, asScript), 400);
  await look(client.post("/q/9", { ...fields, answer: "human" }), 404);
  await look(client.post("/q/3", { ...fields, answer: "human" }), 409);
  await look(client.post("/q/1", { answer: "human" }, asScript), 403);
  await look(client.post("/q/1", { ...fields, answer: "human" }, asScript), 200);
  await look(client.post("/q/1", { ...fields, answer: "machine" }, asScript), 409);
  for (const reply of told.filter((text) => text.startsWith("{")))
    expect(Object.keys(JSON.parse(reply))).toEqual(["next"]);
  for (const asset of page.match(/\/assets\/[^"]+/g) ?? []) {
    await look(client.get(asset), 200);
    await look(client.get(`${asset}.map`), 404);
  }
  expect(told.length).toBeGreaterThanOrEqual(10);
  for (const text of told) {
    expect(text).not.toMatch(/sourceMappingURL|generation|stimul|origin"/i);
    for (const { id } of stimuli) expect(text).not.toContain(id);
  }
});

test("a participant who knows the addresses of the control requests gets a page that does not exist", async () => {
  const { url, token, study, close } = await open();
  const { client } = await atFirstQuestion(url);
  const nowhere = await client.get("/nowhere");
  for (const verb of [
    "status",
    "comments",
    "person",
    "pause",
    "look",
    "invitations",
    "coder",
    "backup",
    "withdraw",
  ])
    for (const authorization of ["", "Bearer ", `Bearer ${token}x`, token, "Bearer undefined"]) {
      const reply = await client.post(`/control/${verb}`, { paused: "yes", count: "9" }, { authorization });
      expect([verb, reply.status, reply.text]).toEqual([verb, 404, nowhere.text]);
    }
  for (const path of ["/control/status", "/study", "/study/login", "/survey", "/stories"])
    expect((await client.get(path)).status).toBe(404);
  expect((await control({ url, token }, "__proto__")).status).toBe(404);
  // A proxy passes on requests from elsewhere.
  const authorization = `Bearer ${token}`;
  expect((await client.post("/control/status", {}, { authorization })).status).toBe(200);
  const passedOn = { authorization, "x-forwarded-for": "203.0.113.9" };
  expect((await client.post("/control/status", {}, passedOn)).status).toBe(404);
  await close();
  await expect(readFile(study.path("judgments/looks.csv"))).rejects.toThrow("ENOENT");
});

test("while the survey is paused nobody starts, and those who have started finish", async () => {
  const { url, token } = await open();
  const begun = new TestClient(url);
  await begun.begin();
  const opened = new TestClient(url);
  const consent = hiddenFields((await opened.get("/")).text);
  await control({ url, token }, "pause", { paused: "yes" });
  const late = await new TestClient(url).get("/");
  expect([late.status, late.text]).toEqual([503, expect.stringContaining("The survey is paused")]);
  expect((await opened.post("/consent", consent)).status).toBe(503);
  expect(await begun.finish()).toContain("Thank you");
  await control({ url, token }, "pause", { paused: "no" });
  expect((await opened.post("/consent", consent)).status).toBe(303);
});

test.each(["../elsewhere", "a/b", "A", "", "a b", "-a", "a\u0000", "a;drop"])(
  "a study cannot be named %j",
  (name) => {
    expect(StudyConfig.safeParse({ name }).success).toBe(false);
  },
);

test("a hostile title and text in the study are shown as text", async () => {
  const { study, stimuli, remove } = await fixture();
  ends.push(remove);
  const [first, ...rest] = stimuli;
  const bad = {
    ...first!,
    title: `</title><script>alert(1)</script>`,
    text: `<svg onload=alert(1)>\u202Eabc\u0007`,
  };
  await writeWhole(
    study.path("stimuli/stimuli.jsonl"),
    [bad, ...rest].map((one) => JSON.stringify(one)).join("\n"),
  );
  const survey = await served(study);
  ends.push(survey.close);
  for (let at = 0; at < 8; at++) {
    const { client } = await atFirstQuestion(survey.url);
    const { text } = await client.get("/q/1");
    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text).not.toContain("<svg");
  }
});

describe("a store that cannot save an answer", () => {
  test("rejects all writes of a transaction whose commit fails, and stores the next one", async () => {
    const { study, remove } = await fixture();
    ends.push(remove);
    const database = await openDatabase(study, {});
    ends.push(() => database.destroy());
    await sql`PRAGMA foreign_keys = ON`.execute(database);
    await sql`CREATE TABLE parent (id TEXT PRIMARY KEY)`.execute(database);
    await sql`CREATE TABLE child (id TEXT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`.execute(
      database,
    );
    const commits = new GroupCommit(database);
    const fact = (name: string) =>
      commits.write(name, (writing) => writing.insertInto("fact").values({ name, value: "" }).execute());
    // The violation appears only at COMMIT: other writes of the transaction must not be acknowledged.
    const outcomes = await Promise.allSettled([
      fact("innocent"),
      commits.write("guilty", (writing) => sql`INSERT INTO child VALUES ('orphan')`.execute(writing)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await database.selectFrom("fact").select("name").where("name", "=", "innocent").execute()).toEqual(
      [],
    );
    await fact("later");
    expect(
      await database.selectFrom("fact").select("name").where("name", "=", "later").execute(),
    ).toHaveLength(1);
  });

  test("isolates a failing write from the others", async () => {
    const { study, remove } = await fixture();
    ends.push(remove);
    const database = await openDatabase(study, {});
    ends.push(() => database.destroy());
    const commits = new GroupCommit(database);
    const insert = (name: string) =>
      commits.write(name, (writing) => writing.insertInto("fact").values({ name, value: "" }).execute());
    const outcomes = await Promise.allSettled([insert("one"), insert("one"), insert("two")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const names = await database.selectFrom("fact").select("name").orderBy("name").execute();
    expect(names.map(({ name }) => name)).toEqual(["one", "study", "two"]);
  });

  test("is full: nothing is acknowledged, nothing is lost, and it works again with free space", async () => {
    const { study, remove } = await fixture();
    ends.push(remove);
    const database = await openDatabase(study, {});
    ends.push(() => database.destroy());
    const commits = new GroupCommit(database);
    const insert = (name: string) =>
      commits.write(name, (writing) =>
        writing
          .insertInto("fact")
          .values({ name, value: "x".repeat(3000) })
          .execute(),
      );
    await insert("before");
    const pages = await sql<{ page_count: number }>`PRAGMA page_count`.execute(database);
    await sql.raw(`PRAGMA max_page_count = ${pages.rows[0]!.page_count + 2}`).execute(database);
    const outcomes = [];
    for (let at = 0; at < 10; at++)
      outcomes.push(
        await insert(`full ${at}`).then(
          () => true,
          () => false,
        ),
      );
    const stored = (await database.selectFrom("fact").select("name").where("name", "like", "full%").execute())
      .length;
    expect(outcomes.filter(Boolean).length).toBe(stored);
    expect(outcomes).toContain(false);
    await sql`PRAGMA max_page_count = 1000000`.execute(database);
    await insert("after");
    expect(
      await database.selectFrom("fact").select("name").where("name", "in", ["before", "after"]).execute(),
    ).toHaveLength(2);
  });
});
