import { codeOf } from "../workbench/errors.ts";
import type { Database, Writing } from "./database.ts";

interface Job {
  readonly locks: string;
  readonly work: (writing: Writing) => Promise<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** A transaction is not kept open for more than this many answers. */
const mostAtOnce = 200;

/**
 * Group commit: what arrives while a transaction is being synced waits and shares the next one, each piece of work
 * behind a savepoint of its own, so that one that fails takes nothing of the others with it. A promise is kept only
 * after COMMIT, thus whoever is answered is stored. A failing sync rejects all that shared it.
 */
export class Commits {
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
      const jobs = this.#waiting.splice(0, mostAtOnce);
      await this.#commit(
        jobs.sort((one, other) => (one.locks < other.locks ? -1 : Number(one.locks > other.locks))),
      );
    }
    this.#running = undefined;
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    try {
      const outcomes = await this.#transaction(jobs);
      for (const settle of outcomes) settle();
    } catch (reason) {
      for (const { reject } of jobs) reject(reason);
    }
  }

  async #transaction(jobs: readonly Job[], attempt = 1): Promise<(() => void)[]> {
    try {
      return await inTransaction(this.#database, jobs);
    } catch (reason) {
      // Should several server processes on PostgreSQL wait for each other all the same, the loser goes again.
      if (attempt < 5 && ["40001", "40P01"].includes(codeOf(reason) ?? "")) {
        return this.#transaction(jobs, attempt + 1);
      }
      throw reason;
    }
  }
}

async function inTransaction(database: Database, jobs: readonly Job[]): Promise<(() => void)[]> {
  const transaction = await database.startTransaction().execute();
  try {
    const outcomes: (() => void)[] = [];
    for (const { work, resolve, reject } of jobs) {
      const saved = await transaction.savepoint("one").execute();
      try {
        const result = await work(saved as unknown as Writing);
        await saved.releaseSavepoint("one").execute();
        outcomes.push(() => resolve(result as never));
      } catch (reason) {
        if (["40001", "40P01"].includes(codeOf(reason) ?? "")) throw reason;
        await saved.rollbackToSavepoint("one").execute();
        outcomes.push(() => reject(reason));
      }
    }
    await transaction.commit().execute();
    return outcomes;
  } catch (reason) {
    await transaction
      .rollback()
      .execute()
      .catch(() => {});
    throw reason;
  }
}
