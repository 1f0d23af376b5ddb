/**
 * Speed of `describe` on the stories of a folder of JSONL files (a title and a text per line): without grammar, with it,
 * and again with all values cached. Limits, in processor time: 200 stories per second, 20 with grammar, a second run in a
 * twentieth of the first; 1 GB of memory. Exits with 1 if a limit is missed.
 *
 *     npm run bench -- describe FOLDER
 */
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { collect } from "../src/collect/collect.ts";
import { CollectOptions } from "../src/collect/options.ts";
import { describe } from "../src/describe/describe.ts";
import { StudyConfig } from "../src/study/config.ts";
import { readStories } from "../src/workbench/artefacts.ts";
import { worldEffects } from "../src/workbench/effects.ts";
import { studyOf } from "../src/workbench/study.ts";

const [, , source] = process.argv;
if (source === undefined) throw new Error("name a folder of JSONL files with a title and a text a line");

const effects = worldEffects(new AbortController().signal);
const folder = await mkdtemp(join(tmpdir(), "tinylove-bench-"));
const files = (await readdir(source)).filter((name) => name.endsWith(".jsonl"));
const corpus = {
  file: files.map((name) => resolve(source, name)),
  words: { warn: 100, refuse: 200 },
};
const studyWithout = (...skip: string[]) =>
  studyOf(folder, StudyConfig.parse({ name: "bench", corpus, describe: { skip } }));

await collect.run(studyWithout(), CollectOptions.parse({}), effects);
const count = (await readStories(studyWithout())).length;

const quick = await secondsOf(() => describe.run(studyWithout("grammar", "perplexity"), {}, effects));
const grammar = await secondsOf(() => describe.run(studyWithout("perplexity"), {}, effects));
const again = await secondsOf(() => describe.run(studyWithout("perplexity"), {}, effects));
const megabytes = process.resourceUsage().maxRSS / 1024;

console.log(`${count} stories`);
console.log(`all but grammar and perplexity: ${perSecond(quick)} stories/s`);
console.log(`grammar: ${perSecond(grammar)} stories/s`);
console.log(`again, all kept: ${again.toFixed(1)} s after ${(quick + grammar).toFixed(1)} s`);
console.log(`memory: ${Math.round(megabytes)} MB at the peak`);
if (perSecond(quick) < 200 || perSecond(grammar) < 20 || again > (quick + grammar) / 20 || megabytes > 1024) {
  process.exitCode = 1;
}

/** Of the processor, on all threads together. */
async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function perSecond(seconds: number): number {
  return Math.round(count / seconds);
}
