import { afterAll, beforeAll, expect, test } from "vitest";
import { readForms } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { type Fixture, fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";
import { originAudit, type Received } from "./origin-audit.ts";

/** Every text of the study as participants receive it, with everything around it. */
async function receive({ study, stimuli, origins }: Fixture): Promise<Received[]> {
  const survey = await served(study, quietEffects());
  const received: Received[] = [];
  const byTitle = new Map(stimuli.map((stimulus) => [stimulus.title.trim(), stimulus]));
  for (let form = 0; form < (await readForms(study)).length; form++) {
    const client = new TestClient(survey.url);
    await client.begin();
    for (let position = 1; ; position++) {
      const began = performance.now();
      const page = await client.get(`/q/${position}`);
      const ms = performance.now() - began;
      if (page.status !== 200) break;
      const reply = await client.post(`/q/${position}`, { ...hiddenFields(page.text), answer: "human" });
      const title = /<h2>([^<]+)<\/h2>/.exec(page.text)![1]!.trim();
      const stimulus = byTitle.get(title)!;
      const headers = JSON.stringify([[...page.headers], [...reply.headers], reply.location]);
      received.push({
        stimulus: stimulus.id,
        origin: origins.get(stimulus.id)!,
        body: page.text + reply.text,
        headers,
        numbers: {
          ms,
          position,
          length: page.text.length,
          markup: page.text.length - stimulus.text.length - title.length,
        },
      });
      if (reply.location === "/thanks") break;
    }
  }
  await survey.close();
  // Sorted by an uninformative name, so that the order of requests does not decide which half a text is in.
  return received.sort((one, other) => (one.stimulus < other.stimulus ? -1 : 1));
}

let honest: Fixture;
let received: Received[];

/** Different titles, so that a page can be identified by its title. */
const titles = (count: number) =>
  Array.from({ length: count }, (_, at) => `Title ${at.toString(36).padStart(4, "0")}`);

async function build(): Promise<Fixture> {
  const built = await fixture({ forms: 3, stories: 56, survey: { rate: 1_000_000 } });
  const renamed = built.stimuli.map((stimulus, at) => ({
    ...stimulus,
    title: titles(168)[(at * 89) % 168]!,
  }));
  await writeWhole(built.study.path("stimuli/stimuli.jsonl"), jsonLines(renamed));
  return { ...built, stimuli: renamed };
}

beforeAll(async () => {
  honest = await build();
  received = await receive(honest);
});
afterAll(() => honest.remove());

// 84 texts are classified: chance is 0.5, and 0.5 +/- 0.19 is 3.5 standard errors.
const chance = 0.19;

test("nothing that a participant receives distinguishes machine texts from human ones", () => {
  expect(received).toHaveLength(168);
  expect(Math.abs(originAudit(received) - 0.5)).toBeLessThan(chance);
});

test("the classifier is at chance when origins are shuffled", () => {
  const dealt = received.map((one, at) => ({
    ...one,
    origin: (at * 7919) % 13 < 6 ? ("human" as const) : ("machine" as const),
  }));
  expect(Math.abs(originAudit(dealt) - 0.5)).toBeLessThan(chance);
});

const isMachine = ({ origin }: Received) => origin === "machine";

test.each<[string, (one: Received) => Received]>([
  [
    "a class name",
    (one) => ({
      ...one,
      body: one.body.replace('class="story"', isMachine(one) ? 'class="story m"' : 'class="story"'),
    }),
  ],
  [
    "an attribute with the origin",
    (one) => ({ ...one, body: one.body.replace("<article", `<article data-by="${one.origin}"`) }),
  ],
  ["a header", (one) => ({ ...one, headers: one.headers + (isMachine(one) ? '["etag","m1"]' : "") })],
  [
    "a narrow space in the text",
    (one) => ({ ...one, body: isMachine(one) ? one.body.replace(". ", ".\u2009") : one.body }),
  ],
  [
    "the length of the markup",
    (one) => ({
      ...one,
      numbers: { ...one.numbers, markup: one.numbers["markup"]! + (isMachine(one) ? 1 : 0) },
    }),
  ],
  [
    "the time that the page took",
    (one) => ({ ...one, numbers: { ...one.numbers, ms: one.numbers["ms"]! + (isMachine(one) ? 50 : 0) } }),
  ],
])("the audit fails if the key is leaked in %s", (_, plant) => {
  expect(originAudit(received.map(plant))).toBeGreaterThan(0.5 + chance);
});

test("and if the study's own pages leak the key", async () => {
  const { study, stimuli, origins, remove } = await build();
  const leaky = stimuli.map((stimulus) =>
    origins.get(stimulus.id) === "machine" ? { ...stimulus, text: `${stimulus.text}\u00a0` } : stimulus,
  );
  await writeWhole(study.path("stimuli/stimuli.jsonl"), jsonLines(leaky));
  expect(originAudit(await receive({ study, stimuli: leaky, origins, remove }))).toBeGreaterThan(0.95);
  await remove();
});

test("no page contains an id of a text, a story or a generation, or a word of the key", () => {
  for (const { stimulus, body, headers } of received) {
    expect(body + headers).not.toContain(stimulus);
    expect(body.replace(/value="machine"|human-or-machine/g, "")).not.toMatch(/generation|a-model|origin/);
  }
});
