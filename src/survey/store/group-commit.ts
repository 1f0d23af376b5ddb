import { codeOf } from "../../workbench/errors.ts";
import type { Database, Writing } from "./schema.ts";

interface Job {
  readonly locks: string;
  readonly work: (writing: Writing) => Promise<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** A transaction is not kept open for more than this many answers. */
const mostPerTransaction = 200;

/**
 * Group commit: what arrives while a transaction is being synced waits and shares the next one. A promise is kept
 * only after COMMIT, thus whoever is answered is stored. Where a piece of work fails, all is taken back and each goes
 * into a transaction of its own, so that one that fails takes nothing of the others with it; work may thus be done
 * twice, and changes nothing but the database. A failing sync rejects all that shared it.
 */
export class GroupCommit {
  readonly #database: Database;
  #waiting: Job[] = [];
  #running: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Does `work` inside the next transaction; resolves with its result once that is on disk. `locks` names the row
   * that it locks: transactions of several processes take their locks in the same order, so that none waits for
   * another in a circle. Work on one row keeps its order.
   */
  write<Result>(locks: string, work: (writing: Writing) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ locks, work, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    // One turn of the event loop gathers what arrived together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const jobs = this.#waiting.splice(0, mostPerTransaction);
      await this.#commit(
        jobs.sort((one, other) => (one.locks < other.locks ? -1 : Number(one.locks > other.locks))),
      );
    }
    this.#running = undefined;
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    try {
      const results = await this.#transaction(jobs);
      for (const [at, { resolve }] of jobs.entries()) resolve(results[at] as never);
    } catch (reason) {
      if (reason instanceof WorkFailed) return this.#oneByOne(jobs);
      for (const { reject } of jobs) reject(reason);
    }
  }

  async #oneByOne(jobs: readonly Job[]): Promise<void> {
    for (const [at, { resolve, reject }] of jobs.entries()) {
      try {
        const [result] = await this.#transaction([jobs[at]!]);
        resolve(result as never);
      } catch (reason) {
        if (reason instanceof WorkFailed) {
          reject(reason.cause);
          continue;
        }
        // The database itself fails: nobody is kept waiting for it one after the other.
        for (const left of jobs.slice(at)) left.reject(reason);
        return;
      }
    }
  }

  async #transaction(jobs: readonly Job[], attempt = 1): Promise<unknown[]> {
    try {
      return await inTransaction(this.#database, jobs);
    } catch (reason) {
      // Should several server processes on PostgreSQL wait for each other all the same, the loser goes again.
      const code = codeOf(reason instanceof WorkFailed ? reason.cause : reason) ?? "";
      if (attempt < 5 && ["40001", "40P01"].includes(code)) return this.#transaction(jobs, attempt + 1);
      throw reason;
    }
  }
}

/** A piece of work failed, before the commit was tried. */
class WorkFailed extends Error {}

async function inTransaction(database: Database, jobs: readonly Job[]): Promise<unknown[]> {
  const transaction = await database.startTransaction().execute();
  try {
    const results = [];
    for (const { work } of jobs) results.push(await runWork(work, transaction));
    await transaction.commit().execute();
    return results;
  } catch (reason) {
    await transaction
      .rollback()
      .execute()
      .catch(() => {});
    throw reason;
  }
}

async function runWork(work: Job["work"], writing: Writing): Promise<unknown> {
  try {
    return await work(writing);
  } catch (cause) {
    throw new WorkFailed("a piece of work failed", { cause });
  }
}
