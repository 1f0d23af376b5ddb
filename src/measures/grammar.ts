import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { readText } from "../workbench/files.ts";
import { packageFolder } from "../workbench/version.ts";
import type { RunningInstrument, SlowMeasure } from "./measure.ts";

/**
 * Grammatical errors found by harper, without spelling, style, word choice and typography, which flag names and dialects.
 * It flags nothing in good prose, finds about 40 of 100 planted errors and does not recognise word salad, so use it to
 * compare groups of texts, not single texts. At least about 20 texts per second.
 */
export const grammar: SlowMeasure = {
  name: "grammar",
  label: "grammatical errors",
  meaning: "grammatical errors found by harper, without spelling, style, word choice and typography",
  unit: "errors",
  format: "number",
  version: 1,
  instrument: async () => ({ key: `harper.js ${await harperVersion()}`, start: startChecker }),
};

async function startChecker(): Promise<RunningInstrument> {
  const worker = new Worker(workerFile);
  // The first message is "ready".
  await once(worker, "message");
  return {
    async of({ plain }) {
      worker.postMessage(plain);
      const [count] = (await once(worker, "message")) as [number];
      return count;
    },
    async end() {
      await worker.terminate();
    },
  };
}

const workerFile = new URL("src/measures/grammar-worker.mjs", packageFolder);

async function harperVersion(): Promise<string> {
  const file = new URL("../package.json", import.meta.resolve("harper.js"));
  return JSON.parse(await readText(fileURLToPath(file))).version;
}
