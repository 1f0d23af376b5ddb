import { expect, test } from "vitest";
import { measures } from "../../src/measures/measures.ts";
import { goodProse, measured, storyOf, textOf } from "../describe/texts.ts";

test("names of measures are valid column names, all different", () => {
  const names = measures.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
});

test("descriptions of measures use the report's apostrophes", () => {
  expect(measures.filter(({ meaning }) => meaning.includes("'"))).toEqual([]);
});

test("a loop of pronouns is found, also at the end of a good text", () => {
  expect(measured("pronoun_loop", "I I I was I. I was in the I and I was the I.")).toBe(true);
  expect(
    measured("pronoun_loop", "She was her and he was she and her was he and she was her and he was she."),
  ).toBe(true);
  expect(measured("pronoun_loop", `${goodProse} I I was my I and the I was I and my I was the I.`)).toBe(
    true,
  );
});

test("good prose is neither a loop nor cut off", () => {
  expect(measured("pronoun_loop", goodProse)).toBe(false);
  expect(measured("cut_off", goodProse)).toBe(false);
});

test("a text of many pronouns is not a loop", () => {
  const text =
    "I told him that I loved him. He told me that he knew. We said it to each other, to our children and to them " +
    "that came after us, until they told us that they knew it too.";
  expect(measured("pronoun_loop", text)).toBe(false);
});

test("a story that ends in the middle of a sentence is cut off", () => {
  expect(measured("cut_off", goodProse.slice(0, goodProse.indexOf(" at a sparrow")))).toBe(true);
});

test("words are counted by the counting rule, and speech by quotation marks", () => {
  const text = "“Stay,” she said – and I stayed.";
  expect(measured("words", text)).toBe(6);
  expect(measured("dialogue_words", text)).toBe(1);
  expect(measured("dialogue", text)).toBe(true);
  expect(measured("dialogue", "She asked me to stay.")).toBe(false);
  expect(measured("sentences", goodProse)).toBe(5);
});

test("only the narrator's grammatical person counts, not the speakers'", () => {
  expect(measured("person", goodProse)).toBe("first");
  expect(measured("person", "“I love you,” said the fox. “I love my den,” said the hen. She flew off.")).toBe(
    "third",
  );
  expect(
    measured("person", "You wake and you know. You call your mother before you call anybody else."),
  ).toBe("second");
});

test("an auxiliary determines the tense of its verb, and speech is ignored", () => {
  expect(measured("tense", "He had gone. She was waiting at the gate, and the dog barked.")).toBe("past");
  expect(measured("tense", "He has gone. She waits at the gate, and the dog is barking.")).toBe("present");
  expect(measured("tense", "“I am here,” he said. “It is late, and I want tea,” she answered.")).toBe("past");
  expect(measured("tense", "A garden at night.")).toBeUndefined();
});

test("a name of several words is one name, counted once", () => {
  expect(measured("names", "Then Mercy Njeri called Thomas. “Thomas,” said Mercy Njeri, “come home.”")).toBe(
    2,
  );
});

test("a phrase in another language is found with its language; names and English are not", () => {
  expect(
    measured("foreign", "My aunt whispered, “Mi corazón, te quiero muchísimo,” and went to bed."),
  ).toMatch(/quiero muchísimo \(es\)$/);
  expect(measured("foreign", goodProse)).toBe("");
  expect(measured("foreign", "We met Wanjiru Kamau and Tshepo Mokoena in Ngong.")).toBe("");
});

test("a text is most relevant to its own title", () => {
  const texts = [
    [
      "The lemon tree",
      "We planted a tree for each child. Mine gave lemons so sour that only my mother ate them.",
    ],
    [
      "Night bus",
      "He slept on my shoulder until the bus had left the town behind, and the driver let us both ride back.",
    ],
    [
      "Her handwriting",
      "On the jar of buttons she had written my name, in letters that leaned like people in wind.",
    ],
  ] as const;
  const stories = texts.map(([title, text]) => storyOf(title, title, text));
  for (const [title] of texts) {
    const scores = texts.map(([, text]) =>
      Number(measured("title_relevance", textOf(text, { title }), stories)),
    );
    const own = texts.findIndex((text) => text[0] === title);
    expect(scores.indexOf(Math.max(...scores)), title).toBe(own);
  }
});

test("sentences on the same subject have continuity", () => {
  const continuous = "Anna had a boat. The boat was red. Anna painted the boat every spring.";
  const broken = "Anna had a boat. The dentist called. Snow fell in Oslo.";
  expect(Number(measured("continuity", continuous))).toBeGreaterThan(0.7);
  expect(measured("continuity", broken)).toBe(0);
  expect(measured("continuity", "One sentence only.")).toBeUndefined();
});

test("what is copied from an example or a training story is counted in words", () => {
  const example = "The kettle sang in the kitchen all that winter, and nobody lifted it.";
  const copy = "We were young. The kettle sang in the kitchen, and I left.";
  expect(measured("copied_from_example", textOf(copy, { origin: "machine", examples: [example] }))).toBe(6);
  expect(measured("copied_from_example", textOf(copy))).toBeUndefined();

  const stories = [storyOf("kettle", "Kettle", example), storyOf("held", "Held out", copy, "test")];
  expect(measured("copied_from_training", textOf(copy), stories)).toBe(6);
  expect(measured("copied_from_training", textOf(example, { id: "kettle" }), stories)).toBe(0);
});
