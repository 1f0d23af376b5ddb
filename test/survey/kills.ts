import { judgments } from "../../src/judgments/judgments.ts";
import type { Random } from "../../src/stats/random.ts";
import { readManifest, runStage, stateOf } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { newPostgresData, startPostgresOn } from "../helpers/postgres.ts";
import { fixture, quietEffects } from "./fixture.ts";
import { compared, Load } from "./load.ts";
import type { Program } from "./program.ts";

/** The result of many kills under load. */
export interface Kills {
  readonly kills: number;
  /** How many of them crashed the database. */
  readonly crashes: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** How often a reader was refused or cut off, and tried again. */
  readonly failures: number;
  readonly lost: number;
  readonly doubled: number;
}

interface Plan {
  readonly kills: number;
  /** The maximum number of acknowledged answers between two kills; the minimum is a third of it. */
  readonly answers: number;
  readonly random: Random;
  /** Number of simultaneous readers. */
  readonly readers?: number;
}

/** Repeatedly kills the process that serves the embedded store under load, and restarts it. */
export async function killEmbedded(
  program: Program,
  { kills, answers, random, readers = 8 }: Plan,
): Promise<Kills> {
  const { study, remove } = await fixture({ forms: 3, survey: { rate: 1_000_000 } });
  let server = await program.serve(study.folder);
  const load = new Load(readers, () => server.url);
  for (let kill = 0; kill < kills; kill++) {
    // Counted in answers, not in time, so that a busy machine is also killed during answers.
    await load.more(random.integer(Math.ceil(answers / 3), answers));
    await server.end("SIGKILL");
    server = await program.serve(study.folder);
  }
  await load.end();
  await server.end("SIGKILL");
  await runStage(judgments, study, {}, quietEffects());
  if ((await stateOf(judgments, study, await readManifest(study))).is !== "fresh")
    throw new Error("the judgments are stale right after they were exported");
  const result = await outcome(load, study, kills, 0);
  await remove();
  return result;
}

/** Two servers on one PostgreSQL: each time one of them is killed, or the database crashes. */
export async function killOnPostgres(
  program: Program,
  { kills, answers, random, readers = 8 }: Plan,
): Promise<Kills> {
  const postgres = await startPostgresOn(await newPostgresData());
  const { study, remove } = await fixture({ forms: 3, survey: { rate: 1_000_000 } });
  const env = { TINYLOVE_DATABASE: postgres.address };
  const servers = [await program.serve(study.folder, env), await program.serve(study.folder, env)];
  let turn = 0;
  const load = new Load(readers, () => servers[turn++ % 2]!.url);
  let crashes = 0;
  for (let kill = 0; kill < kills; kill++) {
    await load.more(random.integer(Math.ceil(answers / 3), answers));
    const victim = random.integer(0, 2);
    if (victim === 2) {
      crashes++;
      await postgres.restart();
    } else {
      await servers[victim]!.end("SIGKILL");
      servers[victim] = await program.serve(study.folder, env);
    }
  }
  await load.end();
  await Promise.all(servers.map((server) => server.end("SIGKILL")));
  await judgments.run(study, {}, quietEffects({ env }));
  const result = await outcome(load, study, kills, crashes);
  await Promise.all([remove(), postgres.remove()]);
  return result;
}

async function outcome(load: Load, study: Study, kills: number, crashes: number): Promise<Kills> {
  const { stored, lost, doubled } = await compared(load.acknowledged.keys(), study);
  const { failures, acknowledged } = load;
  return {
    kills,
    crashes,
    acknowledged: acknowledged.size,
    stored,
    failures,
    lost: lost.length,
    doubled: doubled.length,
  };
}
