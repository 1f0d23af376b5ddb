/**
 * Does a power cut lose an acknowledged answer? The survey is served under load on a disk whose writes are recorded
 * (test/survey/disk.c), and the power is cut at random points of the record: what was synced remains, the rest remains
 * in part or not at all, torn at 512 bytes. Each resulting disk is opened by the program, checked, compared
 * with the answers that were acknowledged, and served to one more reader. On the embedded store, and on PostgreSQL with two
 * servers. Then the same with errors put into the program or the database, which the cuts must find.
 *
 *     npm run bench -- serve-power-cuts [cuts] [answers]
 *
 * Needs Linux and cc; PostgreSQL needs initdb and pg_ctl on the path. Fails if an answer is lost, stored twice
 * or a store damaged, or if an error is not found.
 */
import { randomFrom } from "../src/stats/random.ts";
import { hasPostgres, withoutPostgres } from "../test/helpers/postgres.ts";
import { cutEmbedded, cutPostgres, type PowerCuts } from "../test/survey/power-cuts.ts";
import { type Program, programForKilling } from "../test/survey/program.ts";

const images = Number(process.argv[2] ?? 100);
const answers = Number(process.argv[3] ?? 1500);
const random = randomFrom("power cuts", Date.now());

type Spoil = (program: Program) => Promise<void>;

const asItIs: Spoil = async () => {};
const normal: Spoil = async (program) => {
  await program.spoil("survey/store/database.js", /synchronous = FULL/, "synchronous = NORMAL");
  await program.spoil("survey/store/database.js", /found\.synchronous !== 2/, "false");
};
const off: Spoil = async (program) => {
  await program.spoil("survey/store/database.js", /synchronous = FULL/, "synchronous = OFF");
  await program.spoil("survey/store/database.js", /found\.synchronous !== 2/, "false");
};
/** Answers are acknowledged before the commit. */
const hasty: Spoil = (program) =>
  program.spoil(
    "survey/store/group-commit.js",
    /\{ locks, work, resolve, reject \}/,
    `{ locks, resolve, reject, work: async (writing) => {
      const result = await work(writing);
      resolve(result);
      return result;
    } }`,
  );

const fewer = Math.max(5, Math.round(images / 5));
const seen: Record<string, Omit<PowerCuts, "damaged"> & { damaged: number }> = {};
let failed = false;

await run("embedded", cutEmbedded, asItIs, images, true);
if (hasPostgres()) await run("PostgreSQL, two servers", cutPostgres, asItIs, images, true);
else console.warn(withoutPostgres);
await run("embedded, synchronous NORMAL", cutEmbedded, normal, fewer, false);
await run("embedded, synchronous OFF", cutEmbedded, off, fewer, false);
await run("embedded, told before the commit", cutEmbedded, hasty, fewer, false);
if (hasPostgres()) {
  const neverSynced: typeof cutPostgres = (program, plan) =>
    cutPostgres(program, { ...plan, settings: ["fsync=off"] });
  await run("PostgreSQL, fsync off", neverSynced, asItIs, fewer, false);
}
console.table(seen);
process.exitCode = failed ? 1 : 0;

async function run(
  name: string,
  cut: typeof cutEmbedded,
  spoil: Spoil,
  cuts: number,
  sound: boolean,
): Promise<void> {
  const program = await programForKilling();
  try {
    await spoil(program);
    const result = await cut(program, { images: cuts, answers, random });
    const wrong = result.lost + result.doubled + result.damaged.length > 0;
    if (wrong === sound) failed = true;
    for (const message of sound ? result.damaged : []) console.warn(`${name}: ${message}`);
    seen[name] = { ...result, damaged: result.damaged.length };
    console.log(`${name}: ${JSON.stringify(seen[name])}`);
  } finally {
    await program.remove();
  }
}
