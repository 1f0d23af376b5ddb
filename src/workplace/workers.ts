import cluster from "node:cluster";
import { databaseVariable } from "../survey/store/store-record.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";

/**
 * Runs several processes on one port and one database. `opened` is called when all of them listen; from then on a process
 * that ends is replaced. Throws StudyError with the embedded store, and if the processes cannot start.
 */
export async function superviseWorkers(
  workers: number,
  { token, opened }: { readonly token: string; opened(port: number, address?: string): void },
  effects: Effects,
): Promise<void> {
  if (!effects.env[databaseVariable]) {
    throw new StudyError(`--workers ${workers}: the embedded store allows only one process`, {
      hint: `set ${databaseVariable} to a PostgreSQL database, or leave --workers out`,
    });
  }
  const fork = () => cluster.fork({ TINYLOVE_TOKEN: token });
  const endAll = () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGTERM");
  };
  let listening = 0;
  cluster.on("listening", (_, { address, port }) => {
    listening += 1;
    // When all of them listen: with --port 0 the port stays the same while at least one of them does.
    if (listening === workers) opened(port, address ?? undefined);
  });
  const ended = new Promise<void>((resolve) => {
    cluster.on("exit", (_, code) => {
      if (Object.keys(cluster.workers ?? {}).length === 0) resolve();
      if (effects.signal.aborted) return;
      if (listening < workers) return endAll();
      effects.warn(`a process of the survey ended (${code ?? "killed"}) and is replaced`);
      fork();
    });
  });
  for (let number = 0; number < workers; number++) fork();
  void interruption(effects.signal).then(endAll);
  await ended;
  if (listening < workers)
    throw new StudyError("the survey could not start", { hint: "the reason is above" });
}

/** Resolves when the supervisor has ended, so that its workers end too. */
export const supervisorEnded = (): Promise<void> =>
  new Promise((resolve) => {
    cluster.worker?.once("disconnect", () => resolve());
  });

export const interruption = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
