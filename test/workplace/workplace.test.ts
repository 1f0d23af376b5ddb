import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTable } from "../../src/tables/tables.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { storiesAsTable } from "../../src/workplace/pages/new-study.ts";
import { pages } from "../../src/workplace/pages.ts";
import type { RunningSurvey } from "../../src/workplace/serve.ts";
import { isOwnHost } from "../../src/workplace/workplace-server.ts";
import { generationOf } from "../helpers/generations.ts";
import { type Fixture, fixture, hiddenFields, quietEffects, served, TestClient } from "../survey/fixture.ts";
import { type Opened, opened } from "./opened.ts";

let built: Fixture;
let survey: RunningSurvey;
let place: Opened;
let now = Date.UTC(2026, 0, 1);
const effects = quietEffects({ now: () => now });

const markup = '"><script>alert(1)</script>';

beforeAll(async () => {
  built = await fixture({ forms: 2, survey: { quota: 6 } });
  const { study, stimuli, origins } = built;
  const human = stimuli.filter(({ id }) => origins.get(id) === "human");
  const machine = stimuli.filter(({ id }) => origins.get(id) === "machine");
  await writeWhole(
    study.path("corpus/stories.jsonl"),
    jsonLines(
      human.map(({ id, title, text, words }) => ({
        id: `story-${id}`,
        title,
        text: `${text.replace(" …", "")} And this end was cut.`,
        words: words + 5,
        origin: { by: "human", source: "fixture", author: `Nobody ${markup}`, licence: "none" },
        group: id,
        split: "test",
      })),
    ),
  );
  await writeWhole(
    study.path("generations/a-model/one.jsonl"),
    jsonLines(
      machine.flatMap(({ id, title, text }, at) => {
        const story = `story-${human[at]!.id}`;
        const shared = { story, title, examples: [story], control: { tone: at === 0 ? "joyful" : "calm" } };
        return [
          generationOf({
            ...shared,
            id: `draft-${id}`,
            text: `Draft ${markup}`,
            reason: "too short: 4 words",
          }),
          generationOf({ ...shared, id: `generation-${id}`, attempt: 2, text }),
        ];
      }),
    ),
  );
  survey = await served(study, effects);
  place = await opened(study.folder, effects);
});
afterAll(async () => {
  await place?.close();
  await survey?.close();
  await built?.remove();
});

const settingsFile = () => built.study.path("study.yaml");

/** The posts of all pages, with fields that would change something. */
const posts: readonly (readonly [string, Record<string, string>])[] = [
  ["/run", { command: "collect" }],
  ["/stop", {}],
  ["/settings", { "set:title": "Changed" }],
  ["/settings/text", { text: "name: changed\n" }],
  ["/survey/open", {}],
  ["/survey/close", {}],
  ["/survey/pause", { paused: "yes" }],
  ["/survey/accuracy", {}],
  ["/survey/links", { count: "2" }],
  ["/coders", { coder: "anna" }],
  ["/report/package", {}],
  ["/new", { folder: "other", table: "x" }],
  ["/new/table", { pasted: "One\ntext" }],
  ["/new/switch", { name: "other" }],
  ["/logout", {}],
];

describe("attacks:", () => {
  /** Everything that an attack might change. */
  const state = async () => [
    await readFile(settingsFile(), "utf8"),
    place.workplace.folder,
    place.workplace.work.job,
    place.workplace.survey.job,
    (await place.client().get("/")).status,
    (await new TestClient(survey.url).get("/")).status,
    await readFile(built.study.path("judgments/looks.csv"), "utf8").catch(() => "none"),
  ];

  test("every post is in the list of attacks", () => {
    const all = pages.flatMap(({ actions = [] }) =>
      actions.filter(({ method }) => method === "POST").map(({ path }) => path),
    );
    expect(posts.map(([path]) => path).sort()).toEqual([...all, "/logout"].sort());
  });

  test("without the session no page and no post does anything", async () => {
    const before = await state();
    const stranger = new TestClient(place.url);
    const addresses = pages.flatMap(({ path, actions = [] }) => [path, ...actions.map((one) => one.path)]);
    for (const path of [...addresses, "/events", "/survey/events", "/rehearsal/x", "/nowhere"]) {
      const reply = await stranger.get(path);
      expect([path, reply.status, reply.location, reply.text]).toEqual([path, 303, "/login", ""]);
    }
    for (const [path, fields] of posts) expect((await stranger.post(path, fields)).location).toBe("/login");
    stranger.cookie = `workplace-${new URL(place.url).port}=${Date.now() + 1e9}-${"a".repeat(26)}.${"A".repeat(43)}`;
    expect((await stranger.get("/")).location).toBe("/login");
    expect(await state()).toEqual(before);
  });

  test("a post from another site, without a token, or with one of another session changes nothing", async () => {
    const before = await state();
    const seal = await place.seal();
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ] as Record<string, string>[])
      for (const [path, fields] of posts)
        expect([path, (await place.client().post(path, { ...fields, seal }, headers)).status]).toEqual([
          path,
          403,
        ]);
    const other = new TestClient(place.url);
    await other.post("/login", { token: place.token });
    for (const wrong of ["", "guessed", hiddenFields((await other.get("/coders")).text)["seal"]!])
      for (const [path, fields] of posts)
        expect([path, (await place.client().post(path, { ...fields, seal: wrong })).status]).toEqual([
          path,
          403,
        ]);
    expect(await state()).toEqual(before);
  });

  test("a page of another study, open in a second tab, changes nothing in this one", async () => {
    const { workplace } = place;
    const { folder } = workplace;
    const other = await fixture();
    workplace.folder = other.study.folder;
    const seal = await place.seal();
    workplace.folder = folder;
    const before = await state();
    const reply = await place.client().post("/settings/text", { seal, text: "name: changed\n" });
    expect([reply.status, reply.text]).toEqual([403, expect.stringContaining("belongs to another study")]);
    expect(await state()).toEqual(before);
    await other.remove();
  });

  test("no GET of an address that is posted to changes anything", async () => {
    const before = await state();
    for (const [path, fields] of posts)
      await place.client().get(`${path}?${new URLSearchParams({ ...fields, seal: await place.seal() })}`);
    expect(await state()).toEqual(before);
  });

  test("a request under another host name gets nothing, also with the cookie", async () => {
    const { port } = new URL(place.url);
    const status = await new Promise((resolve) => {
      const headers = { host: `evil.example:${port}`, cookie: place.client().cookie };
      request({ host: "127.0.0.1", port, path: "/", headers }, (reply) => resolve(reply.statusCode)).end();
    });
    expect(status).toBe(421);
    expect(isOwnHost("localhost:4300", "127.0.0.1")).toBe(true);
    expect(isOwnHost("192.168.1.7:4300", "127.0.0.1")).toBe(false);
    expect(isOwnHost("192.168.1.7:4300", "0.0.0.0")).toBe(true);
    expect(isOwnHost("evil.example:4300", "0.0.0.0")).toBe(false);
    expect(isOwnHost("127.0.0.1.evil.example", "127.0.0.1")).toBe(false);
  });

  test("paths and markup in every field lead nowhere and are shown as text", async () => {
    const seal = await place.seal();
    const before = await readFile(settingsFile(), "utf8");
    for (const value of [markup, "../../../etc/passwd", "a\u0000b", "--host=0.0.0.0"]) {
      for (const [path, fields] of posts.filter(
        ([path]) =>
          ![
            "/logout",
            "/survey/open",
            "/survey/close",
            "/survey/accuracy",
            "/report/package",
            "/stop",
          ].includes(path),
      )) {
        const all = Object.fromEntries(Object.keys(fields).map((name) => [name, value]));
        const reply = await place.client().post(path, { ...all, seal });
        expect([path, reply.status < 500 || reply.status === 503]).toEqual([path, true]);
        expect(reply.text).not.toContain("<script>alert");
        expect(reply.text).not.toContain("root:");
      }
      const encoded = encodeURIComponent(value);
      for (const path of [
        `/stories?search=${encoded}&model=${encoded}&tone=${encoded}&least=${encoded}&page=${encoded}`,
        `/stories/${encoded}`,
        `/survey/person/${encoded}`,
        `/report/files/${encoded}`,
        `/rehearsal/${encoded}`,
      ]) {
        const reply = await place.client().get(path);
        expect(reply.status).toBeLessThan(500);
        expect(reply.text).not.toContain("<script>alert");
        expect(reply.text).not.toContain("root:");
      }
    }
    expect(await readFile(settingsFile(), "utf8")).toBe(before);
    expect(place.workplace.work.job).toBeUndefined();
  });

  test("over a network the pages only show, until the settings allow more", async () => {
    const wide = await opened(built.study.folder, quietEffects(), { host: "0.0.0.0" });
    const seal = await wide.seal();
    const before = await readFile(settingsFile(), "utf8");
    const change = { seal, text: "name: changed\n", base: Buffer.from(before).toString("base64") };
    const refused = await wide.client().post("/settings/text", change);
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("workplace.network")]);
    expect((await wide.client().get("/stories")).status).toBe(200);
    await writeFile(settingsFile(), `${before}workplace:\n  network: true\n`);
    const base = Buffer.from(await readFile(settingsFile(), "utf8")).toString("base64");
    expect((await wide.client().post("/settings/text", { ...change, base, text: before })).status).toBe(303);
    expect(await readFile(settingsFile(), "utf8")).toBe(before);
    await wide.close();
  });

  test("guessing the token is rate-limited, and the token is in no page", async () => {
    for (const { path } of pages) expect((await place.client().get(path)).text).not.toContain(place.token);
    const guesser = await opened(built.study.folder);
    const statuses = [];
    for (let guess = 0; guess < 12; guess++)
      statuses.push((await new TestClient(guesser.url).post("/login", { token: `guess ${guess}` })).status);
    expect(statuses[0]).toBe(403);
    expect(statuses.at(-1)).toBe(429);
    await guesser.close();
  });
});

describe("settings", () => {
  const base = async () => Buffer.from(await readFile(settingsFile(), "utf8")).toString("base64");

  test("of the form are written in their place, and comments stay", async () => {
    const text = "# A study\nname: own   # its name\nsurvey:\n  # how many\n  quota: 6   # readers\n";
    await writeFile(settingsFile(), text);
    const saved = await place.client().post("/settings", {
      seal: await place.seal(),
      base: await base(),
      "set:survey.quota": "12",
      "set:analyse.margin": "0.05",
    });
    expect(saved.location).toBe("/settings?saved=yes");
    const written = await readFile(settingsFile(), "utf8");
    expect(written).toContain("# A study\nname: own");
    expect(written).toMatch(/# how many\n {2}quota: 12 +# readers/);
    expect(written).toMatch(/analyse:\n {2}margin: 0.05/);
  });

  test.each([
    ["set:compose.forms", "many", 'compose.forms: "many" where a number is expected'],
    ["set:generate.models", "- address: nothing", "generate.models.0.address"],
    ["set:survey.port", "99999999", "survey.port"],
  ])(
    "%s with a wrong value is refused with the message that a terminal shows",
    async (name, value, message) => {
      const before = await readFile(settingsFile(), "utf8");
      const reply = await place.client().post("/settings", {
        seal: await place.seal(),
        base: await base(),
        [name]: value,
      });
      expect(reply.status).toBe(400);
      expect(reply.text.replaceAll("&quot;", '"')).toContain(message);
      expect(reply.text).toContain('aria-invalid="true"');
      expect(await readFile(settingsFile(), "utf8")).toBe(before);
    },
  );

  test("of a file that was edited by hand meanwhile are not overwritten, and the changes are kept in the form", async () => {
    const old = await base();
    const edited = `${await readFile(settingsFile(), "utf8")}seed: 7\n`;
    await writeFile(settingsFile(), edited);
    const seal = await place.seal();
    const form = await place.client().post("/settings", { seal, base: old, "set:title": "My title" });
    expect([form.status, form.text]).toEqual([409, expect.stringContaining("was changed elsewhere")]);
    expect(form.text).toContain('value="My title"');
    const text = await place.client().post("/settings/text", { seal, base: old, text: "name: mine\n" });
    expect([text.status, text.text]).toEqual([409, expect.stringContaining("seed: 7")]);
    expect(await readFile(settingsFile(), "utf8")).toBe(edited);
    // The page that was shown has the new file, so a second press saves.
    const again = await place.client().post("/settings", {
      seal,
      base: hiddenFields(form.text)["base"]!,
      "set:title": "My title",
    });
    expect(again.status).toBe(303);
    expect(await readFile(settingsFile(), "utf8")).toContain("title: My title");
  });

  test("with an error in the file still open as text", async () => {
    const before = await readFile(settingsFile(), "utf8");
    await writeFile(settingsFile(), "name: own\nsurvey: [\n");
    const home = await place.client().get("/");
    expect([home.status, home.text]).toEqual([200, expect.stringContaining("/settings/text")]);
    expect((await place.client().get("/settings/text")).text).toContain("survey: [");
    await writeFile(settingsFile(), before);
  });
});

describe("stories", () => {
  const matrix = async (query: string) => (await place.client().get(`/stories/matrix?${query}`)).text;

  test("are in a row for each title, and filters find the versions that fit", async () => {
    expect(await matrix("")).toContain("4 titles, 12 texts");
    expect(await matrix("tone=joyful")).toContain("1 title, 2 texts");
    expect(await matrix("fault=any")).toContain("4 titles, 4 texts");
    expect(await matrix("fault=too+short")).toContain("4 titles, 4 texts");
    expect(await matrix("least=10&model=llama%3Aa-model")).toContain("4 titles, 4 texts");
    expect(await matrix("search=no-such-word")).toContain("0 titles, 0 texts");
    expect(await matrix("search=thirty+YEARS")).toContain('<mark class="hit">thirty years</mark>');
  });

  test("of a title are next to each other with every attempt, its prompt and the clip in place", async () => {
    const [, address] = /href="(\/stories\/story-[^"?]+)"/.exec((await place.client().get("/stories")).text)!;
    const { text } = await place.client().get(address!);
    expect(text).toMatch(/<mark class="run">/);
    expect(text).toMatch(/<del class="cut">.*cut/s);
    expect(text).toContain("1 other attempt");
    expect(text).toContain("too short: 4 words");
    expect(text).toContain("Prompt (");
    expect(text).toContain("Nobody &quot;&gt;&lt;script&gt;");
  });
});

describe("the survey's page", () => {
  test("shows progress, participants and one person's way, and no accuracy until it is asked for", async () => {
    const [one, two] = [new TestClient(survey.url), new TestClient(survey.url)];
    await one.begin();
    await two.begin();
    now += 4 * 60_000;
    await one.finish();
    const { text } = await place.client().get("/survey");
    const words = text.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
    expect(words).toMatch(/1 of \d+ readers/);
    expect(words).toContain("consented 2 answering now 1 completed 1");
    expect(text).toContain("<svg");
    const [, person] = /href="(\/survey\/person\/[^"]+)"/.exec(text)!;
    const way = (await place.client().get(person!)).text;
    expect(way).toContain("of 4 answers");
    for (const shown of [words, way]) expect(shown).not.toMatch(/right answers|machine stories|\d %/i);

    const looked = await place.client().post("/survey/accuracy", { seal: await place.seal() });
    expect(looked.text).toContain("Right answers");
    expect(await readTable(built.study.path("judgments/looks.csv"))).toHaveLength(1);
    expect((await place.client().get("/survey")).text).toContain("so far 1");
  });

  test("makes links that let one person take part, and pauses", async () => {
    const seal = await place.seal();
    const table = await place.client().post("/survey/links", { seal, count: "2" });
    const links = table.text.trim().split("\n").slice(1);
    expect(links).toHaveLength(2);
    const guest = async () => {
      const client = new TestClient(survey.url);
      const page = await client.get(links[0]!.slice(survey.url.length));
      return (await client.post("/consent", hiddenFields(page.text))).status;
    };
    expect(await guest()).toBe(303);
    expect(await guest()).toBe(409);
    await place.client().post("/survey/pause", { seal, paused: "yes" });
    expect((await place.client().get("/survey")).text).toContain("paused");
    expect((await new TestClient(survey.url).get("/")).status).toBe(503);
    await place.client().post("/survey/pause", { seal, paused: "no" });
    expect((await new TestClient(survey.url).get("/")).status).toBe(200);
  });

  test("lets a form be rehearsed, which stores nothing", async () => {
    const client = place.client();
    const first = (await client.get("/rehearsal/first")).location;
    const page = await client.get(`${first}/q/1`);
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'self'");
    const reply = await client.post(`${first}/q/1`, { ...hiddenFields(page.text), answer: "human" });
    expect(reply.location).toBe(`${first}/q/2`);
  });
});

test("pasted stories become a table, and a title without a text is named", () => {
  expect(storiesAsTable("One\nFirst, “text”.\n\nTwo\r\nline\r\nline\n")).toBe(
    'title,text\nOne,"First, “text”."\nTwo,"line\nline"\n',
  );
  expect(() => storiesAsTable("One\ntext\n\nAlone\n")).toThrow("“Alone”: a title without a text");
});
