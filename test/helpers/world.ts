import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StudyConfig } from "../../src/study/config.ts";
import type { Effects } from "../../src/workbench/effects.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";

/** A new empty folder outside the project. */
export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "tinylove-test-"));

/** A study in a new folder; `settings` is the content of study.yaml. */
export async function temporaryStudy(settings: Record<string, unknown> = {}): Promise<Study> {
  return studyOf(await temporaryFolder(), StudyConfig.parse({ name: "test", ...settings }));
}

export interface RecordedEffects extends Effects {
  /** Messages and warnings, one line each. */
  readonly logged: string[];
  readonly printed: string[];
}

/** Real effects, except that messages are recorded and nothing is drawn on the terminal. */
export function quietEffects(changes: Partial<Effects> = {}): RecordedEffects {
  const logged: string[] = [];
  const printed: string[] = [];
  return {
    fetch: globalThis.fetch,
    spawn,
    env: process.env,
    now: Date.now,
    log: (message) => void logged.push(message),
    warn: (message) => void logged.push(`warning: ${message}`),
    print: (text) => void printed.push(text),
    progress: () => ({ to() {}, step() {}, end() {} }),
    signal: new AbortController().signal,
    ...changes,
    logged,
    printed,
  };
}
