import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readTable } from "../../src/tables/tables.ts";
import type { RunningSurvey } from "../../src/workplace/serve.ts";
import { control, type Fixture, fixture, hiddenFields, served, TestClient } from "./fixture.ts";
import { eachStore } from "./stores.ts";

const recruiting = { service: "prolific" as const, codes: { complete: "DONE1" } };

/** Completes the survey from an address: consent, if requested, and every question; returns the last page. */
async function takePart(client: TestClient, query: string): Promise<string> {
  const opened = await client.get(`/${query}`);
  if (opened.status === 200) {
    const consented = await client.post("/consent", hiddenFields(opened.text));
    if (consented.status !== 303) return consented.text;
  } else if (opened.status !== 303) return opened.text;
  return client.finish();
}

/** New invitations. */
async function invitations(survey: RunningSurvey, count: number): Promise<string[]> {
  const reply = await control(survey, "invitations", { count: String(count) });
  return (await reply.json()) as string[];
}

describe("in a browser in which somebody has finished,", () => {
  let built: Fixture;
  let survey: RunningSurvey;
  let invited: string[];
  let number = 0;
  beforeAll(async () => {
    built = await fixture({ forms: 1, stories: 2, survey: { recruiting, rate: 1_000_000 } });
    survey = await served(built.study);
    invited = await invitations(survey, 3);
  });
  afterAll(async () => {
    await survey?.close();
    await built?.remove();
  });

  /** A browser in which the participant with this id has finished. */
  async function finished(id: string): Promise<TestClient> {
    const client = new TestClient(survey.url);
    expect(await takePart(client, `?PROLIFIC_PID=${id}&STUDY_ID=s1&SESSION_ID=v1`)).toContain("DONE1");
    return client;
  }

  const newId = () => `id${++number}`;

  test.each<[string, (id: string) => string]>([
    ["the same address again", (id) => `?PROLIFIC_PID=${id}&STUDY_ID=s1&SESSION_ID=v1`],
    ["another session", (id) => `?PROLIFIC_PID=${id}&STUDY_ID=s1&SESSION_ID=v2`],
    ["another study of the service", (id) => `?PROLIFIC_PID=${id}&STUDY_ID=s2&SESSION_ID=v2`],
    ["the id alone", (id) => `?PROLIFIC_PID=${id}`],
    ["a name in small letters", (id) => `?prolific_pid=${id}`],
    ["spaces around the id", (id) => `?PROLIFIC_PID=%20${id}+`],
    ["the id twice", (id) => `?PROLIFIC_PID=${id}&PROLIFIC_PID=${id}`],
    ["marks of advertising", (id) => `?utm_source=x&fbclid=y&PROLIFIC_PID=${id}#top`],
    ["a plain link", () => ""],
    ["an empty id", () => "?PROLIFIC_PID=&STUDY_ID=&SESSION_ID="],
    ["a place that was not filled in", () => "?PROLIFIC_PID=%7B%7B%25PROLIFIC_PID%25%7D%7D"],
    ["a stranger parameter", () => "?participant=x&secret=y&__proto__=z"],
  ])("%s is the same participant, who gets their own page", async (_, query) => {
    const id = newId();
    const client = await finished(id);
    const { status, location } = await client.get(`/${query(id)}`);
    expect([status, location]).toEqual([303, "/thanks"]);
  });

  test.each<[string, (id: string) => string]>([
    ["another id", (id) => `?PROLIFIC_PID=${id}x&STUDY_ID=s1&SESSION_ID=v1`],
    ["an id in other letters", (id) => `?PROLIFIC_PID=${id.toUpperCase()}`],
    ["an e-mail address as an id", (id) => `?PROLIFIC_PID=${id}%40example.org`],
    ["an id of 300 letters", (id) => `?PROLIFIC_PID=${id.padEnd(300, "x")}`],
    ["two ids", (id) => `?PROLIFIC_PID=${id}&PROLIFIC_PID=other`],
    ["an id with markup", (id) => `?PROLIFIC_PID=${id}%3Cscript%3Ealert(1)%3C/script%3E`],
    ["an id with a NUL", (id) => `?PROLIFIC_PID=${id}%00`],
    ["an id in another script", (id) => `?PROLIFIC_PID=${id}%E4%BD%A0%F0%9F%98%80`],
    ["an id whose escape is cut off", (id) => `?PROLIFIC_PID=${id}%E4%BD%`],
    ["a worker of another service", (id) => `?workerId=W${id}&hitId=h&assignmentId=a`],
  ])("%s is another participant, with separate consent, place and code", async (_, query) => {
    const id = newId();
    const client = await finished(id);
    const first = await client.get("/thanks");
    const opened = await client.get(`/${query(id)}`);
    expect([opened.status, opened.text]).toEqual([200, expect.stringContaining('action="/consent"')]);
    // Opening the survey alone does not switch the participant.
    expect((await client.get("/q/1")).location).toBe("/thanks");
    const consented = await client.post("/consent", hiddenFields(opened.text));
    expect(consented.location).toBe("/instructions");
    expect((await client.get("/q/2")).location).toBe("/instructions");
    const second = await client.finish("machine");
    expect(second).toContain("DONE1");
    expect(personal(second)).not.toBe(personal(first.text));
    // Each returns to their own place by their own address.
    expect((await client.get(`/?PROLIFIC_PID=${id}`)).location).toBe("/thanks");
    expect(personal((await client.get("/thanks")).text)).toBe(personal(first.text));
    expect((await client.get(`/${query(id)}`)).location).toBe("/thanks");
    expect(personal((await client.get("/thanks")).text)).toBe(personal(second));
  });

  test("an invitation is another participant, and half an invitation is an error", async () => {
    const client = await finished(newId());
    const first = personal((await client.get("/thanks")).text);
    for (const [at, link] of invited.slice(0, 2).entries()) {
      const broken = await client.get(link.slice(0, -at - 1));
      expect([broken.status, broken.text]).toEqual([403, expect.stringContaining("open the complete link")]);
      const second = await takePart(client, link.slice(1));
      expect(second).toContain("Thank you");
      expect(personal(second)).not.toBe(first);
      expect((await client.get(link)).location).toBe("/thanks");
    }
    // What a mail program appends to a link is ignored.
    expect(await takePart(client, `${invited[2]!.slice(1)}%3E.`)).toContain("Thank you");
    expect((await client.get(invited[2]!)).location).toBe("/thanks");
  });

  test("two participants in one browser answer in turn, each their own questions", async () => {
    const client = new TestClient(survey.url);
    const [one, other] = [newId(), newId()];
    const pages = [];
    for (const id of [one, other]) {
      const { text } = await client.get(`/?PROLIFIC_PID=${id}`);
      pages.push(hiddenFields(text));
    }
    for (const fields of pages)
      expect((await client.post("/consent", fields)).location).toBe("/instructions");
    const second = hiddenFields((await client.get("/q/1")).text);
    await client.get(`/?PROLIFIC_PID=${one}`);
    const first = hiddenFields((await client.get("/q/1")).text);
    // The page determines whose answer it is, not who opened the survey last.
    expect((await client.post("/q/1", { ...second, answer: "machine" })).location).toBe("/q/2");
    expect((await client.post("/q/1", { ...first, answer: "human" })).location).toBe("/q/2");
    const checked = async () =>
      /value="(\w+)"[^>]* checked/.exec((await client.get("/q/1")).text)?.[1] ?? "none";
    expect(await checked()).toBe("human");
    await client.get(`/?PROLIFIC_PID=${other}`);
    expect(await checked()).toBe("machine");
  });

  test("opening the survey by an id and leaving does not affect a later visitor by a plain link", async () => {
    const client = new TestClient(survey.url);
    const id = newId();
    await client.get(`/?PROLIFIC_PID=${id}`);
    const plain = personal(await takePart(client, ""));
    expect(plain).not.toBe("");
    expect((await client.get(`/?PROLIFIC_PID=${id}`)).status).toBe(200);
    expect(personal(await takePart(client, `?PROLIFIC_PID=${id}`))).not.toBe(plain);
  });

  test("a cookie of version 0.1 is still the same participant", async () => {
    const id = newId();
    const client = await finished(id);
    client.cookie = client.cookie.replace(/(participant=[a-z2-7]{26}).*/, "$1");
    expect((await client.get(`/?PROLIFIC_PID=${id}`)).location).toBe("/thanks");
    expect((await client.get(`/?PROLIFIC_PID=${newId()}`)).status).toBe(200);
  });

  test("twelve people in one browser are twelve participants", async () => {
    const client = new TestClient(survey.url);
    const codes = new Set<string>();
    for (let at = 0; at < 12; at++) codes.add(personal(await takePart(client, `?PROLIFIC_PID=${newId()}`)));
    expect(codes.size).toBe(12);
    expect(client.cookie.length).toBeLessThan(600);
  });
});

const personal = (page: string): string => /\/my\/([a-z2-7]{26})/.exec(page)?.[1] ?? "";

eachStore((effects) => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function open(shape: Parameters<typeof fixture>[0]) {
    const built = await fixture({ forms: 1, stories: 2, ...shape });
    const survey = await served(built.study, effects());
    ends.push(built.remove, survey.close);
    return { ...built, ...survey, survey };
  }

  /** Takes part, and withdraws by the personal link. */
  async function withdraw(url: string, query: string): Promise<void> {
    const client = new TestClient(url);
    const [link] = /\/my\/[\w-]+/.exec(await takePart(client, query)) ?? [""];
    await client.post(`${link}/withdraw`, hiddenFields((await client.get(link)).text));
    expect((await client.get(link)).status).toBe(410);
  }

  test("a withdrawn invitation cannot be used again, in any browser", async () => {
    const { url, survey, study, close } = await open({ survey: { invited: true, feedback: true } });
    const [link, other] = await invitations(survey, 2);
    await withdraw(url, link!.slice(1));
    for (let pass = 0; pass < 3; pass++) {
      const page = await takePart(new TestClient(url), link!.slice(1));
      expect(page).toContain("You withdrew from this study");
      expect(page).not.toContain("You were right");
    }
    expect(await takePart(new TestClient(url), other!.slice(1))).toContain("You were right");
    await close();
    expect(await readTable(study.path("judgments/participants.csv"))).toHaveLength(1);
  });

  test("an id takes part once, or once per study of the service if the settings say so", async () => {
    for (const [oncePer, second] of [
      [undefined, /already started with this id in another browser/],
      ["study", /DONE1/],
    ] as const) {
      const { url } = await open({ survey: { recruiting: { ...recruiting, ...(oncePer && { oncePer }) } } });
      const as = (study: string) => takePart(new TestClient(url), `?PROLIFIC_PID=p1&STUDY_ID=${study}`);
      expect(await as("s1")).toContain("DONE1");
      expect(await as("s1")).toMatch(/already started with this id in another browser/);
      expect(await as("s2")).toMatch(second);
      await withdraw(url, "?PROLIFIC_PID=p2&STUDY_ID=s1");
      const again = await takePart(new TestClient(url), "?PROLIFIC_PID=p2&STUDY_ID=s2");
      expect(again).toMatch(oncePer ? /DONE1/ : /You withdrew from this study/);
      expect(await takePart(new TestClient(url), "?PROLIFIC_PID=p2&STUDY_ID=s1")).toMatch(
        /You withdrew from this study/,
      );
    }
  });

  test.each<[string, object, string | undefined, string]>([
    ["its own code", { full: "FULL1", noConsent: "NO1" }, "FULL1", "complete?cc=FULL1"],
    ["the code of who does not consent", { noConsent: "NO1" }, "NO1", "complete?cc=NO1"],
    ["the way back alone", {}, undefined, 'href="https://app.prolific.com/"'],
  ])("who comes after the last place gets %s", async (_, codes, code, address) => {
    const { url } = await open({ survey: { quota: 1, recruiting: { ...recruiting, codes } } });
    const late = new TestClient(url);
    const fields = hiddenFields((await late.get("/?PROLIFIC_PID=late")).text);
    await takePart(new TestClient(url), "?PROLIFIC_PID=first");
    // The same if the consent page was open when the last place was taken.
    for (const closed of [
      await new TestClient(url).get("/?PROLIFIC_PID=second"),
      await new TestClient(url).get("/"),
      await late.post("/consent", fields),
    ]) {
      expect([closed.status, closed.text]).toEqual([410, expect.stringContaining(address)]);
      if (code) expect(closed.text).toContain(`<strong>${code}</strong>`);
    }
  });
});
