import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { headersOf } from "../../src/generate/controls.ts";
import { fill, parseTemplate } from "../../src/generate/template.ts";
import { madeUpStories } from "../helpers/corpus.ts";

const [first, second, third, fourth] = madeUpStories({ train: 4 });
const prompt = (name: string) => readFile(new URL(`../../prompts/${name}.md`, import.meta.url), "utf8");

test("the one-shot template is exactly that of the 2022 study", async () => {
  const { text, shared } = fill(parseTemplate(await prompt("one-shot"), "one-shot"), "A Title", [first!]);
  expect(text).toBe(`Title: ${first!.title}\nStory: ${first!.text}\nTitle: A Title\nStory:`);
  expect(text.slice(0, shared)).toBe(`Title: ${first!.title}\nStory: ${first!.text}\nTitle: `);
});

test("a template has as many examples as it numbers", async () => {
  const template = parseTemplate(await prompt("four-shot"), "four-shot");
  expect(template.examples).toBe(4);
  const { text } = fill(template, "A Title", [first!, second!, third!, fourth!]);
  expect(text.match(/^Title: /gm)).toHaveLength(5);
  for (const story of [first, second, third, fourth]) expect(text).toContain(story!.text);
});

test("brackets in a title or a story are not filled in", () => {
  const template = parseTemplate("[[example title]] / [[title]]", "x");
  const odd = { ...first!, title: "[[title]] $1 [[example story]]" };
  expect(fill(template, "[[example title]] $&", [odd]).text).toBe(
    "[[title]] $1 [[example story]] / [[example title]] $&",
  );
});

test("a chat template becomes messages, and controls become sentences", async () => {
  const template = parseTemplate(await prompt("chat"), "chat");
  const control = { tone: "melancholy", strength: 4, dialogue: 20, kind: "friendship", view: "first" };
  const { messages } = fill(template, "A Title", [first!], control);
  expect(messages!.map(({ role }) => role)).toEqual(["system", "user"]);
  expect(messages![1]!.content).toContain(
    'to the title "A Title". Its tone is melancholy, overwhelmingly. About 20 of its words are spoken, in quotation marks. It is about the love between friends. It is told in the first person.',
  );
  expect(fill(template, "A Title", [first!]).messages![1]!.content).toContain('to the title "A Title".\n');
});

test("headers show an example's values and the requested ones", async () => {
  const template = parseTemplate(await prompt("two-shot-headers"), "two-shot-headers");
  const sad = { ...first!, text: 'She died in grief and tears. "I miss her," I cried alone.' };
  const glad = { ...second!, text: "We laughed and danced at the wedding, happy and warm." };
  const control = { tone: "joyful", strength: 4, dialogue: 5 };
  const { text } = fill(template, "A Title", [sad, glad], control, {
    headers: headersOf(control, [sad, glad, third!]),
  });
  expect(text.split("\n").filter((line) => /^(Sadness|Words)/.test(line))).toEqual([
    "Sadness: 3 of 4",
    "Words of dialogue: 3",
    "Sadness: 1 of 4",
    "Words of dialogue: 0",
    "Sadness: 0 of 4",
    "Words of dialogue: 5",
  ]);
  expect(fill(template, "A Title", [sad, glad]).text).toBe(
    `Title: ${sad.title}\nStory: ${sad.text}\nTitle: ${glad.title}\nStory: ${glad.text}\nTitle: A Title\nStory:`,
  );
});

test.each([
  ["no title here", /no \[\[title\]\]/],
  ["---\nstopp: x\n---\n[[title]]", /stopp/],
  ["---\nstop: [\n---\n[[title]]", /x: /],
])("%j is refused", (text, message) => {
  expect(() => parseTemplate(text, "x")).toThrow(message);
});

test("an unknown placeholder is named", () => {
  expect(() => fill(parseTemplate("[[title]] [[mood]]", "x"), "T", [])).toThrow(/no value for \[\[mood\]\]/);
});
