import { expect, test } from "vitest";
import { summaryOf, wroteToNone } from "../../src/generate/generation-summary.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { Generation } from "../../src/study/generation.ts";
import { generationOf } from "../helpers/generations.ts";

const seriesOf = (address: string) => ({
  model: StudyConfig.parse({ name: "test", generate: { models: [{ address }] } }).generate.models[0]!,
  name: "small",
  condition: "one-shot",
  titles: [],
  control: {},
});

const told = (address: string, ...changes: Partial<Generation>[]): string[] =>
  summaryOf(
    seriesOf(address) as never,
    changes.map((change, at) =>
      Generation.parse(generationOf({ story: `story-${at}`, title: `Title ${at}`, ...change })),
    ),
    { attempts: 3, keep: "best" },
  );

const failed = (reason: string, transient = false): Partial<Generation> => ({
  outcome: "failed",
  text: "",
  reason,
  ...(transient && { transient }),
});

test("a series without a reason is one line", () => {
  expect(told("echo:", {}, {}, { outcome: "cut short" })).toEqual(["  small, one-shot: 2 text, 1 cut short"]);
});

test("a text that repeats its example is told with its title, and so is every draw before", () => {
  const reason = 'copied: 8 words in a row or more from its example "Two Lamps"';
  expect(
    told(
      "llama:a.gguf",
      { story: "one", attempt: 1, reason },
      { story: "one", attempt: 2, reason: "too short: 60 words, more than 90 are needed" },
      { story: "one", attempt: 3 },
      { reason },
    ),
  ).toEqual([
    "  small, one-shot: 1 text, 1 text (copied); 2 drawn again (1 copied, 1 too short)",
    `    1 kept with a fault, ${reason} (“Title 3”)`,
    "      raise generate.attempts, now 3, to have such texts drawn again",
  ]);
});

test("where most texts run in circles the mend is the sampling, and not more of the same", () => {
  const reason = "degenerate: 12 % different words, 80 % of its runs of four repeat";
  expect(told("llama:a.gguf", { reason }, { reason }, {}).at(-1)).toMatch(/: raise the model's temperature/);
  expect(told("llama:a.gguf", { reason }, {}, {}).at(-1)).toMatch(/raise generate\.attempts/);
});

test("failures that differ in numbers alone are one reason, the most frequent comes first", () => {
  const tooLong = (tokens: number) =>
    failed(`a prompt with 200 new tokens takes ${tokens} tokens, the model holds 512`);
  expect(
    told("llama:a.gguf", failed("the trainer gave no text", true), tooLong(700), tooLong(800), tooLong(900)),
  ).toEqual([
    "  small, one-shot: 4 failed",
    "    3 failed, a prompt with 200 new tokens takes 700 tokens, the model holds 512 (“Title 1”, “Title 2” and 1 more)",
    "      it would fail again: use shorter or fewer examples, or lower tokens.most",
    "    1 failed, the trainer gave no text (“Title 0”)",
    "      it may pass: `tinylove generate` asks again",
  ]);
});

test("what one thing mends is told once", () => {
  expect(
    told("echo:", { reason: "degenerate: 1" }, { reason: "degenerate: 2" }, { reason: "too short: 3" }, {}),
  ).toEqual([
    "  small, one-shot: 2 text (degenerate), 1 text (too short), 1 text",
    "    2 kept with a fault, degenerate (“Title 0”, “Title 1”)",
    "    1 kept with a fault, too short: 3 (“Title 2”)",
    "      raise generate.attempts, now 3, to have such texts drawn again",
  ]);
});

test("what a server left undone names what can be changed there", () => {
  const lines = told("openai:m", failed("lost connection: ECONNRESET", true), failed("400 too long"), {});
  expect(lines.filter((line) => line.includes("`retries`"))).toHaveLength(1);
  expect(lines.filter((line) => line.includes("`tinylove generate --again`"))).toHaveLength(1);
});

test("a model that wrote to no title is refused with its reason and what mends that", () => {
  const all = [failed("a prompt takes 700 tokens"), failed("a prompt takes 800 tokens")];
  const generations = all.map((each) => Generation.parse(generationOf(each)));
  const said = (of: readonly Generation[]) =>
    wroteToNone(seriesOf("llama:a.gguf") as never, of, { attempts: 3, keep: "best" })?.message;
  expect(said(generations)).toMatch(/small wrote to no title \(llama:a\.gguf: a prompt takes 700 tokens\)/);
  expect(said([...generations, Generation.parse(generationOf({}))])).toBeUndefined();
});

test("what was cleaned is counted by its kind", () => {
  expect(
    told(
      "openai:m",
      { removed: [{ what: "heading", text: "# Title 0" }], thinking: "a plan" },
      { removed: [{ what: "heading", text: "# Title 1" }] },
      {},
    ),
  ).toEqual(["  small, one-shot: 3 text", "    2 of 3 cleaned: 2 heading, 1 thinking"]);
});

test("advice names what helps and only that", () => {
  const advice = (address: string, change: Partial<Generation>) => told(address, change).at(-1)!.trim();
  const thought = failed("no story: all 200 tokens went into thinking");
  expect(advice("openai:m", thought)).toBe(
    "raise the model's `reasoningTokens`, or set its `reasoning: none`",
  );
  expect(advice("llama:a.gguf", thought)).toMatch(/^raise tokens\.most/);
  expect(advice("openai:m", failed("not clean: a tag (<br>)"))).toMatch(/^raise generate\.attempts/);
  expect(advice("openai:m", failed("the model wrote nothing"))).toMatch(/^raise generate\.attempts/);
});
