import { spawn } from "node:child_process";
import { type Progress, progressOn } from "./progress.ts";

/** What a stage does to the world beside its study's folder. A test hands in its own. */
export interface Effects {
  readonly fetch: typeof fetch;
  readonly spawn: typeof spawn;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  now(): number;
  /** A line of news on standard error. */
  log(message: string): void;
  /** A line of warning on standard error. */
  warn(message: string): void;
  /** A result on standard output. */
  print(text: string): void;
  progress(label: string, total: number): Progress;
  /** Aborted when the user interrupts; long work ends at the next safe point. */
  readonly signal: AbortSignal;
}

/** The real world, until `signal` is aborted. */
export function worldEffects(signal: AbortSignal): Effects {
  return {
    fetch: globalThis.fetch,
    spawn,
    env: process.env,
    now: Date.now,
    log: (message) => void process.stderr.write(`${message}\n`),
    warn: (message) => void process.stderr.write(`warning: ${message}\n`),
    print: (text) => void process.stdout.write(`${text}\n`),
    progress: (label, total) => progressOn(process.stderr, Date.now, label, total),
    signal,
  };
}

/** The current time as ISO 8601 in UTC. */
export const timestamp = (effects: Pick<Effects, "now">): string => new Date(effects.now()).toISOString();
