import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { embeddedModelFile } from "../../src/llm/llama.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { cacheFolder } from "../../src/workbench/cache-folder.ts";
import { runAll } from "../../src/workbench/commands/run.ts";
import { exists, readText, writeWhole } from "../../src/workbench/files.ts";
import { readManifest, runStage, stateOf } from "../../src/workbench/manifest.ts";
import { type AnyStage, stage } from "../../src/workbench/stage.ts";
import { statesOf } from "../../src/workbench/states.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";

const settings = "name: test\nseed: 1\n";

const write = stage({
  name: "write",
  examples: [],
  reads: [],
  writes: ["text.txt"],
  settings: ({ config }) => config.compose.forms,
  run: (study) => writeWhole(study.path("text.txt"), "a story"),
});

const count = stage({
  name: "count",
  examples: [],
  reads: ["text.txt"],
  writes: ["count.txt"],
  settings: () => ({}),
  run: async (study) =>
    writeWhole(study.path("count.txt"), String((await readText(study.path("text.txt"))).length)),
});

const stages: readonly AnyStage[] = [write, count];

async function studyOnDisk(): Promise<Study> {
  const study = await temporaryStudy({ seed: 1 });
  await writeWhole(study.path("study.yaml"), settings);
  return study;
}

const run = async (study: Study) => {
  const effects = quietEffects();
  await runAll(stages).run(study.folder, { dryRun: false }, effects);
  return effects.logged.filter((line) => line.includes("done")).map((line) => line.split(":")[0]);
};

const states = async (study: Study) => (await statesOf(stages, study)).map(({ state }) => state.is);

test("inputs of the study, the package and the cache have names that do not change if these are moved", async () => {
  const study = await studyOnDisk();
  vi.stubEnv("TINYLOVE_CACHE", study.path("..", "cache-of-a-user"));
  const cached = join(cacheFolder(), "hub", "model.sha256");
  await writeWhole(cached, "hash");
  await writeWhole(study.path("prompts/mine.md"), "[[title]]");
  const reader = stage({
    ...write,
    inputs: async () => [embeddedModelFile, study.path("prompts/mine.md"), cached],
  });
  await runStage(reader, study, {}, quietEffects());
  const manifest = await readManifest(study);
  const names = Object.keys(manifest.stages["write"]!.reads);
  expect(names).toEqual(["package:models/tiny-love.gguf", "prompts/mine.md", "cache:hub/model.sha256"]);
  expect((await stateOf(reader, study, manifest)).is).toBe("fresh");

  // An earlier version recorded absolute paths.
  const record = manifest.stages["write"]!;
  const reads = Object.fromEntries(
    Object.values(record.reads).map((hash, at) => [
      [embeddedModelFile, study.path("prompts/mine.md"), cached][at],
      hash,
    ]),
  );
  expect((await stateOf(reader, study, { stages: { write: { ...record, reads } } })).is).toBe("fresh");
});

test("all stages are missing, then fresh, and fresh ones do not run again", async () => {
  const study = await studyOnDisk();
  expect(await states(study)).toEqual(["missing", "missing"]);
  expect(await run(study)).toEqual(["write", "count"]);
  expect(await states(study)).toEqual(["fresh", "fresh"]);
  expect(await run(study)).toEqual([]);
});

test("an edited artefact is stale, and so are the stages that read it", async () => {
  const study = await studyOnDisk();
  await run(study);
  await writeWhole(study.path("text.txt"), "another story");
  const found = await statesOf(stages, study);
  expect(found[0]!.state).toEqual({ is: "stale", because: "text.txt was changed afterwards" });
  expect(found[1]!.state.is).toBe("stale");
});

test("a stage that produces the same files leaves the next one fresh", async () => {
  const study = await studyOnDisk();
  await run(study);
  await rm(study.path("text.txt"));
  expect(await run(study)).toEqual(["write"]);
});

test("a changed setting makes stale only what depends on it", async () => {
  const study = await studyOnDisk();
  await run(study);
  const other = studyOf(study.folder, StudyConfig.parse({ name: "test", seed: 1, compose: { forms: 9 } }));
  expect((await statesOf(stages, other))[0]!.state).toEqual({ is: "stale", because: "its settings changed" });
  const elsewhere = studyOf(study.folder, StudyConfig.parse({ name: "test", seed: 1, survey: { port: 80 } }));
  expect(await states(elsewhere)).toEqual(["fresh", "fresh"]);
});

test("a stage that fails leaves the manifest unchanged", async () => {
  const study = await studyOnDisk();
  const failing: AnyStage = { ...count, run: () => Promise.reject(new Error("no")) };
  await expect(runAll([write, failing]).run(study.folder, { dryRun: false }, quietEffects())).rejects.toThrow(
    "no",
  );
  expect(await states(study)).toEqual(["fresh", "missing"]);
});

test("an interruption ends before the next stage", async () => {
  const study = await studyOnDisk();
  const interruption = new AbortController();
  const stopping: AnyStage = {
    ...write,
    async run(...given) {
      await write.run(...given);
      interruption.abort();
    },
  };
  const effects = quietEffects({ signal: interruption.signal });
  await expect(runAll([stopping, count]).run(study.folder, { dryRun: false }, effects)).rejects.toThrow();
  expect(await states(study)).toEqual(["fresh", "missing"]);
});

test("a running stage cannot be started a second time, but again after its end", async () => {
  const study = await temporaryStudy();
  let end = () => {};
  const begun = new Promise<void>((begin) => {
    end = begin;
  });
  const waiting = {
    ...({ name: "waiting", examples: [], reads: [], writes: [] } as const),
    settings: () => ({}),
    run: () => begun,
  };
  const first = runStage(waiting, study, {}, quietEffects());
  while (!(await exists(study.path(".tinylove/locks/waiting")))) await new Promise(setImmediate);
  await expect(runStage(waiting, study, {}, quietEffects())).rejects.toThrow(
    "another process is running waiting on this study",
  );
  end();
  await first;
  await runStage({ ...waiting, run: async () => {} }, study, {}, quietEffects());
});
