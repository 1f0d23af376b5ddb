import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { codeOf, messageOf, StudyError } from "../workbench/errors.ts";
import { readText, writeWhole } from "../workbench/files.ts";
import { pythonEnvironment, pythonProgram } from "../workbench/python.ts";

export interface TrainerRun {
  /** A command of `python -m tinylove_trainer`: `tune`, `find-lr`, `diagnose`, `sample`, `export` ... */
  readonly command: string;
  /** Its settings; an unknown one is the trainer's error. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where `config.json`, `events.jsonl` and `trainer.log` (what Python's libraries say) are kept. */
  readonly folder: string;
  /** What the progress bar calls it. */
  readonly label: string;
  /** Processes, each with a GPU of its own where there are GPUs. Default 1. */
  readonly processes?: number;
  /** Variables that it has beside those of the workbench. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Adds to the events that are there, for a run that goes on; else they begin anew. */
  readonly append?: boolean;
  /** Hears every event in its order, also those that move the progress bar. */
  readonly onEvent?: (event: TrainerEvent) => void;
}

/** What the trainer says: one JSON object a line. `event` names it, the other fields depend on that. */
export const TrainerEvent = z.looseObject({ event: z.string() });
export type TrainerEvent = z.infer<typeof TrainerEvent>;

/**
 * Runs a command of the trainer to its end and returns its last event, `done`. Its `progress` events move a bar with
 * loss and tokens a second. An interruption ends it with SIGTERM, and ten seconds later with SIGKILL.
 * Throws StudyError with the trainer's own message and hint, or with the last lines of its log where it crashed.
 */
export async function runTrainer(run: TrainerRun, effects: Effects): Promise<TrainerEvent> {
  const python = await pythonProgram(effects.env);
  await mkdir(run.folder, { recursive: true });
  const config = join(run.folder, "config.json");
  await writeWhole(config, `${JSON.stringify(run.config, null, 2)}\n`);
  await refuseTwo(run.folder);
  effects.signal.throwIfAborted();

  const child = effects.spawn(
    python,
    [...launcher(run.processes ?? 1), "tinylove_trainer", run.command, "--config", config],
    { env: { ...pythonEnvironment(effects.env), ...run.environment }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = endOf(child);
  const silence = stopOnAbort(child, effects.signal);
  try {
    // The pipes are read from the first moment on: what a process that has ended left in them is thrown away.
    const heard = hear(child, run, effects);
    if (child.pid !== undefined) await writeFile(pidFile(run.folder), String(child.pid));
    const { last, log } = await heard;
    const { code, signal, error } = await ended;
    effects.signal.throwIfAborted();
    if (error) throw cannotStart(python, error);
    if (last?.event === "error") throw toldBy(last);
    if (code === 0 && last?.event === "done") return last;
    throw await crash(run, log, signal ?? `exit code ${code}`);
  } finally {
    silence();
    await rm(pidFile(run.folder), { force: true });
  }
}

const launcher = (processes: number): string[] =>
  processes === 1
    ? ["-m"]
    : ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", String(processes), "-m"];

const pidFile = (folder: string): string => join(folder, "trainer.pid");

/** A workbench that was killed leaves its trainer alone; two of them in one folder would spoil each other's work. */
async function refuseTwo(folder: string): Promise<void> {
  const pid = Number(await readFile(pidFile(folder), "utf8").catch(() => ""));
  if (!pid || !(await isTrainer(pid))) return;
  throw new StudyError(`${folder} is being worked on by process ${pid}`, {
    hint: `wait for it or end it; if it is another program's, remove ${pidFile(folder)}`,
  });
}

/** Where `/proc` tells, a number that another program has since, or that nobody has reaped yet, is told apart. */
async function isTrainer(pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  if (commandLine !== undefined) return commandLine.includes("tinylove_trainer");
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EPERM";
  }
}

interface Heard {
  readonly last: TrainerEvent | undefined;
  /** The path of the log. */
  readonly log: string;
}

/** Reads events until the pipe closes. What is no event (a library that prints) goes to the log. */
async function hear(child: ChildProcess, run: TrainerRun, effects: Effects): Promise<Heard> {
  const flags = run.append ? "a" : "w";
  const log = join(run.folder, "trainer.log");
  const [logFile, eventsFile] = [
    createWriteStream(log, { flags }),
    createWriteStream(join(run.folder, "events.jsonl"), { flags }),
  ];
  const bar = barOf(run.label, effects);
  let last: TrainerEvent | undefined;
  child.stderr?.pipe(logFile, { end: false });
  for await (const line of createInterface({ input: child.stdout!, crlfDelay: Number.POSITIVE_INFINITY })) {
    const event = eventOf(line);
    if (!event) {
      logFile.write(`${line}\n`);
      continue;
    }
    eventsFile.write(`${line}\n`);
    last = event;
    bar.hear(event);
    run.onEvent?.(event);
  }
  bar.end();
  if (child.stderr && !child.stderr.readableEnded && !child.stderr.destroyed)
    await finished(child.stderr).catch(() => {});
  await Promise.all(
    [logFile, eventsFile].map((file) => {
      file.end();
      return finished(file);
    }),
  );
  return { last, log };
}

function eventOf(line: string): TrainerEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return TrainerEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

const Step = z.looseObject({
  step: z.number(),
  steps: z.number(),
  loss: z.number().nullish(),
  tokens_per_second: z.number().nullish(),
});

/** A resumed run begins in the middle: what was done before is not counted, or the time left would be wrong. */
function barOf(label: string, effects: Effects) {
  let bar: ReturnType<Effects["progress"]> | undefined;
  let before = 0;
  return {
    hear(event: TrainerEvent) {
      const step = event.event === "progress" ? Step.safeParse(event).data : undefined;
      if (!step) return;
      if (!bar) {
        before = step.step - 1;
        bar = effects.progress(label, step.steps - before);
      }
      const { loss, tokens_per_second: speed } = step;
      const notes = [
        typeof loss === "number" ? `loss ${loss.toFixed(3)}` : "",
        typeof speed === "number" ? `${Math.round(speed)} tokens/s` : "",
        before > 0 ? `after step ${before}` : "",
      ];
      bar.to(step.step - before, notes.filter(Boolean).join(", "));
    },
    end: () => bar?.end(),
  };
}

const graceMilliseconds = 10_000;

/** Passes an interruption on; returns what takes the listener away again. */
function stopOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill("SIGTERM");
    killer = setTimeout(() => child.kill("SIGKILL"), graceMilliseconds);
    killer.unref();
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return () => {
    signal.removeEventListener("abort", stop);
    clearTimeout(killer);
  };
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

const endOf = (child: ChildProcess): Promise<End> =>
  new Promise((settle) => {
    child.once("error", (error) => settle({ code: null, signal: null, error }));
    child.once("close", (code, signal) => settle({ code, signal }));
  });

const cannotStart = (python: string, cause: Error): StudyError =>
  new StudyError(`cannot start ${python} (${codeOf(cause) ?? messageOf(cause)})`, {
    hint: "run `tinylove tune setup`, or let TINYLOVE_PYTHON name a Python that has the trainer's packages",
    cause,
  });

/** The trainer's own error; its sentences become our line. */
function toldBy({ message, hint }: TrainerEvent): StudyError {
  const bare = (text: unknown) => String(text ?? "").replace(/\.$/, "");
  return new StudyError(bare(message), { ...(hint ? { hint: bare(hint) } : {}) });
}

/** A crash in one line: how it ended, what the log says last, and where it lies. */
async function crash({ command }: TrainerRun, log: string, how: string): Promise<StudyError> {
  const lines = (await readText(log).catch(() => "")).split("\n").filter((line) => line.trim() !== "");
  const last = lines
    .slice(-3)
    .map((line) => line.trim())
    .join(" | ");
  const noMemory = how === "SIGKILL" || /out of memory|can't allocate memory|MemoryError/i.test(last);
  return new StudyError(`the trainer's ${command} ended with ${how}${last && `: ${last.slice(-500)}`}`, {
    hint: noMemory
      ? `the memory was too small: lower tune.microBatch or tune.length, or use LoRA; the whole log is in ${log}`
      : `the whole log is in ${log}`,
  });
}
