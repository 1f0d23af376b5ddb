import { spawn } from "node:child_process";
import { type Progress, type ProgressEvent, progressEvents, progressOn } from "./progress.ts";
import { wrapped } from "./wrapped.ts";

/** Everything a stage does outside its study's folder. Tests pass in their own. */
export interface Effects {
  readonly fetch: typeof fetch;
  readonly spawn: typeof spawn;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  now(): number;
  /** A line of information on standard error. */
  log(message: string): void;
  /** A line of warning on standard error. */
  warn(message: string): void;
  /** A result on standard output. */
  print(text: string): void;
  /** The terminal, for output that grows as it is written; undefined if standard output is a file or a pipe. */
  readonly terminal?: Terminal | undefined;
  progress(label: string, total: number): Progress;
  /** A stage begins; only programs that watch this one hear of it. */
  stage?(name: string): void;
  /** Aborted when the user interrupts; long work then ends at the next safe point. */
  readonly signal: AbortSignal;
}

export interface Terminal {
  readonly columns: number;
  /** Writes the text as it is, without a line break. */
  write(text: string): void;
}

/**
 * A line on standard error for a program that runs this one, as JSON. `TINYLOVE_PROGRESS=json` asks for these lines
 * in place of text and bars.
 */
export type ProgramEvent =
  | { readonly log: string }
  | { readonly warning: string }
  | { readonly stage: string }
  | { readonly progress: ProgressEvent };

/** The variable of the environment that asks for events, and its value. */
export const eventsVariable = ["TINYLOVE_PROGRESS", "json"] as const;

/** The effects of the real program: network, processes, environment and terminal. `signal` interrupts them. */
export function worldEffects(signal: AbortSignal): Effects {
  const [variable, value] = eventsVariable;
  return process.env[variable] === value
    ? { ...terminalEffects(signal), ...eventEffects }
    : terminalEffects(signal);
}

const writeEvent = (event: ProgramEvent): void => void process.stderr.write(`${JSON.stringify(event)}\n`);

const eventEffects: Partial<Effects> = {
  log: (log) => writeEvent({ log }),
  warn: (warning) => writeEvent({ warning }),
  stage: (stage) => writeEvent({ stage }),
  progress: (label, total) => progressEvents((progress) => writeEvent({ progress }), Date.now, label, total),
};

function terminalEffects(signal: AbortSignal): Effects {
  return {
    fetch: globalThis.fetch,
    spawn,
    env: process.env,
    now: Date.now,
    log: writeLine,
    warn: (message) => writeLine(`warning: ${message}`),
    print: (text) => void process.stdout.write(`${text}\n`),
    terminal: terminalOf(process.stdout),
    progress: (label, total) => progressOn(process.stderr, Date.now, label, total),
    signal,
  };
}

/** On a terminal, long messages wrap between words; in a file each stays on one line. */
function writeLine(message: string): void {
  const { isTTY, columns } = process.stderr;
  process.stderr.write(`${isTTY ? wrapped(message, columns || 80) : message}\n`);
}

const terminalOf = (output: typeof process.stdout): Terminal | undefined =>
  output.isTTY && process.env["TERM"] !== "dumb"
    ? { columns: output.columns || 80, write: (text) => void output.write(text) }
    : undefined;

/** The current time as ISO 8601 in UTC. */
export const timestamp = (effects: Pick<Effects, "now">): string => new Date(effects.now()).toISOString();
