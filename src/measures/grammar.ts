import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { readText } from "../workbench/files.ts";
import { packageFolder } from "../workbench/version.ts";
import type { RunningInstrument, SlowMeasure } from "./measure.ts";

/**
 * Errors of grammar as harper finds them, without its matters of spelling, style, word choice and typography, which
 * flag names and dialects. On good prose it flags nothing, of planted errors it finds about 40 in 100, and it does
 * not see word salad: it compares groups of texts, it does not judge one. About 20 texts a second or more.
 */
export const grammar: SlowMeasure = {
  name: "grammar",
  means: "errors of grammar that harper finds, without spelling, style, word choice and typography",
  unit: "errors",
  format: "number",
  version: 1,
  instrument: async () => ({ key: `harper.js ${await harperVersion()}`, start: startedChecker }),
};

async function startedChecker(): Promise<RunningInstrument> {
  const worker = new Worker(workerFile);
  // Its first message says that it is ready.
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
