import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { judgments } from "../../src/judgments/judgments.ts";
import type { Random } from "../../src/stats/random.ts";
import { openDatabase } from "../../src/survey/store/database.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { newPostgresData, postgresFolder, startPostgresOn } from "../helpers/postgres.ts";
import { type Contents, contentsOf, Disk, recorder, withoutRecorder } from "./disk.ts";
import { fixture, quietEffects, served, TestClient } from "./fixture.ts";
import { compared, Load } from "./load.ts";
import type { Program } from "./program.ts";

/** The result of many power cuts under load. */
export interface PowerCuts {
  readonly images: number;
  /** Images in which a pending write was missing or torn. */
  readonly torn: number;
  /** Answers acknowledged before the last cut. */
  readonly acknowledged: number;
  /** Acknowledged answers missing in an image, summed over the images. */
  lost: number;
  doubled: number;
  /** Images that the program could not open, or with inconsistent pages, with the message. */
  readonly damaged: string[];
}

interface Plan {
  readonly images: number;
  /** Answers to acknowledge while the disk is recorded. */
  readonly answers: number;
  readonly random: Random;
  /** PostgreSQL's settings. */
  readonly settings?: readonly string[];
}

/** Microseconds of additional time for a sync, so that an answer that does not wait for it is detected. */
const slow = 3000;

/**
 * Serves the embedded store on a recorded disk under load. Then cuts the power at `images` moments of the record: each
 * resulting disk is opened by the program, compared with the answers acknowledged by then, and served to one more
 * reader.
 */
export async function cutEmbedded(program: Program, { images, answers, random }: Plan): Promise<PowerCuts> {
  const watch = await recorder();
  if (!watch) throw new Error(withoutRecorder);
  const built = await fixture({ forms: 3, survey: { rate: 1_000_000 } });
  const folder = await realpath(built.study.folder);
  const before = contentsOf(folder);
  const server = await program.serve(folder, watch.env(folder, slow));
  const load = new Load(8, () => server.url);
  await load.more(answers);
  await server.end("SIGKILL");
  await load.end();
  const disk = new Disk(watch.record, folder, before, random);
  const result = await cutAt(disk, load, images, random, async (check) => {
    const target = await mkdtemp(join(tmpdir(), "tinylove-cut-"));
    try {
      const torn = await disk.cut(target);
      await check(studyOf(target, built.study.config), {});
      return torn;
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  });
  await Promise.all([built.remove(), watch.remove()]);
  return result;
}

/** The same on PostgreSQL, whose data folder is the recorded disk, served by two processes. */
export async function cutPostgres(
  program: Program,
  { images, answers, random, settings = [] }: Plan,
): Promise<PowerCuts> {
  const watch = await recorder();
  if (!watch) throw new Error(withoutRecorder);
  const built = await fixture({ forms: 3, survey: { rate: 1_000_000 } });
  // Small log segments, and checksums: many boundaries that can be torn, and torn pages are detected.
  const data = await newPostgresData("--wal-segsize=1", "--data-checksums");
  const before = contentsOf(data);
  const often = ["max_wal_size=4MB", "min_wal_size=2MB", "checkpoint_timeout=30", ...settings];
  const postgres = await startPostgresOn(data, often, watch.env(data, slow));
  const env = { TINYLOVE_DATABASE: postgres.address };
  const servers = [
    await program.serve(built.study.folder, env),
    await program.serve(built.study.folder, env),
  ];
  let turn = 0;
  const load = new Load(8, () => servers[turn++ % 2]!.url);
  await load.more(answers);
  await postgres.stop();
  await Promise.all(servers.map((server) => server.end("SIGKILL")));
  await load.end();
  const disk = new Disk(watch.record, data, withoutProcess(before), random);
  const result = await cutAt(disk, load, images, random, async (check) => {
    const folder = postgresFolder();
    const target = join(folder, "data");
    const torn = await disk.cut(target);
    await rm(join(target, "postmaster.pid"), { force: true });
    execFileSync("chmod", ["-R", "go=", target]);
    execFileSync("chown", ["-R", "--reference", folder, target]);
    try {
      const left = await startPostgresOn(target, ["fsync=off"]);
      try {
        await check(built.study, { TINYLOVE_DATABASE: left.address });
      } finally {
        await left.stop();
      }
      return torn;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  await Promise.all([postgres.remove(), built.remove(), watch.remove()]);
  return result;
}

const withoutProcess = (before: Contents): Contents =>
  new Map([...before].filter(([name]) => name !== "postmaster.pid"));

type Check = (study: Study, env: Readonly<Record<string, string>>) => Promise<void>;

async function cutAt(
  disk: Disk,
  load: Load,
  images: number,
  random: Random,
  image: (check: Check) => Promise<boolean>,
): Promise<PowerCuts> {
  const [first = 0n] = load.acknowledged.values();
  let begin = 0;
  while (begin < disk.length - 1 && disk.at(begin) < first) begin++;
  // One in five is before the first answer, while the tables are created.
  const moments = Array.from({ length: images }, (_, at) =>
    at % 5 === 0 ? random.integer(0, begin) : random.integer(begin, disk.length - 2),
  ).sort((one, other) => one - other);
  const toldBefore = (moment: number) =>
    [...load.acknowledged].filter(([, at]) => at < disk.at(moment + 1)).map(([reason]) => reason);
  const result = { images, torn: 0, lost: 0, doubled: 0, damaged: [] as string[] };
  for (const moment of moments) {
    disk.advance(moment + 1);
    const told = toldBefore(moment);
    try {
      const torn = await image(async (study, env) => {
        const { lost, doubled } = await look(study, env, told);
        result.lost += lost.length;
        result.doubled += doubled.length;
      });
      if (torn) result.torn++;
    } catch (thrown) {
      result.damaged.push(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
  return {
    ...result,
    acknowledged: toldBefore(moments.at(-1)!).length,
  };
}

async function look(study: Study, env: Readonly<Record<string, string>>, told: readonly string[]) {
  const effects = quietEffects({ env });
  if (env["TINYLOVE_DATABASE"]) {
    // The study's folder is not on the disk that is cut: it must not have answers of another image, and before the first answer
    // it needs the record of that time.
    await rm(study.path("judgments"), { recursive: true, force: true });
    if (told.length === 0) {
      const path = study.path("survey.json");
      await writeFile(path, (await readFile(path, "utf8")).replace('"made": true', '"made": false'));
    }
  } else {
    const database = await openDatabase(study, {});
    const { rows } = await sql<{ integrity_check: string }>`PRAGMA integrity_check`.execute(database);
    await database.destroy();
    if (rows[0]?.integrity_check !== "ok") throw new Error(`integrity: ${rows[0]?.integrity_check}`);
  }
  await judgments.run(study, {}, effects);
  const found = await compared(told, study);
  const survey = await served(study, effects);
  const client = new TestClient(survey.url);
  await client.begin();
  const thanks = await client.finish();
  await survey.close();
  if (!thanks.includes("Thank you")) throw new Error("the survey does not go on");
  return found;
}
