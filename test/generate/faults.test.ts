import { expect, test } from "vitest";
import { faultFinder } from "../../src/generate/faults.ts";
import type { Story } from "../../src/study/story.ts";

const title = "Two Oranges";

const tale = `The ferry was late again, so my father bought two oranges and peeled them on the pier. He had stopped
  asking about the wedding in March. Gulls walked between our shoes like small landlords. When the horn finally
  sounded he put the peel in my pocket, the way he used to hide coins there, and said that somebody should keep the
  receipt. I did not understand him until Thursday, in the laundry, when the whole machine smelled of that morning
  and I stood with wet sleeves, laughing, missing the boat all over again while my neighbour waited for his turn.`;

const learned: Story = {
  id: "1",
  title: "Two Lamps",
  text: "We kept two lamps in the window so that nobody would have to guess which of us was home, and who was not.",
  words: 22,
  origin: { by: "human", source: "made up", author: "nobody", licence: "MIT" },
  group: "1",
  split: "train",
};

const finder = faultFinder([learned], 60);

test("a good story has no fault", () => {
  expect(finder.of(tale, title)).toBeUndefined();
});

test.each([
  ["I'm sorry, but I can't write a story about that topic.", "refused"],
  ["As an AI language model, I cannot provide this content.", "refused"],
  [`Sure! Here is a short story about a ferry:\n\n${tale}`, "talks about the story"],
  [`${tale}\n\nWould you like another story?`, "talks about the story"],
  [`The story begins with two oranges. ${tale}`, "talks about the story"],
  [`The story was about a ferry. ${tale}`, "talks about the story"],
  [`The story of "Two Oranges" is a tale of two friends. ${tale}`, "talks about the story"],
  [`Two Oranges - a tender story of love and loss. ${tale}`, "talks about the story"],
  [`The story of a man and two oranges. ${tale}`, "talks about the story"],
  [`"Two Oranges" is the tale of a ferry. ${tale}`, "talks about the story"],
  ["I was in the I and I was the I. ".repeat(9), "degenerate"],
  [`${tale} ${tale} ${tale}`, "degenerate"],
  [`${tale} So that nobody would have to guess which of us was home we waited.`, 'from "Two Lamps"'],
  [tale.slice(0, 200), "too short: 3"],
  [`## Another Title\n\n${tale}`, "failed"],
  [`${tale} <br> And then.`, "failed"],
])("%j is found", (text, what) => {
  const fault = finder.of(text, title);
  expect(fault?.outcome ?? fault?.what).toContain(what);
});

test("a copy of the shown example is distinguished from a copy of another story", () => {
  const text = `${tale} So that nobody would have to guess which of us was home we waited.`;
  expect(finder.of(text, title, ["1"])!.what).toContain('from its example "Two Lamps"');
  expect(finder.of(text, title, ["2"])!.what).not.toContain("its example");
});

test.each([
  `I'm sorry, she wrote, and nothing else. ${tale}`,
  `Sure, I said, though I was not. ${tale}`,
  `I can't remember who left first. ${tale}`,
  `The story that my mother tells is another one. ${tale}`,
  `Two oranges were all that we had. ${tale}`,
])("a story that starts like a reply is not a fault: %j", (text) => {
  expect(finder.of(text, title)).toBeUndefined();
});

test("repeated instructions are a fault, but a story may contain its own title", () => {
  const asked = `Write a story to the title "${title}". It shows the form; take nothing else from it, and keep to it.`;
  const parrot = `It shows the form; take nothing else from it. ${tale}`;
  expect(finder.of(parrot, title, [], asked)!.what).toBe(
    'repeats its prompt: "it shows the form take nothing else from"',
  );
  const long = "The Night That My Father Bought Two Oranges on the Pier";
  expect(finder.of(`${long}, she called it. ${tale}`, long, [], `Title: ${long}\nStory:`)).toBeUndefined();
  expect(finder.of(tale, title, [], asked)).toBeUndefined();
});
