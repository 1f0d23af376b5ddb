import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
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
  instrument: async () => ({ key: `harper.js ${await harperVersion()}`, start: startCheckers }),
};

/**
 * A checker needs about 300 MB, a second one 180 MB more (the code is shared), and a third would exceed 500 MB. It takes
 * seconds to start, so a second one must have enough to do.
 */
const mostCheckers = 2;
const textsForAnother = 100;

async function startCheckers(texts: number): Promise<RunningInstrument> {
  // Without optimised code a checker needs a third less memory, and is as fast.
  setFlagsFromString("--liftoff-only");
  setFlagsFromString("--wasm-lazy-compilation");
  const count = Math.min(mostCheckers, availableParallelism(), Math.ceil(texts / textsForAnother));
  const workers = Array.from({ length: count }, () => new Worker(workerFile));
  // The first message is "ready".
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const free = [...workers];
  return {
    concurrency: count,
    async of({ plain }) {
      const worker = free.pop()!;
      worker.postMessage(plain);
      const [errors] = (await once(worker, "message")) as [number];
      free.push(worker);
      return errors;
    },
    async end() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

const workerFile = new URL("src/measures/grammar-worker.mjs", packageFolder);

async function harperVersion(): Promise<string> {
  const file = new URL("../package.json", import.meta.resolve("harper.js"));
  return JSON.parse(await readText(fileURLToPath(file))).version;
}
