/**
 * The survey under load. A burst of arrivals: 500 participants arrive within ten seconds, read each page for a second, and
 * are measured for fifteen more seconds. Then saturation, 64 at once, twice: only answers, as the page's script sends
 * them, by participants who have arrived before; and whole participations, every answer with its next page. An answer counts
 * if it is acknowledged, which is after its COMMIT and sync; at the end all acknowledged answers must be in the store.
 * Server and load share this machine, over loopback.
 *
 * Limits: 600 requests per second, no error, 99 of 100 pages within 50 ms and answers within 100 ms; 4,000 durable
 * answers per second; 200 MB; ready in 2 s; every acknowledged answer stored once. The script fails below them, and prints
 * how busy the machine was with other work.
 *
 *     npm run bench -- serve-load [participants] [seconds of saturation]
 *
 * With TINYLOVE_DATABASE the same on PostgreSQL. With TINYLOVE_PEERS=FOLDER, in which `npm install express cookie-parser`
 * was run, an Express survey as people write it is measured in the same run, before and after ours. With
 * TINYLOVE_POTATO=COMMAND, the `potato` (or the Python) of an environment in which `pip install potato-annotation` was run,
 * Potato is too, before both, with fewer answers because it is slower; only answers that its files have afterwards
 * count.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { judgments } from "../src/judgments/judgments.ts";
import { readJudgments } from "../src/workbench/artefacts.ts";
import { worldEffects } from "../src/workbench/effects.ts";
import { fixture } from "../test/survey/fixture.ts";
import { noise } from "./load/noise.ts";
import {
  answersAlone,
  arrivalBurst,
  memory,
  type Phase,
  peakMemory,
  quantile,
  saturation,
} from "./load/phases.ts";
import { startPotato } from "./load/potato.ts";
import { ended } from "./load/processes.ts";
import { express, type Survey, tinylove } from "./load/survey.ts";

const participants = Number(process.argv[2] ?? 500);
const seconds = Number(process.argv[3] ?? 8);
const readers = 64;
const questions = 10;
const peers = process.env["TINYLOVE_PEERS"];
const potato = process.env["TINYLOVE_POTATO"];

const rows: Record<string, Row> = {};
const noises = [noise()];
if (potato) {
  await measurePotato(potato, "answers alone", (survey) => answersAlone(survey, readers, seconds * 16));
  await measurePotato(potato, "answers with pages", (survey) => saturation(survey, readers, seconds * 1000));
} else console.log("Potato is left out: TINYLOVE_POTATO is not set");
if (peers) await measurePeer(peers, "Express");
const limits = await measureOwn();
if (peers) await measurePeer(peers, "Express, again");

console.table(rows);
console.table(
  Object.fromEntries(
    limits.map(([name, value, holds]) => [name, { value: Number(value.toFixed(1)), holds }]),
  ),
);
const slowed = noises.map((one) => one.slowed.toFixed(2)).join(", ");
console.log(
  `${cpus().length} cores, shared with the load; others slowed a loop by ${slowed}; load before ${noises[0]!.load.toFixed(1)}`,
);
if (limits.some(([, , holds]) => !holds)) process.exitCode = 1;

type Limit = readonly [name: string, value: number, holds: boolean];

async function measureOwn(): Promise<Limit[]> {
  const { study, remove } = await fixture({ forms: 5, stories: questions, survey: { rate: 100_000_000 } });
  const program = ["bin/tinylove.mjs", "serve", "--study", study.folder, "--port", "0"];
  const { process: server, port, ready } = await started(program);
  const survey = tinylove(port, server.pid!, questions);
  const atStart = memory(server.pid!);

  const arrivals = told("Tiny Love, arrivals", await arrivalBurst(survey, participants, 15_000));
  const alone = told("Tiny Love, answers alone", await answersAlone(survey, readers, seconds * 400));
  const paged = told("Tiny Love, answers with pages", await saturation(survey, readers, seconds * 1000));

  const peak = peakMemory(server.pid!);
  await ended(server);
  const acknowledged = [arrivals, alone, paged].flatMap((seen) => seen.acknowledged);
  await judgments.run(study, {}, worldEffects(new AbortController().signal));
  const stored = (await readJudgments(study)).map(({ response }) => String(response["reason"]));
  const kept = new Set(stored);
  const lost = acknowledged.filter((reason) => !kept.has(reason)).length;
  await remove();

  const requests = (arrivals.pages.length + arrivals.answers.length) / arrivals.seconds;
  const [page, answer] = [quantile(arrivals.pages, 0.99), quantile(arrivals.answers, 0.99)];
  const most = alone.answers.length / alone.seconds;
  const errors = arrivals.errors + alone.errors + paged.errors;
  return [
    ["start, seconds", ready, ready < 2],
    ["requests a second with a second of reading", requests, requests >= 600],
    ["page p99, ms", page, page < 50],
    ["answer p99, ms", answer, answer < 100],
    ["durable answers a second at saturation", most, most >= 4000],
    ["the same, each with its page", paged.answers.length / paged.seconds, true],
    ["errors", errors, errors === 0],
    ["acknowledged answers", acknowledged.length, acknowledged.length > 0],
    ["acknowledged and not stored", lost, lost === 0],
    ["stored twice", stored.length - kept.size, stored.length === kept.size],
    ["memory of the server at its start, MB", atStart, true],
    ["its peak, MB", peak, peak < 200],
  ];
}

async function measurePeer(folder: string, name: string): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), "tinylove-peer-"));
  const program = fileURLToPath(new URL("load/express-survey.js", import.meta.url));
  const { process: server, port } = await started([
    program,
    folder,
    join(data, "peer.sqlite"),
    `${questions}`,
  ]);
  const survey: Survey = express(port, server.pid!, questions);
  told(`${name}, answers alone`, await answersAlone(survey, readers, seconds * 100));
  told(`${name}, answers with pages`, await saturation(survey, readers, seconds * 500));
  await ended(server);
  await rm(data, { recursive: true });
}

async function measurePotato(command: string, phase: string, load: (survey: Survey) => Promise<Phase>) {
  const { survey, finish } = await startPotato(command, questions);
  const seen = await load(survey);
  const stored = await finish();
  const kept = seen.acknowledged.filter((reason) => stored.has(reason)).length;
  told(`Potato, ${phase}`, seen, kept);
  console.log(
    `Potato, ${phase}: ${seen.acknowledged.length} acknowledged, ${kept} of them on its disk afterwards; ${seen.errors} errors`,
  );
}

interface Row {
  readonly answers: number;
  readonly requests: number;
  readonly "page p50 / p99, ms": string;
  readonly "answer p50 / p99, ms": string;
  readonly "processor us a request": number;
}

/** Adds the measurements to the table, per second, with how busy the machine is just then. */
function told(name: string, seen: Phase, answers = seen.answers.length): Phase {
  const requests = seen.pages.length + answers;
  const times = (values: readonly number[]) =>
    values.length > 0 ? `${quantile(values, 0.5).toFixed(1)} / ${quantile(values, 0.99).toFixed(1)}` : "";
  rows[name] = {
    answers: Math.round(answers / seen.seconds),
    requests: Math.round(requests / seen.seconds),
    "page p50 / p99, ms": times(seen.pages),
    "answer p50 / p99, ms": times(seen.answers),
    "processor us a request": Math.round((seen.processor / requests) * 1e6),
  };
  noises.push(noise());
  return seen;
}

/** Starts a server that prints its address as its first line. */
async function started(
  program: readonly string[],
): Promise<{ process: ChildProcess; port: number; ready: number }> {
  const began = performance.now();
  const server = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve) =>
    createInterface({ input: server.stdout! }).once("line", resolve),
  );
  return { process: server, port: Number(new URL(url).port), ready: (performance.now() - began) / 1000 };
}
