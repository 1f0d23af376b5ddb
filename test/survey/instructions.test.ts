import { expect, test } from "vitest";
import { instructionsFor } from "../../src/survey/instructions.ts";
import { languages, phrasesOf } from "../../src/survey/languages.ts";
import { tasks } from "../../src/tasks/tasks.ts";
import { fixture, served, TestClient } from "./fixture.ts";

const asked = (task: string, ...shown: string[]) =>
  shown.map((stimuli) => ({ task, stimuli: stimuli.split(" ").filter(Boolean) }));
const english = (...questions: ReturnType<typeof asked>[]) =>
  instructionsFor(questions.flat(), "en", phrasesOf("en"), true);

test("judgments of origin alone", () => {
  expect(english(asked("human-or-machine", "a", "b", "c"))).toBe(
    `You will read 3 very short stories, one at a time. Some were written by a person, some by a machine. The endings have been cut off.

You will be asked whether a person or a machine wrote a story. Read each story as you would in a magazine, then say what you think. You do not have to be certain: go with your impression.`,
  );
});

test("whole stories: no word of cut endings", () => {
  const questions = asked("human-or-machine", "a", "b");
  expect(instructionsFor(questions, "en", phrasesOf("en"), true)).toContain("cut off");
  expect(instructionsFor(questions, "en", phrasesOf("en"), false)).not.toContain("cut off");
});

test("feelings only: machines are not mentioned", () => {
  const told = english(asked("how-it-felt", "a", "b"), asked("fits-its-title", "a", "b"));
  expect(told).not.toMatch(/machine/);
  expect(told).toContain("You will be asked how much a story moved you and how well a story fits its title.");
  expect(told).toContain("You will read 2 very short stories");
});

test("pairs, alone, with single judgments, and reread", () => {
  expect(english(asked("which-is-human", "a b"))).toMatch(
    /^You will read two very short stories, both on one page\. In each pair, one story was written by a person and one by a machine\./,
  );
  const mixed = english(asked("human-or-machine", "a", "b"), asked("which-is-human", "c d", "e f"));
  expect(mixed).toContain(
    "You will read 2 very short stories, one at a time, and 2 pages with two stories each.",
  );
  expect(mixed).toContain(
    "asked whether a person or a machine wrote a story and which of two stories a person wrote.",
  );
  expect(mixed).not.toContain("read before");
  expect(english(asked("human-or-machine", "a", "b"), asked("which-is-human", "a b"))).toContain(
    "You will already have read the stories shown in pairs.",
  );
});

test("demographic questions are announced for the end, also if there are no stories", () => {
  expect(english(asked("demographics", ""))).toBe("At the end there are a few questions about yourself.");
});

test.each(languages())("every task with a story has its phrases in %s", (language) => {
  for (const { name, stimuli, asked } of tasks.filter(({ stimuli }) => stimuli > 0)) {
    const shown = Array.from({ length: stimuli }, (_, at) => `story-${at}`);
    const told = instructionsFor([{ task: name, stimuli: shown }], language, phrasesOf(language), true);
    expect(told).toContain(asked(phrasesOf(language)));
    expect(told).not.toMatch(/[{}]/);
  }
});

test("instructions describe the participant's own form", async () => {
  const { study, remove } = await fixture({
    stories: 4,
    tasks: [{ task: "demographics", stimuli: 0 }],
    survey: { demographics: [{ name: "age", ask: "How old are you?" }] },
  });
  const survey = await served(study);
  const client = new TestClient(survey.url);
  await client.begin();
  const { text } = await client.get("/instructions");
  expect(text).toContain("You will read 4 very short stories, one at a time.");
  expect(text).toContain("At the end there are a few questions about yourself.");
  await survey.close();
  await remove();
});

test("an empty page about the participant is refused before anybody sees it", async () => {
  const { study, remove } = await fixture({ tasks: [{ task: "demographics", stimuli: 0 }] });
  await expect(served(study)).rejects.toThrow(/demographics would be an empty page/);
  await remove();
});
