import { expect, test } from "vitest";
import { codes } from "../../src/influence/codes.ts";
import { copies } from "../../src/influence/copies.ts";
import type { Factorial } from "../../src/influence/factorial.ts";
import { leak } from "../../src/influence/leak.ts";
import { toneTransfer } from "../../src/influence/tone.ts";
import type { Finding } from "../../src/study/finding.ts";
import { factorialOf, foundIn, type Planted } from "./factorials.ts";

interface Channel {
  readonly p: number;
  readonly excess: { readonly estimate: number };
}

const first = ({ findings: [finding] }: { findings: readonly Finding[] }): string =>
  finding?.kind === "sentence" ? finding.text : "";

test("a planted leak of words is found, and its estimate grows with its size", () => {
  const found = [0.1, 0.25, 0.5].map((words) => leak(factorialOf({ words }, 7)).numbers);
  const channels = found.map((numbers) => (numbers["leak"] as Record<string, Channel>)["words"]!);
  for (const { p } of channels) expect(p).toBeLessThanOrEqual(0.01);
  const excess = channels.map((channel) => channel.excess.estimate);
  expect(excess).toEqual([...excess].sort((one, other) => one - other));
  const shares = found.map((numbers) => numbers["shares"] as { columns: number; rows: number });
  expect(shares.map(({ columns }) => columns)).toEqual(
    shares.map(({ columns }) => columns).sort((one, other) => one - other),
  );
  expect(shares.at(-1)!.columns).toBeGreaterThan(shares.at(-1)!.rows);
});

test("copies of the example are counted separately, with the leak without them", () => {
  const seen = factorialOf({ words: 0.25 }, 7);
  expect(first(copies(seen))).toBe(
    `Copying: 0 texts of ${seen.texts.length} (0.0 %) share at least 8 words in a row with their own example. All texts are first attempts of echo: with the prompt one-shot: none was drawn again.`,
  );
  const { findings, numbers } = copies(withCopies(seen, 1));
  expect(first({ findings })).toMatch(
    /^Copying: 1 text of 72 \(1\.4 %\) shares at least 8 words in a row with its own/,
  );
  const { excess, withoutCopies } = numbers["copies"] as Record<string, number>;
  expect(withoutCopies).toBeLessThan(excess!);
});

/** The same factorial, in which the first texts are copies of their examples. */
function withCopies(seen: Factorial, count: number): Factorial {
  const texts = seen.texts.map((text, at) =>
    at < count ? { ...text, text: seen.examples.find(({ id }) => id === text.examples[0])!.text } : text,
  );
  return { ...seen, texts };
}

test("a leak by copies alone is not claimed of the other texts; a leak in addition to copies is", () => {
  const alone = leak(withCopies(factorialOf({}, 21, { permutations: 999 }), 18));
  expect(first(alone)).toMatch(
    /^The example leaks: .* words.*\. Without the texts that copy it, no leak is shown\.$/,
  );
  const rest = alone.numbers["leakWithoutCopies"] as Record<string, Channel>;
  expect(rest["words"]!.p).toBeGreaterThan(0.05);
  const both = leak(withCopies(factorialOf({ words: 0.25 }, 21, { permutations: 999 }), 18));
  expect(first(both)).toMatch(/ Without the texts that copy it, this is shown for words/);
  const tests = both.findings.find((each) => each.kind === "table" && each.caption.startsWith("Similarity"));
  if (tests?.kind !== "table") throw new Error("no table of tests");
  expect(tests.table.columns.map(({ key }) => key)).toContain("pRest");
  expect(leak(factorialOf({ words: 0.25 }, 21)).numbers).not.toHaveProperty("leakWithoutCopies");
});

test("with one draw the interaction is not reported as zero", () => {
  const shares = (draws: number) =>
    leak(factorialOf({}, 5, { draws })).findings.flatMap((each) =>
      each.kind === "sentence" && each.text.startsWith("Of the variance of topics") ? [each.text] : [],
    );
  expect(shares(1)[0]).toMatch(
    / to the example and [\d.]+ % to their interaction and chance, which cannot be separated with one draw\.$/,
  );
  expect(shares(2)[0]).toMatch(/ to the example, [\d.]+ % to their interaction and [\d.]+ % to chance\.$/);
});

test("a leak of meaning is found as the example's own cluster", () => {
  const { leak: channels } = foundIn(factorialOf({ meaning: 0.6 }, 11));
  expect(channels["meaning"]!.corrected).toBeLessThan(0.05);
  expect(channels["clusters"]!.corrected).toBeLessThan(0.05);
  expect(channels["words"]!.corrected).toBeGreaterThan(0.05);
});

test("the interval of a code's excess contains the planted value", () => {
  const seen = factorialOf({ codes: 0.5 }, 12, { titles: 10, examples: 10 });
  const { codes: tests } = foundIn(seen);
  expect(tests.example.corrected).toBeLessThan(0.05);
  // Half of the texts take their example's code: that is the excess over other examples' codes, as far as
  // examples differ.
  const differing = shareOfDiffering(
    seen.examples.map(({ id }) => seen.coders[0]!.codings.find(({ text }) => text === id)!.code),
  );
  expect(tests.example.excess.interval.low).toBeLessThan(0.5 * differing);
  expect(tests.example.excess.interval.high).toBeGreaterThan(0.5 * differing);
  expect(first(codes(seen))).toMatch(/^Tone, coded by people: the code follows the example/);
});

const shareOfDiffering = (list: readonly string[]): number => {
  const pairs = list.flatMap((one, at) =>
    list.filter((_, other) => other !== at).map((other) => Number(one !== other)),
  );
  return pairs.reduce((sum, each) => sum + each, 0) / pairs.length;
};

test("effects of example and title on tone are distinguished", () => {
  const size = { titles: 12, examples: 12, draws: 2 };
  expect(first(toneTransfer(factorialOf({ tone: 0.7 }, 1, size)))).toMatch(
    /it follows the tone of its example .* It follows the example more/,
  );
  expect(first(toneTransfer(factorialOf({}, 1, size)))).toMatch(
    /no effect of the tone of its example is shown .* no effect of the tone of the human story with its title is shown/,
  );
});

test("too few examples for a slope are reported", () => {
  expect(first(toneTransfer(factorialOf({}, 2, { examples: 3 })))).toMatch(
    /cannot be tested: it needs at least 4 titles and 4 examples/,
  );
});

/** The analyses that claim an effect of the example. */
function claims(planted: Planted, seed: number) {
  const {
    leak: channels,
    codes: tests,
    tone,
  } = foundIn(factorialOf(planted, seed, { titles: 5, examples: 5, permutations: 99 }));
  return {
    leak: Object.values(channels).some(({ corrected }) => corrected <= 0.05),
    codes: tests.example.corrected <= 0.05,
    tone: tone.corrected.example <= 0.05,
  };
}

test("no analysis finds a leak if there is none", () => {
  const trials = 16;
  const found = Array.from({ length: trials }, (_, seed) => claims({}, 100 + seed));
  // One of 16 is expected of each; four or more have a probability of 1 %. bench/influence-calibration.ts tests a limit of 6 %
  // over a thousand factorials.
  for (const analysis of ["leak", "codes", "tone"] as const)
    expect(found.filter((each) => each[analysis]).length, analysis).toBeLessThan(4);
}, 60_000);

test("the pairs with the largest leak are side by side, with shared words marked", () => {
  const { findings } = leak(factorialOf({ words: 0.5 }, 3));
  const pairs = findings.find((each) => each.kind === "table" && each.caption.startsWith("The pairs"));
  if (pairs?.kind !== "table") throw new Error("no table of pairs");
  expect(pairs.table.rows).toHaveLength(8);
  const [top] = pairs.table.rows as [Record<string, string>];
  for (const side of ["example", "text"]) expect(top[side]!.match(/»/g)!.length).toBeGreaterThan(10);
  const shared = (side: string) => new Set([...top[side]!.matchAll(/»([^«]+)«/g)].map(([, word]) => word));
  expect(shared("text")).toEqual(shared("example"));
});

test("the heat map has a cell for every title and example, strongest where the leak is largest", () => {
  const { findings } = leak(factorialOf({ words: 0.5 }, 3));
  const heat = findings.find((each) => each.kind === "figure" && each.figure.draw === "heat");
  if (heat?.kind !== "figure") throw new Error("no map");
  expect(heat.figure.table.rows).toHaveLength(36);
  const values = heat.figure.table.rows.map((row) => Number(row["excess"]));
  expect(values.filter((value) => value > 0).length).toBeGreaterThan(30);
});
