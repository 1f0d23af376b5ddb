/**
 * The list of stories of a large study: 2,000 titles with 5 models, 10,000 machine texts of about 100 words. Measures the
 * first paint of a browser on a server that has just started, the time of filters and searches, and the server's memory.
 * Exits 1 if the paint takes 1 s or more, a filter 100 ms, or the server more than 250 MB. Needs Linux and Chromium.
 *
 *     npm run bench -- workplace
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { jsonLines, writeWhole } from "../src/workbench/files.ts";
import { launchBrowser } from "../test/helpers/browser.ts";
import { generationOf } from "../test/helpers/generations.ts";
import { temporaryFolder } from "../test/helpers/world.ts";

const titles = 2000;
const models = 5;
const words =
  "the a of sea train letter window winter morning she he they kept lost found old blue glove “never” again".split(
    " ",
  );
let state = 1;
function random(below: number): number {
  state = (state * 48271) % 2147483647;
  return state % below;
}
const text = () => Array.from({ length: 95 + random(30) }, () => words[random(words.length)]).join(" ");

const folder = await temporaryFolder();
await writeWhole(`${folder}/study.yaml`, "name: large\n");
await writeWhole(
  `${folder}/corpus/stories.jsonl`,
  jsonLines(
    Array.from({ length: titles }, (_, at) => ({
      ...{
        id: `story-${at}`,
        title: `Title ${at} of the sea`,
        text: text(),
        words: 100,
        group: `${at}`,
        split: "test",
      },
      origin: { by: "human", source: "bench", author: "A", licence: "CC0-1.0" },
    })),
  ),
);
const tones = ["joyful", "melancholy", "calm"];
for (let model = 0; model < models; model++) {
  await writeWhole(
    `${folder}/generations/model-${model}/one-shot.jsonl`,
    jsonLines(
      Array.from({ length: titles }, (_, at) => {
        const written = text();
        const prompt = {
          template: "one-shot",
          hash: "0",
          text: text().repeat(2),
          rendered: text().repeat(2),
        };
        return generationOf({
          ...{ id: `g-${model}-${at}`, story: `story-${at}`, title: `Title ${at} of the sea`, prompt },
          ...{ model: { address: `llama:model-${model}`, hash: "0" }, examples: [], text: written },
          ...{ raw: `${written}\n\n${text()}`, control: { tone: tones[random(3)]! } },
          ...(random(9) === 0 && { reason: "too short: 40 words" }),
        });
      }),
    ),
  );
}

const program = fileURLToPath(new URL("../bin/tinylove.mjs", import.meta.url));
const server = spawn(process.execPath, [program, "open", folder, "--port", "0", "--no-browser"], {
  stdio: ["ignore", "pipe", "ignore"],
});
const [address] = (await once(createInterface({ input: server.stdout }), "line")) as [string];
const url = new URL(address).origin;
const browser = await launchBrowser();
const page = await browser.newPage();
await page.goto(address);
await page.waitForURL(`${url}/`);

await page.goto(`${url}/stories`);
await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]!.startTime);

const queries = [
  "search=glove",
  "search=no+such+word",
  "search=e",
  "model=llama%3Amodel-3",
  "tone=joyful",
  "fault=any",
];
queries.push("least=100&most=110", "search=never+again&tone=calm", "search=t&page=80");
const times: number[] = [];
for (let round = 0; round < 3; round++)
  for (const query of queries) {
    times.push(
      await page.evaluate(async (path) => {
        const start = performance.now();
        await (await fetch(path)).text();
        return performance.now() - start;
      }, `/stories/matrix?${query}`),
    );
  }
const [, memory] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))!;
const [, peak] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))!;
const sorted = times.sort((one, other) => one - other);
const median = sorted[Math.floor(sorted.length / 2)]!;
const slowest = sorted.at(-1)!;
console.log(`first paint ${paint.toFixed(0)} ms (limit 1000)`);
console.log(`filters: median ${median.toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms (limit 100)`);
console.log(
  `memory ${(Number(memory) / 1024).toFixed(0)} MB, peak ${(Number(peak) / 1024).toFixed(0)} MB (limit 250)`,
);
await browser.close();
server.kill("SIGINT");
await rm(folder, { recursive: true });
process.exitCode = paint < 1000 && slowest < 100 && Number(peak) / 1024 < 250 ? 0 : 1;
