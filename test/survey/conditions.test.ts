import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { formsByCondition } from "../../src/compose/conditions.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { ComposeSettings } from "../../src/study/settings/compose.ts";
import { randomId } from "../../src/survey/ids.ts";
import { openDatabase } from "../../src/survey/store/database.ts";
import { Store } from "../../src/survey/store/store.ts";
import type { Plan } from "../../src/survey/survey-plan.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readForms, readJudgments } from "../../src/workbench/artefacts.ts";
import { filesUnder, writeWhole } from "../../src/workbench/files.ts";
import { fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Shape = Parameters<typeof fixture>[0];
const debrief = "Some of what we said about the authors was not true.";

/** A fixture whose forms are read under these conditions. */
async function withConditions(given: object, { survey, ...shape }: NonNullable<Shape> = {}) {
  const conditions = ComposeSettings.parse({ conditions: given }).conditions!;
  const built = await fixture({ forms: 1, stories: 4, ...shape, survey: { debrief, ...survey } });
  ends.push(built.remove);
  const { study, origins } = built;
  const forms = await readForms(study);
  for (const file of await filesUnder(study.path("forms"))) await rm(file);
  for (const form of forms.flatMap((one) =>
    formsByCondition(one, conditions, (id) => origins.get(id)!, randomId),
  ))
    await writeWhole(join(study.folder, "forms", `${form.id}.json`), JSON.stringify(form));
  return built;
}

async function open(given: object, shape: Shape = {}) {
  const built = await withConditions(given, shape);
  const survey = await served(built.study, quietEffects());
  ends.push(survey.close);
  return { ...built, ...survey };
}

const told = /Written by a (person|machine)/;
const oneCondition = (condition: object) => ({ of: [{ name: "plain" }, { name: "other", ...condition }] });

describe("what is said about a story", () => {
  test("is on its page in the declared conditions, and nowhere else before the last answer", async () => {
    const { url, origins, stimuli, study, close } = await open({
      of: [{ name: "plain" }, { name: "liars", says: "opposite" }, { name: "honest", says: "truth" }],
    });
    const seen = new Map<string, string[]>();
    for (let reader = 0; reader < 3; reader++) {
      const walker = new TestClient(url);
      await walker.begin();
      const labels: string[] = [];
      expect((await walker.get("/instructions")).text).not.toMatch(/liars|honest|opposite/);
      for (let position = 1; position <= 4; position++) {
        const { text } = await walker.get(`/q/${position}`);
        const { id } = stimuli.find((stimulus) => text.includes(stimulus.text.split("\n")[0]!))!;
        labels.push(`${origins.get(id)} ${told.exec(text)?.[1] ?? "nothing"}`);
        expect(text).not.toMatch(/liars|honest|opposite|not true/);
        await walker.post(`/q/${position}`, { ...hiddenFields(text), answer: "human" });
      }
      expect((await walker.get("/thanks")).text).toContain(debrief);
      seen.set([...new Set(labels)].sort().join(", "), labels);
    }
    expect([...seen.keys()].sort()).toEqual([
      "human machine, machine person",
      "human nothing, machine nothing",
      "human person, machine machine",
    ]);
    await close();
    ends.pop();
    const judged = await readTable(study.path("judgments/judgments.csv"));
    const cells = judged.map(({ condition, told: said, stimulus }) =>
      [condition, origins.get(stimulus!), said].join(" ").trim(),
    );
    expect([...new Set(cells)].sort()).toEqual([
      "honest human human",
      "honest machine machine",
      "liars human machine",
      "liars machine human",
      "plain human",
      "plain machine",
    ]);
    const people = await readTable(study.path("judgments/participants.csv"));
    expect(people.map(({ condition, deceived }) => `${condition} ${deceived}`).sort()).toEqual([
      "honest no",
      "liars yes",
      "plain no",
    ]);
  });

  test("within readers: every story is read in every condition, and every reader reads in all of them", async () => {
    const { url, study, close } = await open(
      { by: "story", of: [{ name: "plain" }, { name: "ada", author: "Ada <Poe>" }] },
      { stories: 8, survey: { language: "de" } },
    );
    for (let reader = 0; reader < 4; reader++) {
      const walker = new TestClient(url);
      await walker.begin();
      let named = 0;
      for (let position = 1; position <= 8; position++) {
        const { text } = await walker.get(`/q/${position}`);
        if (text.includes('<p class="told">Von Ada &lt;Poe&gt;</p>')) named += 1;
        await walker.post(`/q/${position}`, { ...hiddenFields(text), answer: "machine" });
      }
      expect(named).toBe(4);
    }
    await close();
    ends.pop();
    const counts = new Map<string, number>();
    for (const { stimulus, condition } of await readTable(study.path("judgments/judgments.csv")))
      counts.set(`${stimulus} ${condition}`, (counts.get(`${stimulus} ${condition}`) ?? 0) + 1);
    expect([...counts.values()]).toEqual(Array.from({ length: 16 }, () => 2));
  });

  test("the instructions do not contradict it", async () => {
    const { url } = await open(
      oneCondition({ says: "machine", instruction: "Be brief.", incentive: "10 cents." }),
    );
    const pages = [];
    for (let reader = 0; reader < 2; reader++) {
      const walker = new TestClient(url);
      await walker.begin();
      pages.push((await walker.get("/instructions")).text);
    }
    const [other] = pages.filter((text) => text.includes("<p>Be brief.</p><p>10 cents.</p>"));
    const [plain] = pages.filter((text) => !text.includes("Be brief."));
    expect(other).toContain("All of them were written by a machine.");
    expect(plain).toContain("Some were written by a person, some by a machine.");
  });

  test("untrue statements without a debriefing are not served", async () => {
    const { study } = await withConditions(oneCondition({ says: "human" }), { survey: { debrief: "" } });
    await expect(served(study)).rejects.toThrow(/says something untrue about some stories/);
  });

  test("who withdraws half-way is debriefed too, and only then", async () => {
    const { url } = await open({
      of: [
        { name: "a", says: "human" },
        { name: "b", says: "machine" },
      ],
    });
    const walker = new TestClient(url);
    await walker.begin();
    const [link] = /\/my\/[\w-]+/.exec((await walker.get("/instructions")).text)!;
    const personal = (await walker.get(link)).text;
    expect(personal).not.toContain(debrief);
    await walker.post(`${link}/withdraw`, hiddenFields(personal));
    expect((await walker.get(link)).text).toContain(debrief);
    expect((await new TestClient(url).get("/withdrawn")).text).not.toContain(debrief);
  });
});

describe("feedback after each answer", () => {
  const feedback = {
    of: [
      { name: "a", feedback: true },
      { name: "b", feedback: true },
    ],
  };

  test("comes after the last answer about a story is stored, and the answer can then not be changed", async () => {
    const { url, origins, stimuli } = await open(feedback, {
      tasks: [{ task: "how-it-felt", stimuli: 1 }],
      survey: { pages: "question" },
    });
    const walker = new TestClient(url);
    await walker.begin();
    let shown = 0;
    for (let position = 1; position <= 5; position++) {
      // Not before its answer, and not by asking for it.
      const early = await walker.get(`/q/${position}/feedback`);
      expect([early.status, early.location]).toEqual([
        303,
        position === 1 ? "/instructions" : `/q/${position}`,
      ]);
      const { text } = await walker.get(`/q/${position}`);
      expect(text).not.toMatch(/wrote this story\./);
      expect(text).not.toContain('href="/q/');
      const answer = text.includes("move you") ? "4" : "human";
      const reply = await walker.post(`/q/${position}`, { ...hiddenFields(text), answer });
      const after = await walker.get(`/q/${position}/feedback`);
      if (reply.location === `/q/${position}/feedback`) {
        shown += 1;
        const { title } = stimuli.find((one) => after.text.includes(`<em>${one.title}</em>`))!;
        const possible = stimuli.filter((one) => one.title === title).map(({ id }) => origins.get(id));
        const [, who] = /A (person|machine) wrote this story\./.exec(after.text)!;
        expect(possible).toContain(who === "person" ? "human" : "machine");
        expect(after.text).toContain("You thought a person had written it.");
        expect(after.text).toContain(`href="${position < 5 ? `/q/${position + 1}` : "/thanks"}"`);
      } else {
        // A later question is about the same story.
        expect(after.status).toBe(303);
        expect(reply.location).toBe(`/q/${position + 1}`);
      }
      const key = "b".repeat(26);
      const again = await walker.post(`/q/${position}`, { ...hiddenFields(text), key, answer: "machine" });
      expect([400, 409]).toContain(again.status);
      expect((await walker.get(`/q/${position}`)).status).toBe(303);
    }
    expect(shown).toBe(4);
  });

  test("comes after the page with all questions about a story", async () => {
    const { url } = await open(feedback, { tasks: [{ task: "how-it-felt", stimuli: 1 }] });
    const walker = new TestClient(url);
    await walker.begin();
    for (let page = 1; page <= 4; page++) {
      const { text } = await walker.get(`/q/${page}`);
      const several = { "how-it-felt.answer": "4", "human-or-machine.answer": "human" };
      const answers = text.includes("move you") ? several : { answer: "human" };
      const reply = await walker.post(`/q/${page}`, { ...hiddenFields(text), ...answers });
      expect(reply.location).toBe(`/q/${page}/feedback`);
      expect((await walker.get(`/q/${page}/feedback`)).text).toMatch(/A (person|machine) wrote this story\./);
    }
  });

  test("is shown in a rehearsal too, and nothing is stored", async () => {
    const { url, rehearsal, study } = await open(feedback);
    const path = new URL(rehearsal).pathname;
    const walker = new TestClient(url);
    const { text } = await walker.get(`${path}/q/1`);
    const reply = await walker.post(`${path}/q/1`, { ...hiddenFields(text), answer: "human" });
    expect(reply.location).toBe(`${path}/q/1/feedback`);
    const shown = (await walker.get(`${path}/q/1/feedback`)).text;
    expect(shown).toMatch(/A (person|machine) wrote this story\./);
    expect(shown).toContain(`href="${path}/q/2"`);
    expect(shown).not.toContain("You thought");
    expect(await readJudgments(study)).toEqual([]);
  });

  test("is nowhere in a condition without it", async () => {
    const { url } = await open({ of: [{ name: "a" }, { name: "b" }] });
    const walker = new TestClient(url);
    await walker.begin();
    const { text } = await walker.get("/q/1");
    expect((await walker.post("/q/1", { ...hiddenFields(text), answer: "human" })).location).toBe("/q/2");
    expect((await walker.get("/q/1/feedback")).location).toBe("/q/2");
    expect((await walker.get("/q/1")).status).toBe(200);
  });
});

test("whole and clipped texts: each reader sees one of them, and the instructions say which", async () => {
  const built = await withConditions({ of: [{ name: "a" }, { name: "b", text: "whole" }] });
  const { study, stimuli } = built;
  const full = stimuli.map((one) => ({ ...one, whole: `${one.text.replace(" …", "")} And so it ended.` }));
  await writeWhole(study.path("stimuli/stimuli.jsonl"), full.map((one) => JSON.stringify(one)).join("\n"));
  const survey = await served(study, quietEffects());
  ends.push(survey.close);
  const seen = [];
  for (let reader = 0; reader < 2; reader++) {
    const walker = new TestClient(survey.url);
    await walker.begin();
    const says = (await walker.get("/instructions")).text.includes("endings have been cut off");
    const { text } = await walker.get("/q/1");
    seen.push([says, text.includes("And so it ended."), text.includes("…</p>")].join());
  }
  expect(seen.sort()).toEqual(["false,true,false", "true,false,true"]);
});

test("a time limit is a style sheet of the survey's own, and only of declared lengths", async () => {
  const { url } = await open({
    of: [
      { name: "a", seconds: 20 },
      { name: "b", seconds: 20 },
    ],
  });
  const walker = new TestClient(url);
  await walker.begin();
  const { text } = await walker.get("/q/1");
  expect(text).toContain("You can read this text for 20 seconds");
  const [, address] = /<link rel="stylesheet" href="(\/assets\/limit-20\.css)">/.exec(text)!;
  const style = await walker.get(address!);
  expect([style.status, style.text]).toEqual([200, expect.stringContaining("20s forwards")]);
  expect((await walker.get("/assets/limit-21.css")).status).toBe(404);
});

test("200 arrivals at once, of whom 30 % leave: cells differ by at most one, in places and in completions", async () => {
  const { study } = await withConditions(
    { of: [{ name: "none" }, { name: "human", says: "human" }, { name: "machine", says: "machine" }] },
    { forms: 5, stories: 2 },
  );
  const forms = await readForms(study);
  const groupOf = new Map(forms.map(({ id, group }) => [id, group!]));
  const store = new Store(await openDatabase(study, {}));
  ends.push(() => store.close());
  const minute = 60_000;
  const plan: Plan = [{ question: "q", task: "human-or-machine", stimuli: [] }];
  const quota = 210;
  const arrive = async (count: number, now: number) =>
    (
      await Promise.all(
        Array.from({ length: count }, (_, at) =>
          store.allocate(
            {
              ...{ id: randomId(), secret: randomId(), now, reserve: 10 * minute, quota, simulated: false },
              forms: [...groupOf.keys()],
              groupOf: (form) => groupOf.get(form),
              planFor: () => plan,
            },
            randomFrom("arrival", now, at),
          ),
        ),
      )
    ).flatMap((place) => ("refused" in place ? [] : [place]));
  const finish = (people: readonly { id: string }[], now: number) =>
    Promise.all(
      people.map(({ id }) =>
        store.submitAnswer({
          ...{ participant: id, question: "q", key: randomId(), response: { answer: "human" } },
          ...{ ms: undefined, now, reserve: 10 * minute, mayChange: false },
        }),
      ),
    );
  const spread = (counts: ReadonlyMap<string, number>) =>
    Math.max(...counts.values()) - Math.min(...counts.values());
  const countBy = (names: readonly string[]) => {
    const counts = new Map<string, number>([...new Set(groupOf.values())].map((name) => [name, 0]));
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  };

  const first = await arrive(200, 0);
  expect(first).toHaveLength(200);
  expect(spread(countBy(first.map(({ form }) => groupOf.get(form)!)))).toBeLessThanOrEqual(1);
  // The 30 % who leave are not spread evenly: more of one condition.
  const leaving = new Set(
    [...first]
      .sort((one, other) => groupOf.get(one.form)!.localeCompare(groupOf.get(other.form)!))
      .slice(0, 60),
  );
  const stayed = first.filter((one) => !leaving.has(one));
  await finish(stayed, minute);
  const second = await arrive(200, 11 * minute);
  expect(second).toHaveLength(quota - stayed.length);
  await finish(second, 12 * minute);
  const completed = [...stayed, ...second].map(({ form }) => groupOf.get(form)!);
  expect(completed).toHaveLength(quota);
  expect(spread(countBy(completed))).toBeLessThanOrEqual(1);
  const perForm = new Map<string, number>();
  for (const { form } of [...stayed, ...second]) perForm.set(form, (perForm.get(form) ?? 0) + 1);
  expect([...perForm.values()].every((count) => Math.abs(count - quota / 15) <= 1)).toBe(true);
});
