import cluster from "node:cluster";
import { databaseVariable } from "../survey/store/store-record.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";

/**
 * Several processes on one port and one database; one that dies is replaced once all have been open, which `opened` is
 * told. Throws StudyError with the embedded store, and when they cannot start.
 */
export async function superviseWorkers(
  workers: number,
  { token, opened }: { readonly token: string; opened(port: number, address?: string): void },
  effects: Effects,
): Promise<void> {
  if (!effects.env[databaseVariable]) {
    throw new StudyError(`--workers ${workers}: the embedded store serves one process`, {
      hint: `name a PostgreSQL database in ${databaseVariable}, or leave --workers out`,
    });
  }
  const fork = () => cluster.fork({ TINYLOVE_TOKEN: token });
  const endAll = () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGTERM");
  };
  let listening = 0;
  cluster.on("listening", (_, { address, port }) => {
    listening += 1;
    // Told when all are: a port that any process may choose stays the same while one of them listens.
    if (listening === workers) opened(port, address ?? undefined);
  });
  const ended = new Promise<void>((resolve) => {
    cluster.on("exit", (_, code) => {
      if (Object.keys(cluster.workers ?? {}).length === 0) resolve();
      if (effects.signal.aborted) return;
      if (listening < workers) return endAll();
      effects.warn(`a process of the survey ended (${code ?? "killed"}): another one takes its place`);
      fork();
    });
  });
  for (let number = 0; number < workers; number++) fork();
  void interruption(effects.signal).then(endAll);
  await ended;
  if (listening < workers)
    throw new StudyError("the survey could not start", { hint: "the reason stands above" });
}

/** A worker whose supervisor is gone has nobody to tell it to end. */
export const supervisorGone = (): Promise<void> =>
  new Promise((resolve) => {
    cluster.worker?.once("disconnect", () => resolve());
  });

export const interruption = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
