/**
 * Does the survey hold a stampede? 500 participants arrive within ten seconds and read a second a page,
 * and are watched for fifteen seconds from then on; then, at
 * saturation, 64 answer as fast as they are answered. Server and load share this machine, by loopback. Limits: 600
 * requests a second, no error, 99 of 100 pages within 50 ms and answers within 100 ms; at saturation 4,000 durable
 * answers a second; 200 MB; ready in 2 s; every acknowledged answer stored once. The script fails below them, and
 * tells how busy the machine was otherwise.
 *
 *     npm run bench -- serve-load [participants] [seconds of saturation]
 *
 * With TINYLOVE_DATABASE the same on PostgreSQL.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { cpus, loadavg } from "node:os";
import { createInterface } from "node:readline";
import { judgments } from "../src/serve/judgments.ts";
import { readJudgments } from "../src/workbench/artefacts.ts";
import { worldEffects } from "../src/workbench/effects.ts";
import { fixture, hiddenFields } from "../test/serve/fixture.ts";

const participants = Number(process.argv[2] ?? 500);
const saturation = Number(process.argv[3] ?? 8);
const busyBefore = loadavg()[0]!;

const { study, remove } = await fixture({ forms: 5, stories: 6, survey: { rate: 100_000_000 } });
const began = performance.now();
const server = spawn(
  process.execPath,
  ["bin/tinylove.mjs", "serve", "--study", study.folder, "--port", "0"],
  {
    stdio: ["ignore", "pipe", "inherit"],
  },
);
const url = await new Promise<string>((resolve) =>
  createInterface({ input: server.stdout }).once("line", resolve),
);
const ready = (performance.now() - began) / 1000;

const agent = new Agent({ keepAlive: true, maxSockets: 2000 });
const times = { page: [] as number[], answer: [] as number[] };
const acknowledged = new Set<string>();
let errors = 0;

/** When all have arrived, and how long they are watched from then on, in milliseconds. */
const arriving = 10_000;
const watched = 15_000;
const started = performance.now();
let watching = false;
await Promise.all([
  pause(arriving).then(() => {
    watching = true;
  }),
  ...Array.from({ length: participants }, async () => {
    await pause(Math.random() * arriving);
    // Who has finished is followed by another one at once, so that there are always as many.
    while (performance.now() - started < arriving + watched) await takePart(1000);
  }),
]);
const seconds = (performance.now() - started - arriving) / 1000;
const stampede = summary();

times.page.length = 0;
times.answer.length = 0;
const before = acknowledged.size;
const end = performance.now() + saturation * 1000;
const saturated = performance.now();
await Promise.all(
  Array.from({ length: 64 }, async () => {
    while (performance.now() < end) await takePart(0);
  }),
);
const answers = (acknowledged.size - before) / ((performance.now() - saturated) / 1000);

const memory = peakMemory(server.pid!);
server.kill("SIGTERM");
await new Promise((resolve) => server.once("exit", resolve));
await judgments.run(study, {}, worldEffects(new AbortController().signal));
const stored = (await readJudgments(study)).map(({ response }) => String(response["reason"]));
const lost = [...acknowledged].filter((reason) => !new Set(stored).has(reason)).length;
await remove();

const limits: readonly (readonly [name: string, value: number, holds: boolean])[] = [
  ["start, seconds", ready, ready < 2],
  [
    "requests a second with a second of reading",
    stampede.requests / seconds,
    stampede.requests / seconds >= 600,
  ],
  ["page p50, ms", stampede.page(0.5), true],
  ["page p99, ms", stampede.page(0.99), stampede.page(0.99) < 50],
  ["answer p50, ms", stampede.answer(0.5), true],
  ["answer p99, ms", stampede.answer(0.99), stampede.answer(0.99) < 100],
  ["durable answers a second at saturation (each with its page)", answers, answers >= 4000],
  ["errors", errors, errors === 0],
  ["acknowledged and not stored", lost, lost === 0],
  ["stored twice", stored.length - new Set(stored).size, stored.length === new Set(stored).size],
  ["peak memory of the server, MB", memory, memory < 200],
];
console.table(
  Object.fromEntries(
    limits.map(([name, value, holds]) => [name, { value: Number(value.toFixed(1)), holds }]),
  ),
);
console.log(
  `${cpus().length} cores; others' load before: ${busyBefore.toFixed(1)}; ${acknowledged.size} answers acknowledged`,
);
if (limits.some(([, , holds]) => !holds)) process.exitCode = 1;

async function takePart(thinking: number): Promise<void> {
  const jar = { cookie: "" };
  const consent = await ask(jar, "GET", "/");
  await ask(jar, "POST", "/consent", hiddenFields(consent.text));
  await pause(thinking);
  for (let position = 1; position <= 6; position++) {
    const page = await ask(jar, "GET", `/q/${position}`);
    await pause(thinking);
    if (thinking > 0 && performance.now() - started > arriving + watched) return;
    const reason = `${jar.cookie.slice(-26)} ${position}`;
    const reply = await ask(jar, "POST", `/q/${position}`, {
      ...hiddenFields(page.text),
      answer: "human",
      reason,
    });
    if (reply.status === 303 && reply.location !== "/") acknowledged.add(reason);
  }
}

function ask(
  jar: { cookie: string },
  method: "GET" | "POST",
  path: string,
  fields?: Record<string, string>,
): Promise<{ status: number; location: string; text: string }> {
  const body = fields && String(new URLSearchParams(fields));
  const headers = {
    ...(jar.cookie && { cookie: jar.cookie }),
    ...(body && {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": Buffer.byteLength(body),
    }),
  };
  const sent = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { method, agent, headers }, (reply) => {
      let text = "";
      reply.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      reply.on("end", () => {
        if (watching) (method === "GET" ? times.page : times.answer).push(performance.now() - sent);
        const status = reply.statusCode ?? 0;
        if (status >= 400) errors++;
        const [cookie] = reply.headers["set-cookie"] ?? [];
        if (cookie) jar.cookie = cookie.split(";")[0]!;
        resolve({ status, location: reply.headers.location ?? "", text });
      });
    });
    // As a browser does: a kept connection that the server has just closed is opened anew.
    asked.on("error", (error: NodeJS.ErrnoException) =>
      asked.reusedSocket && error.code === "ECONNRESET"
        ? ask(jar, method, path, fields).then(resolve, reject)
        : reject(error),
    );
    asked.end(body);
  });
}

function summary() {
  const quantile = (values: number[]) => {
    const sorted = [...values].sort((one, other) => one - other);
    return (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  };
  return {
    requests: times.page.length + times.answer.length,
    page: quantile(times.page),
    answer: quantile(times.answer),
  };
}

function pause(milliseconds: number): Promise<void> {
  return milliseconds === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The most memory that a process has had, in MB; what Linux says, 0 elsewhere. */
function peakMemory(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
