import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

/** The minutes that a file may take on a slow machine. */
const limit = 10;

/** Files that may take longer: they train models, or kill a program many times. */
const longer: Readonly<Record<string, number>> = {
  "test/collect/kill.test.ts": 20,
  "test/tune/run.test.ts": 60,
  "test/tune/setup.test.ts": 20,
};

/**
 * Names a test file that hangs, and ends the run. Vitest's own limits are timers in the process that runs the test, so an
 * infinite loop blocks them.
 */
export class HangWatch implements Reporter {
  readonly #limitOf: (file: string) => number;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** `limitOf`: the minutes that a file may take. */
  constructor(limitOf: (file: string) => number = (file) => longer[file] ?? limit) {
    this.#limitOf = limitOf;
  }

  onTestModuleQueued({ moduleId }: TestModule): void {
    const file = relative(process.cwd(), moduleId).replaceAll("\\", "/");
    const minutes = this.#limitOf(file);
    const timer = setTimeout(() => endRun(file, minutes), minutes * 60_000);
    timer.unref();
    this.#timers.set(moduleId, timer);
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    clearTimeout(this.#timers.get(moduleId));
  }
}

function endRun(file: string, minutes: number): void {
  process.stderr.write(`\nerror: ${file} has not ended after ${minutes} minutes: one of its tests hangs\n`);
  // A worker in an infinite loop receives no message and would continue to run.
  if (process.platform !== "win32") spawnSync("pkill", ["-KILL", "-P", String(process.pid)]);
  process.exit(1);
}
