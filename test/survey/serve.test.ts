import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTable } from "../../src/tables/tables.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { StudyError } from "../../src/workbench/errors.ts";
import type { RunningSurvey } from "../../src/workplace/serve.ts";
import { type Fixture, fixture, hiddenFields, served, TestClient } from "./fixture.ts";
import { eachStore } from "./stores.ts";

eachStore((effects, kind) => {
  describe("a participant's survey", () => {
    let study: Fixture;
    let survey: RunningSurvey;
    beforeAll(async () => {
      study = await fixture({ survey: { feedback: true } });
      survey = await served(study.study, effects());
    });
    afterAll(async () => {
      await survey.close();
      await study.remove();
    });

    test("ends with every answer stored once, also in the exported table", async () => {
      const client = new TestClient(survey.url);
      await client.begin();
      expect(await client.finish()).toContain("You were right about 2 of 4.");
      await survey.close();
      const judgments = await readJudgments(study.study);
      expect(judgments).toHaveLength(4);
      expect(judgments.map(({ order }) => order)).toEqual([1, 2, 3, 4]);
      expect(judgments.every(({ simulated, response }) => !simulated && response.answer === "human")).toBe(
        true,
      );
      expect(judgments.every(({ ms }) => ms === undefined)).toBe(true);
      const participants = await readTable(study.study.path("judgments/participants.csv"));
      expect(participants).toHaveLength(1);
      expect(participants[0]!["completed"]).not.toBe("");
      survey = await served(study.study, effects());
      client.url = survey.url;
      expect((await client.get("/")).location).toBe("/thanks");
    });

    test("the same post under the same key is answered the same way and stored once", async () => {
      const client = new TestClient(survey.url);
      await client.begin();
      const fields = { ...hiddenFields((await client.get("/q/1")).text), answer: "machine" };
      const replies = await Promise.all([1, 2, 3].map(() => client.post("/q/1", fields)));
      expect(replies.map(({ status, location }) => [status, location])).toEqual([
        [303, "/q/2"],
        [303, "/q/2"],
        [303, "/q/2"],
      ]);
    });

    test("a changed answer under a used key shows a conflict page, and the first answer stays", async () => {
      const client = new TestClient(survey.url);
      await client.begin();
      const fields = hiddenFields((await client.get("/q/1")).text);
      await client.post("/q/1", { ...fields, answer: "machine" });
      const reply = await client.post("/q/1", { ...fields, answer: "human" });
      expect(reply.status).toBe(409);
      expect(reply.text).toContain("your first answer is stored");
      expect((await client.get("/q/1")).text).toMatch(/value="machine" required checked/);
    });

    test("an answer may be changed under a new key until the last one is given", async () => {
      const client = new TestClient(survey.url);
      await client.begin();
      await client.post("/q/1", { ...hiddenFields((await client.get("/q/1")).text), answer: "machine" });
      const again = hiddenFields((await client.get("/q/1")).text);
      expect((await client.post("/q/1", { ...again, answer: "human" })).location).toBe("/q/2");
      expect((await client.get("/q/1")).text).toMatch(/value="human" required checked/);
      await client.finish();
      const late = await client.post("/q/1", { ...again, key: "a".repeat(26), answer: "machine" });
      expect(late.status).toBe(409);
    });

    test("nobody can skip ahead", async () => {
      const client = new TestClient(survey.url);
      await client.begin();
      const fields = hiddenFields((await client.get("/q/1")).text);
      expect((await client.get("/q/3")).location).toBe("/instructions");
      expect((await client.post("/q/3", { ...fields, answer: "human" })).status).toBe(409);
      expect((await client.get("/thanks")).location).toBe("/instructions");
      expect((await client.get("/q/9")).status).toBe(404);
    });

    test("a missing or invalid answer is asked for again", async () => {
      const client = new TestClient(survey.url);
      await client.begin();
      const fields = hiddenFields((await client.get("/q/1")).text);
      const missing = await client.post("/q/1", { ...fields, reason: "Because & <why>" });
      expect(missing.status).toBe(400);
      expect(missing.text).toContain("Please choose an answer");
      expect(missing.text).toContain("Because &amp; &lt;why&gt;");
      expect((await client.post("/q/1", { ...fields, answer: "both" })).status).toBe(400);
    });

    test("a post without this browser's CSRF token is refused", async () => {
      const [client, other] = [new TestClient(survey.url), new TestClient(survey.url)];
      await client.begin();
      await other.begin();
      const fields = hiddenFields((await client.get("/q/1")).text);
      const foreign = hiddenFields((await other.get("/q/1")).text);
      expect((await client.post("/q/1", { ...fields, seal: foreign["seal"]!, answer: "human" })).status).toBe(
        403,
      );
      expect((await client.post("/q/1", { key: fields["key"]!, answer: "human" })).status).toBe(403);
      expect((await new TestClient(survey.url).post("/q/1", { ...fields, answer: "human" })).status).toBe(
        403,
      );
      expect((await client.get("/q/2")).location).toBe("/instructions");
    });
  });

  test("with survey.back off, the first answer stays", async () => {
    const { study, remove } = await fixture({ survey: { back: false } });
    const survey = await served(study, effects());
    const client = new TestClient(survey.url);
    await client.begin();
    const [one, two] = [await client.get("/q/1"), await client.get("/q/1")].map(({ text }) =>
      hiddenFields(text),
    );
    await client.post("/q/1", { ...one, answer: "human" });
    const second = await client.post("/q/1", { ...two, answer: "machine" });
    expect(second.status).toBe(409);
    expect(second.text).toContain("Your first answer to this question is kept");
    expect((await client.get("/q/1")).location).toBe("/q/2");
    await survey.close();
    expect((await readJudgments(study)).map(({ response }) => response.answer)).toEqual(["human"]);
    await remove();
  });

  test("many arrivals at once are spread evenly over the forms, and the quota closes the study", async () => {
    const { study, remove } = await fixture({ forms: 3, survey: { quota: 12 } });
    const survey = await served(study, effects());
    const clients = Array.from({ length: 30 }, () => new TestClient(survey.url));
    await Promise.all(clients.map((client) => client.begin()));
    const admitted = [];
    for (const client of clients) if ((await client.get("/q/1")).status === 200) admitted.push(client);
    expect(admitted).toHaveLength(12);
    expect((await new TestClient(survey.url).get("/")).status).toBe(503);
    await Promise.all(admitted.map((client) => client.finish()));
    expect((await new TestClient(survey.url).get("/")).status).toBe(410);
    await survey.close();
    const forms = (await readTable(study.path("judgments/participants.csv"))).map(({ form }) => form);
    const counts = [...new Set(forms)].map((form) => forms.filter((other) => other === form).length);
    expect(counts).toEqual([4, 4, 4]);
    await remove();
  });

  test("an unused place is released when its reservation expires, and a late participant still counts", async () => {
    const { study, remove } = await fixture({ forms: 1, survey: { quota: 1, reserve: 10 } });
    let now = Date.UTC(2026, 0, 1);
    const survey = await served(study, effects({ now: () => now }));
    const [first, second] = [new TestClient(survey.url), new TestClient(survey.url)];
    await first.begin();
    expect((await second.get("/")).status).toBe(503);
    now += 11 * 60_000;
    await second.begin();
    await second.finish();
    expect(await first.finish()).toContain("Thank you");
    await survey.close();
    expect(await readJudgments(study)).toHaveLength(8);
    await remove();
  });

  test.skipIf(kind === "PostgreSQL")("a store, or a port, can be used by only one server", async () => {
    const [one, other] = [await fixture(), await fixture()];
    const survey = await served(one.study, effects());
    await expect(served(one.study, effects())).rejects.toThrow(/in use by another process/);
    const port = Number(new URL(survey.url).port);
    const { startSurvey } = await import("../../src/workplace/serve.ts");
    const again = startSurvey(other.study, { port, host: "127.0.0.1" }, effects());
    await expect(again).rejects.toThrow(`port ${port} is in use`);
    await expect(again).rejects.toBeInstanceOf(StudyError);
    await survey.close();
    await (await served(one.study, effects())).close();
    await Promise.all([one.remove(), other.remove()]);
  });
});
