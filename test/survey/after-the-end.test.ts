import { afterEach, describe, expect, test } from "vitest";
import { serveOnce } from "./command.ts";
import { fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Shape = Parameters<typeof fixture>[0];

async function open(shape: Shape, effects = quietEffects()) {
  const built = await fixture({ forms: 1, stories: 4, ...shape });
  ends.push(built.remove);
  const survey = await served(built.study, effects);
  ends.push(survey.close);
  return { ...built, url: survey.url, rehearsal: new URL(survey.rehearsal).pathname };
}

const debrief = "This study compares {stories} stories by people and machines.\n\nWe asked {tasks}.";
const revealed = /wrote this story\.|Who wrote the stories|compares 4 stories/;

describe("after the last answer", () => {
  test("participants read the debriefing, and story by story who wrote it and what they thought", async () => {
    const { url, stimuli, origins } = await open({
      survey: { debrief, reveal: true, feedback: true },
      tasks: [{ task: "which-is-human", stimuli: 2 }],
      titles: ["One", "Two", "Three", "Four"],
    });
    const client = new TestClient(url);
    await client.begin();
    for (let position = 1; position <= 5; position++) {
      const { text } = await client.get(`/q/${position}`);
      expect(text).not.toMatch(revealed);
      const answer = text.includes('class="pair"') ? "left" : "human";
      // Answers change until the end; no page before the last one reveals anything.
      const reply = await client.post(`/q/${position}`, { ...hiddenFields(text), answer });
      expect([reply.status, reply.text.match(revealed)]).toEqual([303, null]);
      if (position < 5) expect((await client.get("/thanks")).location).toBe(`/q/${position + 1}`);
    }
    const { text } = await client.get("/thanks");
    expect(text).toContain("This study compares 4 stories by people and machines.");
    expect(text).toContain(
      "We asked whether a person or a machine wrote a story and which of two stories a person wrote.",
    );
    expect(text).toMatch(/You were right about \d of \d/);
    for (const { id, title } of stimuli) {
      const [, own] =
        new RegExp(`<summary>${title}</summary>\\s*<p><strong>([^<]+)</strong>`).exec(text) ?? [];
      expect(own).toBe(
        origins.get(id) === "human" ? "A person wrote this story." : "A machine wrote this story.",
      );
    }
    expect(text.match(/You thought a (person|machine) had written it/g)).toHaveLength(4);
  });

  test("nothing is revealed unless the study says so, nor in a rehearsal", async () => {
    const { url } = await open({});
    const client = new TestClient(url);
    await client.begin();
    expect(await client.finish()).not.toMatch(revealed);
    const shown = await open({ survey: { debrief, reveal: true, language: "de" } });
    const page = (await new TestClient(shown.url).get(`${shown.rehearsal}/thanks`)).text;
    expect(page).toContain("Worum es in dieser Studie geht");
    expect(page).not.toMatch(/hat ein Mensch geschrieben|hat eine Maschine geschrieben/);
  });

  test("an answer cannot be changed once the authors were shown", async () => {
    const { url } = await open({ survey: { reveal: true } });
    const client = new TestClient(url);
    await client.begin();
    const first = await client.get("/q/1");
    await client.finish("human");
    const late = await client.post("/q/1", {
      ...hiddenFields(first.text),
      key: "a".repeat(26),
      answer: "machine",
    });
    expect(late.status).toBe(409);
    expect((await client.get("/thanks")).text).not.toContain("You thought a machine");
  });

  test("the personal link can be copied, and withdrawing takes two steps there and on the last page", async () => {
    const { url } = await open({ survey: { language: "de" } });
    const client = new TestClient(url);
    await client.begin();
    const thanks = await client.finish();
    const [link] = /\/my\/[\w-]+/.exec(thanks)!;
    for (const page of [thanks, (await client.get(link)).text]) {
      const [details] = /<details class="withdraw">[\s\S]*?<\/details>/.exec(page)!;
      expect(details).toContain("<summary>Ich möchte meine Teilnahme zurückziehen</summary>");
      expect(details).toContain(`action="${link}/withdraw"`);
      expect(details).toContain("nicht rückgängig");
      expect(details).toContain('<button class="plain">');
    }
    expect(thanks).toContain("Kopieren</button>");
    expect((await client.post(`${link}/withdraw`, hiddenFields(thanks))).status).toBe(303);
    expect((await client.get(link)).text).toContain("Ihre Antworten sind gelöscht");
  });
});

describe("small things", () => {
  test("what may be skipped says so, once", async () => {
    const demographics = [
      { name: "age", ask: "How old are you?", number: true },
      { name: "reads", ask: "How often do you read? (optional)", options: ["often", "seldom"] },
      { name: "tongue", ask: "Your first language?", required: true },
    ];
    const { url } = await open({
      stories: 1,
      survey: { demographics },
      tasks: [{ task: "demographics", stimuli: 0 }],
    });
    const client = new TestClient(url);
    await client.begin();
    const { text } = await client.get("/q/1");
    expect(text).toContain("<legend>Who wrote this story?</legend>");
    expect(text).toContain("<legend>How sure are you? (optional)</legend>");
    expect(text.match(/\(optional\)/g)).toHaveLength(2);
    await client.post("/q/1", { ...hiddenFields(text), answer: "human" });
    const about = (await client.get("/q/2")).text;
    expect(about).toContain("How old are you? (optional)");
    expect(about).toContain("Your first language?\n");
    expect(about.match(/\(optional\)/g)).toHaveLength(2);
    // Levels with an order are a list, not rows of a grid.
    expect(about).toContain('class="choice small list"');
  });

  test("who declines or comes too late gets a code that is not called a completion code", async () => {
    const recruiting = { service: "prolific" as const, codes: { noConsent: "NO1", complete: "YES1" } };
    const { url } = await open({ survey: { recruiting, quota: 1 } });
    const client = new TestClient(url);
    const declined = (await client.get("/declined")).text;
    expect(declined).toContain("Your code: <strong>NO1");
    expect(declined).toContain("Return to Prolific");
    await client.begin();
    expect(await client.finish()).toContain("Your completion code: <strong>YES1");
    expect((await new TestClient(url).get("/")).text).toContain("Your code: <strong>NO1");
  });

  test("an unknown address is called one", async () => {
    const { url } = await open({});
    expect((await new TestClient(url).get("/nowhere")).text).toContain("<h1>Page not found</h1>");
  });

  test("contact and ethics approval are on the consent page, and asked for where they are missing", async () => {
    const { url } = await open({ survey: { contact: "a@b.example", ethics: "IRB 12/2026" } });
    const consent = (await new TestClient(url).get("/")).text;
    expect(consent).toContain("Questions about the study: a@b.example");
    expect(consent).toContain("Ethics approval: IRB 12/2026");
    const without = await fixture({ forms: 1 });
    ends.push(without.remove);
    const { code, output } = await serveOnce(without.study);
    expect(code).toBe(0);
    expect(output).toContain("survey.contact is empty: participants cannot ask you anything");
    expect(output).toContain("survey.ethics is empty: name the ethics approval");
  });

  test("{tasks} in a consent is what is asked", async () => {
    const consent = "You say {tasks}.";
    const { url } = await open({ survey: { consent }, tasks: [{ task: "how-it-felt", stimuli: 1 }] });
    expect((await new TestClient(url).get("/")).text).toContain(
      "You say whether a person or a machine wrote a story and how much a story moved you.",
    );
  });
});
