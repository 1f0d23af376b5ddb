import { readFile } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { writeCoder } from "../../src/coding/codings.ts";
import { describe } from "../../src/describe/describe.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Generation } from "../../src/study/generation.ts";
import { readTable } from "../../src/tables/tables.ts";
import { descriptionFile, readFindings, storiesFile } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { readManifest, runStage, stateOf } from "../../src/workbench/manifest.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { pretended } from "./generations.ts";
import { goodProse, storyOf } from "./texts.ts";

const bus =
  "We shared one umbrella to the bus, my daughter and I, and neither of us would hold it. “You’re the tall one,” she said.";
const stories = [storyOf("bread", "Bread", goodProse), storyOf("bus", "The tall one", bus, "test")];
const loop = "I I I was I. I was in the I and I was the I.";
const copy = "We shared one umbrella to the bus, my daughter and I, and then it rained and";

let study: Study;

beforeEach(async () => {
  study = await temporaryStudy({ describe: { skip: ["grammar", "perplexity"] } });
  await writeWhole(study.path(storiesFile), jsonLines(stories));
});

const run = () => runStage(describe, study, {}, quietEffects());

test("every story and every generation with a text is a row of codes.csv", async () => {
  await writeGenerations([pretended("one", loop), pretended("two", copy, ["bus"]), pretended("none", "")]);
  await run();
  const rows = await readTable(study.path("corpus/codes.csv"));
  expect(rows.map(({ id, origin, model, story }) => [id, origin, model, story])).toEqual([
    ["bread", "human", "", "bread"],
    ["bus", "human", "", "bus"],
    ["one", "machine", "echo:", "bus"],
    ["two", "machine", "echo:", "bus"],
  ]);
  expect(rows[2]).toMatchObject({
    pronoun_loop: "yes",
    cut_off: "no",
    dialogue: "no",
    copied_from_example: "",
  });
  expect(rows[3]).toMatchObject({ pronoun_loop: "no", cut_off: "yes", copied_from_example: "12" });
  expect(rows[1]).toMatchObject({ dialogue: "yes", dialogue_words: "4", words: "24" });
});

test("findings compare human and machine texts, with the ids of the texts", async () => {
  await writeGenerations([pretended("one", loop), { ...pretended("two", copy, ["bus"]), story: "bread" }]);
  await run();
  const [found] = await readFindings(study);
  expect(found?.analysis).toBe("describe");
  const text = JSON.stringify(found!.findings);
  expect(text).toContain("of 2 machine texts 1 loops over pronouns and 1 ends in the middle of a sentence");
  expect(text).toContain(
    '{"failure":"has at least 8 words in a row from its example","human":0,"machine":1,"texts":"two"}',
  );
  expect(found!.numbers).toMatchObject({
    texts: { human: 2, machine: 2 },
    machine: { pronoun_loop: { mean: 0.5 } },
  });
  const definitions = found!.findings.flatMap((finding) =>
    finding.kind === "table" && finding.caption.startsWith("The measures") ? [finding.table] : [],
  )[0]!;
  for (const row of definitions.rows)
    for (const { key } of definitions.columns) expect(row[key]).toEqual(expect.stringMatching(/./));
});

test("attempts that were set aside are described separately, by id", async () => {
  const again = { ...pretended("again", goodProse), attempt: 2 };
  await writeGenerations([pretended("first", loop), again]);
  await run();
  const [found] = await readFindings(study);
  expect(found!.numbers).toMatchObject({
    texts: { human: 2, machine: 1, setAside: 1 },
    machine: { pronoun_loop: { mean: 0 } },
    setAside: { pronoun_loop: { mean: 1 } },
  });
  const text = JSON.stringify(found!.findings);
  expect(text).toContain("1 attempt set aside and never shown is described separately at the end");
  // A row of zeros shows nothing.
  expect(text).not.toContain('{"failure":"loops over pronouns","human":0');
  expect(text).toContain('{"failure":"loops over pronouns","set_aside":1,"texts":"first"}');
  expect(text.indexOf('"texts":"first"')).toBeGreaterThan(text.indexOf("Human and machine texts compared"));
  expect((await readTable(study.path("corpus/codes.csv"))).map(({ id }) => id)).toContain("first");
});

test("a corpus without generations is described alone", async () => {
  await run();
  const [found] = await readFindings(study);
  expect(found!.findings[0]).toMatchObject({
    text: expect.stringContaining("there are no machine texts yet"),
  });
});

test("cached values are reused, and only those of a changed text are measured again", async () => {
  await run();
  const cache = study.path(".tinylove/describe/words.json");
  const first = JSON.parse(await readFile(cache, "utf8"));
  // An impossible value shows that it was read from the cache.
  const values = Object.fromEntries(Object.keys(first.values).map((key) => [key, 1000]));
  await writeWhole(cache, JSON.stringify({ ...first, values }));
  await writeWhole(
    study.path(storiesFile),
    jsonLines([stories[0], { ...stories[1]!, text: `${bus} So it was.` }]),
  );
  await run();
  const rows = await readTable(study.path("corpus/codes.csv"));
  expect(rows.map(({ words }) => words)).toEqual(["1000", "27"]);
});

test("values that depend on more than the text are measured again when that changes", async () => {
  const column = async (name: string) =>
    (await readTable(study.path("corpus/codes.csv"))).map((row) => row[name]);
  await writeGenerations([pretended("two", copy, ["bus"])]);
  await run();
  const [, relevance] = await column("title_relevance");
  expect(await column("copied_from_example")).toEqual(["", "", "12"]);
  // The texts are unchanged; the title of one and the example of another change.
  await writeGenerations([pretended("two", copy)]);
  await writeWhole(
    study.path(storiesFile),
    jsonLines([stories[0], { ...stories[1]!, title: "Our umbrella" }]),
  );
  await run();
  expect((await column("title_relevance"))[1]).not.toBe(relevance);
  expect(await column("copied_from_example")).toEqual(["", "", ""]);
});

test("a broken cache is ignored", async () => {
  await writeWhole(study.path(".tinylove/describe/words.json"), "{");
  await run();
  expect((await readTable(study.path("corpus/codes.csv"))).map(({ words }) => words)).toEqual(["62", "24"]);
});

test("a second run writes the same bytes, and the stage is then fresh", async () => {
  await run();
  const first = await readFile(study.path(descriptionFile), "utf8");
  await run();
  expect(await readFile(study.path(descriptionFile), "utf8")).toBe(first);
  expect(await stateOf(describe, study, await readManifest(study))).toEqual({ is: "fresh" });
});

test("an unknown measure is refused with the known ones", async () => {
  const wrong = await temporaryStudy({ describe: { measures: ["lenght"] } });
  await expect(describe.run(wrong, {}, quietEffects())).rejects.toThrow(
    "describe.measures: unknown measure lenght",
  );
});

test("an interruption ends the run", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  await expect(describe.run(study, {}, quietEffects({ signal }))).rejects.toThrow("stopped");
});

const writeGenerations = (generations: readonly Generation[]) =>
  writeWhole(study.path("generations/echo/one-shot.jsonl"), jsonLines(generations));

test("an interruption between two slow values keeps the measured ones", async () => {
  const file = study.path("tiny.gguf");
  await writeTinyModel(file, { words: [] });
  const models = [{ address: `llama:${file}` }];
  const settings = { name: "test", generate: { models }, describe: { measures: ["perplexity"] } };
  const slow = studyOf(study.folder, StudyConfig.parse(settings));
  const interruption = new AbortController();
  const step = () => interruption.abort(new Error("stopped"));
  const progress = () => ({ to() {}, step, end() {} });
  const effects = quietEffects({ signal: interruption.signal, progress });
  await expect(describe.run(slow, {}, effects)).rejects.toThrow("stopped");
  const kept = JSON.parse(await readFile(study.path(".tinylove/describe/perplexity.json"), "utf8"));
  expect(Object.values(kept.values)).toEqual([expect.any(Number)]);
  await describe.run(slow, {}, quietEffects());
  const rows = await readTable(study.path("corpus/codes.csv"));
  for (const { perplexity } of rows) expect(Number(perplexity)).toBeGreaterThan(1);
});

test("people's codes take precedence over cue words in codes.csv, with the agreement in the description", async () => {
  const codings = [
    { text: "bread", variable: "tone", code: "grieving", kind: "people" as const },
    { text: "bus", variable: "tone", code: "joyful", kind: "people" as const },
  ];
  await run();
  await writeCoder(study, { name: "anna", kind: "people", codings });
  expect(await stateOf(describe, study, await readManifest(study))).toEqual({
    is: "stale",
    because: "corpus/codings/anna.csv changed",
  });
  await writeCoder(study, { name: "ben", kind: "people", codings });
  await run();
  const rows = await readTable(study.path("corpus/codes.csv"));
  expect(rows.map((row) => [row["tone"], row["tone_by"]])).toEqual([
    ["grieving", "people"],
    ["joyful", "people"],
  ]);
  const [found] = await readFindings(study);
  expect(found!.numbers["agreements"]).toContainEqual(
    expect.objectContaining({ variable: "tone", coders: ["anna", "cues"] }),
  );
  const said = JSON.stringify(found!.findings);
  expect(said).toContain("Agreement of coders is Krippendorff’s alpha");
  expect(said).toContain("anna and ben");
  // Word lists are too often wrong to be shown.
  expect(said).not.toContain("anna and cues");
  expect(said).not.toContain("word lists coded");
  expect(await stateOf(describe, study, await readManifest(study))).toEqual({ is: "fresh" });
});
