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
  /** A command of `python -m tinylove_trainer`: `tune`, `find-lr`, `diagnose`, `sample`, `export` … */
  readonly command: string;
  /** Its settings; the trainer refuses unknown ones. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The folder for `config.json`, `events.jsonl` and `trainer.log` (output of Python's libraries). */
  readonly folder: string;
  /** The label of the progress bar. */
  readonly label: string;
  /** Number of processes, each with its own GPU if there are GPUs. Default: 1. */
  readonly processes?: number;
  /** Environment variables, in addition to those of the workbench. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether to append to existing events, for a resumed run; else they are replaced. */
  readonly append?: boolean;
  /** Called with every event in order, including progress. */
  readonly onEvent?: (event: TrainerEvent) => void;
}

/** An event of the trainer: one JSON object per line. The other fields depend on `event`. */
export const TrainerEvent = z.looseObject({ event: z.string() });
export type TrainerEvent = z.infer<typeof TrainerEvent>;

/**
 * Runs a command of the trainer and returns its last event, `done`. Shows its `progress` events as a bar with loss
 * and tokens per second. An interruption sends SIGTERM, and ten seconds later SIGKILL. Throws StudyError with the
 * trainer's own message and hint, or with the last lines of its log after a crash.
 */
export async function runTrainer(run: TrainerRun, effects: Effects): Promise<TrainerEvent> {
  const python = await pythonProgram(effects.env);
  await mkdir(run.folder, { recursive: true });
  const config = join(run.folder, "config.json");
  await writeWhole(config, `${JSON.stringify(run.config, null, 2)}\n`);
  await assertSingleTrainer(run.folder);
  effects.signal.throwIfAborted();

  const child = effects.spawn(
    python,
    [...launcher(run.processes ?? 1), "tinylove_trainer", run.command, "--config", config],
    { env: { ...pythonEnvironment(effects.env), ...run.environment }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = endOf(child);
  const removeListener = stopOnAbort(child, effects.signal);
  try {
    // Read the pipes from the start, because output left in them is lost when the process ends.
    const reading = readEvents(child, run, effects);
    if (child.pid !== undefined) await writeFile(pidFile(run.folder), String(child.pid));
    const { last, log } = await reading;
    const { code, signal, error } = await ended;
    effects.signal.throwIfAborted();
    if (error) throw cannotStart(python, error);
    if (last?.event === "error") throw trainerError(last);
    if (code === 0 && last?.event === "done") return last;
    throw await crash(run, log, signal ?? `exit code ${code}`);
  } finally {
    removeListener();
    await rm(pidFile(run.folder), { force: true });
  }
}

const launcher = (processes: number): string[] =>
  processes === 1
    ? ["-m"]
    : ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", String(processes), "-m"];

const pidFile = (folder: string): string => join(folder, "trainer.pid");

/**
 * If the workbench was killed, its trainer may still run; two trainers in one folder would overwrite each other's
 * files.
 */
async function assertSingleTrainer(folder: string): Promise<void> {
  const pid = Number(await readFile(pidFile(folder), "utf8").catch(() => ""));
  if (!pid || !(await isTrainer(pid))) return;
  throw new StudyError(`process ${pid} is still working in ${folder}`, {
    hint: `wait for it or stop it; if it is another program, remove ${pidFile(folder)}`,
  });
}

/**
 * Whether a process id is a trainer's. On Linux, `/proc` shows whether the id now belongs to another program or to a
 * zombie.
 */
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

interface TrainerOutput {
  readonly last: TrainerEvent | undefined;
  /** The path of the log. */
  readonly log: string;
}

/** Reads events until the pipe closes. Other output (of a library that prints) goes to the log. */
async function readEvents(child: ChildProcess, run: TrainerRun, effects: Effects): Promise<TrainerOutput> {
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
    bar.update(event);
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

/** A resumed run starts in the middle: earlier steps are not counted, or the time left would be wrong. */
function barOf(label: string, effects: Effects) {
  let bar: ReturnType<Effects["progress"]> | undefined;
  let before = 0;
  return {
    update(event: TrainerEvent) {
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

/** Passes an interruption on to the process; returns a function that removes the listener. */
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
  new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });

const cannotStart = (python: string, cause: Error): StudyError =>
  new StudyError(`cannot start ${python} (${codeOf(cause) ?? messageOf(cause)})`, {
    hint: "run `tinylove tune setup`, or set TINYLOVE_PYTHON to a Python with the trainer's packages",
    cause,
  });

/** The trainer's own error, as one line. */
function trainerError({ message, hint }: TrainerEvent): StudyError {
  const bare = (text: unknown) => String(text ?? "").replace(/\.$/, "");
  return new StudyError(bare(message), { ...(hint ? { hint: bare(hint) } : {}) });
}

/** A crash in one line: how it ended, the last lines of the log, and its path. */
async function crash({ command }: TrainerRun, log: string, how: string): Promise<StudyError> {
  const lines = (await readText(log).catch(() => "")).split("\n").filter((line) => line.trim() !== "");
  const last = lines
    .slice(-3)
    .map((line) => line.trim())
    .join(" | ");
  const noMemory = how === "SIGKILL" || /out of memory|can't allocate memory|MemoryError/i.test(last);
  return new StudyError(`the trainer's ${command} ended with ${how}${last && `: ${last.slice(-500)}`}`, {
    hint: noMemory
      ? `not enough memory: lower tune.microBatch or tune.length, or use LoRA; the log is in ${log}`
      : `the log is in ${log}`,
  });
}
