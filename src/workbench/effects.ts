import { spawn } from "node:child_process";
import { type Progress, progressOn } from "./progress.ts";
import { wrapped } from "./wrapped.ts";

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
  /** The terminal that standard output is, for what shows itself as it grows; undefined for a file or a pipe. */
  readonly terminal?: Terminal | undefined;
  progress(label: string, total: number): Progress;
  /** Aborted when the user interrupts; long work ends at the next safe point. */
  readonly signal: AbortSignal;
}

export interface Terminal {
  readonly columns: number;
  /** Writes as it is, without an end of line. */
  write(text: string): void;
}

/** The real world, until `signal` is aborted. */
export function worldEffects(signal: AbortSignal): Effects {
  return {
    fetch: globalThis.fetch,
    spawn,
    env: process.env,
    now: Date.now,
    log: tell,
    warn: (message) => tell(`warning: ${message}`),
    print: (text) => void process.stdout.write(`${text}\n`),
    terminal: terminalOf(process.stdout),
    progress: (label, total) => progressOn(process.stderr, Date.now, label, total),
    signal,
  };
}

/** On a terminal long news are parted between words; in a file each stays a line. */
function tell(message: string): void {
  const { isTTY, columns } = process.stderr;
  process.stderr.write(`${isTTY ? wrapped(message, columns || 80) : message}\n`);
}

const terminalOf = (output: typeof process.stdout): Terminal | undefined =>
  output.isTTY && process.env["TERM"] !== "dumb"
    ? { columns: output.columns || 80, write: (text) => void output.write(text) }
    : undefined;

/** The current time as ISO 8601 in UTC. */
export const timestamp = (effects: Pick<Effects, "now">): string => new Date(effects.now()).toISOString();
