import { afterEach, expect, test } from "vitest";
import { readTable } from "../../src/tables/tables.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { startSurvey } from "../../src/workplace/serve.ts";
import { fixture, hiddenFields, served, TestClient } from "./fixture.ts";
import { eachStore } from "./stores.ts";

eachStore((effects) => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function open(shape: Parameters<typeof fixture>[0] = {}) {
    const built = await fixture(shape);
    const survey = await served(built.study, effects());
    ends.push(built.remove, survey.close);
    return { ...built, url: survey.url, close: survey.close };
  }

  const prolific = "?PROLIFIC_PID=abc123&STUDY_ID=s1&SESSION_ID=v1";
  const recruiting = {
    service: "prolific" as const,
    codes: { complete: "DONE1", noConsent: "NO1", attention: "FAIL1" },
    mayFail: 0,
  };

  async function arrive(client: TestClient, query: string) {
    const { text } = await client.get(`/${query}`);
    return client.post("/consent", hiddenFields(text));
  }

  test("a completion code is given after the last answer and not before", async () => {
    const { url } = await open({ survey: { recruiting } });
    const client = new TestClient(url);
    await arrive(client, prolific);
    expect((await client.get("/thanks")).text).not.toContain("DONE1");
    for (let position = 1; position <= 4; position++) {
      const { text } = await client.get(`/q/${position}`);
      expect(text).not.toContain("DONE1");
      await client.post(`/q/${position}`, { ...hiddenFields(text), answer: "human" });
    }
    const { text } = await client.get("/thanks");
    expect(text).toContain("DONE1");
    expect(text).toContain('href="https://app.prolific.com/submissions/complete?cc=DONE1"');
  });

  test("failed attention checks and declined consent have separate codes", async () => {
    const { url } = await open({
      stories: 2,
      tasks: [{ task: "attention-check", stimuli: 0 }],
      survey: { recruiting },
    });
    const client = new TestClient(url);
    await arrive(client, prolific);
    for (let position = 1; position <= 3; position++) {
      const { text } = await client.get(`/q/${position}`);
      const answer = text.includes('value="seldom"') ? "often" : "human";
      await client.post(`/q/${position}`, { ...hiddenFields(text), answer });
    }
    const { text } = await client.get("/thanks");
    expect(text).toContain("FAIL1");
    expect(text).not.toContain("DONE1");
    expect((await new TestClient(url).get("/declined")).text).toContain("cc=NO1");
  });

  test("an id of the service gives no access to answers, has one place, and is never exported", async () => {
    const { url, study, close } = await open({ survey: { recruiting } });
    const [client, thief] = [new TestClient(url), new TestClient(url)];
    await arrive(client, prolific);
    const refused = await arrive(thief, prolific);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("already started with this id in another browser");
    expect((await thief.get("/q/1")).location).toBe("/");
    await client.finish();
    await close();
    const exported = JSON.stringify([
      await readJudgments(study),
      await readTable(study.path("judgments/participants.csv")),
    ]);
    expect(exported).not.toContain("abc123");
  });

  test("malformed ids and foreign completion addresses are ignored", async () => {
    const { url } = await open({ survey: { recruiting: { ...recruiting, service: "mturk" as const } } });
    const client = new TestClient(url);
    const { text } = await client.get(
      '/?workerId="><script>alert(1)</script>&return=https://evil.example&cc=X',
    );
    expect(text).not.toContain("evil.example");
    expect(text).not.toContain("<script>alert");
    await client.post("/consent", hiddenFields(text));
    expect(await client.finish()).not.toContain("evil.example");
  });

  const mturk = { service: "mturk" as const, codes: { complete: "DONE1" } };
  const assignment = "?assignmentId=3ABC&hitId=H1&workerId=A1";

  test("an MTurk worker submits from their own browser, only to the host that they came from", async () => {
    const { url } = await open({ survey: { recruiting: mturk } });
    for (const [host, address] of [
      ["https://workersandbox.mturk.com", "https://workersandbox.mturk.com/mturk/externalSubmit"],
      ["https://www.mturk.com/", "https://www.mturk.com/mturk/externalSubmit"],
    ]) {
      const client = new TestClient(url);
      await arrive(
        client,
        `${assignment.replace("A1", `${host!.length}W`)}&turkSubmitTo=${encodeURIComponent(host!)}`,
      );
      const early = await client.get("/q/1");
      expect(early.text).not.toMatch(/externalSubmit|DONE1/);
      expect(early.headers.get("content-security-policy")).toContain("form-action 'self';");
      await client.finish();
      const { text, headers } = await client.get("/thanks");
      expect(text).toContain(`<form method="post" action="${address}">`);
      const [handIn] = new RegExp(`<form method="post" action="${address}">[^]*?</form>`).exec(text)!;
      expect(hiddenFields(handIn)).toEqual({ assignmentId: "3ABC", code: "DONE1" });
      const origin = new URL(address!).origin;
      expect(headers.get("content-security-policy")).toContain(`form-action 'self' ${origin};`);
    }
  });

  test.each([
    "https://evil.example",
    "https://www.mturk.com.evil.example",
    "https://www.mturk.com@evil.example",
    "http://www.mturk.com",
    "javascript:alert(1)",
    "__proto__",
  ])("nothing is submitted to %s: the worker gets a code to paste", async (host) => {
    const { url } = await open({ stories: 2, survey: { recruiting: mturk } });
    const client = new TestClient(url);
    await arrive(client, `${assignment}&turkSubmitTo=${encodeURIComponent(host)}`);
    await client.finish();
    const { text, headers } = await client.get("/thanks");
    expect(text).not.toMatch(/externalSubmit|evil|javascript/);
    expect(text).toContain("<strong>DONE1</strong>");
    expect(headers.get("content-security-policy")).toContain("form-action 'self';");
  });

  test("a preview shows the study, and takes no place, cookie or visit", async () => {
    const { url, study, close } = await open({ survey: { recruiting: mturk, quota: 1 } });
    const client = new TestClient(url);
    const preview = await client.get("/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=H1");
    expect([preview.status, preview.headers.getSetCookie()]).toEqual([200, []]);
    expect(preview.text).toContain("This is a preview");
    expect(preview.text).not.toMatch(/<form|<button/);
    expect((await arrive(new TestClient(url), assignment)).status).toBe(303);
    await close();
    expect(await readTable(study.path("judgments/participants.csv"))).toHaveLength(1);
  });

  test("MTurk may embed the participants' pages in its frame, and nobody may embed any other page", async () => {
    const { url } = await open({ survey: { recruiting: mturk, proxy: true } });
    const client = new TestClient(url);
    const { headers } = await client.get(`/${assignment}`);
    expect(headers.get("content-security-policy")).toMatch(
      /frame-ancestors https:\/\/worker\.mturk\.com https:\/\/workersandbox\.mturk\.com /,
    );
    expect(headers.get("x-frame-options")).toBe(null);
    expect(headers.getSetCookie()[0]).toMatch(
      /Secure; Partitioned; SameSite=None|SameSite=None.*Partitioned|Partitioned.*SameSite=None/,
    );
    for (const path of ["/control/status", "/%63ontrol/status", "/coding", "/%63oding", "/nowhere"]) {
      const inside = (await client.get(path)).headers;
      expect(inside.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(inside.get("x-frame-options")).toBe("DENY");
    }
    const plain = await open({ survey: { recruiting, proxy: true } });
    const other = (await new TestClient(plain.url).get("/")).headers;
    expect(other.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(other.getSetCookie()[0]).toMatch(/SameSite=Lax/);
  });

  const personalLink = (page: string) => /href="(\/my\/[^"]+)"/.exec(page)![1]!;

  test("a personal link continues in another browser, and the first browser then has no access", async () => {
    const { url } = await open();
    const [first, second] = [new TestClient(url), new TestClient(url)];
    await first.begin();
    const link = personalLink((await first.get("/instructions")).text);
    await first.post("/q/1", { ...hiddenFields((await first.get("/q/1")).text), answer: "human" });
    const { text } = await second.get(link);
    const reply = await second.post(`${link}/continue`, hiddenFields(text));
    expect(reply.location).toBe("/q/2");
    expect((await first.get("/q/2")).location).toBe("/");
    expect(await second.finish()).toContain("Thank you");
  });

  test("withdrawing deletes everything, and nothing can be added afterwards", async () => {
    const { url, study, close } = await open({ survey: { recruiting } });
    const [client, other] = [new TestClient(url), new TestClient(url)];
    await arrive(client, prolific);
    await other.begin();
    await other.finish();
    const link = personalLink((await client.get("/instructions")).text);
    const fields = hiddenFields((await client.get("/q/1")).text);
    await client.post("/q/1", { ...fields, answer: "human", reason: "private" });
    expect((await client.get(`${link}/withdraw`)).status).toBe(404);
    expect((await client.post(`${link}/withdraw`, {})).status).toBe(403);
    const seal = hiddenFields((await client.get(link)).text);
    await client.post(`${link}/withdraw`, seal);
    expect((await client.get(link)).status).toBe(410);
    expect((await client.get("/")).location).toBe("/withdrawn");
    expect((await client.post("/q/1", { ...fields, answer: "human" })).status).toBe(409);
    expect((await client.get("/q/1")).location).toBe("/withdrawn");
    await close();
    expect(await readJudgments(study)).toHaveLength(4);
    expect(await readTable(study.path("judgments/participants.csv"))).toHaveLength(1);
    // The place is free again; the recruiting service's id cannot be used again, also in another study of the service.
    const survey = await startSurvey(study, { port: 0, host: "127.0.0.1" }, effects());
    for (const ids of [prolific, prolific.replace("s1", "s2")]) {
      const again = await arrive(new TestClient(survey.url), ids);
      expect([again.status, again.text]).toEqual([
        410,
        expect.stringContaining("You withdrew from this study"),
      ]);
    }
    expect((await arrive(new TestClient(survey.url), prolific.replace("abc123", "abc124"))).status).toBe(303);
    await survey.close();
  });

  test("a source of the study's own is a column of participants.csv; another name is not", async () => {
    const { url, study, close } = await open({ survey: { recruiting, sources: ["class", "mail"] } });
    for (const query of [
      "?source=class",
      "?source=elsewhere",
      prolific,
      `${prolific.replace("abc123", "d")}&source=mail`,
    ])
      expect((await arrive(new TestClient(url), query)).status).toBe(303);
    await close();
    const people = await readTable(study.path("judgments/participants.csv"));
    expect(people.map(({ recruited }) => recruited).sort()).toEqual(["class", "link", "mail", "prolific"]);
  });

  test("a guessed link gives no access", async () => {
    const { url } = await open();
    const client = new TestClient(url);
    await client.begin();
    const link = personalLink((await client.get("/instructions")).text);
    const last = link.at(-1) === "A" ? "B" : "A";
    for (const guess of [
      `${link.slice(0, -1)}${last}`,
      "/my/x",
      `/my/${"a".repeat(26)}-${"A".repeat(43)}`,
      "/my/%00",
    ]) {
      expect((await new TestClient(url).get(guess)).status).toBe(404);
    }
  });
});
