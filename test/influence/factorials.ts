import type { Variable } from "../../src/coding/codebook.ts";
import { codes } from "../../src/influence/codes.ts";
import type { Factorial } from "../../src/influence/factorial.ts";
import { leak } from "../../src/influence/leak.ts";
import { toneTransfer } from "../../src/influence/tone.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import type { Coding } from "../../src/study/coding.ts";
import type { Generation } from "../../src/study/generation.ts";
import type { Story } from "../../src/study/story.ts";

/** How much of an example leaks into a text, 0 none to 1 all, by channel. */
export interface Planted {
  readonly words?: number;
  readonly codes?: number;
  readonly tone?: number;
  readonly meaning?: number;
  /** How much sadder or gladder each example makes its texts, regardless of its own tone. */
  readonly peculiar?: number;
  /** How much of the title's own story goes into the rest; a third by default. */
  readonly titles?: number;
}

interface Size {
  readonly titles: number;
  readonly examples: number;
  readonly draws: number;
  readonly permutations: number;
}
const usual: Size = { titles: 6, examples: 6, draws: 2, permutations: 199 };

const vocabulary = Array.from(
  { length: 400 },
  (_, at) =>
    `${"bcdfghjklm"[at % 10]}${"aeiou"[Math.floor(at / 10) % 5]}${"nprstvwxzq"[Math.floor(at / 50)]}o`,
);
const sad = "tears grief funeral alone lost".split(" ");
const glad = "laughed danced happy wedding smile".split(" ");

/** An invented page of a codebook. */
export const moods: Variable = {
  name: "tone",
  title: "Tone",
  question: "",
  codes: ["glad", "calm", "sad"].map((code) => ({ code, meaning: "", cues: [], otherwise: false })),
};

/**
 * A factorial of simulated texts with a leak of known size. What does not come from the example comes partly from the
 * title's own story (words, code, tone and meaning; a third by default), and titles and cells have random effects. If
 * nothing is planted, examples have no effect.
 */
export function factorialOf(planted: Planted, seed: number | string, size: Partial<Size> = {}): Factorial {
  const { titles: titleCount, examples: exampleCount, draws, permutations } = { ...usual, ...size };
  const random = randomFrom(seed, "planted leak");
  const titles = Array.from({ length: titleCount }, (_, at) => madeUp(`title-${at}`, "test", random));
  const examples = Array.from({ length: exampleCount }, (_, at) => madeUp(`example-${at}`, "train", random));
  const codings: Coding[] = [...titles, ...examples].map(({ story, code }) => coded(story.id, code));
  const vectors = new Map([...titles, ...examples].map(({ story, meaning }) => [story.text, meaning]));
  const texts = titles.flatMap((title) =>
    examples.flatMap((example) =>
      Array.from({ length: draws }, (_, draw): Generation => {
        const written = writtenOf(title, example, planted, random);
        const text = generationOf(title.story, example.story.id, draw + 1, written.text);
        codings.push(coded(text.id, written.code));
        vectors.set(written.text, written.meaning);
        return text;
      }),
    ),
  );
  return {
    titles: titles.map(({ story }) => story),
    examples: examples.map(({ story }) => story),
    draws,
    texts,
    leftOut: 0,
    topics: 4,
    permutations,
    alpha: 0.05,
    coders: [{ name: "anna", kind: "people", codings }],
    variables: [moods],
    embeddings: { model: "made up", vectors, clusters: 4 },
    random,
  };
}

/** A simulated text, with the properties that may leak. */
interface MadeUp {
  readonly story: Story;
  readonly words: readonly string[];
  readonly code: string;
  /** From glad to sad, standard normal. */
  readonly tone: number;
  readonly meaning: Float64Array;
  readonly peculiar: number;
}

function madeUp(id: string, split: Story["split"], random: Random): MadeUp {
  const tone = random.normal();
  const words = random.shuffle(vocabulary).slice(0, 30);
  const text = random.shuffle([...words, ...toneWords(tone, random)]).join(" ");
  return {
    story: {
      id,
      title: id,
      text,
      words: 60,
      origin: { by: "human", source: "made up", author: "nobody", licence: "MIT" },
      group: id,
      split,
    },
    words,
    code: random.pick(moods.codes).code,
    tone,
    meaning: direction(random),
    peculiar: random.normal(),
  };
}

function writtenOf(title: MadeUp, example: MadeUp, planted: Planted, random: Random) {
  const { titles = 1 / 3 } = planted;
  const from = <Value>(
    share: number | undefined,
    of: (source: MadeUp) => Value,
    else_: () => Value,
  ): Value => (random.next() < (share ?? 0) ? of(example) : random.next() < titles ? of(title) : else_());
  const words = Array.from({ length: 30 }, () =>
    from(
      planted.words,
      (source) => random.pick(source.words),
      () => random.pick(vocabulary),
    ),
  );
  const share = planted.tone ?? 0;
  const tone =
    share * example.tone +
    (1 - share) * (titles * title.tone + random.normal()) +
    (planted.peculiar ?? 0) * example.peculiar;
  const lean = planted.meaning ?? 0;
  const noise = direction(random);
  return {
    text: random.shuffle([...words, ...toneWords(tone, random)]).join(" "),
    code: from(
      planted.codes,
      (source) => source.code,
      () => random.pick(moods.codes).code,
    ),
    meaning: title.meaning.map(
      (value, at) => lean * example.meaning[at]! + (1 - lean) * (titles * value + noise[at]!),
    ),
  };
}

/** Thirty words, including sad and glad ones. */
const toneWords = (tone: number, random: Random): string[] =>
  Array.from({ length: 30 }, () => random.pick(random.next() < 1 / (1 + Math.exp(-1.5 * tone)) ? sad : glad));

const direction = (random: Random): Float64Array => Float64Array.from({ length: 12 }, () => random.normal());

const coded = (text: string, code: string): Coding => ({ text, variable: "tone", code, kind: "people" });

export const generationOf = (title: Story, example: string, attempt: number, text: string): Generation => ({
  id: `${title.id}/${example}/${attempt}`,
  story: title.id,
  title: title.title,
  model: { address: "echo:", hash: "" },
  prompt: { template: "one-shot", hash: "", text: "" },
  examples: [example],
  seed: 1,
  attempt,
  settings: { temperature: 1, topP: 1, topK: 0, minP: 0, repeatPenalty: 1, leastTokens: 0, mostTokens: 60 },
  outcome: "text",
  text,
  raw: text,
  tokens: { prompt: 0, generated: 60 },
  ms: 0,
  at: "",
});

/** The corrected p-values of a factorial by test, and the slopes of the tone. */
export interface Found {
  readonly leak: Readonly<Record<string, { readonly corrected: number; readonly p: number }>>;
  readonly codes: Readonly<Record<"example" | "title" | "example less title", CodeTest>>;
  /** The smallest corrected p of a single code. */
  readonly anyCode: number;
  readonly tone: Readonly<Record<"example" | "title" | "difference", SlopeTest>> & {
    readonly corrected: Readonly<Record<"example" | "title" | "difference", number>>;
  };
}
interface SlopeTest {
  readonly estimate: number;
  readonly p: number;
}
interface CodeTest {
  readonly corrected: number;
  readonly p: number;
  readonly excess: { readonly estimate: number; readonly interval: { low: number; high: number } };
}

export function foundIn(seen: Factorial): Found {
  return { leak: leak(seen).numbers["leak"] as Found["leak"], ...codesAndTone(seen) };
}

/** The same without the leak tests, which take the most time. */
export function codesAndTone(seen: Factorial): Omit<Found, "leak"> {
  const [coding, tones] = [codes(seen), toneTransfer(seen)].map(({ numbers }) => numbers);
  const { variables, codes: single } = coding!["codes"] as {
    variables: (CodeTest & { what: string })[];
    codes: { corrected: number }[];
  };
  const of = (wanted: string) => variables.find(({ what }) => what === wanted)!;
  return {
    codes: { example: of("example"), title: of("title"), "example less title": of("example less title") },
    anyCode: Math.min(1, ...single.map(({ corrected }) => corrected)),
    tone: tones!["tone"] as Found["tone"],
  };
}
