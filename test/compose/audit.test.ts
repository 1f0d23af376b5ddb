import { expect, test } from "vitest";
import { compose } from "../../src/compose/compose.ts";
import type { Generation } from "../../src/study/generation.ts";
import type { Story } from "../../src/study/story.ts";
import { normaliseText } from "../../src/text/normalise.ts";
import { readStimuli } from "../../src/workbench/artefacts.ts";
import { smallStudy, tinylove } from "../helpers/small-study.ts";
import { quietEffects } from "../helpers/world.ts";
import { generation, story, studyWith, upTo } from "./fixture.ts";

/** Sentences of seven words, with a name in every third. */
const sentence = (seed: string, at: number) =>
  `${at % 3 === 0 ? "Then" : "And"} ${seed}a${at} ${at % 3 === 0 ? "Maria" : `${seed}b${at}`} ${seed}c${at} ${seed}d${at} ${seed}e${at} ${seed}f${at}`;
const prose = (seed: string, join = ". ") =>
  `${Array.from({ length: 18 }, (_, at) => sentence(seed, at)).join(join)}.`;

/** The message of compose about 20 human and 20 machine stories with these raw texts. */
async function saidOf(human: (at: number) => string, machine: (at: number) => string | Partial<Generation>) {
  const stories = upTo(20, (at): Story => {
    const raw = human(at);
    return { ...story(at), raw, text: normaliseText(raw) };
  });
  const generations = upTo(20, (at) => {
    const given = machine(at);
    return { ...generation(at), ...(typeof given === "string" ? { raw: given, text: given } : given) };
  });
  const study = await studyWith(stories, generations);
  const effects = quietEffects();
  await compose.run(study, undefined as never, effects);
  return effects.logged.find((line) => line.includes("cleaning and normalising"))!;
}

test("curly quotes, dashes, paragraphs and fractions on only one side are just spelling", async () => {
  const typeset = (at: number) =>
    prose(`h${at}`)
      .replace(/(h\d+b1) /, "“$1,” ")
      .replace(/ (h\d+c4)/, "—$1")
      .replace(/(h\d+c5)/, "$1’s 3½ cups")
      .replaceAll(". Then", ".\n\nThen");
  const typed = (at: number) =>
    prose(`m${at}`)
      .replace(/(m\d+b1) /, '"$1," ')
      .replace(/ (m\d+c4)/, " -- $1");
  expect(await saidOf(typeset, typed)).toMatch(/none distinguishes human from machine/);
});

test("dashes that one side uses more often are style, and not reported by this audit", async () => {
  const dashed = (at: number) => prose(`h${at}`).replace(/ (h\d+c\d+)/g, "—$1");
  expect(await saidOf(dashed, (at) => prose(`m${at}`))).toMatch(/none distinguishes human from machine/);
});

test("lines that were joined without punctuation reveal the stories of one side", async () => {
  const said = await saidOf(
    (at) => prose(`h${at}`, "\n"),
    (at) => prose(`m${at}`),
  );
  expect(said).toBe(
    "warning: cleaning and normalising may reveal who wrote the stories: marks as in “0 And” (from “0⏎And”) come 18.00 times in a human story and 5.00 in a machine’s; change these places in the corpus or generate these stories again",
  );
});

test("a removed label that leaves a lower-case first letter is found on the machine's side", async () => {
  const labelled = (at: number) => {
    const text = prose(`m${at}`).replace(/^Then/, "then");
    return { raw: `Sure, here is a story that ${text}`, text };
  };
  const said = await saidOf((at) => prose(`h${at}`), labelled);
  expect(said).toMatch(
    /^warning: .*“then” \(from “.*”\) come 0\.00 times in a human story and 1\.00 in a machine’s;/,
  );
});

test("compose without machine stories is a one-line error, also in `run`", async () => {
  const folder = await smallStudy();
  expect((await tinylove("collect", "--study", folder)).code).toBe(0);
  const { code, last } = await tinylove("compose", "--study", folder);
  expect({ code, last }).toEqual({
    code: 1,
    last: "error: there are no machine stories (run `tinylove generate` first)",
  });
});

test("a machine text in broken encoding, with escaped line breaks, is shown as a person's would be", async () => {
  const human = upTo(20, (at): Story => ({ ...story(at), text: normaliseText(prose(`h${at}`)) }));
  const broken = (at: number) =>
    prose(`m${at}`).replace(/c1 /, "c1â€™s ").replaceAll(". Then", ".\\n\\nThen");
  const machine = upTo(20, (at) => ({ ...generation(at), raw: broken(at), text: broken(at) }));
  const study = await studyWith(human, machine);
  await compose.run(study, undefined as never, quietEffects());
  const shown = (await readStimuli(study)).map(({ text }) => text).join("\n");
  expect(shown).toMatch(/m\d+c1's m/);
  expect(shown).not.toMatch(/â|\\n/);
});
