import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../src/stats/random.ts";
import type { Generation } from "../../src/study/generation.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { exists } from "../../src/workbench/files.ts";
import { openStudy, type Study } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { temporaryFolder } from "../helpers/world.ts";

export interface Killed {
  /** How often `generate` was killed before its end. */
  readonly kills: number;
  /** Number of studies used: when one is complete, it is checked and the next is started. */
  readonly studies: number;
  /** Studies whose generations differ from those of the undisturbed run. */
  readonly different: number;
  /** Kills after which there were generation files although no run had completed. */
  readonly halfWritten: number;
}

/**
 * Runs `program` once undisturbed with `titles` titles, then kills it with kill -9 at random moments until it was killed
 * the given number of times, and compares every completed study with the undisturbed one.
 */
export async function killedOften(
  program: string,
  model: string,
  { titles, kills: wanted, random }: { titles: number; kills: number; random: Random },
): Promise<Killed> {
  const undisturbed = await newStudy(model, titles);
  const started = performance.now();
  if ((await run(program, undisturbed)) !== 0) throw new Error("the undisturbed run failed");
  const whole = performance.now() - started;
  const expected = JSON.stringify(await outcomes(undisturbed));
  await rm(undisturbed.folder, { recursive: true });

  let [kills, studies, different, halfWritten] = [0, 0, 0, 0];
  while (kills < wanted) {
    const study = await newStudy(model, titles);
    studies += 1;
    let ended = false;
    while (!ended) {
      const last = kills === wanted;
      ended = (await run(program, study, last ? undefined : whole * (0.1 + 0.9 * random.next()))) === 0;
      if (ended) break;
      if (last) throw new Error("the run after the last kill failed");
      kills += 1;
      // A file of generations is complete or missing.
      const written = (await exists(study.path("generations"))) ? (await outcomes(study)).length : 0;
      halfWritten += written === 0 || written === titles ? 0 : 1;
    }
    if (JSON.stringify(await outcomes(study)) !== expected) different += 1;
    await rm(study.folder, { recursive: true });
  }
  return { kills, studies, different, halfWritten };
}

async function newStudy(model: string, titles: number): Promise<Study> {
  const folder = await temporaryFolder();
  const settings = { models: [{ address: `llama:${model}`, name: "killed", threads: 1, parallel: 2 }] };
  await writeFile(join(folder, "study.yaml"), JSON.stringify({ name: "killed", generate: settings }));
  const study = await openStudy(folder);
  await writeCorpus(study, madeUpStories({ train: 8, test: titles }));
  return study;
}

/** The exit code; undefined if it was killed before its end. */
async function run(program: string, study: Study, killAfter?: number): Promise<number | undefined> {
  const child = spawn(process.execPath, [program, "generate", "--study", study.folder], { stdio: "ignore" });
  const ended = new Promise<number | undefined>((resolve) => {
    child.on("exit", (code) => resolve(code ?? undefined));
  });
  if (killAfter !== undefined) void sleep(killAfter).then(() => child.kill("SIGKILL"));
  return ended;
}

/** Everything except the times. */
const outcomes = async (study: Study): Promise<Omit<Generation, "ms" | "at">[]> =>
  (await readGenerations(study)).map(({ ms: _, at: __, ...generation }) => generation);
