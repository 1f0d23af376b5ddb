import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { exists } from "../../src/workbench/files.ts";
import { openStudy, type Study } from "../../src/workbench/study.ts";
import { builtProgram } from "../helpers/built.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { temporaryFolder } from "../helpers/world.ts";

test("generation that is killed ten times ends with the same texts as without", async () => {
  const program = await builtProgram();
  const folder = await temporaryFolder();
  const model = join(folder, "noise.gguf");
  await writeTinyModel(model, { words: [" love", "Title:"], layers: 3, width: 128 });

  const undisturbed = await newStudy(model);
  expect(await run(program, undisturbed)).toBe(0);
  const expected = await outcomes(undisturbed);
  expect(expected).toHaveLength(24);

  const killed = await newStudy(model);
  const random = randomFrom(5, "kills");
  let kills = 0;
  for (let attempt = 0; attempt < 10; attempt++) {
    // A run that comes to its end before it is killed has nothing left to show.
    if ((await run(program, killed, 500 + 1500 * random.next())) !== 0) {
      kills += 1;
      if (!(await exists(killed.path("manifest.json")))) {
        expect(await exists(killed.path("generations"))).toBe(false);
      }
    }
  }
  expect(kills).toBeGreaterThan(2);
  expect(await run(program, killed)).toBe(0);
  expect(await outcomes(killed)).toEqual(expected);
}, 240_000);

async function newStudy(model: string): Promise<Study> {
  const folder = await temporaryFolder();
  const settings = { models: [{ address: `llama:${model}`, name: "noise", threads: 1, parallel: 4 }] };
  await writeFile(join(folder, "study.yaml"), JSON.stringify({ name: "killed", generate: settings }));
  const study = await openStudy(folder);
  await writeCorpus(study, madeUpStories({ train: 8, test: 24 }));
  return study;
}

/** The exit code; undefined when it was killed before its end. */
async function run(program: string, study: Study, killAfter?: number): Promise<number | undefined> {
  const child = spawn(process.execPath, [program, "generate", "--study", study.folder], { stdio: "ignore" });
  const ended = new Promise<number | undefined>((resolve) => {
    child.on("exit", (code) => resolve(code ?? undefined));
  });
  if (killAfter !== undefined) void sleep(killAfter).then(() => child.kill("SIGKILL"));
  return ended;
}

const outcomes = async (study: Study) =>
  (await readGenerations(study)).map(({ ms: _, at: __, ...generation }) => generation);
