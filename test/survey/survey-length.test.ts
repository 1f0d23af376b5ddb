import { readFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { serveOnce, tinylove } from "./command.ts";
import { fixture, served, TestClient } from "./fixture.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const tasks = [
  { task: "how-it-felt", stimuli: 1 },
  { task: "fits-its-title", stimuli: 1 },
  { task: "attention-check", stimuli: 0 },
  { task: "free-text", stimuli: 0 },
];

async function built(shape: Parameters<typeof fixture>[0]) {
  const { study, remove } = await fixture({ forms: 1, stories: 8, tasks, ...shape });
  ends.push(remove);
  return study;
}

async function consentOf(shape: Parameters<typeof fixture>[0]): Promise<string> {
  const survey = await served(await built(shape));
  ends.push(survey.close);
  return (await new TestClient(survey.url).get("/")).text;
}

test("the default consent has the duration, from the stories and questions of the forms", async () => {
  const short = /about (\d+) minutes/.exec(await consentOf({ stories: 2, tasks: [] }))![1];
  const long = /about (\d+) minutes/.exec(await consentOf({}))![1];
  // 8 stories of about 90 words at 200 per minute, and 12 pages of 12 seconds.
  expect([short, long]).toEqual(["2", "7"]);
  expect(await consentOf({ survey: { language: "de" } })).toContain("etwa 7 Minuten");
});

test("a researcher's own texts have the numbers filled in everywhere", async () => {
  const own = "You read {stories} stories in {minutes} minutes. {other}";
  const survey = { consent: own, instructions: own, recruiting: { service: "mturk" as const } };
  const study = await built({ survey });
  const opened = await served(study);
  const client = new TestClient(opened.url);
  const filled = "You read 8 stories in 7 minutes. {other}";
  expect((await client.get("/")).text).toContain(filled);
  expect((await client.get("/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")).text).toContain(filled);
  await client.begin();
  expect((await client.get("/instructions")).text).toContain(filled);
  const rehearsal = new URL(opened.rehearsal).pathname;
  for (const page of ["", "/instructions"])
    expect((await client.get(rehearsal + page)).text).toContain(filled);
  await opened.close();
  // Other form systems get the same text.
  await tinylove(study, ["export-forms", "google-forms"]);
  const script = await readFile(study.path("exports/google-forms/make-forms.gs"), "utf8");
  expect(script).toContain(filled);
});

test.each<[string, string, RegExp[]]>([
  [
    "six stories of eight",
    "You are invited to read six very short stories about love.",
    [/says 6 stories, but a form has 8/],
  ],
  ["five minutes of twenty", "It takes about 20 minutes.", [/says 20 minutes, but a form takes about 7/]],
  ["both", "Read 4 texts. It takes two minutes.", [/4 stories/, /2 minutes/]],
  [
    "both in German",
    "Sie lesen sechs sehr kurze Geschichten. Das dauert fünfzehn Minuten.",
    [/6 stories/, /15 minutes/],
  ],
  ["the right numbers", "You read eight short stories in five minutes.", []],
  [
    "numbers of something else",
    "Two researchers ask you to read the stories. You must be 18 years old. We keep data for 10 years.",
    [],
  ],
  ["places to be filled in", "You read {stories} stories in {minutes} minutes.", []],
  ["no numbers", "", []],
])("`serve` warns about a consent that says %s", async (_, consent, expected) => {
  const { code, output } = await serveOnce(await built({ survey: { consent } }));
  expect(code).toBe(0);
  const warned = output.split("\n").filter((line) => line.includes("but a form"));
  expect(warned).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});

test("`serve` warns if participants who come too late would get no code", async () => {
  const warned = async (codes: object) =>
    (await serveOnce(await built({ survey: { quota: 5, recruiting: { service: "prolific", codes } } })))
      .output;
  expect(await warned({})).toContain("set survey.recruiting.codes.full");
  expect(await warned({ full: "F1" })).not.toContain("codes.full");
});
