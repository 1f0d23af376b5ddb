/**
 * Does a kill lose an acknowledged answer, or store one twice? The survey's server is killed (kill -9) at
 * random times under load and restarted, while its readers resend what was not acknowledged with the same key. On
 * the embedded store, and on PostgreSQL with two servers, where a third of the kills crash the database itself (an
 * immediate shutdown). Acknowledged answers are compared with those that are exported.
 *
 * npm run bench -- serve-kills [kills] [people at once]
 *
 * PostgreSQL needs initdb and pg_ctl on the path. Fails if an answer is lost or stored twice.
 */
import { randomFrom } from "../src/stats/random.ts";
import { hasPostgres, withoutPostgres } from "../test/helpers/postgres.ts";
import { type Kills, killEmbedded, killOnPostgres } from "../test/survey/kills.ts";
import { programForKilling } from "../test/survey/program.ts";

const kills = Number(process.argv[2] ?? 100);
const readers = Number(process.argv[3] ?? 8);
const plan = { kills, readers, answers: 60, random: randomFrom("kills", Date.now()) };
const program = await programForKilling();
const seen: Record<string, Kills> = {};
try {
  seen["embedded"] = await killEmbedded(program, plan);
  console.log(JSON.stringify(seen));
  if (hasPostgres()) seen["PostgreSQL, two servers"] = await killOnPostgres(program, plan);
  else console.warn(withoutPostgres);
} finally {
  await program.remove();
}
console.table(seen);
process.exitCode = Object.values(seen).some(({ lost, doubled }) => lost + doubled > 0) ? 1 : 0;
