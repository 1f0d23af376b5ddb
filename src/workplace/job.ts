import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Effects, eventsVariable, type ProgramEvent } from "../workbench/effects.ts";
import type { ProgressEvent } from "../workbench/progress.ts";
import { packageFolder } from "../workbench/version.ts";

/** A command of Tiny Love that runs, or the last one that ran. */
export interface Job {
  /** The command line after `tinylove`, without the study's folder: `run`, `generate`. */
  readonly command: string;
  state: "running" | "stopping" | "done" | "failed" | "stopped";
  /** The stage that it is running. */
  stage?: string;
  progress?: ProgressEvent | undefined;
  /** Its messages, the newest last; at most `mostLines`. */
  readonly lines: string[];
  readonly started: number;
  ended?: number;
}

const mostLines = 400;

/** The built program. */
const builtProgram = (): string => fileURLToPath(new URL("bin/tinylove.mjs", packageFolder));

/**
 * Runs commands of Tiny Love as processes of their own, one at a time. Stopping sends the signal of Ctrl-C: the command ends
 * at the next safe point, and the same command continues there.
 */
export class JobRunner {
  readonly #effects: Effects;
  readonly #listeners = new Set<(job: Job) => void>();
  #process: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  /** The path of the program that it runs. */
  readonly program: string;
  /** The job that runs or ran last. */
  job: Job | undefined;

  constructor(effects: Effects, path = builtProgram()) {
    this.#effects = effects;
    this.program = path;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Calls `listener` after every change; returns a function that ends this. */
  onChange(listener: (job: Job) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Starts a command on the study in `folder`; false if one is running already. */
  start(words: readonly string[], folder: string): boolean {
    if (this.#process) return false;
    const [variable, value] = eventsVariable;
    const child = this.#effects.spawn(
      process.execPath,
      [this.program, ...words, ...(folder === "" ? [] : ["--study", folder])],
      {
        env: { ...this.#effects.env, [variable]: value },
        stdio: ["ignore", "pipe", "pipe"],
        // In a group of its own, so that Ctrl-C in the terminal reaches it only through this process.
        detached: true,
        windowsHide: true,
      },
    );
    const job: Job = { command: words.join(" "), state: "running", lines: [], started: this.#effects.now() };
    this.job = job;
    this.#process = child;
    const changed = () => {
      for (const listener of this.#listeners) listener(job);
    };
    const read = (line: string) => {
      apply(job, eventIn(line));
      changed();
    };
    // The streams may end after the process: only then is everything read.
    for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on("line", read);
    this.#ended = new Promise((resolve) => {
      const end = (state: Job["state"]) => {
        if (this.#process !== child) return;
        this.#process = undefined;
        job.state = state;
        job.progress = undefined;
        job.ended = this.#effects.now();
        changed();
        resolve();
      };
      child.once("error", (thrown) => {
        add(job, `error: ${thrown.message}`);
        end("failed");
      });
      child.once("close", (code) =>
        end(code === 0 ? "done" : job.state === "stopping" || code === 130 ? "stopped" : "failed"),
      );
    });
    changed();
    return true;
  }

  /** Asks the command to stop; a second time ends it at once. */
  stop(): void {
    if (!this.#process || !this.job) return;
    this.job.state = "stopping";
    this.#process.kill("SIGINT");
    for (const listener of this.#listeners) listener(this.job);
  }

  /** Resolves when no command runs. */
  ended(): Promise<void> {
    return this.#ended;
  }
}

/** A line of the program's standard error as an event; any other line is a message. */
function eventIn(line: string): ProgramEvent {
  if (line.startsWith("{")) {
    try {
      const event: unknown = JSON.parse(line);
      if (typeof event === "object" && event !== null) {
        const [key] = Object.keys(event);
        if (key === "log" || key === "warning" || key === "stage" || key === "progress")
          return event as ProgramEvent;
      }
    } catch {
      // A result that only looks like an event.
    }
  }
  return { log: line };
}

function apply(job: Job, event: ProgramEvent): void {
  if ("progress" in event) job.progress = event.progress;
  else if ("stage" in event) {
    job.stage = event.stage;
    job.progress = undefined;
  } else add(job, "warning" in event ? `warning: ${event.warning}` : event.log);
}

function add(job: Job, text: string): void {
  for (const line of text.split("\n")) job.lines.push(line);
  job.lines.splice(0, Math.max(0, job.lines.length - mostLines));
}
