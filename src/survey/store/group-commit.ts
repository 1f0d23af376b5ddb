import { codeOf } from "../../workbench/errors.ts";
import type { Database, StoreTransaction } from "./schema.ts";

interface Job {
  readonly locks: string;
  readonly work: (transaction: StoreTransaction) => Promise<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** The largest number of writes in one transaction. */
const mostPerTransaction = 200;

/**
 * Group commit: writes that arrive while a transaction is being synced share the next one. A promise resolves only after
 * COMMIT, so every acknowledged answer is on disk. If one write fails, the transaction is rolled back and each write gets
 * its own transaction, so that the others are not lost; a write may therefore run twice and must change nothing
 * except the database. A failing sync rejects all writes of its transaction.
 */
export class GroupCommit {
  readonly #database: Database;
  #pending: Job[] = [];
  #running: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Runs `work` inside the next transaction; resolves with its result once that is on disk. `locks` names the row that it
   * locks: all processes take their locks in the same order, which avoids deadlocks. Work on the same row keeps its order.
   */
  write<Result>(locks: string, work: (transaction: StoreTransaction) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#pending.push({ locks, work, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when no write is pending. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    // One turn of the event loop collects what arrives together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const jobs = this.#pending.splice(0, mostPerTransaction);
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
        // The database itself has failed: the remaining writes are rejected at once.
        for (const left of jobs.slice(at)) left.reject(reason);
        return;
      }
    }
  }

  async #transaction(jobs: readonly Job[], attempt = 1): Promise<unknown[]> {
    try {
      return await inTransaction(this.#database, jobs);
    } catch (reason) {
      // If processes on PostgreSQL still deadlock, the one that was rolled back tries again.
      const code = codeOf(reason instanceof WorkFailed ? reason.cause : reason) ?? "";
      if (attempt < 5 && ["40001", "40P01"].includes(code)) return this.#transaction(jobs, attempt + 1);
      throw reason;
    }
  }
}

/** A write failed before the commit. */
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

async function runWork(work: Job["work"], transaction: StoreTransaction): Promise<unknown> {
  try {
    return await work(transaction);
  } catch (cause) {
    throw new WorkFailed("a write failed", { cause });
  }
}
