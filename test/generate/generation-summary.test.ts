import { expect, test } from "vitest";
import { noStoryError, summaryOf } from "../../src/generate/generation-summary.ts";
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

test("a text that copies its example is reported with its title, and so are earlier draws", () => {
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
    "      raise generate.attempts (now 3) to draw such texts again",
  ]);
});

test("if most texts repeat themselves, the advice is the sampling and not more attempts", () => {
  const reason = "degenerate: 12 % different words, 80 % of its runs of four repeat";
  expect(told("llama:a.gguf", { reason }, { reason }, {}).at(-1)).toMatch(/: raise the model's temperature/);
  expect(told("llama:a.gguf", { reason }, {}, {}).at(-1)).toMatch(/raise generate\.attempts/);
});

test("failures that differ only in numbers are one reason, the most frequent first", () => {
  const tooLong = (tokens: number) =>
    failed(`the prompt and 200 new tokens need ${tokens} tokens, but the model's context has 512`);
  expect(
    told(
      "llama:a.gguf",
      failed("the trainer returned no text", true),
      tooLong(700),
      tooLong(800),
      tooLong(900),
    ),
  ).toEqual([
    "  small, one-shot: 4 failed",
    "    3 failed, the prompt and 200 new tokens need 700 tokens, but the model's context has 512 (“Title 1”, “Title 2” and 1 more)",
    "      it would fail again: use shorter or fewer examples, or lower tokens.most",
    "    1 failed, the trainer returned no text (“Title 0”)",
    "      it may be temporary: run `tinylove generate` again",
  ]);
});

test("causes with the same advice are listed together once", () => {
  expect(
    told("echo:", { reason: "degenerate: 1" }, { reason: "degenerate: 2" }, { reason: "too short: 3" }, {}),
  ).toEqual([
    "  small, one-shot: 2 text (degenerate), 1 text (too short), 1 text",
    "    2 kept with a fault, degenerate (“Title 0”, “Title 1”)",
    "    1 kept with a fault, too short: 3 (“Title 2”)",
    "      raise generate.attempts (now 3) to draw such texts again",
  ]);
});

test("requests that a server did not answer have advice about its settings", () => {
  const lines = told("openai:m", failed("lost connection: ECONNRESET", true), failed("400 too long"), {});
  expect(lines.filter((line) => line.includes("`retries`"))).toHaveLength(1);
  expect(lines.filter((line) => line.includes("`tinylove generate --again`"))).toHaveLength(1);
});

test("a model that wrote no story is an error with its reason and the fix", () => {
  const all = [failed("a prompt takes 700 tokens"), failed("a prompt takes 800 tokens")];
  const generations = all.map((each) => Generation.parse(generationOf(each)));
  const said = (of: readonly Generation[]) =>
    noStoryError(seriesOf("llama:a.gguf") as never, of, { attempts: 3, keep: "best" })?.message;
  expect(said(generations)).toMatch(/small wrote no story \(llama:a\.gguf: a prompt takes 700 tokens\)/);
  expect(said([...generations, Generation.parse(generationOf({}))])).toBeUndefined();
});

test("removed parts are counted by kind", () => {
  expect(
    told(
      "openai:m",
      { removed: [{ what: "heading", text: "# Title 0" }], thinking: "a plan" },
      { removed: [{ what: "heading", text: "# Title 1" }] },
      {},
    ),
  ).toEqual(["  small, one-shot: 3 text", "    2 of 3 cleaned: 2 heading, 1 thinking"]);
});

test("advice names only what helps", () => {
  const advice = (address: string, change: Partial<Generation>) => told(address, change).at(-1)!.trim();
  const thought = failed("no story: all 200 tokens went into thinking");
  expect(advice("openai:m", thought)).toBe(
    "raise the model's `reasoningTokens`, or set its `reasoning: none`",
  );
  expect(advice("llama:a.gguf", thought)).toMatch(/^raise tokens\.most/);
  expect(advice("openai:m", failed("not clean: a tag (<br>)"))).toMatch(/^raise generate\.attempts/);
  expect(advice("openai:m", failed("the model wrote nothing"))).toMatch(/^raise generate\.attempts/);
});
