import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { factorial } from "../../src/generate/factorial.ts";
import { doseResponse, levelsOf } from "../../src/influence/dose-response.ts";
import { influence } from "../../src/influence/influence.ts";
import { leak } from "../../src/influence/leak.ts";
import type { Seen } from "../../src/influence/seen.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { Findings } from "../../src/study/finding.ts";
import { Generation } from "../../src/study/generation.ts";
import type { Story } from "../../src/study/story.ts";
import { factorialFile, influenceFile, readFindings } from "../../src/workbench/artefacts.ts";
import { readJson, readJsonLines } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";

const vocabulary = Array.from(
  { length: 400 },
  (_, at) =>
    `${"bcdfghjklm"[at % 10]}${"aeiou"[Math.floor(at / 10) % 5]}${"nprstvwxzq"[Math.floor(at / 50)]}o`,
);

/** Texts of sixty words that take each word from their example with chance `share`, else a third from their title's own. */
function planted(share: number, seed: number): Seen {
  const random = randomFrom(seed, "planted leak");
  const wordsOf = () => random.shuffle(vocabulary).slice(0, 30);
  const story = (id: string, split: Story["split"]): Story => ({
    id,
    title: id,
    text: wordsOf().join(" "),
    words: 30,
    origin: { by: "human", source: "made up", author: "nobody", licence: "MIT" },
    group: id,
    split,
  });
  const titles = Array.from({ length: 6 }, (_, at) => story(`title-${at}`, "test"));
  const examples = Array.from({ length: 6 }, (_, at) => story(`example-${at}`, "train"));
  const texts = titles.flatMap((title) => {
    const own = title.text.split(" ");
    return examples.flatMap((example) =>
      [1, 2].map((attempt) => {
        const theirs = example.text.split(" ");
        const words = Array.from({ length: 60 }, () =>
          random.next() < share
            ? random.pick(theirs)
            : random.next() < 1 / 3
              ? random.pick(own)
              : random.pick(vocabulary),
        );
        return generationOf(title, example.id, attempt, words.join(" "));
      }),
    );
  });
  return { titles, examples, draws: 2, texts, leftOut: 0, topics: 8, permutations: 199, random };
}

const generationOf = (title: Story, example: string, attempt: number, text: string): Generation => ({
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

type Numbers = {
  leak: Record<string, { excess: number; p: number }>;
  shares: { columns: number; rows: number };
};
const numbersOf = (seen: Seen) => leak(seen).numbers as unknown as Numbers;

test("a leak that was planted is found, and the more of it the larger", () => {
  const found = [0.1, 0.25, 0.5].map((share) => numbersOf(planted(share, 7)));
  for (const { leak: channels } of found) expect(channels["words"]!.p).toBeLessThanOrEqual(0.01);
  const excess = found.map(({ leak: channels }) => channels["words"]!.excess);
  expect(excess).toEqual([...excess].sort((one, other) => one - other));
  const shares = found.map(({ shares: { columns } }) => columns);
  expect(shares).toEqual([...shares].sort((one, other) => one - other));
  expect(found.at(-1)!.shares.columns).toBeGreaterThan(found.at(-1)!.shares.rows);
});

test("no leak is found where there is none: at most 6 of a hundred", () => {
  const trials = 30;
  const found = Array.from(
    { length: trials },
    (_, seed) => leak({ ...planted(0, 100 + seed), permutations: 99, topics: 4 }).findings[0]!,
  ).filter((finding) => finding.kind === "sentence" && !finding.text.startsWith("No leak"));
  // One or two of thirty are expected; six or more have a chance below one in a hundred. The test behind it is held to
  // 6 of a hundred over two thousand trials, in own-pairing.
  expect(found.length).toBeLessThan(6);
}, 120_000);

test("the pairs that leak most are shown with their shared words marked", () => {
  const pairs = leak(planted(0.5, 3)).findings.find(
    (each) => each.kind === "table" && each.caption.startsWith("The pairs"),
  );
  if (pairs?.kind !== "table") throw new Error("no table of pairs");
  expect(pairs.table.rows).toHaveLength(10);
  expect(String(pairs.table.rows[0]!["text"]).match(/»/g)!.length).toBeGreaterThan(10);
});

const size = { titles: 4, examples: 4, draws: 2, permutations: 199, topics: 3 };
let blind = "";

beforeAll(async () => {
  // A bigram model looks at one token: it cannot see an example.
  blind = join(await temporaryFolder(), "blind.gguf");
  const words = [" ferry", " lamp", " orange", " winter", " letter", " coat", " bridge", " piano"];
  await writeTinyModel(blind, { words, transitions: {} });
});

async function studied(address: string): Promise<Findings> {
  const study = await temporaryStudy({
    generate: { models: [{ address, threads: 1 }], tokens: { least: 30, most: 40 }, factorial: size },
  });
  await writeCorpus(study, madeUpStories({ train: 8, test: 6 }));
  await runStage(factorial, study, {}, quietEffects());
  const generations = await readJsonLines(study.path(factorialFile), Generation);
  expect(generations).toHaveLength(32);
  expect(new Set(generations.map(({ seed }) => seed)).size).toBe(32);
  await runStage(influence, study, {}, quietEffects());
  expect((await readFindings(study)).map(({ analysis }) => analysis)).toEqual(["influence"]);
  return readJson(study.path(influenceFile), Findings);
}

test("a model that cannot see its example leaks nothing of it", async () => {
  const { findings } = await studied(`llama:${blind}`);
  expect(findings[0]).toMatchObject({ text: expect.stringContaining("No leak of the example was found") });
});

test("one that repeats its prompt leaks", async () => {
  const { findings, numbers } = await studied("echo:");
  expect(findings[0]).toMatchObject({
    text: expect.stringContaining("The example leaks: its text has more of its words"),
  });
  expect((numbers["leak"] as Numbers["leak"])["words"]!.p).toBeLessThan(0.01);
});

test("whether a tone can be set: found where it was set, not where it was not", () => {
  const [sad, glad] = ["tears grief funeral alone lost", "laughed danced happy wedding smile"].map((words) =>
    words.split(" "),
  );
  const random = randomFrom(4, "tones");
  const stories = madeUpStories({ train: 3, test: 12 });
  const titles = stories.filter(({ split }) => split === "test");
  const texts = (obeys: boolean) =>
    titles.flatMap((title) =>
      [0, 1, 2, 3, 4].map((strength): Generation => {
        const chance = obeys ? strength / 4 : 0.5;
        const words = Array.from({ length: 20 }, () => random.pick(random.next() < chance ? sad! : glad!));
        const generation = generationOf(title, "x", 1, words.join(" "));
        return {
          ...generation,
          prompt: { ...generation.prompt, template: `chat+${strength}` },
          control: { tone: "melancholy", strength },
        };
      }),
    );
  const told = (obeys: boolean) => {
    const [finding] = doseResponse(levelsOf(texts(obeys)), stories, randomFrom(1)).findings;
    return finding?.kind === "sentence" ? finding.text : "";
  };
  expect(told(true)).toMatch(/rises with the strength of melancholy .* p < \.001/);
  expect(told(false)).toMatch(/does not follow/);
});
